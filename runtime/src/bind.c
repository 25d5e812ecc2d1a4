/*===- bind.c - binding dimensions, evaluating shapes
----------------------===*\
|*
|* An axis whose expression is one DIMENSION gives that dimension its value;
|* every other axis, and every further axis of the same dimension, is checked.
|*
\*===----------------------------------------------------------------------===*/
#include "bind.h"

#include <stdio.h>

#define MOST_DEPTH 64

/*===- expressions
 * ---------------------------------------------------------===*/

static int operands_of(int64_t opcode) {
  switch (opcode) {
  case EFFATTN_OP_CONSTANT:
  case EFFATTN_OP_DIMENSION:
  case EFFATTN_OP_SCALAR:
    return 0;
  case EFFATTN_OP_ABS:
  case EFFATTN_OP_NEG:
  case EFFATTN_OP_NOT:
    return 1;
  case EFFATTN_OP_SELECT:
    return 3;
  default:
    return opcode > EFFATTN_OP_SCALAR && opcode < EFFATTN_OP_SELECT ? 2 : -1;
  }
}

/* Rounds to -inf; false on overflow or division by 0. */
static bool floor_divide(int64_t a, int64_t b, int64_t *result) {
  if (b == 0 || (a == INT64_MIN && b == -1))
    return false;
  *result = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
  return true;
}

static bool apply(int64_t opcode, const int64_t *x, int64_t *result) {
  int64_t quotient;
  switch (opcode) {
  case EFFATTN_OP_ADD:
    return !__builtin_add_overflow(x[0], x[1], result);
  case EFFATTN_OP_SUB:
    return !__builtin_sub_overflow(x[0], x[1], result);
  case EFFATTN_OP_MUL:
    return !__builtin_mul_overflow(x[0], x[1], result);
  case EFFATTN_OP_FLOORDIV:
    return floor_divide(x[0], x[1], result);
  case EFFATTN_OP_CEILDIV:
    if (!floor_divide(x[0], x[1], &quotient))
      return false;
    *result = quotient + (x[0] % x[1] != 0);
    return true;
  case EFFATTN_OP_MOD:
    if (!floor_divide(x[0], x[1], &quotient))
      return false;
    *result = x[0] - quotient * x[1];
    return true;
  case EFFATTN_OP_MIN:
    *result = x[0] < x[1] ? x[0] : x[1];
    return true;
  case EFFATTN_OP_MAX:
    *result = x[0] > x[1] ? x[0] : x[1];
    return true;
  case EFFATTN_OP_ABS:
    *result = x[0];
    return x[0] >= 0 || !__builtin_sub_overflow(0, x[0], result);
  case EFFATTN_OP_NEG:
    return !__builtin_sub_overflow(0, x[0], result);
  case EFFATTN_OP_LESS:
    *result = x[0] < x[1];
    return true;
  case EFFATTN_OP_LESS_EQUAL:
    *result = x[0] <= x[1];
    return true;
  case EFFATTN_OP_EQUAL:
    *result = x[0] == x[1];
    return true;
  case EFFATTN_OP_NOT_EQUAL:
    *result = x[0] != x[1];
    return true;
  case EFFATTN_OP_AND:
    *result = x[0] && x[1];
    return true;
  case EFFATTN_OP_OR:
    *result = x[0] || x[1];
    return true;
  case EFFATTN_OP_NOT:
    *result = !x[0];
    return true;
  case EFFATTN_OP_SELECT:
    *result = x[0] ? x[1] : x[2];
    return true;
  }
  return false;
}

/* The value of scalar argument `number`, counted among scalar arguments. */
static bool scalar(const effattn_binding *binding, int64_t number,
                   int64_t *value) {
  const effattn_kernel *kernel = binding->kernel;
  for (uint32_t i = 0; i < kernel->arguments; ++i) {
    if (kernel->argument[i].kind != EFFATTN_SCALAR || number-- != 0)
      continue;
    *value = binding->arguments[i].i64;
    return kernel->argument[i].element == EFFATTN_I64;
  }
  return false;
}

static bool leaf(const effattn_binding *binding, int64_t opcode, int64_t word,
                 int64_t *value) {
  switch (opcode) {
  case EFFATTN_OP_CONSTANT:
    *value = word;
    return true;
  case EFFATTN_OP_DIMENSION:
    if (word < 0 || word >= (int64_t)binding->kernel->dimensions)
      return false;
    *value = binding->dimensions[word];
    return *value >= 0;
  default:
    return scalar(binding, word, value);
  }
}

static effattn_status malformed(const effattn_binding *binding,
                                const char *what) {
  return effattn_fail(EFFATTN_INTERNAL,
                      "%s: %s: malformed expression, or one of a dimension "
                      "that no argument gives",
                      binding->kernel->name, what);
}

effattn_status effattn_evaluate(const effattn_binding *binding,
                                effattn_expression expression, const char *what,
                                int64_t *value) {
  int64_t stack[MOST_DEPTH];
  int depth = 0;
  for (uint32_t at = 0; at < expression.length; ++at) {
    const int64_t opcode = expression.code[at];
    const int operands = operands_of(opcode);
    if (operands < 0 || operands > depth ||
        (operands == 0 && (depth == MOST_DEPTH || at + 1 == expression.length)))
      return malformed(binding, what);
    int64_t result;
    if (operands == 0) {
      if (!leaf(binding, opcode, expression.code[++at], &result))
        return malformed(binding, what);
    } else if (!apply(opcode, stack + depth - operands, &result)) {
      return effattn_fail(EFFATTN_OVERFLOW,
                          "%s: %s does not fit 64 bits or divides by 0",
                          binding->kernel->name, what);
    }
    depth -= operands;
    stack[depth++] = result;
  }
  if (depth != 1)
    return malformed(binding, what);
  *value = stack[0];
  return EFFATTN_OK;
}

/*===- dimensions
 * ----------------------------------------------------------===*/

const char *effattn_role(const effattn_kernel *kernel, uint32_t index,
                         char *text, size_t bytes) {
  if (index < kernel->arguments)
    snprintf(text, bytes, "argument '%s'", kernel->argument[index].name);
  else
    snprintf(text, bytes, "result %u", index - kernel->arguments);
  return text;
}

static bool is_dimension(const effattn_expression *expression) {
  return expression->length == 2 && expression->code[0] == EFFATTN_OP_DIMENSION;
}

/* A dimension and a constant added, in either order: offsets of ragged tokens
   have B + 1 entries. */
static bool is_sum(const effattn_expression *expression, int64_t *dimension,
                   int64_t *constant) {
  const int64_t *code = expression->code;
  if (expression->length != 5 || code[4] != EFFATTN_OP_ADD)
    return false;
  const int first = code[0] == EFFATTN_OP_DIMENSION ? 0 : 2;
  if (code[first] != EFFATTN_OP_DIMENSION ||
      code[2 - first] != EFFATTN_OP_CONSTANT)
    return false;
  *dimension = code[first + 1];
  *constant = code[2 - first + 1];
  return true;
}

/* The number of sequences, where no axis by itself gives it. */
static effattn_status bind_sequences(effattn_binding *binding) {
  const effattn_kernel *kernel = binding->kernel;
  for (uint32_t i = 0; i < kernel->arguments; ++i) {
    const uint32_t ragged = kernel->argument[i].ragged;
    if (ragged == 0)
      continue;
    const effattn_argument *offsets = &kernel->argument[ragged - 1];
    int64_t number, constant;
    if (!is_sum(&offsets->shape[0], &number, &constant) || number < 0 ||
        number >= (int64_t)kernel->dimensions ||
        binding->dimensions[number] >= 0)
      continue;
    const int64_t entries = binding->arguments[ragged - 1].tensor->shape[0];
    if (entries < constant)
      return effattn_fail(EFFATTN_SIZE,
                          "%s: argument '%s', axis 0: expected at least %lld, "
                          "but got %lld",
                          kernel->name, offsets->name, (long long)constant,
                          (long long)entries);
    binding->dimensions[number] = entries - constant;
    binding->bound_by[number] = offsets->name;
  }
  return EFFATTN_OK;
}

effattn_status effattn_bind(effattn_binding *binding) {
  const effattn_kernel *kernel = binding->kernel;
  for (uint32_t i = 0; i < kernel->dimensions; ++i) {
    binding->dimensions[i] = -1;
    binding->bound_by[i] = NULL;
  }
  for (uint32_t i = 0; i < kernel->arguments; ++i) {
    const effattn_argument *argument = &kernel->argument[i];
    if (argument->kind == EFFATTN_SCALAR)
      continue;
    for (uint32_t axis = 0; axis < argument->rank; ++axis) {
      if (!is_dimension(&argument->shape[axis]))
        continue;
      const int64_t number = argument->shape[axis].code[1];
      if (number < 0 || number >= (int64_t)kernel->dimensions)
        return malformed(binding, argument->name);
      if (binding->dimensions[number] >= 0)
        continue;
      binding->dimensions[number] = binding->arguments[i].tensor->shape[axis];
      binding->bound_by[number] = argument->name;
    }
  }
  return bind_sequences(binding);
}

effattn_status effattn_check_shape(const effattn_binding *binding,
                                   uint32_t index, const DLTensor *tensor) {
  const effattn_kernel *kernel = binding->kernel;
  const effattn_argument *argument = &kernel->argument[index];
  char role[160];
  effattn_role(kernel, index, role, sizeof role);
  for (uint32_t axis = 0; axis < argument->rank; ++axis) {
    char what[200];
    snprintf(what, sizeof what, "%s, axis %u", role, axis);
    int64_t expected;
    const effattn_status status =
        effattn_evaluate(binding, argument->shape[axis], what, &expected);
    if (status)
      return status;
    if (tensor->shape[axis] == expected)
      continue;
    if (is_dimension(&argument->shape[axis])) {
      const int64_t number = argument->shape[axis].code[1];
      return effattn_fail(
          EFFATTN_SIZE,
          "%s: %s: expected %lld (%s, given by '%s'), but got %lld",
          kernel->name, what, (long long)expected,
          kernel->dimension_names[number], binding->bound_by[number],
          (long long)tensor->shape[axis]);
    }
    return effattn_fail(EFFATTN_SIZE, "%s: %s: expected %lld, but got %lld",
                        kernel->name, what, (long long)expected,
                        (long long)tensor->shape[axis]);
  }
  return EFFATTN_OK;
}

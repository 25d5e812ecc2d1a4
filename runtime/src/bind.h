/*===- bind.h - dimensions and expressions of a launch
 * ---------------------===*/
#ifndef EFFATTN_SRC_BIND_H
#define EFFATTN_SRC_BIND_H

#include "internal.h"

/* Values of the names of a kernel. */
typedef struct effattn_binding {
  const effattn_kernel *kernel;
  int64_t *dimensions;            /* kernel->dimensions; -1: not bound yet */
  const char **bound_by;          /* name of the argument that bound each */
  const effattn_value *arguments; /* the caller's */
} effattn_binding;

/* Evaluates an expression. EFFATTN_OVERFLOW where a step of it does not fit 64
   bits, EFFATTN_INTERNAL where the code is malformed. `what` names the
   expression in messages. */
effattn_status effattn_evaluate(const effattn_binding *binding,
                                effattn_expression expression, const char *what,
                                int64_t *value);

/* Binds dimensions from the arguments' shapes. Arguments are not NULL, have
   the declared rank and no negative size. */
effattn_status effattn_bind(effattn_binding *binding);

/* Checks every axis of argument or result `index` against its expression. */
effattn_status effattn_check_shape(const effattn_binding *binding,
                                   uint32_t index, const DLTensor *tensor);

/* "'k'", "result 0", for messages. */
const char *effattn_role(const effattn_kernel *kernel, uint32_t index,
                         char *text, size_t bytes);

#endif /* EFFATTN_SRC_BIND_H */

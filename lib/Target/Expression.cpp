//===- Expression.cpp - sizes and conditions as postfix words -------------===//

#include "lib/Target/Descriptor.h"

#include <algorithm>

namespace effattn {

namespace {

std::optional<effattn_opcode> opcode(ScalarKind kind) {
  switch (kind) {
  case ScalarKind::Add:
    return EFFATTN_OP_ADD;
  case ScalarKind::Sub:
    return EFFATTN_OP_SUB;
  case ScalarKind::Mul:
    return EFFATTN_OP_MUL;
  case ScalarKind::FloorDiv:
    return EFFATTN_OP_FLOORDIV;
  case ScalarKind::CeilDiv:
    return EFFATTN_OP_CEILDIV;
  case ScalarKind::Mod:
    return EFFATTN_OP_MOD;
  case ScalarKind::Min:
    return EFFATTN_OP_MIN;
  case ScalarKind::Max:
    return EFFATTN_OP_MAX;
  case ScalarKind::Abs:
    return EFFATTN_OP_ABS;
  case ScalarKind::Neg:
    return EFFATTN_OP_NEG;
  case ScalarKind::Less:
    return EFFATTN_OP_LESS;
  case ScalarKind::LessEqual:
    return EFFATTN_OP_LESS_EQUAL;
  case ScalarKind::Equal:
    return EFFATTN_OP_EQUAL;
  case ScalarKind::NotEqual:
    return EFFATTN_OP_NOT_EQUAL;
  case ScalarKind::And:
    return EFFATTN_OP_AND;
  case ScalarKind::Or:
    return EFFATTN_OP_OR;
  case ScalarKind::Not:
    return EFFATTN_OP_NOT;
  case ScalarKind::Select:
    return EFFATTN_OP_SELECT;
  default:
    return std::nullopt;
  }
}

class Encoder {
public:
  explicit Encoder(const LoweredKernel &kernel) : kernel(kernel) {}

  bool encode(const ScalarRef &scalar) {
    if (scalar->type == ScalarType::Float)
      return false;
    switch (scalar->kind) {
    case ScalarKind::Constant:
      add(EFFATTN_OP_CONSTANT, scalar->integer);
      return true;
    case ScalarKind::Dimension:
      return dimension(scalar->name);
    case ScalarKind::Argument:
      return argument(scalar->name);
    default:
      break;
    }
    std::optional<effattn_opcode> code = opcode(scalar->kind);
    if (!code)
      return false;
    for (const ScalarRef &operand : scalar->operands)
      if (!encode(operand))
        return false;
    words.push_back(*code);
    return true;
  }

  std::vector<int64_t> words;

private:
  void add(effattn_opcode code, int64_t value) {
    words.push_back(code);
    words.push_back(value);
  }

  bool dimension(const std::string &name) {
    auto found =
        std::find(kernel.dimensions.begin(), kernel.dimensions.end(), name);
    if (found == kernel.dimensions.end())
      return false;
    add(EFFATTN_OP_DIMENSION, found - kernel.dimensions.begin());
    return true;
  }

  /// Counted among scalar arguments, f32 ones included.
  bool argument(const std::string &name) {
    int64_t number = 0;
    for (const LoweredArgument &one : kernel.arguments) {
      if (one.kind != ArgumentKind::Scalar)
        continue;
      if (one.name == name) {
        add(EFFATTN_OP_SCALAR, number);
        return true;
      }
      ++number;
    }
    return false;
  }

  const LoweredKernel &kernel;
};

} // namespace

std::optional<std::vector<int64_t>>
encodeExpression(const ScalarRef &expression, const LoweredKernel &kernel) {
  Encoder encoder(kernel);
  if (!encoder.encode(expression))
    return std::nullopt;
  return std::move(encoder.words);
}

} // namespace effattn

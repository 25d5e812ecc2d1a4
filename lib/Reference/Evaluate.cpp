//===- Evaluate.cpp - scalar expressions, one pair at a time --------------===//

#include "lib/Reference/Reference.h"

#include <algorithm>
#include <cmath>

namespace effattn::reference {

namespace {

double floorModulo(double a, double b) { return a - b * std::floor(a / b); }

/// min and max that keep a NaN of either side.
double least(double a, double b) {
  return std::isnan(a) ? a : std::isnan(b) ? b : std::min(a, b);
}
double greatest(double a, double b) {
  return std::isnan(a) ? a : std::isnan(b) ? b : std::max(a, b);
}

bool isOfRow(const std::string &variable) {
  return variable == "i" || variable == "b" || variable == "h" ||
         variable == "N" || variable == "M" || variable == "q0" ||
         variable == "scale" || variable.rfind("i.", 0) == 0;
}

double arithmetic(ScalarKind kind, double a, double b) {
  switch (kind) {
  case ScalarKind::Add:
    return a + b;
  case ScalarKind::Sub:
    return a - b;
  case ScalarKind::Mul:
    return a * b;
  case ScalarKind::Div:
    return a / b;
  case ScalarKind::FloorDiv:
    return std::floor(a / b);
  case ScalarKind::CeilDiv:
    return std::ceil(a / b);
  case ScalarKind::Mod:
    return floorModulo(a, b);
  case ScalarKind::Min:
    return least(a, b);
  case ScalarKind::Max:
    return greatest(a, b);
  case ScalarKind::Less:
    return a < b;
  case ScalarKind::LessEqual:
    return a <= b;
  case ScalarKind::Equal:
    return a == b;
  case ScalarKind::NotEqual:
    return a != b;
  case ScalarKind::Neg:
    return -a;
  case ScalarKind::Abs:
    return std::fabs(a);
  case ScalarKind::Exp:
    return std::exp(a);
  case ScalarKind::Log:
    return std::log(a);
  case ScalarKind::Tanh:
    return std::tanh(a);
  case ScalarKind::Sqrt:
    return std::sqrt(a);
  default:
    return a; // ToFloat
  }
}

} // namespace

Evaluator::Evaluator(ScalarRef whole, Environment &environment)
    : expression(std::move(whole)), environment(environment) {
  root = add(*expression);
}

int Evaluator::add(const Scalar &scalar) {
  Node node;
  node.scalar = &scalar;
  switch (scalar.kind) {
  case ScalarKind::Constant:
    node.value = scalar.type == ScalarType::Float
                     ? scalar.real
                     : static_cast<double>(scalar.integer);
    break;
  case ScalarKind::Dimension:
    node.value = static_cast<double>(environment.dimensions.at(scalar.name));
    break;
  case ScalarKind::Argument: // an f32, whatever holds it
    node.value = environment.arguments.at(scalar.name);
    if (scalar.type == ScalarType::Float)
      node.value = static_cast<float>(node.value);
    break;
  case ScalarKind::Variable:
  case ScalarKind::Exists:
    node.variable = &environment.variables[scalar.name];
    break;
  case ScalarKind::KeyInSet:
    node.variable = &environment.variables["j"];
    break;
  case ScalarKind::QueryInSet:
    node.variable = &environment.variables["i"];
    break;
  default:
    break;
  }
  if (scalar.kind == ScalarKind::Variable && isOfRow(scalar.name) &&
      std::none_of(
          rowVariables.begin(), rowVariables.end(),
          [&](const auto &one) { return one.variable == node.variable; }))
    rowVariables.push_back({node.variable, std::nan("")});
  bool isLeaf = scalar.operands.empty();
  // A look-up says where it is out of range each time.
  node.ofRow = !isLeaf && scalar.kind != ScalarKind::Lookup &&
               scalar.kind != ScalarKind::Exists;
  for (const ScalarRef &operand : scalar.operands) {
    node.operands.push_back(add(*operand));
    const Node &own = nodes[node.operands.back()];
    bool isSame =
        own.ofRow || own.scalar->isConstant() ||
        own.scalar->kind == ScalarKind::Dimension ||
        own.scalar->kind == ScalarKind::Argument ||
        (own.scalar->kind == ScalarKind::Variable && isOfRow(own.scalar->name));
    node.ofRow = node.ofRow && isSame;
  }
  nodes.push_back(std::move(node));
  return static_cast<int>(nodes.size()) - 1;
}

double Evaluator::value() {
  for (RowVariable &one : rowVariables)
    if (*one.variable != one.value) {
      one.value = *one.variable;
      ++row;
    }
  return visit(nodes[root]);
}

double Evaluator::visit(Node &node) {
  if (!node.ofRow)
    return find(node);
  if (node.row != row) {
    node.value = find(node);
    node.row = row;
  }
  return node.value;
}

double Evaluator::find(const Node &node) {
  auto operand = [&](size_t k) { return visit(nodes[node.operands[k]]); };
  switch (node.scalar->kind) {
  case ScalarKind::Constant:
  case ScalarKind::Dimension:
  case ScalarKind::Argument:
    return node.value;
  case ScalarKind::Variable:
    return *node.variable;
  case ScalarKind::KeyInSet:
  case ScalarKind::QueryInSet:
    return environment.inSet(node.scalar->table,
                             static_cast<int64_t>(*node.variable));
  case ScalarKind::And:
    return operand(0) && operand(1);
  case ScalarKind::Or:
    return operand(0) || operand(1);
  case ScalarKind::Not:
    return !operand(0);
  case ScalarKind::Select:
    return operand(0) ? operand(1) : operand(2);
  case ScalarKind::Lookup:
    return lookUp(node);
  case ScalarKind::Exists:
    return exists(node);
  default:
    return arithmetic(node.scalar->kind, operand(0),
                      node.operands.size() > 1 ? operand(1) : 0);
  }
}

double Evaluator::lookUp(const Node &node) {
  std::vector<int64_t> indices;
  for (int operand : node.operands)
    indices.push_back(static_cast<int64_t>(visit(nodes[operand])));
  return environment.table(node.scalar->table, indices);
}

double Evaluator::exists(const Node &node) {
  double end = visit(nodes[node.operands[1]]);
  for (double value = visit(nodes[node.operands[0]]); value < end; ++value) {
    *node.variable = value;
    if (visit(nodes[node.operands[2]]))
      return 1;
  }
  return 0;
}

double evaluate(const ScalarRef &expression, Environment &environment) {
  return Evaluator(expression, environment).value();
}

} // namespace effattn::reference

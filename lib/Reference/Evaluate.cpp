//===- Evaluate.cpp - scalars and patterns, one pair at a time ------------===//

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
  case ScalarKind::Argument:
    node.value = environment.arguments.at(scalar.name);
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
  for (const ScalarRef &operand : scalar.operands)
    node.operands.push_back(add(*operand));
  nodes.push_back(std::move(node));
  return static_cast<int>(nodes.size()) - 1;
}

double Evaluator::visit(const Node &node) {
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

namespace {

class Membership {
public:
  Membership(Environment &environment, const Pattern **unsupported)
      : environment(environment), unsupported(unsupported) {}

  bool visit(const PatternRef &pattern) {
    switch (pattern->kind) {
    case PatternKind::Union:
      return visit(pattern->children[0]) || visit(pattern->children[1]);
    case PatternKind::Intersection:
      return visit(pattern->children[0]) && visit(pattern->children[1]);
    case PatternKind::Difference:
      return visit(pattern->children[0]) && !visit(pattern->children[1]);
    case PatternKind::Complement:
      return !visit(pattern->children[0]);
    case PatternKind::OnGrid:
      return onGrid(*pattern);
    case PatternKind::Heads:
      return heads(*pattern);
    case PatternKind::InOrder:
      return inOrder(*pattern);
    case PatternKind::RandomBlocks:
      *unsupported = pattern.get();
      return false;
    default:
      return evaluate(predicate(pattern, nullptr), environment);
    }
  }

private:
  /// Row-major coordinates, the last extent varying fastest.
  bool onGrid(const Pattern &pattern) {
    static const char *const names[] = {".x", ".y", ".z"};
    for (const char *token : {"i", "j"}) {
      double rest = environment.variables.at(token);
      for (size_t axis = 0; axis < pattern.scalars.size(); ++axis) {
        const ScalarRef &extent =
            pattern.scalars[pattern.scalars.size() - 1 - axis];
        double length = evaluate(extent, environment);
        environment.variables[std::string(token) + names[axis]] =
            floorModulo(rest, length);
        rest = std::floor(rest / length);
      }
    }
    return evaluate(pattern.predicate, environment);
  }
  bool heads(const Pattern &pattern) {
    double head = environment.variables.at("h");
    for (size_t k = 0; k < pattern.children.size(); ++k)
      if (head >= evaluate(pattern.scalars[2 * k], environment) &&
          head < evaluate(pattern.scalars[2 * k + 1], environment))
        return visit(pattern.children[k]);
    return false;
  }
  /// The rank of token `index` in an order: P then speaks of ranks.
  bool rank(const Pattern &pattern, const Order &order, double &index) {
    auto extent = [&](size_t k) {
      return evaluate(order.scalars[k], environment);
    };
    if (order.kind == OrderKind::ColumnMajor) {
      double y = std::floor(index / extent(1)),
             x = floorModulo(index, extent(1));
      index = x * extent(0) + y;
      return true;
    }
    *unsupported = &pattern;
    return false;
  }
  bool inOrder(const Pattern &pattern) {
    double i = environment.variables.at("i"), j = environment.variables.at("j");
    double queryRank = i, keyRank = j;
    if (!rank(pattern, pattern.orders.front(), queryRank) ||
        !rank(pattern, pattern.orders.back(), keyRank))
      return false;
    environment.variables["i"] = queryRank;
    environment.variables["j"] = keyRank;
    bool inside = visit(pattern.children[0]);
    environment.variables["i"] = i;
    environment.variables["j"] = j;
    return inside;
  }

  Environment &environment;
  const Pattern **unsupported;
};

} // namespace

double evaluate(const ScalarRef &expression, Environment &environment) {
  return Evaluator(expression, environment).value();
}

bool holds(const PatternRef &pattern, Environment &environment,
           const Pattern **unsupported) {
  return Membership(environment, unsupported).visit(pattern);
}

} // namespace effattn::reference

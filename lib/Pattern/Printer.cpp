//===- Printer.cpp - scalars and patterns in the language's spelling ------===//

#include "lib/Pattern/Pattern.h"

#include <fmt/format.h>

namespace effattn {

namespace {

using TableName = std::function<std::string(int)>;

std::string nameOf(int table, const TableName &tableName) {
  return tableName ? tableName(table) : fmt::format("t{}", table);
}

/// Binding strength, weakest first: if, or, and, not, comparison, sum,
/// product, minus sign, primary.
enum Strength {
  Weakest,
  OrLevel,
  AndLevel,
  NotLevel,
  Compare,
  Sum,
  Product,
  Sign,
  Primary
};

struct Spelling {
  const char *text;
  Strength strength;
};

/// Infix spelling of a binary operator; null text where it is a call.
Spelling infix(ScalarKind kind) {
  switch (kind) {
  case ScalarKind::Add:
    return {"+", Sum};
  case ScalarKind::Sub:
    return {"-", Sum};
  case ScalarKind::Mul:
    return {"*", Product};
  case ScalarKind::Div:
    return {"/", Product};
  case ScalarKind::FloorDiv:
    return {"div", Product};
  case ScalarKind::Mod:
    return {"mod", Product};
  case ScalarKind::Less:
    return {"<", Compare};
  case ScalarKind::LessEqual:
    return {"<=", Compare};
  case ScalarKind::Equal:
    return {"==", Compare};
  case ScalarKind::NotEqual:
    return {"!=", Compare};
  case ScalarKind::And:
    return {"and", AndLevel};
  case ScalarKind::Or:
    return {"or", OrLevel};
  default:
    return {nullptr, Primary};
  }
}

const char *callName(ScalarKind kind) {
  switch (kind) {
  case ScalarKind::Min:
    return "min";
  case ScalarKind::Max:
    return "max";
  case ScalarKind::Abs:
    return "abs";
  case ScalarKind::Exp:
    return "exp";
  case ScalarKind::Log:
    return "log";
  case ScalarKind::Tanh:
    return "tanh";
  case ScalarKind::Sqrt:
    return "sqrt";
  default:
    return nullptr;
  }
}

class ScalarPrinter {
public:
  explicit ScalarPrinter(const TableName &tableName) : tableName(tableName) {}

  std::string print(const ScalarRef &scalar, Strength context = Weakest) const {
    auto [text, strength] = spell(*scalar);
    return strength < context ? "(" + text + ")" : text;
  }

private:
  std::pair<std::string, Strength> spell(const Scalar &scalar) const {
    switch (scalar.kind) {
    case ScalarKind::Constant:
      return constant(scalar);
    case ScalarKind::Variable:
    case ScalarKind::Dimension:
    case ScalarKind::Argument:
      return {scalar.name.substr(0, scalar.name.find('$')), Primary};
    case ScalarKind::Lookup:
      return {fmt::format("{}[{}]", nameOf(scalar.table, tableName),
                          list(scalar.operands)),
              Primary};
    case ScalarKind::KeyInSet:
      return {"j in " + nameOf(scalar.table, tableName), Compare};
    case ScalarKind::QueryInSet:
      return {"i in " + nameOf(scalar.table, tableName), Compare};
    case ScalarKind::Neg:
      return {"-" + print(scalar.operands[0], Sign), Sign};
    case ScalarKind::Not:
      return {"not " + print(scalar.operands[0], NotLevel), NotLevel};
    case ScalarKind::ToFloat:
      return spell(*scalar.operands[0]);
    case ScalarKind::CeilDiv:
      return {fmt::format("ceil({} / {})", print(scalar.operands[0], Product),
                          print(scalar.operands[1], Sign)),
              Primary};
    case ScalarKind::Select:
      return {fmt::format("if {} then {} else {}", print(scalar.operands[0]),
                          print(scalar.operands[1]), print(scalar.operands[2])),
              Weakest};
    case ScalarKind::Exists:
      return {fmt::format("exists {} in {}..{} : {}",
                          scalar.name.substr(0, scalar.name.find('$')),
                          print(scalar.operands[0], Sum),
                          print(scalar.operands[1], Sum),
                          print(scalar.operands[2])),
              Weakest};
    default:
      return operation(scalar);
    }
  }

  std::pair<std::string, Strength> constant(const Scalar &scalar) const {
    if (scalar.type == ScalarType::Bool)
      return {scalar.integer ? "true" : "false", Primary};
    if (scalar.type == ScalarType::Int)
      return {fmt::format("{}", scalar.integer),
              scalar.integer < 0 ? Sign : Primary};
    std::string text = fmt::format("{}", scalar.real);
    return {text, text[0] == '-' ? Sign : Primary};
  }

  std::pair<std::string, Strength> operation(const Scalar &scalar) const {
    if (const char *name = callName(scalar.kind))
      return {fmt::format("{}({})", name, list(scalar.operands)), Primary};
    auto [text, strength] = infix(scalar.kind);
    // Left associative: an equal operator on the right needs parentheses.
    Strength tighter = static_cast<Strength>(strength + 1);
    bool comparison = strength == Compare;
    return {
        fmt::format("{} {} {}",
                    print(scalar.operands[0], comparison ? tighter : strength),
                    text, print(scalar.operands[1], tighter)),
        strength};
  }

  std::string list(const std::vector<ScalarRef> &scalars) const {
    std::string text;
    for (const ScalarRef &scalar : scalars)
      text += (text.empty() ? "" : ", ") + print(scalar);
    return text;
  }

  const TableName &tableName;
};

class PatternPrinter {
public:
  explicit PatternPrinter(const TableName &tableName) : tableName(tableName) {}

  /// `level`: 0 union, 1 difference, 2 intersection, 3 complement, 4 primary.
  std::string print(const PatternRef &pattern, int level = 0) const {
    switch (pattern->kind) {
    case PatternKind::All:
      return "all";
    case PatternKind::None:
      return "none";
    case PatternKind::Causal:
      return "causal";
    case PatternKind::Window:
      return window(*pattern);
    case PatternKind::Stride:
      return "stride" + arguments(*pattern);
    case PatternKind::SameBlock:
      return fmt::format("same_block({}, back={}, ahead={})",
                         scalar(*pattern, 0), scalar(*pattern, 1),
                         scalar(*pattern, 2));
    case PatternKind::Prefix:
      return "prefix" + arguments(*pattern);
    case PatternKind::Segments:
      return "segments(" + table(*pattern) + ")";
    case PatternKind::Blocks:
      return fmt::format("blocks({}, {})", table(*pattern),
                         scalar(*pattern, 0));
    case PatternKind::RandomBlocks:
      return randomBlocks(*pattern);
    case PatternKind::Queries:
      return "queries(" + table(*pattern) + ")";
    case PatternKind::Keys:
      return "keys(" + table(*pattern) + ")";
    case PatternKind::Comprehension:
      return fmt::format("{{ {} : {} }}", binders(pattern->predicate),
                         toString(pattern->predicate, tableName));
    case PatternKind::OnGrid:
      return fmt::format("on grid{} {{ (i, j) : {} }}", arguments(*pattern),
                         toString(pattern->predicate, tableName));
    case PatternKind::InOrder:
      return inOrder(*pattern);
    case PatternKind::Heads:
      return heads(*pattern);
    case PatternKind::Union:
      return infix(*pattern, "|", 0, level);
    case PatternKind::Difference:
      return infix(*pattern, "-", 1, level);
    case PatternKind::Intersection:
      return infix(*pattern, "&", 2, level);
    case PatternKind::Complement:
      return "!" + print(pattern->children[0], 3);
    }
    return {};
  }

private:
  std::string scalar(const Pattern &pattern, size_t k) const {
    return toString(pattern.scalars[k], tableName);
  }
  std::string table(const Pattern &pattern) const {
    return nameOf(pattern.table, tableName);
  }
  std::string arguments(const Pattern &pattern) const {
    std::string text;
    for (size_t k = 0; k < pattern.scalars.size(); ++k)
      text += (k ? ", " : "") + scalar(pattern, k);
    return "(" + text + ")";
  }
  static std::string binders(const ScalarRef &predicate) {
    std::string text = usesVariable(predicate, "b") ? "b, " : "";
    text += usesVariable(predicate, "h") ? "h, " : "";
    return "(" + text + "i, j)";
  }
  std::string window(const Pattern &pattern) const {
    std::string dilation = pattern.scalars[2]->isConstant(1)
                               ? ""
                               : ", dilation=" + scalar(pattern, 2);
    return fmt::format("window({}, {}{})", scalar(pattern, 0),
                       scalar(pattern, 1), dilation);
  }
  std::string randomBlocks(const Pattern &pattern) const {
    std::string outside = pattern.children.empty()
                              ? ""
                              : ", outside=" + print(pattern.children[0]);
    return fmt::format("random_blocks({}, {}, seed={}{})", scalar(pattern, 0),
                       scalar(pattern, 1), scalar(pattern, 2), outside);
  }
  std::string order(const Order &order) const {
    std::string text;
    for (const ScalarRef &extent : order.scalars)
      text += (text.empty() ? "" : ", ") + toString(extent, tableName);
    switch (order.kind) {
    case OrderKind::Sort:
      return "sort(" + nameOf(order.table, tableName) + ")";
    case OrderKind::BlockRaster:
      return "block_raster(" + text + ")";
    case OrderKind::ColumnMajor:
      return "column_major(" + text + ")";
    case OrderKind::Given:
      return nameOf(order.table, tableName);
    }
    return {};
  }
  std::string inOrder(const Pattern &pattern) const {
    std::string text = "in_order(";
    for (const Order &one : pattern.orders)
      text += order(one) + ", ";
    return text + print(pattern.children[0]) + ")";
  }
  std::string heads(const Pattern &pattern) const {
    std::string text;
    for (size_t k = 0; k < pattern.children.size(); ++k)
      text +=
          fmt::format("{}{}..{}: {}", k ? ", " : "", scalar(pattern, 2 * k),
                      scalar(pattern, 2 * k + 1), print(pattern.children[k]));
    return "heads(" + text + ")";
  }
  std::string infix(const Pattern &pattern, const char *sign, int own,
                    int level) const {
    std::string text = fmt::format("{} {} {}", print(pattern.children[0], own),
                                   sign, print(pattern.children[1], own + 1));
    return own < level ? "(" + text + ")" : text;
  }

  const TableName &tableName;
};

} // namespace

std::string toString(const ScalarRef &root, const TableName &tableName) {
  return ScalarPrinter(tableName).print(root);
}

std::string toString(const PatternRef &pattern, const TableName &tableName) {
  return PatternPrinter(tableName).print(pattern);
}

} // namespace effattn

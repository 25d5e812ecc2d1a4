//===- Printer.cpp - syntax tree to text ----------------------------------===//

#include "lib/Frontend/ParserImpl.h"

#include <fmt/format.h>

#include <iterator>

namespace effattn::ast {

using namespace effattn::binding;

const char *spelling(Op op) {
  switch (op) {
  case Op::None:
    return "";
  case Op::Neg:
    return "-";
  case Op::Complement:
    return "!";
  case Op::Not:
    return "not";
  case Op::Add:
    return "+";
  case Op::Sub:
    return "-";
  case Op::Mul:
    return "*";
  case Op::Slash:
    return "/";
  case Op::Div:
    return "div";
  case Op::Mod:
    return "mod";
  case Op::Union:
    return "|";
  case Op::Intersection:
    return "&";
  case Op::And:
    return "and";
  case Op::Or:
    return "or";
  case Op::In:
    return "in";
  case Op::Less:
    return "<";
  case Op::LessEqual:
    return "<=";
  case Op::Greater:
    return ">";
  case Op::GreaterEqual:
    return ">=";
  case Op::Equal:
    return "==";
  case Op::NotEqual:
    return "!=";
  }
  return "";
}

namespace {

int strengthOf(const Expr &e) {
  switch (e.kind) {
  case ExprKind::If:
  case ExprKind::Let:
  case ExprKind::Exists:
  case ExprKind::Lambda:
  case ExprKind::Rows:
    return kOpen;
  case ExprKind::Unary:
    return e.op == Op::Not ? kNot : kPrefix;
  case ExprKind::Compare:
    return kCompare;
  case ExprKind::Binary:
    switch (e.op) {
    case Op::Or:
      return kOr;
    case Op::And:
      return kAnd;
    case Op::In:
      return kCompare;
    case Op::Union:
      return kUnion;
    case Op::Intersection:
      return kIntersection;
    case Op::Add:
    case Op::Sub:
      return kSum;
    default:
      return kProduct;
    }
  default:
    return kPostfix;
  }
}

class Printer {
public:
  std::string out;

  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args &&...args) {
    fmt::format_to(std::back_inserter(out), format,
                   std::forward<Args>(args)...);
  }

  void list(const std::vector<Identifier> &names) {
    for (size_t k = 0; k < names.size(); ++k)
      add("{}{}", k ? ", " : "", names[k].text);
  }

  void real(double value) {
    std::string digits = fmt::format("{}", value);
    if (digits.find_first_of(".e") == std::string::npos)
      digits += ".0";
    out += digits;
  }

  /// Parenthesised where it binds less tightly than `strength`.
  void expr(const Expr &e, int strength = kOpen) {
    if (strengthOf(e) >= strength)
      return bare(e);
    out += '(';
    bare(e);
    out += ')';
  }

  void operands(const Expr &e, size_t from, size_t to, int strength = kOpen) {
    for (size_t k = from; k < to; ++k) {
      if (k != from)
        out += ", ";
      expr(e.operand(k), strength);
    }
  }

  void range(const Expr &e, size_t first = 0) {
    expr(e.operand(first), kSum);
    out += "..";
    expr(e.operand(first + 1), kSum);
  }

  void bare(const Expr &e) {
    switch (e.kind) {
    case ExprKind::Integer:
      return add("{}", e.integer);
    case ExprKind::Float:
      return real(e.real);
    case ExprKind::Bool:
      return add("{}", e.integer ? "true" : "false");
    case ExprKind::Name:
      return add("{}", e.name.text);
    case ExprKind::Unary:
      add("{}{}", spelling(e.op), e.op == Op::Not ? " " : "");
      return expr(e.operand(0), strengthOf(e));
    case ExprKind::Binary: {
      int strength = strengthOf(e);
      expr(e.operand(0), e.op == Op::In ? strength + 1 : strength);
      add(" {} ", spelling(e.op));
      return expr(e.operand(1), strength + 1);
    }
    case ExprKind::Compare:
      expr(e.operand(0), kCompare + 1);
      for (size_t k = 0; k < e.ops.size(); ++k) {
        add(" {} ", spelling(e.ops[k]));
        expr(e.operand(k + 1), kCompare + 1);
      }
      return;
    case ExprKind::If:
      out += "if ";
      expr(e.operand(0), kOr);
      out += " then ";
      expr(e.operand(1), kOr);
      out += " else ";
      return expr(e.operand(2));
    case ExprKind::Index:
      expr(e.operand(0), kPostfix);
      out += '[';
      operands(e, 1, e.operands.size());
      out += ']';
      return;
    case ExprKind::Member:
      expr(e.operand(0), kPostfix);
      return add(".{}", e.name.text);
    case ExprKind::Call:
      return call(e);
    default:
      return form(e);
    }
  }

  void call(const Expr &e) {
    add("{}(", e.name.text);
    for (size_t k = 0; k < e.operands.size(); ++k) {
      if (k)
        out += ", ";
      if (!e.names[k].empty())
        add("{} = ", e.names[k].text);
      expr(e.operand(k));
    }
    out += ')';
  }

  void form(const Expr &e) {
    switch (e.kind) {
    case ExprKind::Let:
      for (size_t k = 0; k < e.names.size(); ++k) {
        add("let {} = ", e.names[k].text);
        expr(e.operand(k), kOr);
        out += " ; ";
      }
      return expr(*e.operands.back());
    case ExprKind::Exists:
      add("exists {} in ", e.name.text);
      range(e);
      out += " : ";
      return expr(e.operand(2));
    case ExprKind::Lambda:
      out += '(';
      list(e.names);
      out += ") => ";
      return expr(e.operand(0));
    case ExprKind::Comprehension:
      out += e.names.size() == 1 ? "{ " : "{ (";
      list(e.names);
      out += e.names.size() == 1 ? " : " : ") : ";
      expr(e.operand(0));
      out += " }";
      return;
    case ExprKind::OnGrid:
      out += "on grid(";
      operands(e, 0, e.operands.size() - 1);
      out += ") ";
      return expr(*e.operands.back());
    case ExprKind::Heads:
      out += "heads(";
      for (size_t k = 0; k + 2 < e.operands.size(); k += 3) {
        if (k)
          out += ", ";
        range(e, k);
        out += ": ";
        expr(e.operand(k + 2));
      }
      out += ')';
      return;
    case ExprKind::Rows:
      out += "rows(";
      expr(e.operand(0));
      out += "): ";
      expr(e.operand(1), kOr);
      if (e.operands.size() > 2) {
        out += " else: ";
        expr(e.operand(2));
      }
      return;
    default:
      add("{} {} in ", e.kind == ExprKind::Merge ? "merge" : "average",
          e.name.text);
      range(e);
      for (size_t k = 0; k < e.names.size(); ++k) {
        add(", {} = ", e.names[k].text);
        expr(e.operand(k + 3));
      }
      out += " { ";
      expr(e.operand(2));
      out += " }";
      return;
    }
  }

  void type(const Type &t) {
    out += t.element.text;
    if (t.hasDims) {
      out += '[';
      for (size_t k = 0; k < t.dims.size(); ++k) {
        if (k)
          out += ", ";
        expr(*t.dims[k]);
      }
      out += ']';
    }
    if (t.bound) {
      out += " in ";
      expr(*t.bound, kSum);
    }
    if (!t.ragged.empty())
      add(" ragged({})", t.ragged.text);
  }

  void string(const std::string &value) {
    out += '"';
    for (char c : value) {
      if (c == '"' || c == '\\')
        out += '\\';
      if (c == '\n' || c == '\t') {
        out += c == '\n' ? "\\n" : "\\t";
        continue;
      }
      out += c;
    }
    out += '"';
  }

  void operator()(const Param &p) {
    add("param {}: {} = ", p.name.text, p.type.text);
    expr(*p.value);
    out += '\n';
  }

  void operator()(const Definition &d) {
    add("{} {}", d.isPattern ? "pattern" : "def", d.name.text);
    if (d.hasParameters) {
      out += '(';
      list(d.parameters);
      out += ')';
    }
    out += " = ";
    expr(*d.body);
    out += '\n';
  }

  void operator()(const Let &l) {
    out += "let ";
    list(l.names);
    out += " = ";
    expr(*l.value);
    out += '\n';
  }

  void operator()(const Require &r) {
    out += "require ";
    expr(*r.condition);
    out += ", ";
    string(r.message);
    out += '\n';
  }

  void operator()(const Example &e) {
    out += "example ";
    for (size_t k = 0; k < e.sizes.size(); ++k)
      add("{}{}={}", k ? ", " : "", e.sizes[k].name.text, e.sizes[k].value);
    out += '\n';
  }

  void operator()(const Kernel &kernel) {
    add("kernel {}(", kernel.name.text);
    for (size_t k = 0; k < kernel.arguments.size(); ++k) {
      add("{}\n    {}: ", k ? "," : "", kernel.arguments[k].name.text);
      type(kernel.arguments[k].type);
    }
    out += ")\n    -> ";
    for (size_t k = 0; k < kernel.results.size(); ++k) {
      if (k)
        out += ", ";
      type(kernel.results[k]);
    }
    out += " {\n";
    for (const Statement &statement : kernel.body) {
      out += "  ";
      std::visit(*this, statement);
    }
    out += "  return ";
    for (size_t k = 0; k < kernel.returns.size(); ++k) {
      if (k)
        out += ", ";
      expr(*kernel.returns[k]);
    }
    out += "\n}\n";
  }
};

} // namespace

std::string toString(const File &file) {
  Printer printer;
  for (const Declaration &declaration : file.declarations) {
    if (std::holds_alternative<Kernel>(declaration) && !printer.out.empty())
      printer.out += '\n';
    std::visit([&](const auto &node) { printer(node); }, declaration);
  }
  return std::move(printer.out);
}

std::string toString(const Expr &expr) {
  Printer printer;
  printer.expr(expr);
  return std::move(printer.out);
}

std::string toString(const Type &type) {
  Printer printer;
  printer.type(type);
  return std::move(printer.out);
}

} // namespace effattn::ast

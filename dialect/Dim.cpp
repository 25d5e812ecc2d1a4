//===- Dim.cpp - normal form, syntax and meaning of sizes -----------------===//
//
// A size is a polynomial: a map from products of atoms to coefficients. An
// atom is a name, or a division, min or max of sizes in normal form.
//
//===----------------------------------------------------------------------===//

#include "dialect/Effattn.h"

#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <map>
#include <optional>

using namespace mlir;

namespace effattn::ir {

namespace {

/// Most terms of a size; products of sums grow fast.
constexpr size_t maxTerms = 64;
/// Most factors of one term.
constexpr size_t maxFactors = 16;

std::string textOf(DimAttr dim) {
  std::string text;
  llvm::raw_string_ostream os(text);
  dim.printExpression(os);
  return text;
}

/// A product of atoms, sorted by their text.
struct Monomial {
  SmallVector<DimAttr> atoms;
  std::string key;

  void sort() {
    std::vector<std::pair<std::string, DimAttr>> named;
    for (DimAttr atom : atoms)
      named.emplace_back(textOf(atom), atom);
    std::stable_sort(named.begin(), named.end(),
                     [](auto &a, auto &b) { return a.first < b.first; });
    atoms.clear();
    key.clear();
    for (auto &[text, atom] : named) {
      atoms.push_back(atom);
      key += (key.empty() ? "" : " * ") + text;
    }
  }
};

struct Term {
  Monomial monomial;
  int64_t coefficient;
};

/// The least integer has no negation: it is left out, as overflow is.
bool isRepresentable(int64_t coefficient) { return coefficient != INT64_MIN; }

/// Terms by the text of their monomial; the constant has the empty text.
using Polynomial = std::map<std::string, Term>;

std::optional<Polynomial> add(Polynomial a, const Polynomial &b) {
  for (const auto &[key, term] : b) {
    auto [place, inserted] = a.try_emplace(key, term);
    if (inserted)
      continue;
    if (__builtin_add_overflow(place->second.coefficient, term.coefficient,
                               &place->second.coefficient) ||
        !isRepresentable(place->second.coefficient))
      return std::nullopt;
    if (place->second.coefficient == 0)
      a.erase(place);
  }
  return a.size() <= maxTerms ? std::optional(a) : std::nullopt;
}

std::optional<Polynomial> multiply(const Polynomial &a, const Polynomial &b) {
  Polynomial result;
  for (const auto &[leftKey, left] : a)
    for (const auto &[rightKey, right] : b) {
      Term term = left;
      term.monomial.atoms.append(right.monomial.atoms);
      if (term.monomial.atoms.size() > maxFactors ||
          __builtin_mul_overflow(left.coefficient, right.coefficient,
                                 &term.coefficient) ||
          !isRepresentable(term.coefficient))
        return std::nullopt;
      term.monomial.sort();
      auto sum = add(std::move(result), {{term.monomial.key, term}});
      if (!sum)
        return std::nullopt;
      result = std::move(*sum);
    }
  return result;
}

Polynomial constantPolynomial(int64_t value) {
  if (value == 0)
    return {};
  return {{"", Term{{}, value}}};
}

Polynomial atomPolynomial(DimAttr atom) {
  Monomial monomial{{atom}, {}};
  monomial.sort();
  return {{monomial.key, Term{monomial, 1}}};
}

DimAttr make(MLIRContext *context, DimKind kind, int64_t value,
             StringRef symbol, ArrayRef<DimAttr> operands) {
  return DimAttr::get(context, kind, value, StringAttr::get(context, symbol),
                      operands);
}

DimAttr termOf(MLIRContext *context, const Term &term) {
  if (term.monomial.atoms.empty())
    return DimAttr::constant(context, term.coefficient);
  if (term.coefficient == 1 && term.monomial.atoms.size() == 1)
    return term.monomial.atoms[0];
  SmallVector<DimAttr> factors;
  if (term.coefficient != 1)
    factors.push_back(DimAttr::constant(context, term.coefficient));
  factors.append(term.monomial.atoms);
  return make(context, DimKind::Mul, 0, "", factors);
}

/// Terms by name, the constant last.
DimAttr dimOf(MLIRContext *context, const Polynomial &polynomial) {
  SmallVector<DimAttr> terms;
  for (const auto &[key, term] : polynomial)
    if (!key.empty())
      terms.push_back(termOf(context, term));
  auto constant = polynomial.find("");
  if (constant != polynomial.end())
    terms.push_back(termOf(context, constant->second));
  if (terms.empty())
    return DimAttr::constant(context, 0);
  if (terms.size() == 1)
    return terms[0];
  return make(context, DimKind::Add, 0, "", terms);
}

std::optional<int64_t> constantOf(const Polynomial &polynomial) {
  if (polynomial.empty())
    return 0;
  if (polynomial.size() == 1 && polynomial.begin()->first.empty())
    return polynomial.begin()->second.coefficient;
  return std::nullopt;
}

class Normaliser {
public:
  explicit Normaliser(MLIRContext *context) : context(context) {}

  std::optional<Polynomial> visit(const ScalarRef &scalar) {
    switch (scalar->kind) {
    case ScalarKind::Constant:
      if (scalar->type != ScalarType::Int || !isRepresentable(scalar->integer))
        return std::nullopt;
      return constantPolynomial(scalar->integer);
    case ScalarKind::Dimension:
      return atomPolynomial(
          make(context, DimKind::Symbol, 0, scalar->name, {}));
    case ScalarKind::Neg: {
      auto operand = visit(scalar->operands[0]);
      return operand ? multiply(*operand, constantPolynomial(-1)) : operand;
    }
    case ScalarKind::Add:
    case ScalarKind::Sub:
    case ScalarKind::Mul:
      return arithmetic(*scalar);
    case ScalarKind::FloorDiv:
      return division(*scalar, DimKind::FloorDiv);
    case ScalarKind::CeilDiv:
      return division(*scalar, DimKind::CeilDiv);
    case ScalarKind::Mod:
      return division(*scalar, DimKind::Mod);
    case ScalarKind::Min:
      return extremum(*scalar, DimKind::Min);
    case ScalarKind::Max:
      return extremum(*scalar, DimKind::Max);
    default:
      return std::nullopt;
    }
  }

private:
  std::optional<Polynomial> arithmetic(const Scalar &scalar) {
    auto left = visit(scalar.operands[0]), right = visit(scalar.operands[1]);
    if (!left || !right)
      return std::nullopt;
    if (scalar.kind == ScalarKind::Mul)
      return multiply(*left, *right);
    if (scalar.kind == ScalarKind::Sub) {
      right = multiply(*right, constantPolynomial(-1));
      if (!right)
        return std::nullopt;
    }
    return add(std::move(*left), *right);
  }

  std::optional<Polynomial> division(const Scalar &scalar, DimKind kind) {
    auto value = visit(scalar.operands[0]), by = visit(scalar.operands[1]);
    if (!value || !by)
      return std::nullopt;
    if (auto divisor = constantOf(*by)) {
      if (*divisor <= 0)
        return std::nullopt;
      if (auto dividend = constantOf(*value))
        return divide(*dividend, *divisor, kind);
      bool exact = std::all_of(value->begin(), value->end(), [&](auto &entry) {
        return entry.second.coefficient % *divisor == 0;
      });
      if (exact && kind == DimKind::Mod)
        return Polynomial{};
      if (exact) {
        for (auto &[key, term] : *value)
          term.coefficient /= *divisor;
        return value;
      }
    }
    return atomPolynomial(make(context, kind, 0, "",
                               {dimOf(context, *value), dimOf(context, *by)}));
  }

  static Polynomial divide(int64_t dividend, int64_t divisor, DimKind kind) {
    int64_t quotient = dividend / divisor, remainder = dividend % divisor;
    if (remainder < 0) {
      quotient -= 1;
      remainder += divisor;
    }
    if (kind == DimKind::Mod)
      return constantPolynomial(remainder);
    if (kind == DimKind::CeilDiv && remainder != 0)
      quotient += 1;
    return constantPolynomial(quotient);
  }

  std::optional<Polynomial> extremum(const Scalar &scalar, DimKind kind) {
    auto left = visit(scalar.operands[0]), right = visit(scalar.operands[1]);
    if (!left || !right)
      return std::nullopt;
    auto a = constantOf(*left), b = constantOf(*right);
    if (a && b)
      return constantPolynomial(kind == DimKind::Min ? std::min(*a, *b)
                                                     : std::max(*a, *b));
    SmallVector<DimAttr> operands{dimOf(context, *left),
                                  dimOf(context, *right)};
    if (operands[0] == operands[1])
      return left;
    if (textOf(operands[1]) < textOf(operands[0]))
      std::swap(operands[0], operands[1]);
    return atomPolynomial(make(context, kind, 0, "", operands));
  }

  MLIRContext *context;
};

} // namespace

DimAttr DimAttr::constant(MLIRContext *context, int64_t value) {
  return make(context, DimKind::Constant, value, "", {});
}

DimAttr DimAttr::from(MLIRContext *context, const ScalarRef &expression) {
  if (!expression)
    return {};
  auto polynomial = Normaliser(context).visit(expression);
  return polynomial ? dimOf(context, *polynomial) : DimAttr();
}

ScalarRef DimAttr::toScalar() const {
  auto operand = [&](unsigned k) { return getOperands()[k].toScalar(); };
  auto pair = [&](ScalarKind kind) {
    return binary(kind, operand(0), operand(1));
  };
  switch (getKind()) {
  case DimKind::Constant:
    return constantInt(getValue());
  case DimKind::Symbol:
    return effattn::dimension(getSymbol().getValue().str());
  case DimKind::Add:
  case DimKind::Mul: {
    ScalarRef result = operand(0);
    for (unsigned k = 1; k < getOperands().size(); ++k)
      result =
          binary(getKind() == DimKind::Add ? ScalarKind::Add : ScalarKind::Mul,
                 result, operand(k));
    return result;
  }
  case DimKind::FloorDiv:
    return pair(ScalarKind::FloorDiv);
  case DimKind::CeilDiv:
    return pair(ScalarKind::CeilDiv);
  case DimKind::Mod:
    return pair(ScalarKind::Mod);
  case DimKind::Min:
    return pair(ScalarKind::Min);
  case DimKind::Max:
    return pair(ScalarKind::Max);
  }
  return nullptr;
}

bool DimAttr::mayEqual(DimAttr other) const {
  if (*this == other)
    return true;
  DimAttr difference = from(getContext(), toScalar() - other.toScalar());
  return !difference || !difference.isConstant();
}

} // namespace effattn::ir

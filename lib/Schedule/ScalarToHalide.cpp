//===- ScalarToHalide.cpp - predicates and scores in kernels --------------===//

#include "lib/Schedule/ScalarToHalide.h"
#include "lib/Schedule/Math.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace effattn {

using Halide::Expr;

namespace {

/// Values that an integer expression can take.
struct Interval {
  __int128 low, high;
  bool narrow() const { return low >= INT32_MIN && high <= INT32_MAX; }
};

constexpr Interval wide{INT64_MIN, INT64_MAX};

struct Value {
  Expr expression;
  Interval interval = wide; ///< of integers
  /// The look-ups of the expression are in range; undefined: always.
  Expr inRange = {};
};

Expr both(const Expr &a, const Expr &b) {
  return !a.defined() ? b : !b.defined() ? a : a && b;
}

/// `range` matters where `condition` holds only.
Expr where(const Expr &condition, const Expr &range) {
  return range.defined() ? !condition || range : range;
}

/// Most elements of an `exists` that are written out one by one; more are a
/// loop.
constexpr int64_t unrolledExists = 64;

Expr inWidth(const Value &value, bool narrow) {
  return narrow ? value.expression : Halide::cast<int64_t>(value.expression);
}

Interval elementInterval(ElementType element) {
  switch (element) {
  case ElementType::Bool:
    return {0, 1};
  case ElementType::I8:
    return {-128, 127};
  case ElementType::I32:
    return {INT32_MIN, INT32_MAX};
  default:
    return wide;
  }
}

class Translator {
public:
  explicit Translator(PairContext &context) : context(context) {}

  Value visit(const ScalarRef &scalar) {
    auto found = values.find(scalar.get());
    if (found != values.end())
      return found->second;
    Value value = translate(*scalar);
    value.inRange = both(value.inRange, rangeOf(*scalar));
    values.emplace(scalar.get(), value);
    return value;
  }

private:
  Value translate(const Scalar &scalar);
  Expr rangeOf(const Scalar &scalar);
  Value variable(const Scalar &scalar);
  Value parameter(const Scalar &scalar);
  Value lookup(const Scalar &scalar);
  Value exists(const Scalar &scalar);
  Value boundTo(const std::string &name, const Value &value,
                const ScalarRef &body);
  Value integerBinary(const Scalar &scalar, const Value &a, const Value &b);
  Value integerUnary(const Scalar &scalar, const Value &a);
  Value realOperation(const Scalar &scalar);
  Value comparison(const Scalar &scalar);

  PairContext &context;
  std::map<const Scalar *, Value> values;
  std::map<std::string, Value> bound; ///< of enclosing `exists`
};

Value Translator::variable(const Scalar &scalar) {
  if (auto found = bound.find(scalar.name); found != bound.end())
    return found->second;
  const Interval index{0, context.limit - 1};
  if (scalar.name == "i" || scalar.name == "j")
    return {scalar.name == "i" ? context.i : context.j, index};
  if (scalar.name == "b" || scalar.name == "h")
    return {scalar.name == "b" ? context.batch : context.head, index};
  if (scalar.name == "s" && context.logit.defined())
    return {context.logit};
  return parameter(scalar);
}

Value Translator::parameter(const Scalar &scalar) {
  auto at = [&](const std::vector<std::string> &names) {
    return std::find(names.begin(), names.end(), scalar.name) - names.begin();
  };
  if (scalar.type == ScalarType::Float) {
    size_t k = at(context.floatNames);
    if (k < context.floatNames.size())
      return {context.real(static_cast<int>(k))};
  } else {
    size_t k = at(context.integerNames);
    if (k < context.integerNames.size()) {
      bool size = scalar.name == "N" || scalar.name == "M";
      return {context.integer(static_cast<int>(k)),
              {size ? 0 : -context.limit, context.limit}};
    }
  }
  throw ScheduleError{
      fmt::format("'{}' is not a parameter of this kernel", scalar.name)};
}

Value Translator::lookup(const Scalar &scalar) {
  auto extentOf = [&](int axis) {
    return context.tableExtent
               ? context.tableExtent(scalar.table, axis)
               : context.tables.at(scalar.table).dim(axis).extent();
  };
  const TableSpec &spec = context.tableSpecs.at(scalar.table);
  // Leading batch and head axes may be left out: the pair's own.
  std::vector<Value> indices;
  int missing = spec.rank - static_cast<int>(scalar.operands.size());
  const Interval index{0, context.limit - 1};
  if (missing > 0 && spec.hasBatch)
    indices.push_back({context.batch, index});
  if (missing > 0 && spec.hasHead && static_cast<int>(indices.size()) < missing)
    indices.push_back({context.head, index});
  if (static_cast<int>(indices.size()) != std::max(missing, 0))
    throw ScheduleError{
        fmt::format("a look-up has {} indices, but its table has {} axes",
                    scalar.operands.size(), spec.rank)};
  for (const ScalarRef &operand : scalar.operands)
    indices.push_back(visit(operand));

  std::vector<Expr> at(indices.size());
  Expr inRange;
  for (size_t axis = 0; axis < indices.size(); ++axis) {
    size_t dimension = indices.size() - 1 - axis; // last axis first
    Expr extent = extentOf(static_cast<int>(dimension));
    Value &value = indices[axis];
    bool narrow = value.interval.narrow();
    Expr wideExtent = inWidth({extent, {}, {}}, narrow);
    // Batch and head are in range by themselves.
    if (axis + scalar.operands.size() >= indices.size())
      inRange =
          both(inRange, value.expression >= 0 && value.expression < wideExtent);
    Expr clamped =
        Halide::max(Halide::min(value.expression, wideExtent - 1), 0);
    at[dimension] = Halide::unsafe_promise_clamped(
        Halide::cast<int32_t>(clamped), 0, extent - 1);
  }
  Expr element = context.tableElement ? context.tableElement(scalar.table, at)
                                      : context.tables.at(scalar.table)(at);
  switch (scalar.type) {
  case ScalarType::Bool:
    return {element != Halide::cast(element.type(), 0), wide, inRange};
  case ScalarType::Float:
    return {Halide::cast<float>(element), wide, inRange};
  case ScalarType::Int:
    break;
  }
  // Devices hold integers of 64 bits in 32: the runtime checks the values.
  Interval interval = elementInterval(element.type().bits() <= 32 &&
                                              spec.element == ElementType::I64
                                          ? ElementType::I32
                                          : spec.element);
  return {interval.narrow() ? Halide::cast<int32_t>(element)
                            : Halide::cast<int64_t>(element),
          interval, inRange};
}

/// The body of an `exists` for one value of its variable.
Value Translator::boundTo(const std::string &name, const Value &value,
                          const ScalarRef &body) {
  // What depends on the variable is not the same next time.
  const std::map<const Scalar *, Value> outside = values;
  bound[name] = value;
  Value result = visit(body);
  bound.erase(name);
  values = outside;
  return result;
}

Value Translator::exists(const Scalar &scalar) {
  if (!scalar.operands[0]->isConstant() || !scalar.operands[1]->isConstant())
    throw ScheduleError{"'exists' needs constant bounds in a kernel"};
  const Interval range{scalar.operands[0]->integer,
                       scalar.operands[1]->integer - __int128(1)};
  if (!range.narrow())
    throw ScheduleError{"'exists' over numbers of more than 32 bits is not "
                        "supported in a kernel"};
  auto first = static_cast<int32_t>(range.low);
  const auto count = static_cast<int64_t>(range.high - range.low + 1);
  if (count > unrolledExists && !context.loops)
    throw ScheduleError{
        fmt::format("'exists' over {} values that is no affine condition is "
                    "not supported on devices; at most {} are",
                    count, unrolledExists)};
  if (count > unrolledExists) {
    Halide::RDom each(first, Expr(static_cast<int32_t>(count)), "exists");
    Value body = boundTo(scalar.name, {each.x, range}, scalar.operands[2]);
    return {Halide::maximum(each, Halide::cast<int32_t>(body.expression)) != 0,
            wide, body.inRange};
  }
  Expr any = Halide::Internal::make_bool(false), inRange;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t value = first + k;
    Value body = boundTo(scalar.name,
                         {Expr(static_cast<int32_t>(value)), {value, value}},
                         scalar.operands[2]);
    inRange = both(inRange, where(!any, body.inRange));
    any = any || body.expression;
  }
  return {any, wide, inRange};
}

Value Translator::integerUnary(const Scalar &scalar, const Value &a) {
  Interval in = a.interval, out;
  if (scalar.kind == ScalarKind::Neg)
    out = {-in.high, -in.low};
  else
    out = {std::max({__int128(0), in.low, -in.high}),
           std::max(-in.low, in.high)};
  Expr x = inWidth(a, in.narrow() && out.narrow());
  if (scalar.kind == ScalarKind::Neg)
    return {-x, out};
  return {Halide::select(x < 0, -x, x), out};
}

Interval combine(ScalarKind kind, const Interval &a, const Interval &b) {
  switch (kind) {
  case ScalarKind::Add:
    return {a.low + b.low, a.high + b.high};
  case ScalarKind::Sub:
    return {a.low - b.high, a.high - b.low};
  case ScalarKind::Mul: {
    __int128 corners[] = {a.low * b.low, a.low * b.high, a.high * b.low,
                          a.high * b.high};
    return {*std::min_element(corners, corners + 4),
            *std::max_element(corners, corners + 4)};
  }
  case ScalarKind::FloorDiv:
  case ScalarKind::CeilDiv:
    return {std::min(a.low, __int128(0)), std::max(a.high, __int128(0))};
  case ScalarKind::Mod:
    return {0, std::max(b.high - 1, __int128(0))};
  case ScalarKind::Min:
    return {std::min(a.low, b.low), std::min(a.high, b.high)};
  case ScalarKind::Max:
    return {std::max(a.low, b.low), std::max(a.high, b.high)};
  default:
    return wide;
  }
}

/// Products of two 64-bit bounds fit 128 bits; what leaves 64 bits wraps.
Interval saturate(Interval interval) {
  if (interval.low < INT64_MIN || interval.high > INT64_MAX)
    return wide;
  return interval;
}

/// The divisor of a pair inside the pattern is positive; that of any other pair
/// must divide too.
Value positive(const Value &divisor) {
  if (divisor.interval.low >= 1)
    return divisor;
  Interval out{1, std::max(divisor.interval.high, __int128(1))};
  return {Halide::max(divisor.expression,
                      Halide::cast(divisor.expression.type(), 1)),
          out, divisor.inRange};
}

/// floor(x / y) = -1 - floor((-1 - x) / y) for x < 0, y > 0.
Expr divideDown(const Expr &x, const Expr &y) {
  Expr quotient = Halide::select(x < 0, -1 - x, x) / y;
  return Halide::select(x < 0, -1 - quotient, quotient);
}

Value Translator::integerBinary(const Scalar &scalar, const Value &a,
                                const Value &divisor) {
  bool divides = scalar.kind == ScalarKind::FloorDiv ||
                 scalar.kind == ScalarKind::CeilDiv ||
                 scalar.kind == ScalarKind::Mod;
  Value b = divides ? positive(divisor) : divisor;
  Interval out = saturate(combine(scalar.kind, a.interval, b.interval));
  bool narrow = a.interval.narrow() && b.interval.narrow() && out.narrow();
  if (scalar.kind == ScalarKind::CeilDiv) // -a is computed
    narrow = narrow && a.interval.low > INT32_MIN;
  Expr x = inWidth(a, narrow), y = inWidth(b, narrow);
  bool negative = !context.dividesNegative && a.interval.low < 0;
  switch (scalar.kind) {
  case ScalarKind::Add:
    return {x + y, out};
  case ScalarKind::Sub:
    return {x - y, out};
  case ScalarKind::Mul:
    return {x * y, out};
  // Halide's integer division rounds down for a positive divisor.
  case ScalarKind::FloorDiv:
    return {negative ? divideDown(x, y) : x / y, out};
  case ScalarKind::CeilDiv:
    return {context.dividesNegative ? -((-x) / y) : -divideDown(-x, y), out};
  case ScalarKind::Mod:
    if (negative)
      return {x - divideDown(x, y) * y, out};
    return {x % y, out};
  case ScalarKind::Min:
    return {Halide::min(x, y), out};
  default:
    return {Halide::max(x, y), out};
  }
}

Value Translator::realOperation(const Scalar &scalar) {
  Expr a = visit(scalar.operands[0]).expression, b;
  if (scalar.operands.size() > 1)
    b = visit(scalar.operands[1]).expression;
  switch (scalar.kind) {
  case ScalarKind::Add:
    return {strictAdd(a, b)};
  case ScalarKind::Sub:
    return {strictSub(a, b)};
  case ScalarKind::Mul:
    return {strictMul(a, b)};
  case ScalarKind::Div:
    return {strictDiv(a, b)};
  case ScalarKind::Neg:
    return {strictSub(Halide::Expr(-0.0f), a)};
  case ScalarKind::Min:
    return {minKeepNan(a, b)};
  case ScalarKind::Max:
    return {maxKeepNan(a, b)};
  case ScalarKind::Abs:
    return {Halide::abs(a)};
  case ScalarKind::Exp:
    return {expFloat(a)};
  case ScalarKind::Log:
    return {logFloat(a)};
  case ScalarKind::Tanh:
    return {tanhFloat(a)};
  case ScalarKind::Sqrt:
    return {Halide::strict_float(Halide::sqrt(a))};
  default:
    throw ScheduleError{"a scalar operation has no form in a kernel"};
  }
}

/// As in C where a side is NaN. Halide writes a <= b as not b < a, also where
/// floats are strict.
Expr compareReals(ScalarKind kind, const Expr &a, const Expr &b) {
  switch (kind) {
  case ScalarKind::Less:
    return strictLess(a, b);
  case ScalarKind::LessEqual:
    return strictLess(a, b) || strictEqual(a, b);
  case ScalarKind::Equal:
    return strictEqual(a, b);
  default:
    return !strictEqual(a, b);
  }
}

Value Translator::comparison(const Scalar &scalar) {
  Value left = visit(scalar.operands[0]), right = visit(scalar.operands[1]);
  Expr a = left.expression, b = right.expression;
  if (scalar.operands[0]->type == ScalarType::Float)
    return {compareReals(scalar.kind, a, b)};
  if (scalar.operands[0]->type == ScalarType::Int) {
    bool narrow = left.interval.narrow() && right.interval.narrow();
    a = inWidth(left, narrow);
    b = inWidth(right, narrow);
  }
  Expr result;
  switch (scalar.kind) {
  case ScalarKind::Less:
    result = a < b;
    break;
  case ScalarKind::LessEqual:
    result = a <= b;
    break;
  case ScalarKind::Equal:
    result = a == b;
    break;
  default:
    result = a != b;
    break;
  }
  return {result};
}

/// What the look-ups of the operands need. `and`, `or` and `select` look up
/// only what they must.
Expr Translator::rangeOf(const Scalar &scalar) {
  if (scalar.kind == ScalarKind::Exists)
    return {};
  Expr range;
  for (size_t k = 0; k < scalar.operands.size(); ++k) {
    Expr own = visit(scalar.operands[k]).inRange;
    if (k == 0 || !own.defined()) {
      range = both(range, own);
      continue;
    }
    Expr first = visit(scalar.operands[0]).expression;
    switch (scalar.kind) {
    case ScalarKind::And:
      own = where(first, own);
      break;
    case ScalarKind::Or:
      own = where(!first, own);
      break;
    case ScalarKind::Select:
      own = where(k == 1 ? first : !first, own);
      break;
    default:
      break;
    }
    range = both(range, own);
  }
  return range;
}

Value Translator::translate(const Scalar &scalar) {
  auto operand = [&](size_t k) { return visit(scalar.operands[k]); };
  switch (scalar.kind) {
  case ScalarKind::Constant:
    if (scalar.type == ScalarType::Float)
      return {Expr(static_cast<float>(scalar.real))};
    if (scalar.type == ScalarType::Bool)
      return {Halide::Internal::make_bool(scalar.integer != 0)};
    if (Interval{scalar.integer, scalar.integer}.narrow())
      return {Expr(static_cast<int32_t>(scalar.integer)),
              {scalar.integer, scalar.integer}};
    return {Expr(scalar.integer), {scalar.integer, scalar.integer}};
  case ScalarKind::Variable:
    return variable(scalar);
  case ScalarKind::Dimension:
  case ScalarKind::Argument:
    return parameter(scalar);
  case ScalarKind::Lookup:
    return lookup(scalar);
  case ScalarKind::KeyInSet:
    return {((context.columnSets >> Expr(uint32_t(scalar.table))) & Expr(1u)) !=
            Expr(0u)};
  case ScalarKind::QueryInSet:
    return {((context.rowSets >> Expr(uint32_t(scalar.table))) & Expr(1u)) !=
            Expr(0u)};
  case ScalarKind::ToFloat: {
    Value value = operand(0);
    return {Halide::cast<float>(value.expression)};
  }
  case ScalarKind::Less:
  case ScalarKind::LessEqual:
  case ScalarKind::Equal:
  case ScalarKind::NotEqual:
    return comparison(scalar);
  case ScalarKind::And:
    return {operand(0).expression && operand(1).expression};
  case ScalarKind::Or:
    return {operand(0).expression || operand(1).expression};
  case ScalarKind::Not:
    return {!operand(0).expression};
  case ScalarKind::Select: {
    Value condition = operand(0), then = operand(1), otherwise = operand(2);
    if (scalar.type != ScalarType::Int)
      return {Halide::select(condition.expression, then.expression,
                             otherwise.expression)};
    Interval out{std::min(then.interval.low, otherwise.interval.low),
                 std::max(then.interval.high, otherwise.interval.high)};
    return {Halide::select(condition.expression, inWidth(then, out.narrow()),
                           inWidth(otherwise, out.narrow())),
            out};
  }
  case ScalarKind::Exists:
    return exists(scalar);
  default:
    break;
  }
  if (scalar.type == ScalarType::Float)
    return realOperation(scalar);
  if (scalar.kind == ScalarKind::Neg || scalar.kind == ScalarKind::Abs) {
    Value value = operand(0);
    return integerUnary(scalar, value);
  }
  Value left = operand(0), right = operand(1);
  return integerBinary(scalar, left, right);
}

} // namespace

Halide::Type halideType(ElementType element) {
  switch (element) {
  case ElementType::F32:
    return Halide::Float(32);
  case ElementType::F16:
    return Halide::Float(16);
  case ElementType::BF16:
    return Halide::BFloat(16);
  case ElementType::I8:
    return Halide::Int(8);
  case ElementType::I32:
    return Halide::Int(32);
  case ElementType::I64:
    return Halide::Int(64);
  case ElementType::Bool:
    return Halide::UInt(8);
  }
  return Halide::Float(32);
}

Expr toHalide(const ScalarRef &scalar, PairContext &context) {
  Value value = Translator(context).visit(scalar);
  context.inRange = value.inRange;
  return value.expression;
}

} // namespace effattn

//===- EmitValueTest.cpp - numbers that tables decide ---------------------===//
//
// Each function against the same expression computed here.
//
//===----------------------------------------------------------------------===//

#include "Jit.h"

#include "lib/Lowering/EmitValue.h"
#include "runtime/include/effattn/kernel.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace effattn;
using namespace effattn::test;

namespace {

using ValueFunction = int64_t(const int64_t *, const effattn_plan_table *,
                              int64_t, int64_t, int32_t *);

/// A table with elements far apart, so that wrong strides read rubbish.
template <typename T> struct Table {
  std::vector<int64_t> shape, stride;
  std::vector<T> data;
  uint32_t element;

  Table(uint32_t element, std::vector<int64_t> sizes, T rubbish)
      : shape(std::move(sizes)), stride(shape.size()), element(element) {
    int64_t all = 2;
    for (size_t axis = shape.size(); axis-- > 0;) {
      stride[axis] = all;
      all *= shape[axis] + 1;
    }
    data.assign(all + 1, rubbish);
  }
  T &at(std::initializer_list<int64_t> indices) {
    int64_t offset = 0;
    size_t axis = 0;
    for (int64_t index : indices)
      offset += index * stride[axis++];
    return data[offset];
  }
  effattn_plan_table view() const {
    return {data.data(), element, static_cast<uint32_t>(shape.size()),
            shape.data(), stride.data()};
  }
  TableSpec spec() const {
    TableSpec spec;
    spec.element = static_cast<ElementType>(element);
    spec.rank = static_cast<int>(shape.size());
    return spec;
  }
};

struct Outcome {
  int64_t value;
  int32_t missed;
  bool operator==(const Outcome &) const = default;
};
std::ostream &operator<<(std::ostream &stream, const Outcome &outcome) {
  return stream << outcome.value << (outcome.missed ? " missed" : "");
}

class EmitValueTest : public testing::Test {
protected:
  EmitValueTest()
      : context(mlir::MLIRContext::Threading::DISABLED),
        module(mlir::ModuleOp::create(mlir::UnknownLoc::get(&context))) {
    loadDialects(context);
    scope.parameters = {"N", "b", "h"};
    scope.a = "j";
  }

  bool add(const std::string &symbol, const std::vector<ScalarRef> &values) {
    auto builder = mlir::OpBuilder::atBlockEnd(module->getBody());
    return static_cast<bool>(emitPlanValue(builder, builder.getUnknownLoc(),
                                           symbol, values, scope, &unknown));
  }

  void compile() { jit = std::make_unique<Jit>(*module); }
  Outcome call(const std::string &symbol,
               const std::vector<int64_t> &parameters, int64_t a,
               int64_t b = 0) {
    Outcome outcome = {0, 0};
    outcome.value = jit->find<ValueFunction>(symbol)(
        parameters.data(), tables.data(), a, b, &outcome.missed);
    return outcome;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  PlanScope scope;
  std::string unknown;
  std::vector<effattn_plan_table> tables;
  std::unique_ptr<Jit> jit;
};

ScalarRef j() { return variable("j"); }
ScalarRef integer(int table, std::vector<ScalarRef> indices) {
  return lookup(table, ScalarType::Int, std::move(indices));
}

template <typename T>
Table<T> filled(uint32_t element, std::vector<T> values, T rubbish) {
  Table<T> table(element, {static_cast<int64_t>(values.size())}, rubbish);
  for (size_t k = 0; k < values.size(); ++k)
    table.at({static_cast<int64_t>(k)}) = values[k];
  return table;
}

TEST_F(EmitValueTest, WholeElements) {
  auto bytes = filled<int8_t>(EFFATTN_I8, {-128, -1, 0, 127}, 55);
  auto words = filled<int32_t>(EFFATTN_I32, {INT32_MIN, -1, 0, INT32_MAX}, 55);
  auto longs = filled<int64_t>(EFFATTN_I64, {INT64_MIN, -1, 0, INT64_MAX}, 55);
  auto bools = filled<uint8_t>(EFFATTN_BOOL, {0, 1, 255, 0}, 1);
  tables = {bytes.view(), words.view(), longs.view(), bools.view()};
  scope.tables = {bytes.spec(), words.spec(), longs.spec(), bools.spec()};
  for (int table = 0; table < 4; ++table) {
    std::string name = std::to_string(table);
    ASSERT_TRUE(add("int" + name, {integer(table, {j()})}));
    ASSERT_TRUE(add("bool" + name, {lookup(table, ScalarType::Bool, {j()})}));
  }
  compile();
  for (int64_t k = 0; k < 4; ++k) {
    EXPECT_EQ(call("int0", {9, 0, 0}, k), (Outcome{bytes.at({k}), 0}));
    EXPECT_EQ(call("int1", {9, 0, 0}, k), (Outcome{words.at({k}), 0}));
    EXPECT_EQ(call("int2", {9, 0, 0}, k), (Outcome{longs.at({k}), 0}));
    EXPECT_EQ(call("int3", {9, 0, 0}, k), (Outcome{bools.at({k}) != 0, 0}));
    EXPECT_EQ(call("bool0", {9, 0, 0}, k), (Outcome{bytes.at({k}) != 0, 0}));
    EXPECT_EQ(call("bool2", {9, 0, 0}, k), (Outcome{longs.at({k}) != 0, 0}));
    EXPECT_EQ(call("bool3", {9, 0, 0}, k), (Outcome{bools.at({k}) != 0, 0}));
  }
}

TEST_F(EmitValueTest, IndicesAreClampedAndReported) {
  auto words = filled<int32_t>(EFFATTN_I32, {10, 20, 30}, 55);
  Table<int32_t> none(EFFATTN_I32, {0}, 55);
  tables = {words.view(), none.view()};
  scope.tables = {words.spec(), none.spec()};
  ASSERT_TRUE(add("words", {integer(0, {j()})}));
  ASSERT_TRUE(add("none", {integer(1, {j()})}));
  compile();
  EXPECT_EQ(call("words", {9, 0, 0}, -1), (Outcome{10, 1}));
  EXPECT_EQ(call("words", {9, 0, 0}, 0), (Outcome{10, 0}));
  EXPECT_EQ(call("words", {9, 0, 0}, 2), (Outcome{30, 0}));
  EXPECT_EQ(call("words", {9, 0, 0}, 3), (Outcome{30, 1}));
  EXPECT_EQ(call("words", {9, 0, 0}, INT64_MIN), (Outcome{10, 1}));
  EXPECT_EQ(call("none", {9, 0, 0}, 0), (Outcome{0, 1}));
}

TEST_F(EmitValueTest, MissedIsNeverSetBack) {
  auto words = filled<int32_t>(EFFATTN_I32, {10, 20, 30}, 55);
  tables = {words.view()};
  scope.tables = {words.spec()};
  ASSERT_TRUE(add("words", {integer(0, {j()})}));
  compile();
  int32_t missed = 1;
  int64_t parameters[] = {9, 0, 0};
  jit->find<ValueFunction>("words")(parameters, tables.data(), 1, 0, &missed);
  EXPECT_EQ(missed, 1);
}

TEST_F(EmitValueTest, BatchAndHeadLead) {
  Table<int64_t> table(EFFATTN_I64, {2, 3, 4}, 999);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 3; ++h)
      for (int64_t k = 0; k < 4; ++k)
        table.at({b, h, k}) = 100 * b + 10 * h + k;
  tables = {table.view()};
  scope.tables = {table.spec()};
  ASSERT_TRUE(
      add("f", {integer(0, {variable("b"), variable("h"),
                            mod(j() + variable("N"), constantInt(4))})}));
  compile();
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 3; ++h)
      for (int64_t k = 0; k < 9; ++k)
        EXPECT_EQ(call("f", {7, b, h}, k),
                  (Outcome{100 * b + 10 * h + (k + 7) % 4, 0}));
  EXPECT_EQ(call("f", {7, 2, 1}, 1), (Outcome{110, 1}));
}

/// The value of an IEEE half float, from its definition.
float halfOf(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  float magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                    : exponent
                        ? std::ldexp(1.0f + mantissa / 1024.0f, exponent - 15)
                        : std::ldexp(mantissa / 1024.0f, -14);
  return bits & 0x8000 ? -magnitude : magnitude;
}

TEST_F(EmitValueTest, EveryHalfFloat) {
  Table<uint16_t> half(EFFATTN_F16, {65536}, 0),
      brain(EFFATTN_BF16, {65536}, 0);
  Table<float> same(EFFATTN_F32, {65536}, 0), wide = same;
  for (int64_t k = 0; k < 65536; ++k) {
    half.at({k}) = brain.at({k}) = static_cast<uint16_t>(k);
    same.at({k}) = halfOf(static_cast<uint16_t>(k));
    wide.at({k}) = std::bit_cast<float>(static_cast<uint32_t>(k) << 16);
  }
  tables = {half.view(), brain.view(), same.view(), wide.view()};
  scope.tables = {half.spec(), brain.spec(), same.spec(), wide.spec()};
  auto real = [](int table) { return lookup(table, ScalarType::Float, {j()}); };
  ASSERT_TRUE(add("half", {equal(real(0), real(2))}));
  ASSERT_TRUE(add("brain", {equal(real(1), real(3))}));
  compile();
  for (int64_t k = 0; k < 65536; ++k) {
    // NaN equals nothing.
    ASSERT_EQ(call("half", {9, 0, 0}, k).value, !std::isnan(same.at({k}))) << k;
    ASSERT_EQ(call("brain", {9, 0, 0}, k).value, !std::isnan(wide.at({k})))
        << k;
  }
}

TEST_F(EmitValueTest, FloatArgumentsComeAsBits) {
  auto reals = filled<float>(EFFATTN_F32, {0.1f, 0.5f, -2.0f, NAN}, 55);
  tables = {reals.view()};
  scope.tables = {reals.spec()};
  scope.parameters = {"N", "tau", lowerBits("tau"), "b", "h"};
  scope.floats = {"tau"};
  ScalarRef tau = argument("tau", ScalarType::Float),
            value = lookup(0, ScalarType::Float, {j()});
  ASSERT_TRUE(add("less", {value < tau}));
  ASSERT_TRUE(add("equal", {equal(value, tau)}));
  ASSERT_TRUE(add("product", {unary(ScalarKind::Abs, value * value) <=
                              constantFloat(0.25)}));
  compile();
  for (double tau : {0.1, 0.5, -7.0, double(0.1f)})
    for (int64_t k = 0; k < 4; ++k) {
      float at = reals.at({k}), bound = static_cast<float>(tau);
      int64_t bits = std::bit_cast<int32_t>(bound);
      std::vector<int64_t> parameters = {9, bits >> 16, bits & 0xffff, 0, 0};
      EXPECT_EQ(call("less", parameters, k).value, at < bound);
      EXPECT_EQ(call("equal", parameters, k).value, at == bound);
      EXPECT_EQ(call("product", parameters, k).value, at * at <= 0.25f);
    }
}

TEST_F(EmitValueTest, LabelsByNumber) {
  Table<int32_t> drawn(EFFATTN_I32, {3, 5, 2}, 55);
  for (int64_t h = 0; h < 3; ++h)
    for (int64_t u = 0; u < 5; ++u)
      for (int64_t c = 0; c < 2; ++c)
        drawn.at({h, u, c}) = static_cast<int32_t>(7 * h + 3 * u - c);
  tables = {drawn.view()};
  scope.tables = {drawn.spec()};
  scope.a = "i";
  auto label = [](int64_t c) {
    return integer(0, {variable("h"), floorDiv(variable("i"), constantInt(4)),
                       constantInt(c)});
  };
  ASSERT_TRUE(add("row", {label(0), label(1)}));
  compile();
  for (int64_t h = 0; h < 3; ++h)
    for (int64_t row = 0; row < 24; ++row)
      for (int64_t c = 0; c < 3; ++c) {
        int64_t u = std::min<int64_t>(row / 4, 4);
        Outcome expected = {7 * h + 3 * u - c, row >= 20};
        if (c == 2)
          expected = {0, 0};
        EXPECT_EQ(call("row", {9, 0, h}, row, c), expected);
      }
}

TEST_F(EmitValueTest, TestsOfABitmap) {
  Table<uint8_t> bits(EFFATTN_BOOL, {2, 4, 6}, 1);
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t u = 0; u < 4; ++u)
      for (int64_t w = 0; w < 6; ++w)
        bits.at({h, u, w}) = (h + u * w) % 3 == 0;
  tables = {bits.view()};
  scope.tables = {bits.spec()};
  scope.a = "u";
  scope.b = "w";
  ASSERT_TRUE(
      add("test", {lookup(0, ScalarType::Bool,
                          {variable("h"), variable("u"), variable("w")})}));
  compile();
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t u = 0; u < 4; ++u)
      for (int64_t w = 0; w < 6; ++w)
        EXPECT_EQ(call("test", {9, 0, h}, u, w),
                  (Outcome{(h + u * w) % 3 == 0, 0}));
}

TEST_F(EmitValueTest, ExistsEndsAtTheFirst) {
  auto words = filled<int32_t>(EFFATTN_I32, {3, 1, 4, 1, 5, 9, 2, 6}, 55);
  tables = {words.view()};
  scope.tables = {words.spec()};
  ScalarRef c = variable("c$0"), d = variable("d$1");
  ScalarRef any =
      exists("c$0", constantInt(0), j(), equal(integer(0, {c}), variable("N")));
  // Two nested: t[c] + t[d] == N for c < j, d < c.
  ScalarRef pair =
      exists("c$0", constantInt(0), j(),
             exists("d$1", constantInt(0), c,
                    equal(integer(0, {c}) + integer(0, {d}), variable("N"))));
  ASSERT_TRUE(add("any", {any}));
  ASSERT_TRUE(add("pair", {logicalOr(pair, any)}));
  compile();
  for (int64_t n = 0; n < 16; ++n)
    for (int64_t end = -1; end <= 8; ++end) {
      bool one = false, two = false;
      for (int64_t x = 0; x < end; ++x) {
        one |= words.at({x}) == n;
        for (int64_t y = 0; y < x; ++y)
          two |= words.at({x}) + words.at({y}) == n;
      }
      EXPECT_EQ(call("any", {n, 0, 0}, end), (Outcome{one, 0}));
      EXPECT_EQ(call("pair", {n, 0, 0}, end), (Outcome{one || two, 0}));
    }
  // What lies after the first is not looked up: index 8 is out of range.
  EXPECT_EQ(call("any", {5, 0, 0}, 9), (Outcome{1, 0}));
  EXPECT_EQ(call("any", {77, 0, 0}, 9), (Outcome{0, 1}));
}

/// A random Int expression over j, N, b, h and the first table.
ScalarRef randomExpression(std::mt19937 &random, int depth) {
  auto child = [&] { return randomExpression(random, depth - 1); };
  int kind = depth == 0 ? static_cast<int>(random() % 3)
                        : 3 + static_cast<int>(random() % 9);
  switch (kind) {
  case 0:
    return constantInt(static_cast<int64_t>(random() % 9) - 4);
  case 1:
    return j();
  case 2:
    return variable(random() % 2 ? "N" : "h");
  case 3:
    return child() + child();
  case 4:
    return child() - child();
  case 5:
    return floorDiv(child(), constantInt(1 + random() % 4));
  case 6:
    return mod(child(), constantInt(1 + random() % 4));
  case 7:
    return binary(ScalarKind::Min, child(), child());
  case 8:
    return unary(ScalarKind::Abs, child());
  case 9:
    return select(child() < child(), child(), child());
  default:
    return integer(0, {child()});
  }
}

struct Evaluator {
  const std::vector<int32_t> &table;
  int64_t j, n, h;
  bool missed = false;

  int64_t operator()(const ScalarRef &node) {
    std::vector<int64_t> x;
    for (const ScalarRef &operand : node->operands)
      x.push_back((*this)(operand));
    auto floor = [](int64_t a, int64_t b) {
      return static_cast<int64_t>(std::floor(double(a) / double(b)));
    };
    switch (node->kind) {
    case ScalarKind::Constant:
      return node->integer;
    case ScalarKind::Variable:
      return node->name == "j" ? j : node->name == "N" ? n : h;
    case ScalarKind::Add:
      return x[0] + x[1];
    case ScalarKind::Sub:
      return x[0] - x[1];
    case ScalarKind::FloorDiv:
      return floor(x[0], x[1]);
    case ScalarKind::Mod:
      return x[0] - x[1] * floor(x[0], x[1]);
    case ScalarKind::Min:
      return std::min(x[0], x[1]);
    case ScalarKind::Abs:
      return std::abs(x[0]);
    case ScalarKind::Less:
      return x[0] < x[1];
    case ScalarKind::Select:
      return x[0] ? x[1] : x[2];
    case ScalarKind::Lookup: {
      int64_t last = static_cast<int64_t>(table.size()) - 1;
      missed |= x[0] < 0 || x[0] > last;
      return table[std::clamp<int64_t>(x[0], 0, last)];
    }
    default:
      ADD_FAILURE() << toString(node);
      return 0;
    }
  }
};

TEST_F(EmitValueTest, RandomExpressions) {
  std::vector<int32_t> values = {2, -1, 7, 0, 3, 3, -5};
  auto words = filled<int32_t>(EFFATTN_I32, values, 55);
  tables = {words.view()};
  scope.tables = {words.spec()};
  std::mt19937 random(11);
  std::vector<ScalarRef> expressions;
  for (int k = 0; k < 150; ++k) {
    expressions.push_back(randomExpression(random, 1 + k % 4));
    ASSERT_TRUE(add("f" + std::to_string(k), {expressions.back()}));
  }
  compile();
  for (size_t k = 0; k < expressions.size(); ++k)
    for (int trial = 0; trial < 20; ++trial) {
      int64_t at = static_cast<int64_t>(random() % 12) - 2,
              n = static_cast<int64_t>(random() % 9), h = random() % 3;
      Evaluator evaluate = {values, at, n, h};
      int64_t value = evaluate(expressions[k]);
      ASSERT_EQ(call("f" + std::to_string(k), {n, 0, h}, at),
                (Outcome{value, evaluate.missed}))
          << toString(expressions[k]) << " at " << at << ", N = " << n;
    }
}

TEST_F(EmitValueTest, WhatHasNoValueIsNamed) {
  auto reals = filled<float>(EFFATTN_F32, {1}, 55);
  scope.tables = {reals.spec()};
  ScalarRef value = lookup(0, ScalarType::Float, {j()});
  EXPECT_FALSE(add("f", {unary(ScalarKind::Exp, value) < value}));
  EXPECT_EQ(unknown, "exp");
  EXPECT_FALSE(add("f", {j() + variable("elsewhere")}));
  EXPECT_EQ(unknown, "elsewhere");
  EXPECT_FALSE(add("f", {keyInSet(0)}));
  EXPECT_FALSE(unknown.empty());
  EXPECT_TRUE(module->getBody()->empty());
}

} // namespace

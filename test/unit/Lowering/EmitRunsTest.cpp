//===- EmitRunsTest.cpp - planner functions against their loops -----------===//

#include "Jit.h"

#include "lib/Analysis/Analysis.h"
#include "lib/Lowering/EmitRuns.h"
#include "runtime/include/effattn/kernel.h"

#include <random>

using namespace effattn;
using namespace effattn::test;

namespace {

using RunsFunction = int64_t(const int64_t *, int64_t, effattn_run *, int64_t);

std::shared_ptr<RunNest> node(RunNest::Kind kind) {
  auto nest = std::make_shared<RunNest>();
  nest->kind = kind;
  return nest;
}

RunNestRef run(ScalarRef first, ScalarRef step, ScalarRef count) {
  auto nest = node(RunNest::Kind::Run);
  nest->first = first;
  nest->step = step;
  nest->count = count;
  return nest;
}

class EmitRunsTest : public testing::Test {
protected:
  EmitRunsTest()
      : context(mlir::MLIRContext::Threading::DISABLED),
        module(mlir::ModuleOp::create(mlir::UnknownLoc::get(&context))) {
    loadDialects(context);
  }

  bool add(const std::string &symbol, const RunNestRef &nest,
           const std::vector<std::string> &parameters,
           const std::string &index) {
    SetFrame frame;
    frame.coordinates = {index};
    auto builder = mlir::OpBuilder::atBlockEnd(module->getBody());
    return static_cast<bool>(emitRuns(builder, builder.getUnknownLoc(), symbol,
                                      nest, frame, parameters, &unknown));
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string unknown;
};

/// The function gives what evaluate() gives, whatever room there is.
void compare(RunsFunction *function, const RunNestRef &nest,
             const std::vector<std::string> &names,
             const std::vector<int64_t> &values, const std::string &index,
             int64_t number) {
  auto expected = evaluate(nest, [&](const std::string &name) -> int64_t {
    if (name == index)
      return number;
    auto found = std::find(names.begin(), names.end(), name);
    EXPECT_NE(found, names.end()) << name;
    return values[found - names.begin()];
  });
  std::vector<effattn_run> runs(expected.size() + 1, {-7, -7, -7});
  int64_t size = static_cast<int64_t>(expected.size());
  for (int64_t capacity : {size, int64_t(0), size / 2}) {
    std::fill(runs.begin(), runs.end(), effattn_run{-7, -7, -7});
    ASSERT_EQ(function(values.data(), number, runs.data(), capacity), size);
    for (int64_t k = 0; k <= size; ++k) {
      bool written = k < capacity;
      ASSERT_EQ(runs[k].first, written ? expected[k].first : -7);
      ASSERT_EQ(runs[k].step, written ? expected[k].step : -7);
      ASSERT_EQ(runs[k].count, written ? expected[k].count : -7);
    }
  }
}

TEST_F(EmitRunsTest, EveryKindOfNode) {
  ScalarRef a = variable("a"), b = variable("b"), t = variable("t"),
            c = variable("c");
  ScalarRef three = constantInt(3), zero = constantInt(0);
  auto otherwise = node(RunNest::Kind::If);
  otherwise->condition =
      logicalAnd(a < t, logicalNot(equal(mod(b, three), zero)));
  otherwise->children = {run(floorDiv(a, three), constantInt(2), b),
                         run(unary(ScalarKind::Neg, a), three, t)};
  auto inner = node(RunNest::Kind::For);
  inner->iterator = "d";
  inner->first = c;
  inner->end = binary(ScalarKind::Min, b, c + three);
  inner->step = constantInt(1);
  inner->children = {run(c * three + variable("d"), constantInt(1),
                         binary(ScalarKind::Max, t, a - b))};
  auto outer = node(RunNest::Kind::For);
  outer->iterator = "c";
  outer->first = a;
  outer->end = b + three;
  outer->step = constantInt(2);
  outer->children = {inner};
  auto guarded = node(RunNest::Kind::If);
  guarded->condition = logicalOr(binary(ScalarKind::NotEqual, a, b),
                                 a <= floorDiv(t, constantInt(2)));
  guarded->children = {run(select(a < b, mod(a, three), b), three, b)};
  // A step that is a parameter, and products of parameters.
  auto strided = node(RunNest::Kind::For);
  strided->iterator = "e";
  strided->first = a * b;
  strided->end = a * b + constantInt(7);
  strided->step = binary(ScalarKind::Max, b, constantInt(1));
  strided->children = {run(variable("e") * b, b, t * a)};
  auto block = node(RunNest::Kind::Block);
  block->children = {otherwise, outer, guarded, strided};
  ASSERT_TRUE(add("every", block, {"a", "b"}, "t"));
  Jit jit(*module);
  auto *function = jit.find<RunsFunction>("every");
  for (int64_t x = -5; x <= 5; ++x)
    for (int64_t y = -5; y <= 5; ++y)
      for (int64_t number = 0; number < 5; ++number)
        ASSERT_NO_FATAL_FAILURE(
            compare(function, block, {"a", "b"}, {x, y}, "t", number));
}

TEST_F(EmitRunsTest, AnalysedPatterns) {
  auto predicateOf = [](PatternKind kind, std::vector<int64_t> constants) {
    std::vector<ScalarRef> scalars;
    for (int64_t constant : constants)
      scalars.push_back(constantInt(constant));
    return predicate(makePattern(kind, scalars), nullptr);
  };
  std::vector<ScalarRef> predicates = {
      predicateOf(PatternKind::All, {}),
      predicateOf(PatternKind::None, {}),
      predicateOf(PatternKind::Causal, {}),
      predicateOf(PatternKind::Window, {5, 3, 1}),
      predicateOf(PatternKind::Window, {4, 4, 3}),
      predicateOf(PatternKind::Stride, {7}),
      predicateOf(PatternKind::SameBlock, {6, 1, 1}),
      logicalOr(predicateOf(PatternKind::Window, {3, 0, 1}),
                predicateOf(PatternKind::Stride, {5}))};
  struct Function {
    std::string symbol;
    RunNestRef nest;
    std::vector<std::string> names;
    std::string index;
  };
  std::vector<Function> functions;
  for (const ScalarRef &one : predicates) {
    AnalysisOptions options;
    options.bottomRight = false;
    options.count = false;
    AnalysisFailure failure;
    auto facts = analyse(one, options, &failure);
    ASSERT_TRUE(facts) << failure.reason;
    Tiling tiling;
    tiling.rows = 4;
    auto tiles = analyseTiles(one, options, *facts, tiling, &failure);
    ASSERT_TRUE(tiles) << failure.reason;
    ASSERT_FALSE(tiles->gathered);
    for (auto [nest, index] : {std::pair(tiles->cases[0].fullRuns, "t"),
                               std::pair(tiles->cases[0].partialRuns, "t"),
                               std::pair(facts->cases[0].rowRuns, "i")}) {
      std::string symbol = "f" + std::to_string(functions.size());
      ASSERT_TRUE(add(symbol, nest, facts->parameters, index)) << unknown;
      functions.push_back({symbol, nest, facts->parameters, index});
    }
  }
  Jit jit(*module);
  std::mt19937 random(3);
  for (const Function &one : functions)
    for (int trial = 0; trial < 40; ++trial) {
      std::vector<int64_t> values;
      for (const std::string &name : one.names)
        values.push_back(name == "q0" ? int64_t(random() % 31) - 15
                                      : int64_t(random() % 40));
      int64_t indices = one.index == "i" ? values[0] : (values[0] + 3) / 4;
      for (int64_t number = 0; number < indices; ++number)
        ASSERT_NO_FATAL_FAILURE(compare(jit.find<RunsFunction>(one.symbol),
                                        one.nest, one.names, values, one.index,
                                        number))
            << one.symbol << "\n"
            << toString(one.nest);
    }
}

TEST_F(EmitRunsTest, UnknownNamesAreReported) {
  EXPECT_FALSE(add("f",
                   run(variable("elsewhere"), constantInt(1), constantInt(1)),
                   {"N"}, "t"));
  EXPECT_EQ(unknown, "elsewhere");
  EXPECT_TRUE(module->getBody()->empty());
}

} // namespace

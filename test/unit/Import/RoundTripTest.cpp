//===- RoundTripTest.cpp - random scalars through the dialect -------------===//
//
// A scalar that is imported and read back is the same tree. Where the module is
// simplified between, the tree may differ, but not its value.
//
//===----------------------------------------------------------------------===//

#include "lib/Reference/Reference.h"
#include "lib/Transforms/Transforms.h"
#include "test/unit/Import/ImportTestSupport.h"

#include <map>
#include <random>

namespace effattn {
namespace {

class RandomScalars {
public:
  explicit RandomScalars(unsigned seed) : random(seed) {}

  int below(int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random);
  }

  ScalarRef integer(int depth) {
    if (depth == 0 || below(6) == 0)
      return leaf();
    auto sub = [&] { return integer(depth - 1); };
    auto positive = [&] { return constantInt(1 + below(6)); };
    switch (below(10)) {
    case 0:
      return binary(ScalarKind::Add, sub(), sub());
    case 1:
      return binary(ScalarKind::Sub, sub(), sub());
    case 2:
      return binary(ScalarKind::Mul, sub(), constantInt(below(7) - 3));
    case 3:
      return floorDiv(sub(), positive());
    case 4:
      return mod(sub(), positive());
    case 5:
      return binary(ScalarKind::Min, sub(), sub());
    case 6:
      return binary(ScalarKind::Max, sub(), sub());
    case 7:
      return unary(ScalarKind::Abs, sub());
    case 8:
      return unary(ScalarKind::Neg, sub());
    default:
      return select(condition(depth - 1), sub(), sub());
    }
  }

  ScalarRef condition(int depth) {
    static const ScalarKind comparisons[] = {
        ScalarKind::Less, ScalarKind::LessEqual, ScalarKind::Equal,
        ScalarKind::NotEqual};
    if (depth == 0)
      return leaf() <= leaf();
    switch (below(9)) {
    case 0:
      return logicalAnd(condition(depth - 1), condition(depth - 1));
    case 1:
      return logicalOr(condition(depth - 1), condition(depth - 1));
    case 2:
      return logicalNot(condition(depth - 1));
    case 3:
      return select(condition(depth - 1), condition(depth - 1),
                    condition(depth - 1));
    case 4: {
      std::string name = "s$" + std::to_string(bound.size() + taken++);
      bound.push_back(name);
      ScalarRef body = condition(depth - 1);
      bound.pop_back();
      return exists(name, constantInt(0), constantInt(1 + below(4)), body);
    }
    default:
      return binary(comparisons[below(4)], integer(depth - 1),
                    integer(depth - 1));
    }
  }

  ScalarRef real(int depth) {
    if (depth == 0)
      return below(2) ? variable("s", ScalarType::Float)
                      : constantFloat((below(9) - 4) * 0.375);
    auto sub = [&] { return real(depth - 1); };
    switch (below(11)) {
    case 0:
      return binary(ScalarKind::Add, sub(), sub());
    case 1:
      return binary(ScalarKind::Sub, sub(), sub());
    case 2:
      return binary(ScalarKind::Mul, sub(), sub());
    case 3:
      return binary(ScalarKind::Min, sub(), sub());
    case 4:
      return binary(ScalarKind::Max, sub(), sub());
    case 5:
      return unary(ScalarKind::Abs, sub());
    case 6:
      return unary(ScalarKind::Neg, sub());
    case 7:
      return unary(ScalarKind::Tanh, sub());
    case 8:
      return unary(ScalarKind::ToFloat, integer(depth - 1));
    case 9:
      return select(sub() < sub(), sub(), sub());
    default:
      return select(condition(depth - 1), sub(), sub());
    }
  }

private:
  ScalarRef leaf() {
    switch (below(bound.empty() ? 6 : 7)) {
    case 0:
      return variable("i");
    case 1:
      return variable("j");
    case 2:
      return variable("h");
    case 3:
      return variable("N");
    case 4:
      return dimension("K");
    case 5:
      return constantInt(below(9) - 4);
    default:
      return variable(bound[below(bound.size())]);
    }
  }

  std::mt19937 random;
  std::vector<std::string> bound;
  int taken = 0;
};

/// One attend over q[N, 8] with that predicate and score.
Program programOf(const ScalarRef &predicate, const ScalarRef &score) {
  ProgramKernel kernel;
  kernel.name = "f";
  kernel.dimensions = {"N", "K"};
  ProgramArgument q;
  q.name = "q";
  q.type.shape = {dimension("N"), constantInt(8)};
  kernel.arguments = {q};
  ProgramValue argument;
  argument.op = TensorOp::Argument;
  argument.argument = 0;
  argument.types = {q.type};
  ProgramValue attend;
  attend.op = TensorOp::Attend;
  attend.types = {q.type, {ElementType::F32, {dimension("N")}}};
  attend.operands = attend.operandResults = {0, 0, 0};
  auto pattern = std::make_shared<Pattern>(PatternKind::Comprehension);
  pattern->predicate = predicate;
  attend.pattern = pattern;
  attend.score = score;
  kernel.values = {argument, attend};
  kernel.results = {{1, 0, q.type}};
  Program program;
  program.kernels = {kernel};
  return program;
}

/// Values of the scalar at some points.
std::vector<double> valuesOf(const ScalarRef &scalar) {
  std::vector<double> values;
  for (int point = 0; point < 40; ++point) {
    reference::Environment environment;
    environment.variables = {
        {"i", point % 7}, {"j", point * 5 % 11},   {"h", point % 3},
        {"b", 0},         {"N", 9 + point % 4},    {"M", 9 + point % 4},
        {"q0", 0},        {"s", point * 0.25 - 5}, {"scale", 0.5}};
    environment.dimensions = {{"K", point % 5}, {"N", 9 + point % 4}};
    values.push_back(reference::evaluate(scalar, environment));
  }
  return values;
}

/// As the importer sees a tree: a variable is one node wherever it is used (so
/// that a choice between it and itself folds), and 0 - x is -x.
ScalarRef asImported(const ScalarRef &scalar) {
  std::map<std::string, ScalarRef> variables;
  return rewrite(scalar, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind == ScalarKind::Variable)
      return variables.try_emplace(node->name, node).first->second;
    if (node->kind == ScalarKind::Sub && node->operands[0]->isConstant(0))
      return unary(ScalarKind::Neg, node->operands[1]);
    return nullptr;
  });
}

TEST(RoundTrip, RandomScalarsComeBack) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    RandomScalars random(seed);
    ScalarRef predicate = asImported(random.condition(4)),
              score = asImported(random.real(4));
    Imported imported(programOf(predicate, score));
    ASSERT_TRUE(imported.module) << imported.errors << toString(predicate);
    auto parts = ir::partsOf(imported.attends()[0]);
    ASSERT_TRUE(parts);
    EXPECT_TRUE(equivalent(parts->pattern->predicate, predicate))
        << "seed " << seed << "\ngot      "
        << toString(parts->pattern->predicate) << "\nexpected "
        << toString(predicate);
    EXPECT_TRUE(equivalent(parts->score, score))
        << "seed " << seed << "\ngot      " << toString(parts->score)
        << "\nexpected " << toString(score);
  }
}

TEST(RoundTrip, SimplifiedScalarsKeepTheirValue) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    RandomScalars random(seed);
    ScalarRef wanted = random.condition(4), score = random.real(4);
    Imported imported(programOf(wanted, score));
    ASSERT_TRUE(imported.module) << imported.errors << toString(wanted);
    ASSERT_TRUE(mlir::succeeded(simplify(*imported.module)));
    ASSERT_TRUE(mlir::succeeded(verifySimplified(*imported.module)));
    auto parts = ir::partsOf(imported.attends()[0]);
    ASSERT_TRUE(parts);
    ScalarRef got = predicate(parts->pattern, nullptr);
    ASSERT_TRUE(got);
    EXPECT_EQ(valuesOf(got), valuesOf(wanted))
        << "seed " << seed << "\ngot      " << toString(got) << "\nexpected "
        << toString(wanted);
    EXPECT_EQ(valuesOf(parts->score), valuesOf(score))
        << "seed " << seed << "\ngot      " << toString(parts->score)
        << "\nexpected " << toString(score);
  }
}

} // namespace
} // namespace effattn

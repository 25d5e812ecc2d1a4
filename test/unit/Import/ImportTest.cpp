//===- ImportTest.cpp - programs to the dialect and their trees back ------===//

#include "test/unit/Import/ImportTestSupport.h"

#include "mlir/IR/Verifier.h"

namespace effattn {
namespace {

/// Each attend of the text gives the predicate, score, scale and q0 back that
/// the checker made.
void expectTreesBack(const std::string &text) {
  Imported imported(text);
  ASSERT_TRUE(imported.module) << imported.errors << "\n" << text;
  std::vector<const ProgramValue *> values;
  for (const ProgramKernel &kernel : imported.program->kernels)
    for (const ProgramValue &value : kernel.values)
      if (value.op == TensorOp::Attend)
        values.push_back(&value);
  auto attends = imported.attends();
  ASSERT_EQ(attends.size(), values.size());
  for (size_t k = 0; k < attends.size(); ++k) {
    auto parts = ir::partsOf(attends[k]);
    ASSERT_TRUE(parts) << text;
    auto same = [&](const ScalarRef &got, const ScalarRef &wanted) {
      if (!wanted) {
        EXPECT_FALSE(got) << toString(got);
        return;
      }
      ASSERT_TRUE(got) << toString(wanted);
      ScalarRef numbered = numberAsProgram(got, parts->operands());
      EXPECT_TRUE(equivalent(numbered, wanted))
          << "got      " << toString(numbered) << "\nexpected "
          << toString(wanted);
    };
    const Pattern *unsupported = nullptr;
    same(predicate(parts->pattern, &unsupported),
         predicate(values[k]->pattern, &unsupported));
    same(parts->score, values[k]->score);
    same(parts->logits, values[k]->logits);
    same(parts->scale, values[k]->scale);
    same(parts->q0, values[k]->q0);
    // Attends on grids and in orders have no predicate; their spelling is
    // compared where no table has a number.
    if (parts->operands().tables.empty() && parts->operands().keySets.empty() &&
        parts->operands().querySets.empty()) {
      EXPECT_EQ(toString(parts->pattern), toString(values[k]->pattern));
    }
  }
}

/// A kernel over q, k, v and what `arguments` adds that returns `body`.
std::string kernel(const std::string &body, const std::string &arguments = "") {
  return "kernel f(q: f32[B, H, N, 64], k: f32[B, H, M, 64], "
         "v: f32[B, H, M, 64]" +
         arguments + ") -> f32[B, H, N, 64] { return " + body + " }\n";
}
std::string pattern(const std::string &text,
                    const std::string &arguments = "") {
  return kernel("attend(q, k, v, " + text + ")", arguments);
}

TEST(Import, BuiltInPatterns) {
  for (const char *text :
       {"all", "none", "causal", "window(3, 4)", "window(3, 4, dilation=2)",
        "stride(5)", "same_block(64, back=1, ahead=2)", "prefix(7)",
        "causal | window(1, 1)", "(causal & stride(4)) - prefix(2)", "!causal"})
    expectTreesBack(pattern(text));
}

TEST(Import, SetsAndTables) {
  const char *arguments = ", g: index[G] in M, r: index[R] in N, "
                          "t: i32[N], reach: i32[H], seg: i32[B, N]";
  for (const char *text :
       {"window(1, 1) | keys(g)", "queries(r) | keys(g)",
        "{ (i, j) : j in g and not (i in r) }",
        "{ (h, i, j) : i - j < reach[h] }", "{ (i, j) : t[i] == 3 }"})
    expectTreesBack(pattern(text, arguments));
}

TEST(Import, Comprehensions) {
  for (const char *text :
       {"{ (i, j) : 0 <= i - j < 512 and (i - j) mod 4 == 0 }",
        "{ (i, j) : if i < 4 then j < 8 else abs(i - j) <= 2 }",
        "{ (i, j) : let c = clamp((2*i - 3) div 8, 0, max(0, (M - 1) div 4)) ;"
        " c*4 <= j < c*4 + 8 }",
        "{ (b, h, i, j) : b == 0 or h != 1 or not (j > -i + N) }",
        "{ (i, j) : exists s in 0..4 : i - j == s * 8 }",
        "{ (i, j) : exists s in 0..4 : exists t in 0..3 : i - j == s * 8 + t "
        "}"})
    expectTreesBack(pattern(text));
}

TEST(Import, GridsOrdersAndHeads) {
  for (const char *text :
       {"on grid(8, 4) { (i, j) : abs(i.y - j.y) <= 1 and i.x == j.x }",
        "in_order(column_major(8, 4), causal)",
        "in_order(block_raster(8, 4, 2, 2), column_major(8, 4), causal)",
        "heads(0..2: causal, 2..4: all) & window(9, 9)",
        "random_blocks(64, 3, seed=7, outside=causal)"})
    expectTreesBack("kernel f(q: f32[4, 32, 64]) -> f32[4, 32, 64] { return "
                    "attend(q, q, q, " +
                    std::string(text) + ") }\n");
}

TEST(Import, ScoresAndOptions) {
  const char *arguments = ", rel: f32[N, M], beta: f32[H], x: f32, w: i64";
  for (const char *body :
       {"attend(q, k, v, causal, score = (s, i, j) => s + scale * rel[i, j])",
        "attend(q, k, v, causal, score = (s, h, i, j) => if i - j == w then "
        "-1e5 else min(s, exp(tanh(log(x)))) / (1.0 + beta[h]))",
        "attend(q, k, v, causal, scale = x / 3.0, q0 = w + M - N)",
        "attend(q, k, v, window(w, w), q0 = 0)",
        "attend(q, k, v, causal, score = (s, i, j) => -s + max(abs(s), 0.5))"})
    expectTreesBack(kernel(body, arguments));
}

TEST(Import, KernelsBecomeOperations) {
  Imported imported(
      "param w: int = 8\n"
      "kernel first(q: f32[N, 8], s: i64, x: f32) -> f32[N, 8] {\n"
      "  require N >= 1, \"needs a token\"\n"
      "  example N = 32, s = 4\n"
      "  return attend(q * 2.0, q + x, q, window(w, s))\n"
      "}\n"
      "kernel second(q: f32[N, 8], g: index[G] in N) -> f32[N, 8], f32[N] {\n"
      "  let o, l = attend(q, q, q, causal, lse = true)\n"
      "  return rows(g): merge(attend(q, q, q, all), attend(q, q, q, keys(g)))"
      " else: o, l\n"
      "}\n");
  ASSERT_TRUE(imported.module) << imported.errors;
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*imported.module)));
  auto first = imported.module->lookupSymbol<ir::KernelOp>("first");
  ASSERT_TRUE(first);
  EXPECT_EQ(first.getArgumentName(1), "s");
  EXPECT_EQ(first.getEntry().getArgument(1).getType(),
            mlir::IntegerType::get(&imported.context, 64));
  EXPECT_TRUE(first.getEntry().getArgument(2).getType().isF32());
  EXPECT_EQ(first.getDimensions().size(), 1u);
  EXPECT_EQ(first.getExampleAttr().size(), 2u);
  auto count = [&](auto kernel, auto example) {
    int number = 0;
    kernel.walk([&](decltype(example)) { ++number; });
    return number;
  };
  EXPECT_GE(count(first, ir::RequireOp()), 1);
  EXPECT_EQ(count(first, ir::StepOp()), 2);
  auto second = imported.module->lookupSymbol<ir::KernelOp>("second");
  ASSERT_TRUE(second);
  EXPECT_EQ(count(second, ir::MergeOp()), 1);
  EXPECT_EQ(count(second, ir::RowsOp()), 1);
  EXPECT_EQ(second.getResultTypes().size(), 2u);
}

/// Operations know the line and column where they were written.
TEST(Import, Locations) {
  Imported imported("kernel f(q: f32[N, 8]) -> f32[N, 8] {\n"
                    "  return attend(q, q, q,\n"
                    "                causal | stride(4))\n"
                    "}\n");
  ASSERT_TRUE(imported.module) << imported.errors;
  auto lineAndColumn = [](mlir::Operation *op) {
    auto place = mlir::cast<mlir::FileLineColLoc>(op->getLoc());
    EXPECT_EQ(place.getFilename().getValue(), "test.attn");
    return std::pair(place.getLine(), place.getColumn());
  };
  imported.module->walk([&](mlir::Operation *op) {
    if (mlir::isa<ir::AttendOp>(op)) {
      EXPECT_EQ(lineAndColumn(op), std::pair(2u, 10u));
    } else if (mlir::isa<ir::StrideOp>(op)) {
      EXPECT_EQ(lineAndColumn(op), std::pair(3u, 26u));
    }
  });
}

/// A size that 64 bits do not hold is an error, not a wrong shape.
TEST(Import, SizeOverflow) {
  ProgramKernel kernel;
  kernel.name = "f";
  kernel.dimensions = {"N"};
  ProgramArgument argument;
  argument.name = "x";
  argument.type.shape = {dimension("N") * constantInt(INT64_MAX) *
                         constantInt(3)};
  kernel.arguments = {argument};
  Program program;
  program.kernels = {kernel};
  Imported imported(program);
  EXPECT_FALSE(imported.module);
  EXPECT_EQ(imported.errors,
            "a size overflows 64 bits or has too many terms\n");
}

} // namespace
} // namespace effattn

//===- FactsTest.cpp - results of analysis through attributes -------------===//
//
// What analysis found, kept as an attribute, printed, parsed and built again,
// lists the same runs.
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Facts.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <map>

namespace effattn {
namespace {

constexpr int64_t tileRows = 4;

std::vector<std::pair<const char *, PatternRef>> patterns() {
  auto c = [](int64_t value) { return constantInt(value); };
  auto make = [](PatternKind kind, std::vector<ScalarRef> scalars = {}) {
    return makePattern(kind, std::move(scalars));
  };
  auto keys = std::make_shared<Pattern>(PatternKind::Keys);
  keys->table = 0;
  auto queries = std::make_shared<Pattern>(PatternKind::Queries);
  queries->table = 1;
  ScalarRef width = argument("t", ScalarType::Int);
  PatternRef near = make(PatternKind::Window, {c(3), c(2), c(2)});
  return {
      {"causal", make(PatternKind::Causal)},
      {"all", make(PatternKind::All)},
      {"none", make(PatternKind::None)},
      {"window", near},
      {"symbolic window",
       make(PatternKind::Window, {width, dimension("N"), c(1)})},
      {"blocks", make(PatternKind::SameBlock, {c(6), c(1), c(0)})},
      {"sets", makePattern(PatternKind::Union, {},
                           {makePattern(PatternKind::Union, {},
                                        {near, PatternRef(keys)}),
                            PatternRef(queries)})},
  };
}

/// Through text, as between two runs of effattn-opt.
ir::FactsAttr printAndParse(ir::FactsAttr attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return mlir::dyn_cast_or_null<ir::FactsAttr>(
      mlir::parseAttribute(text, attribute.getContext()));
}

void expectSameRuns(const RunNestRef &a, const RunNestRef &b,
                    const PatternFacts &facts, const char *tile) {
  for (int64_t n : {1, 7, 12})
    for (int64_t m : {1, 9, 16})
      for (int64_t t = 0; t * tileRows < n; ++t) {
        auto parameter = [&](const std::string &name) -> int64_t {
          if (name == tile)
            return t;
          for (size_t k = 0; k < facts.parameters.size(); ++k)
            if (facts.parameters[k] == name) {
              const Scalar &value = *facts.parameterValues[k];
              bool isVariable = value.kind == ScalarKind::Variable;
              return isVariable && value.name == "N"   ? n
                     : isVariable && value.name == "M" ? m
                                                       : 3;
            }
          ADD_FAILURE() << "unknown parameter " << name;
          return 0;
        };
        EXPECT_EQ(evaluate(a, parameter), evaluate(b, parameter))
            << "N = " << n << ", M = " << m << ", " << tile << " = " << t;
      }
}

TEST(Facts, ComeBackFromTheirAttribute) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<ir::EffattnDialect>();
  AnalysisOptions options;
  options.strategy.tileRows = tileRows;
  for (const auto &[name, pattern] : patterns()) {
    SCOPED_TRACE(name);
    AnalysisFailure failure;
    auto facts = analyse(predicate(pattern, nullptr), options, &failure);
    ASSERT_TRUE(facts) << failure.reason;
    auto attribute = toAttribute(&context, *facts, tileRows);
    auto parsed = printAndParse(attribute);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed, attribute);
    EXPECT_EQ(parsed.getTileRows(), tileRows);

    PatternFacts back = fromAttribute(parsed);
    EXPECT_EQ(back.parameters, facts->parameters);
    ASSERT_EQ(back.parameterValues.size(), facts->parameterValues.size());
    for (size_t k = 0; k < back.parameterValues.size(); ++k)
      EXPECT_TRUE(
          equivalent(back.parameterValues[k], facts->parameterValues[k]));
    EXPECT_EQ(back.keySetTables, facts->keySetTables);
    EXPECT_EQ(back.querySetTables, facts->querySetTables);
    EXPECT_EQ(back.moduli, facts->moduli);
    EXPECT_EQ(back.hullLower, facts->hullLower);
    EXPECT_EQ(back.hullUpper, facts->hullUpper);
    EXPECT_EQ(back.empty, facts->empty);
    EXPECT_EQ(back.dense, facts->dense);
    EXPECT_EQ(back.causality.pairCausal, facts->causality.pairCausal);
    EXPECT_EQ(back.causality.counterexample, facts->causality.counterexample);
    for (int64_t size : {0, 1, 5, 64, 1001})
      EXPECT_EQ(back.count.at(size), facts->count.at(size));

    ASSERT_TRUE(rebuildRuns(back, tileRows, &failure)) << failure.reason;
    ASSERT_EQ(back.cases.size(), facts->cases.size());
    for (size_t k = 0; k < back.cases.size(); ++k) {
      const AnalysisCase &a = back.cases[k], &b = facts->cases[k];
      EXPECT_EQ(a.keys, b.keys);
      EXPECT_EQ(a.queries, b.queries);
      expectSameRuns(a.tile.fullRuns, b.tile.fullRuns, *facts, "t");
      expectSameRuns(a.tile.partialRuns, b.tile.partialRuns, *facts, "t");
      expectSameRuns(a.rowRuns, b.rowRuns, *facts, "i");
    }
  }
}

} // namespace
} // namespace effattn

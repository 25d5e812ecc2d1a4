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
  auto segments = std::make_shared<Pattern>(PatternKind::Segments);
  segments->table = 0;
  segments->tableRank = 1;
  auto grid = std::make_shared<Pattern>(PatternKind::OnGrid);
  grid->scalars = {dimension("Y"), c(4)};
  grid->predicate = equal(variable("i.y"), variable("j.y"));
  auto steps = std::make_shared<Pattern>(*grid);
  steps->predicate =
      equal(mod(variable("i.y"), c(2)), mod(variable("j.y"), c(2)));
  return {
      {"segments", PatternRef(segments)},
      {"grid", PatternRef(grid)},
      {"grid with steps", PatternRef(steps)},
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

/// Lists of runs for all small sizes and coordinates.
void expectSameRuns(const RunNestRef &a, const RunNestRef &b,
                    const PatternFacts &facts,
                    const std::vector<std::string> &coordinates) {
  for (int64_t n : {1, 7, 12})
    for (int64_t m : {1, 9, 16})
      for (int64_t t = 0; t < n; ++t) {
        auto parameter = [&](const std::string &name) -> int64_t {
          for (const std::string &coordinate : coordinates)
            if (name == coordinate)
              return coordinate == coordinates.back() ? t : t % 3;
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
            << "N = " << n << ", M = " << m << ", tile or row " << t;
      }
}

/// Each case of a tiling comes back from its attribute.
void expectTilesComeBack(mlir::MLIRContext &context, const AttendFrame &frame,
                         const AnalysisOptions &options,
                         const PatternFacts &facts, const Tiling &tiling) {
  SCOPED_TRACE(toString(tiling));
  AnalysisFailure failure;
  auto tiles = analyseTiles(frame.predicate, options, facts, tiling, &failure);
  ASSERT_TRUE(tiles) << failure.reason;
  ir::TilingAttr attribute = toAttribute(&context, *tiles, Strategy());
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  EXPECT_EQ(mlir::parseAttribute(text, &context), attribute);
  TileFacts back = fromAttribute(attribute);
  EXPECT_EQ(back.tiling, tiling);
  EXPECT_EQ(back.gathered, tiles->gathered);
  ASSERT_TRUE(rebuildRuns(back, facts, &failure)) << failure.reason;
  ASSERT_EQ(back.cases.size(), tiles->cases.size());
  for (size_t k = 0; k < back.cases.size(); ++k) {
    expectSameRuns(back.cases[k].fullRuns, tiles->cases[k].fullRuns, facts,
                   tileParameters(tiling));
    expectSameRuns(back.cases[k].partialRuns, tiles->cases[k].partialRuns,
                   facts, tileParameters(tiling));
  }
}

TEST(Facts, ComeBackFromTheirAttribute) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<ir::EffattnDialect>();
  for (const auto &[name, pattern] : patterns()) {
    SCOPED_TRACE(name);
    ir::AttendParts parts;
    parts.pattern = pattern;
    auto frame = frameOf(parts, mlir::UnknownLoc::get(&context));
    ASSERT_TRUE(frame);
    AnalysisOptions options = analysisOptions(parts, *frame);
    AnalysisFailure failure;
    auto facts = analyse(frame->predicate, options, &failure);
    ASSERT_TRUE(facts) << failure.reason;
    auto attribute = toAttribute(&context, *facts, *frame);
    ASSERT_TRUE(attribute);
    auto parsed = printAndParse(attribute);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed, attribute);

    PatternFacts back = fromAttribute(parsed, *frame);
    EXPECT_EQ(back.parameters, facts->parameters);
    ASSERT_EQ(back.parameterValues.size(), facts->parameterValues.size());
    for (size_t k = 0; k < back.parameterValues.size(); ++k)
      EXPECT_TRUE(
          equivalent(back.parameterValues[k], facts->parameterValues[k]));
    EXPECT_EQ(back.rowParameters, facts->rowParameters);
    ASSERT_EQ(back.extents.size(), facts->extents.size());
    for (size_t k = 0; k < back.extents.size(); ++k)
      EXPECT_TRUE(equivalent(back.extents[k], facts->extents[k]));
    EXPECT_EQ(back.moduli, facts->moduli);
    EXPECT_EQ(back.hullLower, facts->hullLower);
    EXPECT_EQ(back.hullUpper, facts->hullUpper);
    EXPECT_EQ(back.empty, facts->empty);
    EXPECT_EQ(back.dense, facts->dense);
    EXPECT_EQ(back.unbounded, facts->unbounded);
    EXPECT_EQ(back.causality.pairCausal, facts->causality.pairCausal);
    EXPECT_EQ(back.causality.counterexample, facts->causality.counterexample);
    for (int64_t size : {0, 1, 5, 64, 1001})
      EXPECT_EQ(back.count.at(size), facts->count.at(size));

    ASSERT_TRUE(rebuildRuns(back, &failure)) << failure.reason;
    ASSERT_EQ(back.cases.size(), facts->cases.size());
    ASSERT_EQ(back.cases.size(), frame->atoms.cases());
    for (size_t k = 0; k < back.cases.size(); ++k)
      expectSameRuns(back.cases[k].rowRuns, facts->cases[k].rowRuns, *facts,
                     facts->rowParameters);
    for (const Tiling &tiling : candidateTilings(*facts, 4))
      expectTilesComeBack(context, *frame, options, *facts, tiling);
  }
}

} // namespace
} // namespace effattn

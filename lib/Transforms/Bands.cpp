//===- Bands.cpp - patterns and parts of patterns, analysed ---------------===//

#include "lib/Transforms/Bands.h"

#include "dialect/Ragged.h"
#include "lib/Transforms/Sizes.h"
#include "lib/Transforms/Terms.h"

#include <algorithm>

using namespace mlir;

namespace effattn {

namespace {

bool same(const ScalarRef &a, const ScalarRef &b) {
  return (!a && !b) || (a && b && equivalent(a, b));
}

/// Most terms that a union is taken apart into.
constexpr size_t mostTerms = 8;

} // namespace

std::string Band::reason() const {
  if (facts)
    return withTableNames(facts->unbounded, parts.operands());
  return failure.construct.empty()
             ? failure.reason
             : "'" + failure.construct + "': " + failure.reason;
}

void BandAnalyser::find(Band &band, const AnalysisOptions &options) {
  for (const Known &one : known)
    if (same(one.predicate, band.frame.predicate) && same(one.q0, options.q0) &&
        one.growing == options.growing &&
        std::equal(one.extents.begin(), one.extents.end(),
                   band.frame.extents.begin(), band.frame.extents.end(),
                   equivalent)) {
      ++shared;
      band.facts = one.facts;
      band.failure = one.failure;
      return;
    }
  band.facts = effattn::analyse(band.frame.predicate, options, &band.failure);
  ++analysed;
  known.push_back({band.frame.predicate, options.q0, band.frame.extents,
                   options.growing, band.facts, band.failure});
}

std::shared_ptr<const Band> BandAnalyser::analyse(Value pattern, Value q0,
                                                  Location location,
                                                  const GrowingSizes &growing,
                                                  bool inTokens) {
  auto band = std::make_shared<Band>();
  band->pattern = pattern;
  band->parts.inTokens = inTokens;
  ir::Converter &converter = band->parts.converter;
  if (!(band->parts.pattern = converter.pattern(pattern)) ||
      (q0 && !(band->parts.q0 = converter.scalar(q0))))
    return nullptr;
  auto frame = frameOf(band->parts, location);
  if (!frame)
    return nullptr;
  band->frame = std::move(*frame);
  AnalysisOptions options = analysisOptions(band->parts, band->frame);
  options.maxOperations = maxOperations;
  options.count = count;
  options.growing = growing;
  find(*band, options);
  if (!band->frame.permuted || !band->facts)
    return band;
  // Ranks are no positions: what looks ahead is found over tokens.
  Band tokens;
  tokens.frame.predicate = band->frame.tokens;
  options.extents.clear();
  options.count = false;
  find(tokens, options);
  auto facts = std::make_shared<PatternFacts>(*band->facts);
  facts->causality = tokens.facts ? tokens.facts->causality : Causality();
  band->facts = std::move(facts);
  return band;
}

std::shared_ptr<const Band> BandAnalyser::opaque(const Band &band) {
  auto result = std::make_shared<Band>(band);
  result->parts.opaque = true;
  auto frame = frameOf(result->parts, band.pattern.getLoc());
  if (!frame)
    return nullptr;
  result->frame = std::move(*frame);
  AnalysisOptions options = analysisOptions(result->parts, result->frame);
  options.count = false;
  auto facts =
      effattn::analyse(result->frame.predicate, options, &result->failure);
  if (!facts)
    return nullptr;
  auto renamed = std::make_shared<PatternFacts>(*facts);
  renamed->unbounded = band.reason();
  result->facts = std::move(renamed);
  return result;
}

GrowingSizes growingSizes(Operation *op) {
  TokenAxes axes = tokenAxesOf(op);
  ScalarRef n = axes.queries.toScalar(), m = axes.keys.toScalar();
  GrowingSizes result{!n->isConstant(), !m->isConstant(), {}};
  result.square = equivalent(n, m);
  if (auto attend = dyn_cast<ir::AttendOp>(op)) {
    Value queries = attend.getQ() ? ir::offsetsOf(attend.getQ()) : Value();
    result.square &= queries == ir::offsetsOf(attend.getV());
  }
  for (const ScalarRef &axis : {n, m})
    walk(axis, [&](const Scalar &node) {
      if (node.kind == ScalarKind::Dimension)
        result.dimensions.push_back(node.name);
    });
  return result;
}

SmallVector<HeadRange> headRanges(OpBuilder &builder, Value pattern,
                                  const PatternRef &tree) {
  SmallVector<HeadRange> ranges;
  std::vector<int64_t> bounds = headBounds(tree);
  if (bounds.empty())
    return {{0, 0, pattern, unionTerms(builder, pattern, mostTerms)}};
  int64_t low = 0;
  for (int64_t high : bounds) {
    Value part = patternForHeads(builder, pattern, low);
    ranges.push_back({low, high, part, unionTerms(builder, part, mostTerms)});
    low = high;
  }
  return ranges;
}

/// Analysis calls table number k `t<k>`.
std::string withTableNames(const std::string &text,
                           const ir::ConvertedOperands &operands) {
  auto nameOf = tableNames(operands);
  size_t tables = operands.tables.size();
  std::string result;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && isdigit(static_cast<unsigned char>(text[end])))
      ++end;
    bool starts =
        text[at] == 't' && end > at + 1 && end < at + 6 && end < text.size() &&
        text[end] == '[' &&
        (at == 0 || !isalnum(static_cast<unsigned char>(text[at - 1])));
    size_t number = starts ? std::stoul(text.substr(at + 1, end - at - 1)) : 0;
    if (starts && number < tables) {
      result += nameOf(static_cast<int>(number));
      at = end;
    } else {
      result += text[at++];
    }
  }
  return result;
}

std::function<std::string(int)>
tableNames(const ir::ConvertedOperands &operands) {
  SmallVector<Value> tables = operands.tables;
  return [tables](int number) -> std::string {
    if (number < 0 || number >= static_cast<int>(tables.size()))
      return "table";
    auto argument = dyn_cast<BlockArgument>(tables[number]);
    auto kernel =
        argument ? dyn_cast<ir::KernelOp>(argument.getOwner()->getParentOp())
                 : ir::KernelOp();
    return kernel ? kernel.getArgumentName(argument.getArgNumber()).str()
                  : "table" + std::to_string(number);
  };
}

} // namespace effattn

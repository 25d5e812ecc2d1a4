//===- ExplainAttend.cpp - what is known of each attend -------------------===//

#include "lib/Driver/ExplainAttend.h"

#include "dialect/Ragged.h"
#include "lib/Driver/Mask.h"
#include "lib/Transforms/Facts.h"

#include <algorithm>
#include <fmt/format.h>

using namespace mlir;

namespace effattn {

namespace {

/// Index sets of keys and of queries are numbered by themselves; for printing
/// they follow the tables.
constexpr int kKeySets = 1000, kQuerySets = 2000;

ScalarRef withSetNumbers(const ScalarRef &root) {
  return rewrite(root, [](const ScalarRef &node) -> ScalarRef {
    if (node->kind == ScalarKind::KeyInSet && node->table < kKeySets)
      return keyInSet(node->table + kKeySets);
    if (node->kind == ScalarKind::QueryInSet && node->table < kKeySets)
      return queryInSet(node->table + kQuerySets);
    return nullptr;
  });
}

PatternRef withSetNumbers(const PatternRef &pattern) {
  auto result = std::make_shared<Pattern>(*pattern);
  if (pattern->kind == PatternKind::Keys)
    result->table += kKeySets;
  if (pattern->kind == PatternKind::Queries)
    result->table += kQuerySets;
  if (result->predicate)
    result->predicate = withSetNumbers(result->predicate);
  for (PatternRef &child : result->children)
    child = withSetNumbers(child);
  return result;
}

/// The name of a table or set, as the source has it where it has one.
std::string nameOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto kernel =
            dyn_cast<ir::KernelOp>(argument.getOwner()->getParentOp()))
      return kernel.getArgumentName(argument.getArgNumber()).str();
  if (Operation *op = value.getDefiningOp()) {
    if (isa<ir::OrderTablesOp>(op))
      return cast<OpResult>(value).getResultNumber() ? "rank" : "token";
    if (isa<ir::DrawBlocksOp>(op))
      return "drawn";
    if (auto set = dyn_cast<ir::SetTokensOp>(op))
      return "tokens of ranks " + nameOf(set.getSet());
    if (auto step = dyn_cast<ir::StepOp>(op))
      return step.getName().str();
    return op->getName().stripDialect().str();
  }
  return "table";
}

class AttendText {
public:
  AttendText(Operation *op, const ir::AttendParts &parts)
      : op(op), parts(parts) {}

  std::string run(std::optional<ir::FactsAttr> facts) {
    text = fmt::format("attend ({}), {}: {}\n", placeText(), rowsText(),
                       toString(withSetNumbers(parts.pattern), names()));
    std::optional<AttendFrame> frame = frameOf(parts, op->getLoc());
    if (!facts || !frame)
      return text;
    PatternFacts known = fromAttribute(*facts, *frame);
    sequences();
    line("visible pairs a head (N = M)", known.empty ? "none"
                                         : known.count.exact
                                             ? known.count.formula
                                             : "no formula for this pattern");
    line("pairs", known.causality.pairCausal ? "no query sees a key after it"
                  : known.causality.counterexample.empty()
                      ? "some query may see a key after it"
                      : "a query sees a key after it: " +
                            known.causality.counterexample);
    if (!known.hullLower.empty() && frame->extents.empty())
      line(frame->permuted ? "ranks of tile t" : "columns of tile t",
           fmt::format("from {} to {}{}", known.hullLower, known.hullUpper,
                       frame->atoms.cases() > 1 ? ", and where tables say so"
                                                : ""));
    atoms(frame->atoms);
    if (frame->permuted)
      line("planned in ranks", "rows and keys in the order of the pattern");
    if (!known.unbounded.empty())
      line("not bounded [S10]", known.unbounded);
    return text;
  }

private:
  /// Ragged tokens have no sizes of their own.
  void sequences() {
    auto attend = dyn_cast<ir::AttendOp>(op);
    Value queries =
        attend && attend.getQ() ? ir::offsetsOf(attend.getQ()) : Value();
    if (!queries)
      return;
    Value keys = ir::offsetsOf(attend.getK());
    line("ragged",
         fmt::format("N, M and q0 are those of each sequence: queries cut by "
                     "{}, keys by {}",
                     nameOf(queries), keys ? nameOf(keys) : "none"));
  }

  void line(const std::string &what, const std::string &words) {
    text += fmt::format("  {}: {}\n", what, words);
  }

  std::string placeText() const {
    if (auto place = op->getLoc()->findInstanceOf<FileLineColLoc>())
      return fmt::format("line {}", place.getLine());
    return "no line";
  }

  /// The rows that `rows` leaves to this attend.
  std::string rowsText() const {
    std::string words;
    SmallVector<Value> values = {op->getResult(0)};
    for (size_t k = 0; k < values.size(); ++k)
      for (Operation *user : values[k].getUsers()) {
        if (auto rows = dyn_cast<ir::RowsOp>(user)) {
          bool then = rows.getThenOutput() == values[k];
          words += fmt::format("{}{} {}", words.empty() ? "rows " : " and ",
                               then ? "in" : "not in", nameOf(rows.getSet()));
        }
        if (isa<ir::RowsOp, ir::MergeOp>(user) &&
            !llvm::is_contained(values, user->getResult(0)))
          values.push_back(user->getResult(0));
      }
    return words.empty() ? "all rows" : words;
  }

  std::function<std::string(int)> names() const {
    return [this](int number) {
      const ir::ConvertedOperands &operands = parts.operands();
      const SmallVector<Value> *values = &operands.tables;
      if (number >= kQuerySets)
        values = &operands.querySets, number -= kQuerySets;
      else if (number >= kKeySets)
        values = &operands.keySets, number -= kKeySets;
      return number >= 0 && number < static_cast<int>(values->size())
                 ? nameOf((*values)[number])
                 : fmt::format("t{}", number);
    };
  }

  std::string scalarText(const ScalarRef &scalar) const {
    return toString(withSetNumbers(scalar), names());
  }

  void side(const char *what, const std::vector<SideAtom> &list, int firstSet) {
    for (const SideAtom &atom : list)
      line(what, atom.condition
                     ? scalarText(atom.condition)
                     : "in " + names()(firstSet + atom.set) + ", an index set");
  }

  void atoms(const Atoms &atoms) {
    side("tables decide of a key", atoms.keys, kKeySets);
    side("tables decide of a query", atoms.queries, kQuerySets);
    for (const RelationAtom &relation : atoms.relations) {
      const char *how = relation.kind == RelationAtom::Kind::Labels
                            ? " (labels: rows and keys are matched by value)"
                        : relation.kind == RelationAtom::Kind::Bitmap
                            ? " (bitmap: tested by block of rows and key)"
                        : relation.kind == RelationAtom::Kind::Compared
                            ? " (compared: the ends of rows and keys are "
                              "looked up; counted as open everywhere)"
                            : " (tested pair by pair)";
      line("tables decide of a pair",
           relation.source ? scalarText(relation.source) + how : how);
    }
    for (const ScalarRef &extra : atoms.extras)
      line("a number of each head", scalarText(extra));
  }

  Operation *op;
  const ir::AttendParts &parts;
  std::string text;
};

std::string causalityText(ir::KernelOp kernel) {
  std::string text;
  std::vector<CausalityVerdict> verdicts = causalityOf(kernel);
  for (size_t k = 0; k < verdicts.size(); ++k) {
    const CausalityVerdict &verdict = verdicts[k];
    text += verdicts.size() > 1 ? fmt::format("causality of result {}: ", k)
                                : "causality: ";
    text += spelling(verdict.level);
    if (verdict.level == CausalityLevel::None)
      text += ": " + verdict.reason;
    else if (!verdict.reason.empty())
      text += fmt::format(", not {}: {}",
                          spelling(static_cast<CausalityLevel>(
                              static_cast<int>(verdict.level) + 1)),
                          verdict.reason);
    text += "\n";
  }
  return text;
}

} // namespace

std::string sourceText(Location location) {
  auto place = location->findInstanceOf<FileLineColLoc>();
  return place
             ? fmt::format("{}:{}", place.getFilename().str(), place.getLine())
             : "";
}

std::vector<ExplainedKernel> explainAnalysis(ModuleOp module) {
  std::vector<ExplainedKernel> kernels;
  for (ir::KernelOp kernel : module.getOps<ir::KernelOp>()) {
    ExplainedKernel &result = kernels.emplace_back();
    result.name = kernel.getSymName().str();
    result.causality = causalityText(kernel);
    auto take = [&](auto op) {
      if (auto parts = ir::partsOf(op))
        result.attends.push_back({sourceText(op.getLoc()),
                                  AttendText(op, *parts).run(op.getFacts())});
    };
    kernel.walk([&](Operation *op) {
      if (auto attend = dyn_cast<ir::AttendOp>(op))
        take(attend);
      else if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
        take(sums);
    });
  }
  return kernels;
}

namespace {

/// Partial pairs that are tested one by one; of more, a part is.
constexpr int64_t kPairsTested = 1 << 20;

} // namespace

PlanTotals totalsOf(const ProbedAttend &attend, const Strategy &strategy) {
  PlanTotals totals;
  totals.full = static_cast<double>(attend.fullPairs());
  totals.computed = totals.full + static_cast<double>(attend.partialPairs());
  totals.tiles = static_cast<double>(attend.tileCount());
  totals.bytes = static_cast<double>(attend.bytes);
  double pairCost = 1;
  for (const TileRows &rows : strategy.tileRows)
    if (rows.rows == attend.tileRows)
      pairCost = rows.pairCost;
  totals.cost =
      totals.computed * pairCost + totals.tiles * strategy.tileCost +
      (attend.continues ? strategy.bandRowCost * attend.rows.size() : 0.0);
  int64_t partial = attend.partialPairs();
  size_t step = partial > kPairsTested ? partial / kPairsTested + 1 : 1;
  totals.sampled = step > 1;
  PairTest sees(attend);
  double seen = 0;
  for (size_t t = 0; t < attend.tileCount(); ++t) {
    ProbedTile tile = attend.tile(t);
    int64_t present =
        llvm::count_if(tile.rows, [](int32_t r) { return r >= 0; });
    for (const ProbedRun &run : tile.full)
      totals.visible += static_cast<double>(run.count * present);
    // A part of the tiles speaks for all, by a step that is odd.
    if (t * 7919 % step != 0)
      continue;
    for (const ProbedRun &run : tile.partial)
      for (size_t k = 0; k < tile.rows.size(); ++k)
        for (int64_t c = 0; tile.rows[k] >= 0 && c < run.count; ++c)
          seen += sees(tile.rows[k], run.first + c * run.step,
                       tile.rowSets.empty() ? 0 : tile.rowSets[k], run.sets);
  }
  totals.visible += seen * static_cast<double>(step);
  return totals;
}

} // namespace effattn

//===- CausalityAttend.cpp - reaches through an attend --------------------===//

#include "lib/Transforms/Bands.h"
#include "lib/Transforms/Causality.h"
#include "lib/Transforms/Facts.h"

#include <fmt/format.h>

using namespace mlir;

namespace effattn {

namespace {

/// Says that a pattern is meant to be causal: `causal` holds in all its pairs
/// by the way it is written.
bool claimsCausal(const PatternRef &pattern) {
  switch (pattern->kind) {
  case PatternKind::Causal:
    return true;
  case PatternKind::Intersection:
    return llvm::any_of(pattern->children, claimsCausal);
  case PatternKind::Union:
  case PatternKind::Heads:
    return !pattern->children.empty() &&
           llvm::all_of(pattern->children, claimsCausal);
  case PatternKind::Difference:
    return claimsCausal(pattern->children[0]);
  default:
    return false;
  }
}

bool isSlot(const ScalarRef &last) { return equivalent(last, variable("t")); }

} // namespace

/// One attend, one proof after the other.
class AttendReach {
public:
  AttendReach(Reaches &reaches, Operation *op, const ir::AttendParts &parts,
              Value q, Value k, Value v)
      : reaches(reaches), op(op), parts(parts) {
    Value queries = q ? q : op->getResult(0), keys = k ? k : v;
    n = tokensOf(queries);
    m = tokensOf(keys);
    for (Value value : {k, v})
      if (value)
        add(keyReach, reaches.of(value));
    if (q)
      add(queryReach, reaches.of(q));
    const Pattern *unsupported = nullptr;
    PatternForm form = formOf(parts.pattern, &unsupported);
    predicate = form.predicate;
    options.q0 = parts.q0;
    options.bottomRight = !parts.q0;
    options.extents = form.extents;
    options.count = false;
    options.growing.square = growingSizes(op).square;
    options.maxOperations = reaches.maxOperations;
    if (isa<ir::AttendOp>(op))
      name = "attend";
    else
      name = "column_sums";
    name += fmt::format(" ({})", placeOf(op->getLoc()));
  }

  ValueReach run() {
    ValueReach result;
    result.selection = keyReach.selection;
    result.rounding = keyReach.rounding;
    add(result, queryReach);
    readTables(parts.score, false, result);
    readTables(parts.logits, false, result);
    if (!predicate || !n || !m) {
      for (StreamReach stream : keyReach.streams) {
        stream.last = nullptr;
        stream.why = name + " has a pattern that is not analysed";
        add(result, stream);
      }
      return result;
    }
    readTables(predicate, true, result);
    readSets(parts.operands().keySets, result);
    readSets(parts.operands().querySets, result);
    for (const StreamReach &stream : keyReach.streams)
      add(result, throughKeys(stream));
    return result;
  }

private:
  /// Where a stream's token of query 0 is: the end of the queries is the end of
  /// the stream, unless q0 says otherwise.
  ScalarRef offsetOf(const StreamReach &stream) const {
    if (equivalent(stream.tokens, m))
      return parts.q0           ? parts.q0
             : equivalent(m, n) ? constantInt(0)
                                : variable("M") - variable("N");
    if (equivalent(stream.tokens, n))
      return constantInt(0);
    return stream.tokens - variable("N");
  }

  /// The same with sizes of the kernel, for the value that comes out.
  ScalarRef outerOffset(const StreamReach &stream) const {
    ScalarRef offset = substitute(offsetOf(stream), "M", m);
    return substitute(offset, "N", n);
  }

  /// The pattern where the sizes are as they are in this kernel.
  ScalarRef inSizes(const ScalarRef &pairs) const {
    return equivalent(m, n) && !parts.q0
               ? logicalAnd(pairs, equal(variable("M"), variable("N")))
               : pairs;
  }

  bool noPair(const ScalarRef &condition) {
    AnalysisFailure failure;
    auto facts =
        analyse(logicalAnd(inSizes(predicate), condition), options, &failure);
    return facts && facts->empty;
  }

  const Causality &plain() {
    if (!plainCausality) {
      AnalysisFailure failure;
      auto facts = analyse(predicate, options, &failure);
      plainCausality = facts ? facts->causality : Causality{false, ""};
    }
    return *plainCausality;
  }

  /// The reach of the result in a stream that the keys read.
  StreamReach throughKeys(const StreamReach &keys) {
    ScalarRef offset = offsetOf(keys);
    StreamReach result = keys;
    result.last = variable("t") + outerOffset(keys);
    bool sameTokens = keys.last && isSlot(keys.last);
    bool plainOffset = equivalent(keys.tokens, m);
    if (sameTokens && plainOffset) {
      if (plain().pairCausal) {
        result.why.clear();
        result.where.reset();
        return result;
      }
    } else if (keys.last && noPair(variable("i") + offset <
                                   substitute(keys.last, "t", variable("j")))) {
      return result;
    }
    if (keys.last)
      if (auto finer = blockEnd(keys, offset))
        return *finer;
    refuseCausal(keys);
    result.last = nullptr;
    if (keys.why.empty() || (keys.last && !plain().pairCausal)) {
      result.where = op->getLoc();
      result.why = name + " looks ahead";
      if (!plain().counterexample.empty())
        result.why +=
            ": " + withTableNames(plain().counterexample, parts.operands());
      if (!plainOffset)
        result.why = fmt::format("{} sees tokens of a stream of {} tokens "
                                 "after its query",
                                 name, effattn::toString(keys.tokens));
    }
    return result;
  }

  /// A bound that ends blocks of tokens, worth looking for where a later shift
  /// may make up for it: reach(i) = (i div s) * s + s - 1.
  std::optional<StreamReach> blockEnd(const StreamReach &keys,
                                      const ScalarRef &offset) {
    if (!reaches.hasShift || !offset->isConstant(0))
      return std::nullopt;
    AnalysisFailure failure;
    AnalysisOptions flat = options;
    ScalarRef raw = inSizes(withoutCoordinates(predicate, options.extents));
    std::vector<int64_t> sizes;
    if (!options.extents.empty() && options.extents.back()->isConstant())
      sizes.push_back(options.extents.back()->integer);
    flat.extents.clear();
    if (auto facts = analyse(raw, flat, &failure))
      sizes.insert(sizes.end(), facts->moduli.begin(), facts->moduli.end());
    for (int64_t size : sizes) {
      if (size < 2)
        continue;
      auto end = [&](const ScalarRef &of) {
        return floorDiv(of, constantInt(size)) * constantInt(size) +
               constantInt(size - 1);
      };
      ScalarRef beyond =
          end(variable("i")) < substitute(keys.last, "t", variable("j"));
      auto facts = analyse(logicalAnd(raw, beyond), flat, &failure);
      if (!facts || !facts->empty)
        continue;
      StreamReach result = keys;
      result.last = end(variable("t"));
      result.where = op->getLoc();
      result.why =
          fmt::format("{} looks ahead to the end of a block of {}", name, size);
      return result;
    }
    return std::nullopt;
  }

  /// A pattern that says `causal` and whose slots keep to it, over keys that do
  /// not.
  void refuseCausal(const StreamReach &keys) {
    bool ownStream = equivalent(keys.tokens, n) || equivalent(keys.tokens, m);
    bool byStep = keys.why.starts_with("step");
    if (keys.why.empty() || !(ownStream || byStep) ||
        !claimsCausal(parts.pattern) || !plain().pairCausal)
      return;
    auto diagnostic =
        emitError(parts.converter.locationOf(parts.pattern.get(), op->getLoc()))
        << "expected keys that read no token after their own, as the pattern "
           "says 'causal', but "
        << keys.why << " [S9]";
    if (keys.where)
      diagnostic.attachNote(*keys.where) << "the keys or values come from here";
    reaches.failed = true;
  }

  /// Tables that are computed from tokens: in a score they are read, in a
  /// pattern they choose.
  void readTables(const ScalarRef &expression, bool chooses,
                  ValueReach &result) {
    if (!expression)
      return;
    std::vector<const Scalar *> lookups;
    walk(expression, [&](const Scalar &node) {
      if (node.kind == ScalarKind::Lookup)
        lookups.push_back(&node);
    });
    for (const Scalar *node : lookups) {
      Value table = parts.operands().tables[node->table];
      if (isa<BlockArgument>(table))
        continue; // given
      const ValueReach reach = reaches.of(table);
      if (!reach.readsTokens())
        continue;
      ScalarRef slot = node->operands.size() >= 2
                           ? node->operands[node->operands.size() - 2]
                           : node->operands.back();
      for (const StreamReach &stream : reach.streams)
        readTable(stream, slot, chooses, result);
      if (chooses && result.rounding.empty())
        result.rounding = fmt::format("the columns that the rows of a tile "
                                      "share in {} follow from computed tables",
                                      name);
    }
  }

  void readTable(const StreamReach &stream, const ScalarRef &slot, bool chooses,
                 ValueReach &result) {
    ScalarRef last =
        stream.last ? substitute(stream.last, "t", slot) : ScalarRef();
    bool causal = false;
    if (last && !usesVariable(slot, "j") && equivalent(slot, variable("i")) &&
        isSlot(stream.last) && offsetOf(stream)->isConstant(0))
      causal = true;
    else if (last && predicate)
      causal = noPair(variable("i") + offsetOf(stream) < last);
    if (chooses) {
      if (!causal && result.selection.empty())
        result.selection = fmt::format(
            "the pairs of {} are chosen by a table: {}", name,
            stream.why.empty() ? "it is read after the query" : stream.why);
      return;
    }
    StreamReach read = stream;
    read.last = causal ? variable("t") + outerOffset(stream) : ScalarRef();
    if (!causal && read.why.empty()) {
      read.why =
          fmt::format("the score of {} reads a table after the query", name);
      read.where = op->getLoc();
    }
    add(result, read);
  }

  void readSets(ArrayRef<Value> sets, ValueReach &result) {
    for (Value set : sets) {
      const ValueReach reach = reaches.of(set);
      if (reach.readsTokens() && result.selection.empty())
        result.selection = fmt::format("an index set of {} is computed: {}",
                                       name, reach.streams.front().why);
    }
  }

  Reaches &reaches;
  Operation *op;
  const ir::AttendParts &parts;
  ScalarRef n, m, predicate;
  AnalysisOptions options;
  ValueReach keyReach, queryReach;
  std::optional<Causality> plainCausality;
  std::string name;
};

ValueReach Reaches::ofAttend(Operation *op, const ir::AttendParts &parts,
                             Value q, Value k, Value v) {
  return AttendReach(*this, op, parts, q, k, v).run();
}

/// Over the pairs (t, 0) of [0, N) x [0, 1).
bool Reaches::isCausal(const StreamReach &reach, const ScalarRef &length) {
  if (!reach.last)
    return false;
  bool sameLength = equivalent(reach.tokens, length);
  if (sameLength && isSlot(reach.last))
    return true;
  ScalarRef offset =
      sameLength ? constantInt(0) : ScalarRef(reach.tokens - length);
  ScalarRef limit = variable("t") + offset;
  if (equivalent(limit, reach.last))
    return true;
  ScalarRef ahead = substitute(limit < reach.last, "t", variable("i"));
  // Sizes of the kernel keep their names; the attend's N is the length.
  ahead = logicalAnd(ahead, variable("i") < length);
  AnalysisOptions options;
  options.count = false;
  options.maxOperations = maxOperations;
  AnalysisFailure failure;
  auto facts = analyse(ahead, options, &failure);
  return facts && facts->empty;
}

} // namespace effattn

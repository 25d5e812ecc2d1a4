//===- MergeOnce.cpp - merges in which a key counts once ------------------===//
//
//   merge(attend(q, k, v, A), attend(q, k, v, B), duplicates = once)
//     = attend(q, k, v, A | B)
//
// where q, k, v, scale, q0 and score are the same: one softmax over the keys of
// either pattern [S2, S5].
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Bands.h"
#include "lib/Transforms/Terms.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace effattn {

namespace {

bool sameScores(Region &a, Region &b) {
  return OperationEquivalence::isRegionEquivalentTo(
      &a, &b, OperationEquivalence::IgnoreLocations);
}

/// All but the pattern.
bool sameButPattern(ir::AttendOp a, ir::AttendOp b) {
  return a.getQ() == b.getQ() && a.getK() == b.getK() && a.getV() == b.getV() &&
         a.getScale() == b.getScale() && a.getQ0() == b.getQ0() &&
         !a.getSelectTop() && !b.getSelectTop() &&
         a.getOutput().getType() == b.getOutput().getType() &&
         sameScores(a.getScore(), b.getScore()) &&
         sameScores(a.getLogits(), b.getLogits());
}

/// The attends of the parts; none where a part is something else.
SmallVector<ir::AttendOp> attendsOf(ir::MergeOp merge) {
  SmallVector<ir::AttendOp> attends;
  for (auto [output, lse] : llvm::zip(merge.getOutputs(), merge.getLses())) {
    auto attend = output.getDefiningOp<ir::AttendOp>();
    bool fits = attend && attend.getOutput() == output &&
                attend.getLse() == lse &&
                (attends.empty() || sameButPattern(attends[0], attend));
    if (!fits)
      return {};
    attends.push_back(attend);
  }
  return attends;
}

} // namespace

void uniteMergesOnce(ModuleOp module) {
  SmallVector<ir::MergeOp> merges;
  module.walk([&](ir::MergeOp merge) {
    if (merge.getDuplicatesOnce())
      merges.push_back(merge);
  });
  for (ir::MergeOp merge : merges) {
    SmallVector<ir::AttendOp> attends = attendsOf(merge);
    if (attends.empty() ||
        attends[0].getOutput().getType() != merge.getOutput().getType() ||
        attends[0].getLse().getType() != merge.getLse().getType())
      continue;
    OpBuilder builder(merge);
    SmallVector<Value> patterns;
    for (ir::AttendOp attend : attends)
      patterns.push_back(attend.getPattern());
    auto whole = cast<ir::AttendOp>(builder.clone(*attends[0]));
    builder.setInsertionPoint(whole);
    whole.getPatternMutable().assign(unionOf(builder, patterns));
    whole->setLoc(merge.getLoc());
    merge.getOutput().replaceAllUsesWith(whole.getOutput());
    merge.getLse().replaceAllUsesWith(whole.getLse());
    merge.erase();
  }
}

} // namespace effattn

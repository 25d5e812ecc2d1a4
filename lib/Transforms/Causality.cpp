//===- Causality.cpp - the causality level of each result of a kernel -----===//
//
// S9. Levels, each with the ones before it:
//
//   pair-causal       no output row reads a token after it
//   selection-causal  nor does the choice of its pairs (tables that are
//                     arguments count as given)
//   prefix-exact      at fixed N, later tokens leave earlier rows bitwise
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Causality.h"
#include "lib/Transforms/Passes.h"

#include <fmt/format.h>

using namespace mlir;

namespace effattn {

namespace {

CausalityVerdict verdictOf(Reaches &reaches, Value result) {
  const ValueReach reach = reaches.of(result);
  ScalarRef length = tokensOf(result);
  for (const StreamReach &stream : reach.streams) {
    if (length && reaches.isCausal(stream, length))
      continue;
    return {CausalityLevel::None, !stream.why.empty() ? stream.why
                                  : length
                                      ? "a result reads a token after its own"
                                      : "a result has no tokens"};
  }
  if (!reach.selection.empty())
    return {CausalityLevel::Pairs, reach.selection};
  if (!reach.rounding.empty())
    return {CausalityLevel::Selection, reach.rounding};
  return {CausalityLevel::PrefixExact, ""};
}

constexpr const char *kAttribute = "effattn.causality";

const char *const kNames[] = {"not causal", "pair-causal", "selection-causal",
                              "prefix-exact"};

} // namespace

const char *spelling(CausalityLevel level) {
  return kNames[static_cast<int>(level)];
}

LogicalResult findCausality(ModuleOp module, uint64_t maxOperations) {
  bool ok = true;
  for (ir::KernelOp kernel : module.getOps<ir::KernelOp>()) {
    Builder builder(module.getContext());
    Reaches reaches(kernel, maxOperations);
    SmallVector<Attribute> verdicts;
    // Attends that no result needs are held to their word too.
    kernel.walk([&](Operation *op) {
      if (isa<ir::AttendOp, ir::ColumnSumsOp>(op))
        reaches.of(op->getResult(0));
    });
    for (Value result : kernel.getEntry().getTerminator()->getOperands()) {
      CausalityVerdict verdict = verdictOf(reaches, result);
      verdicts.push_back(builder.getDictionaryAttr(
          {builder.getNamedAttr("level",
                                builder.getStringAttr(spelling(verdict.level))),
           builder.getNamedAttr("reason",
                                builder.getStringAttr(verdict.reason))}));
    }
    kernel->setAttr(kAttribute, builder.getArrayAttr(verdicts));
    ok &= reaches.ok();
  }
  return success(ok);
}

std::vector<CausalityVerdict> causalityOf(ir::KernelOp kernel) {
  std::vector<CausalityVerdict> verdicts;
  auto attribute = kernel->getAttrOfType<ArrayAttr>(kAttribute);
  if (!attribute)
    return verdicts;
  for (auto one : attribute.getAsRange<DictionaryAttr>()) {
    CausalityVerdict verdict;
    auto level = one.getAs<StringAttr>("level");
    auto reason = one.getAs<StringAttr>("reason");
    for (int k = 0; k < 4; ++k)
      if (level && level.getValue() == kNames[k])
        verdict.level = static_cast<CausalityLevel>(k);
    if (reason)
      verdict.reason = reason.getValue().str();
    verdicts.push_back(verdict);
  }
  return verdicts;
}

#define GEN_PASS_DEF_EFFATTNCAUSALITY
#include "lib/Transforms/Passes.h.inc"

namespace {

struct CausalityPass : impl::EffattnCausalityBase<CausalityPass> {
  using EffattnCausalityBase::EffattnCausalityBase;
  void runOnOperation() override {
    if (failed(findCausality(getOperation(), maxOperations)))
      signalPassFailure();
  }
};

} // namespace

} // namespace effattn

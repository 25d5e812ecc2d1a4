//===- Isl.cpp - owned isl objects ----------------------------------------===//
#include "lib/Analysis/Isl.h"

#include <isl/options.h>

#include <cstdlib>
#include <limits>

namespace effattn {

IslContext::IslContext(uint64_t maxOperations)
    : context(isl_ctx_alloc()), maxOperations(maxOperations) {
  if (!context)
    return;
  isl_options_set_on_error(context, ISL_ON_ERROR_CONTINUE);
  allow(maxOperations);
  // One upper bound a loop, not a conjunction of several.
  isl_options_set_ast_build_atomic_upper_bound(context, 1);
  isl_options_set_ast_build_detect_min_max(context, 1);
  isl_options_set_ast_build_prefer_pdiv(context, 0);
}

IslContext::~IslContext() {
  if (context)
    isl_ctx_free(context);
}

void IslContext::allow(uint64_t operations) const {
  // 0 would mean no bound.
  isl_ctx_set_max_operations(context, operations ? operations : 1);
  isl_ctx_reset_operations(context);
}

void IslContext::setRemainders(bool with) const {
  isl_options_set_ast_build_prefer_pdiv(context, with);
  if (with)
    isl_ctx_set_max_operations(context, 0);
  else
    allow(maxOperations);
}

bool IslContext::recover() const {
  if (!context || isl_ctx_last_error(context) != isl_error_quota)
    return false;
  isl_ctx_reset_error(context);
  return true;
}

bool IslContext::failed() const {
  return !context || isl_ctx_last_error(context) != isl_error_none;
}

AnalysisFailure tooCostly() {
  return {"",
          "the exact analysis of this pattern takes too many steps; write it "
          "with fewer cases, or divide by numbers with a small common multiple",
          false};
}

AnalysisFailure IslContext::failure() const {
  AnalysisFailure failure;
  if (context && isl_ctx_last_error(context) == isl_error_quota)
    return tooCostly();
  const char *message = context ? isl_ctx_last_error_msg(context) : nullptr;
  failure.reason = "the exact analysis failed: ";
  failure.reason += message ? message : "out of memory";
  return failure;
}

namespace {

/// Where the bound on the work strikes inside isl's parser, it becomes a syntax
/// error: reading a text has steps of its own.
template <typename T>
Isl<T> parse(const IslContext &context, const std::string &text,
             T *(*read)(isl_ctx *, const char *)) {
  constexpr unsigned long ownSteps = 1'000'000;
  unsigned long bound = isl_ctx_get_max_operations(context.get());
  // 0 is no bound.
  isl_ctx_set_max_operations(context.get(), bound ? bound + ownSteps : 0);
  Isl<T> result(read(context.get(), text.c_str()));
  isl_ctx_set_max_operations(context.get(), bound);
  return result;
}

} // namespace

IslSet parseSet(const IslContext &context, const std::string &text) {
  return parse(context, text, isl_set_read_from_str);
}

Isl<isl_multi_aff> parseMultiAff(const IslContext &context,
                                 const std::string &text) {
  return parse(context, text, isl_multi_aff_read_from_str);
}

Isl<isl_union_map> parseUnionMap(const IslContext &context,
                                 const std::string &text) {
  return parse(context, text, isl_union_map_read_from_str);
}

std::string text(const IslSet &set) {
  char *characters = set ? isl_set_to_str(set.get()) : nullptr;
  std::string result = characters ? characters : "";
  std::free(characters);
  return result;
}

std::optional<int64_t> toInteger(const IslVal &value) {
  if (!value || isl_val_is_int(value.get()) != isl_bool_true)
    return std::nullopt;
  isl_ctx *context = isl_val_get_ctx(value.get());
  IslVal low(isl_val_int_from_si(context, std::numeric_limits<long>::min()));
  IslVal high(isl_val_int_from_si(context, std::numeric_limits<long>::max()));
  if (isl_val_lt(value.get(), low.get()) != isl_bool_false ||
      isl_val_gt(value.get(), high.get()) != isl_bool_false)
    return std::nullopt;
  return isl_val_get_num_si(value.get());
}

} // namespace effattn

//===- PlanSource.h - run functions from an analysed pattern ----*- C++ -*-===//
//
// The planner calls generated functions without user data. Here they are a
// fixed set of C functions that evaluate the run nests of the pattern that was
// installed last.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_UNIT_PLAN_PLANSOURCE_H
#define EFFATTN_TEST_UNIT_PLAN_PLANSOURCE_H

#include "lib/Analysis/Analysis.h"
#include "runtime/src/plan.h"

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace effattn::test {

/// The functions of the pattern at hand.
struct Installed {
  RunNestRef nest;
  std::string index;
};

inline constexpr int maxFunctions = 3 * 16;
inline std::array<Installed, maxFunctions> installed;
inline std::shared_ptr<const PatternFacts> installedFacts;

template <int number>
int64_t listInstalled(const int64_t *parameters, int64_t index,
                      effattn_run *runs, int64_t capacity) {
  const Installed &one = installed[number];
  auto value = [&](const std::string &name) -> int64_t {
    if (name == one.index)
      return index;
    for (size_t k = 0; k < installedFacts->parameters.size(); ++k)
      if (installedFacts->parameters[k] == name) {
        const std::string &meaning = installedFacts->parameterValues[k]->name;
        return parameters[meaning == "N" ? 0 : meaning == "M" ? 1 : 2];
      }
    std::abort();
  };
  std::vector<Run> all = evaluate(one.nest, value);
  for (size_t k = 0; k < all.size() && k < size_t(capacity); ++k)
    runs[k] = {int32_t(all[k].first), int32_t(all[k].step),
               int32_t(all[k].count)};
  return static_cast<int64_t>(all.size());
}

template <int... numbers>
constexpr std::array<effattn_runs_function, sizeof...(numbers)>
makeFunctions(std::integer_sequence<int, numbers...>) {
  return {listInstalled<numbers>...};
}

/// Makes the pattern the one that the functions of the result list.
inline std::vector<effattn_case>
install(const std::shared_ptr<const PatternFacts> &facts) {
  static constexpr auto functions =
      makeFunctions(std::make_integer_sequence<int, maxFunctions>());
  installedFacts = facts;
  std::vector<effattn_case> cases;
  size_t next = 0;
  auto add = [&](const RunNestRef &nest, const char *index) {
    installed.at(next) = {nest, index};
    return nest ? functions[next++] : nullptr;
  };
  for (const AnalysisCase &one : facts->cases)
    cases.push_back({add(one.tile.fullRuns, "t"),
                     add(one.tile.partialRuns, "t"), add(one.rowRuns, "i")});
  return cases;
}

inline effattn_plan_allocator mallocAllocator() {
  return {nullptr,
          [](void *, size_t bytes, size_t alignment) {
            return std::aligned_alloc(alignment, (bytes + alignment - 1) /
                                                     alignment * alignment);
          },
          [](void *, void *memory, size_t, size_t) { std::free(memory); }};
}

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_PLAN_PLANSOURCE_H

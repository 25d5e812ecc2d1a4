//===- RunNestTest.cpp - loops of runs, printed and evaluated -------------===//
#include "lib/Analysis/RunNest.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

std::shared_ptr<RunNest> run(ScalarRef first, int64_t step, ScalarRef count) {
  auto nest = std::make_shared<RunNest>();
  nest->kind = RunNest::Kind::Run;
  nest->first = std::move(first);
  nest->step = constantInt(step);
  nest->count = std::move(count);
  return nest;
}

std::shared_ptr<RunNest> loop(std::string iterator, int64_t first,
                              ScalarRef end, int64_t step, RunNestRef body) {
  auto nest = std::make_shared<RunNest>();
  nest->kind = RunNest::Kind::For;
  nest->iterator = std::move(iterator);
  nest->first = constantInt(first);
  nest->end = std::move(end);
  nest->step = constantInt(step);
  nest->children = {std::move(body)};
  return nest;
}

/// if (t mod 2 == 0) { for c: run 8*c + 1 } else { run 3; run nothing }
RunNestRef sample() {
  ScalarRef t = variable("t"), c = variable("c0");
  auto block = std::make_shared<RunNest>();
  block->children = {run(constantInt(3), 2, t), run(t, 1, constantInt(0))};
  auto branch = std::make_shared<RunNest>();
  branch->kind = RunNest::Kind::If;
  branch->condition = equal(mod(t, constantInt(2)), constantInt(0));
  branch->children = {
      loop("c0", 0, variable("N"), 4,
           run(constantInt(8) * c + constantInt(1), 1, c - constantInt(3))),
      block};
  return branch;
}

std::vector<effattn::Run> at(int64_t t, int64_t n) {
  return evaluate(sample(),
                  [&](const std::string &name) { return name == "t" ? t : n; });
}

TEST(RunNest, Evaluates) {
  EXPECT_EQ(at(2, 10), (std::vector<effattn::Run>{{33, 1, 1}, {65, 1, 5}}));
  EXPECT_EQ(at(2, 0), std::vector<effattn::Run>());
  EXPECT_EQ(at(5, 10), (std::vector<effattn::Run>{{3, 2, 5}}));
  EXPECT_EQ(at(-1, 10), std::vector<effattn::Run>());
}

TEST(RunNest, Prints) {
  EXPECT_EQ(toString(sample()),
            "if (t mod 2 == 0) {\n"
            "  for (c0 = 0; c0 < N; c0 += 4) {\n"
            "    run(first = 8 * c0 + 1, step = 1, count = c0 - 3)\n"
            "  }\n"
            "} else {\n"
            "  run(first = 3, step = 2, count = t)\n"
            "  run(first = t, step = 1, count = 0)\n"
            "}\n");
  EXPECT_EQ(toString(std::make_shared<RunNest>()), "");
}

} // namespace

} // namespace effattn::test

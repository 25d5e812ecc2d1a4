//===- SetTokensTest.cpp - index sets of ranks as sets of tokens ----------===//
#include "Failing.h"
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

using namespace effattn::test;

namespace {

int32_t byBatch;

/// Slots: set, order, result.
int32_t setHost(effattn_launch *launch, const int64_t *, const int64_t *,
                const double *) {
  return effattn_host_set_tokens(launch, 0, 1, byBatch, 2);
}

/// One launch of a kernel sets(s: i32[..], o: i32[..]) -> i32[..].
struct Launch {
  Tensor set, order, result;

  Launch(std::vector<int64_t> set, std::vector<int64_t> order,
         std::vector<int64_t> result)
      : set(std::move(set), kI32), order(std::move(order), kI32),
        result(std::move(result), kI32) {}

  effattn_status run(int32_t leads = 0, effattn_context *context = nullptr) {
    byBatch = leads;
    FakeKernel fake("sets", {});
    fake.tensor("s", shapeOf(set), EFFATTN_I32);
    fake.tensor("o", shapeOf(order), EFFATTN_I32);
    fake.result(shapeOf(result), EFFATTN_I32);
    fake.host(setHost);
    effattn_value arguments[2] = {};
    arguments[0].tensor = &set.dl;
    arguments[1].tensor = &order.dl;
    DLTensor *results[] = {&result.dl};
    return effattn_launch_kernel(context, &fake.kernel, arguments, results);
  }

  void fill(uint32_t seed) {
    std::mt19937 random(seed);
    auto rows = [](Tensor &tensor, auto &&write) {
      const int64_t length = tensor.shape.back();
      for (int64_t at = 0; at < tensor.size(); at += length)
        write(tensor.i32() + at, tensor.i32() + at + length);
    };
    const int64_t tokens = order.shape.back();
    rows(order, [&](int32_t *begin, int32_t *end) {
      std::iota(begin, end, 0);
      std::shuffle(begin, end, random);
    });
    rows(set, [&](int32_t *begin, int32_t *end) {
      std::vector<int32_t> all(tokens);
      std::iota(all.begin(), all.end(), 0);
      std::sample(all.begin(), all.end(), begin, end - begin, random);
    });
  }

  /// Where the entries of one batch entry and head begin; `leads`: a single
  /// leading axis is the batch.
  static const int32_t *rowOf(Tensor &tensor, bool leads, int64_t batch,
                              int64_t head) {
    const std::vector<int64_t> &shape = tensor.shape;
    const bool whole = shape.size() == 3;
    const int64_t heads = whole                         ? shape[1]
                          : shape.size() == 2 && !leads ? shape[0]
                                                        : 1;
    const int64_t batches = whole                        ? shape[0]
                            : shape.size() == 2 && leads ? shape[0]
                                                         : 1;
    return tensor.i32() +
           ((batches > 1 ? batch : 0) * heads + (heads > 1 ? head : 0)) *
               shape.back();
  }

  void check(int64_t batches, int64_t heads) {
    const int64_t members = result.shape.back();
    for (int64_t b = 0; b < batches; ++b)
      for (int64_t h = 0; h < heads; ++h) {
        const int32_t *ranks = rowOf(set, byBatch & 1, b, h),
                      *tokens = rowOf(order, byBatch & 2, b, h);
        std::vector<int32_t> expected;
        for (int64_t k = 0; k < members; ++k)
          expected.push_back(tokens[ranks[k]]);
        std::sort(expected.begin(), expected.end());
        const int32_t *got = result.i32() + (b * heads + h) * members;
        EXPECT_EQ(std::vector<int32_t>(got, got + members), expected)
            << b << ", " << h;
      }
  }
};

TEST(SetTokens, AxesOfBoth) {
  struct Case {
    std::vector<int64_t> set, order;
    int32_t byBatch;
    int64_t batches, heads;
    std::vector<int64_t> result;
  };
  const Case cases[] = {
      {{5}, {9}, 0, 1, 1, {5}},
      {{3, 5}, {9}, 0, 1, 3, {3, 5}},
      {{5}, {3, 9}, 0, 1, 3, {3, 5}},
      {{3, 5}, {9}, 1, 3, 1, {3, 5}},
      {{5}, {3, 9}, 2, 3, 1, {3, 5}},
      {{2, 5}, {3, 9}, 1, 2, 3, {2, 3, 5}},
      {{3, 5}, {2, 9}, 2, 2, 3, {2, 3, 5}},
      {{2, 5}, {2, 9}, 3, 2, 1, {2, 5}},
      {{2, 1, 5}, {3, 9}, 0, 2, 3, {2, 3, 5}},
      {{3, 5}, {2, 3, 9}, 0, 2, 3, {2, 3, 5}},
      {{2, 3, 40}, {2, 3, 77}, 0, 2, 3, {2, 3, 40}}, // sorted digit by digit
      {{2, 9}, {2, 9}, 0, 1, 2, {2, 9}},             // all tokens
  };
  for (const Case &one : cases) {
    Launch launch(one.set, one.order, one.result);
    launch.fill(uint32_t(one.set.size() + one.order.size()));
    ASSERT_EQ(launch.run(one.byBatch), EFFATTN_OK) << effattn_message();
    launch.check(one.batches, one.heads);
  }
}

TEST(SetTokens, NoMembers) {
  Launch launch({2, 0}, {4}, {2, 0});
  launch.fill(1);
  EXPECT_EQ(launch.run(), EFFATTN_OK) << effattn_message();
}

TEST(SetTokens, RanksAreThoseOfTokens) {
  Launch launch({2}, {4}, {2});
  launch.fill(1);
  for (int32_t wrong : {4, -1}) {
    launch.set.i32()[1] = wrong;
    EXPECT_EQ(launch.run(), EFFATTN_BAD_INDEX_SET);
    EXPECT_EQ(effattn_message(),
              "sets: expected an index set of ranks in an order of 4 tokens, "
              "but got " +
                  std::to_string(wrong));
  }
}

TEST(SetTokens, WrongFormsAreRefused) {
  EXPECT_EQ(Launch({3}, {4}, {2}).run(), EFFATTN_INTERNAL);
  EXPECT_EQ(Launch({2, 3}, {4}, {3}).run(), EFFATTN_INTERNAL);
  EXPECT_EQ(Launch({3}, {2, 4}, {3, 3}).run(), EFFATTN_INTERNAL);
}

TEST(SetTokens, OutOfMemory) {
  Launch launch({50}, {100}, {50});
  launch.fill(1);
  failEach(1, [&](effattn_context *context) { return launch.run(0, context); });
}

} // namespace

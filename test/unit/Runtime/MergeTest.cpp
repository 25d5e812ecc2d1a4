//===- MergeTest.cpp - effattn_merge --------------------------------------===//
#include "FakeKernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

using namespace effattn::test;

namespace {

/// `count` parts of f32[shape..., D] and what is to become of them.
struct Parts {
  std::vector<std::unique_ptr<Tensor>> outputs, lses;
  Tensor output, lse;
  std::vector<const DLTensor *> outputList, lseList;

  Parts(uint32_t count, std::vector<int64_t> rows, int64_t D)
      : output(withChannels(rows, D)), lse(rows) {
    for (uint32_t r = 0; r < count; ++r) {
      outputs.push_back(std::make_unique<Tensor>(withChannels(rows, D)));
      lses.push_back(std::make_unique<Tensor>(rows));
      outputs.back()->randomise(10 + r);
      lses.back()->randomise(20 + r);
      outputList.push_back(&outputs.back()->dl);
      lseList.push_back(&lses.back()->dl);
    }
  }

  static std::vector<int64_t> withChannels(std::vector<int64_t> rows,
                                           int64_t D) {
    rows.push_back(D);
    return rows;
  }

  effattn_status merge(bool wantLse = true) {
    static Context context(2);
    return effattn_merge(context, uint32_t(outputs.size()), outputList.data(),
                         lseList.data(), &output.dl,
                         wantLse ? &lse.dl : nullptr);
  }

  double error() {
    const int64_t rows = lse.size();
    const int64_t D = rows ? output.size() / rows : 0;
    double worst = 0;
    for (int64_t i = 0; i < rows; ++i) {
      double sum = 0;
      for (auto &part : lses)
        sum += std::exp(double(part->f32()[i]));
      const double merged = std::log(sum);
      if (sum > 0)
        worst = std::max(worst, std::abs(lse.f32()[i] - merged));
      else
        EXPECT_EQ(lse.f32()[i], -INFINITY);
      for (int64_t d = 0; d < D; ++d) {
        double expected = 0;
        for (size_t r = 0; r < lses.size() && sum > 0; ++r)
          if (lses[r]->f32()[i] != -INFINITY)
            expected += std::exp(lses[r]->f32()[i] - merged) *
                        outputs[r]->f32()[i * D + d];
        const double e = std::abs(output.f32()[i * D + d] - expected);
        worst = e <= worst ? worst : e;
      }
    }
    return worst;
  }
};

TEST(Merge, AgreesWithTheDefinition) {
  for (uint32_t count : {1, 2, 5}) {
    Parts all(count, {2, 3, 70}, 8);
    ASSERT_EQ(all.merge(), EFFATTN_OK) << effattn_message();
    EXPECT_LT(all.error(), 1e-6);
    Parts one(count, {17}, 3);
    ASSERT_EQ(one.merge(), EFFATTN_OK) << effattn_message();
    EXPECT_LT(one.error(), 1e-6);
  }
}

TEST(Merge, PartsWithoutKeysAreNotRead) {
  Parts parts(3, {4}, 8);
  for (int d = 0; d < 8; ++d) {
    parts.outputs[1]->f32()[d] = NAN;
    parts.outputs[0]->f32()[8 + d] = INFINITY;
  }
  parts.lses[1]->f32()[0] = -INFINITY;
  parts.lses[0]->f32()[1] = -INFINITY;
  for (auto &part : parts.lses)
    part->f32()[2] = -INFINITY;
  ASSERT_EQ(parts.merge(), EFFATTN_OK) << effattn_message();
  EXPECT_LT(parts.error(), 1e-6);
  for (int d = 0; d < 8; ++d)
    EXPECT_EQ(parts.output.f32()[16 + d], 0.0f);
}

TEST(Merge, LseIsOptionalAndSizesMayBeZero) {
  Parts parts(2, {3, 5}, 4);
  EXPECT_EQ(parts.merge(false), EFFATTN_OK);
  Parts none(2, {0, 5}, 4);
  EXPECT_EQ(none.merge(), EFFATTN_OK) << effattn_message();
}

TEST(Merge, Mistakes) {
  const auto expect = [](Parts &parts, effattn_status status,
                         const char *message) {
    EXPECT_EQ(parts.merge(), status);
    EXPECT_NE(std::string(effattn_message()).find(message), std::string::npos)
        << effattn_message();
  };
  const auto parts = [] {
    return std::make_unique<Parts>(2, std::vector<int64_t>{3, 5}, 4);
  };
  auto p = parts();
  p->outputList[1] = nullptr;
  expect(*p, EFFATTN_NULL, "effattn_merge: outputs[1]: expected a tensor");
  p = parts();
  p->lses[0]->shape[1] = 4;
  expect(*p, EFFATTN_SIZE,
         "lses[0], axis 1: expected 5 as in output, but got 4");
  p = parts();
  p->lses[0]->dl.ndim = 3;
  expect(*p, EFFATTN_RANK, "lses[0]: expected 2 axes, but got 3");
  p = parts();
  p->outputs[1]->dl.dtype.bits = 16;
  expect(*p, EFFATTN_TYPE, "outputs[1]: expected f32, but got float16");
  p = parts();
  p->outputs[1]->strides[2] = 2;
  expect(*p, EFFATTN_STRIDE, "outputs[1], axis 2");
  p = parts();
  p->output.dl.data = p->outputs[0]->dl.data;
  expect(*p, EFFATTN_OVERLAP,
         "effattn_merge: output shares memory with outputs[0]");
  p = parts();
  p->outputs[0]->dl.device.device_type = kDLCUDA;
  expect(*p, EFFATTN_DEVICE, "outputs[0]: expected memory of the CPU");
  p = parts();
  p->output.dl.ndim = 5;
  expect(*p, EFFATTN_RANK, "output: expected 1 to 4 axes, but got 5");
  p = parts();
  EXPECT_EQ(effattn_merge(nullptr, 0, p->outputList.data(), p->lseList.data(),
                          &p->output.dl, nullptr),
            EFFATTN_SIZE);
  EXPECT_EQ(effattn_merge(nullptr, 2, nullptr, p->lseList.data(), &p->output.dl,
                          nullptr),
            EFFATTN_NULL);
}

} // namespace

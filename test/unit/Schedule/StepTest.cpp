//===- StepTest.cpp - dense steps against straight loops ------------------===//

#include "test/unit/Schedule/Harness.h"
#include "test/unit/Schedule/StepTensor.h"

extern "C" {
#include "runtime/src/attend.h"
}

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>

// What steps call of Halide's runtime.
extern "C" {
__attribute__((visibility("default"))) void *halide_malloc(void *,
                                                           size_t bytes) {
  return std::aligned_alloc(128, (bytes + 127) / 128 * 128);
}
__attribute__((visibility("default"))) void halide_free(void *, void *memory) {
  std::free(memory);
}
__attribute__((visibility("default"))) int halide_error_out_of_memory(void *) {
  return -11;
}
}

using namespace effattn;
using namespace effattn::test;

namespace {

void forEach(const Shape &shape, const std::function<void(const Shape &)> &f) {
  Shape index(shape.size(), 0);
  for (int64_t size : shape)
    if (size == 0)
      return;
  for (;;) {
    f(index);
    size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1])
      index[--axis] = 0;
    if (axis == 0)
      return;
  }
}

class Steps : public ::testing::TestWithParam<std::string> {
protected:
  effattn_code compile(const std::string &step, std::vector<Shape> operands,
                       const Shape &result, bool constants = false,
                       std::vector<int64_t> integers = {}) {
    StepSpec spec;
    spec.name = "step";
    spec.step = step;
    spec.integers = std::move(integers);
    for (const Shape &shape : operands)
      spec.operands.push_back(typeOf(shape, constants));
    spec.result = typeOf(result, constants);
    ScheduleFailure failure;
    KernelObject object = compileStep(
        spec, false, findCpuIsa(GetParam())->halideTarget, &failure);
    EXPECT_EQ(failure.message, "");
    if (!failure.message.empty())
      throw std::runtime_error(failure.message);
    loaded.push_back(
        std::make_unique<LoadedKernels>(std::vector<KernelObject>{object}));
    return loaded.back()->find("step");
  }

  void run(effattn_code code, std::vector<StepTensor *> operands,
           StepTensor &result, uint32_t parallelAxis = 0) {
    std::vector<effattn_view> views;
    for (StepTensor *operand : operands)
      views.push_back(operand->view);
    effattn_step step = {};
    step.name = "step";
    step.operands = static_cast<uint32_t>(operands.size());
    step.parallel_axis = parallelAxis;
    auto serial = [](void *, int64_t count, int32_t, effattn_parallel_body body,
                     void *data) {
      for (int64_t index = count; index-- > 0;)
        body(data, index, 0);
    };
    ASSERT_EQ(effattn_step_cpu(serial, nullptr, 1, nullptr, &step, code,
                               views.data(), &result.view),
              EFFATTN_OK);
  }

  std::vector<std::unique_ptr<LoadedKernels>> loaded;
};

} // namespace

TEST_P(Steps, Matmul) {
  struct Case {
    Shape a, b, c;
  };
  effattn_code rank2 = compile("matmul", {{2, 3}, {3, 2}}, {2, 2});
  effattn_code rank4 =
      compile("matmul", {{2, 3, 4, 5}, {2, 3, 5, 6}}, {2, 3, 4, 6});
  effattn_code spread = compile("matmul", {{4, 5}, {2, 3, 5, 6}}, {2, 3, 4, 6});
  effattn_code one = compile("matmul", {{2, 1, 4, 5}, {3, 5, 6}}, {2, 3, 4, 6});
  auto check = [&](effattn_code code, const Case &sizes, uint32_t axis) {
    for (int64_t gap : {0, 3}) {
      StepTensor a(sizes.a, gap), b(sizes.b, gap), c(sizes.c, gap);
      a.fill(1);
      b.fill(2);
      run(code, {&a, &b}, c, axis);
      size_t rank = sizes.c.size();
      int64_t length = sizes.a.back();
      forEach(sizes.c, [&](const Shape &index) {
        double sum = 0, size = 0;
        for (int64_t k = 0; k < length; ++k) {
          Shape left = index, right = index;
          left[rank - 1] = k;
          right[rank - 2] = k;
          // Axes of 1 repeat in the leading axes only.
          auto pick = [&](StepTensor &t, Shape at) {
            Shape own(at.end() - t.shape.size(), at.end());
            for (size_t n = 0; n + 2 < own.size(); ++n)
              if (t.shape[n] == 1)
                own[n] = 0;
            return double(t.at(own));
          };
          double term = pick(a, left) * pick(b, right);
          sum += term;
          size += std::fabs(term);
        }
        ASSERT_NEAR(c.at(index), sum, 1e-6 * (size + 1e-30))
            << index[rank - 2] << " " << index[rank - 1];
      });
    }
  };
  for (Case sizes :
       {Case{{1, 1}, {1, 1}, {1, 1}}, Case{{7, 5}, {5, 3}, {7, 3}},
        Case{{6, 64}, {64, 64}, {6, 64}},
        Case{{13, 100}, {100, 131}, {13, 131}},
        Case{{301, 33}, {33, 257}, {301, 257}}, Case{{3, 0}, {0, 4}, {3, 4}}})
    check(rank2, sizes, 0);
  check(rank4, {{2, 3, 17, 9}, {2, 3, 9, 21}, {2, 3, 17, 21}}, 0);
  check(rank4, {{2, 1, 70, 9}, {2, 1, 9, 900}, {2, 1, 70, 900}}, 0);
  check(spread, {{17, 9}, {2, 3, 9, 21}, {2, 3, 17, 21}}, 1);
  check(one, {{2, 1, 17, 9}, {3, 9, 21}, {2, 3, 17, 21}}, 0);
}

TEST_P(Steps, MatmulDoesNotDependOnTheCut) {
  effattn_code code = compile("matmul", {{2, 3}, {3, 2}}, {2, 2});
  StepTensor a({500, 77}), b({77, 300}), whole({500, 300}), cut({500, 300});
  a.fill(1);
  b.fill(2);
  run(code, {&a, &b}, whole, 2);
  run(code, {&a, &b}, cut, 0);
  EXPECT_EQ(whole.data, cut.data);
}

TEST_P(Steps, Transpose) {
  effattn_code code = compile("transpose", {{2, 3}}, {3, 2});
  effattn_code deep =
      compile("transpose", {{2, 3, 4, 5, 6, 7}}, {2, 3, 4, 5, 7, 6});
  for (Shape shape : {Shape{1, 1}, Shape{5, 300}, Shape{33, 17}, Shape{4, 0}}) {
    StepTensor in(shape, 2), out({shape[1], shape[0]}, 1);
    in.fill(3);
    run(code, {&in}, out);
    forEach(shape, [&](const Shape &at) {
      ASSERT_EQ(out.at({at[1], at[0]}), in.at(at));
    });
  }
  StepTensor in({2, 1, 3, 2, 9, 20}), out({2, 1, 3, 2, 20, 9});
  in.fill(3);
  run(deep, {&in}, out);
  forEach(in.shape, [&](Shape at) {
    float value = in.at(at);
    std::swap(at[4], at[5]);
    ASSERT_EQ(out.at(at), value);
  });
}

TEST_P(Steps, Softmax) {
  effattn_code code = compile("softmax", {{2, 3, 4}}, {2, 3, 4});
  effattn_code flat = compile("softmax", {{2}}, {2});
  auto check = [&](effattn_code step, const Shape &shape) {
    StepTensor in(shape, 1), out(shape, 2);
    in.fill(5);
    for (float &value : in.data)
      value *= 8;
    run(step, {&in}, out);
    forEach(shape, [&](const Shape &at) {
      double sum = 0, greatest = -INFINITY;
      Shape other = at;
      for (int64_t n = 0; n < shape.back(); ++n) {
        other.back() = n;
        greatest = std::max(greatest, double(in.at(other)));
      }
      for (int64_t n = 0; n < shape.back(); ++n) {
        other.back() = n;
        sum += std::exp(double(in.at(other)) - greatest);
      }
      double want = std::exp(double(in.at(at)) - greatest) / sum;
      // x - max is rounded before it is an exponent.
      ASSERT_NEAR(out.at(at), want, 4e-6 * want + 1e-38);
    });
  };
  for (Shape shape : {Shape{1, 1, 1}, Shape{2, 3, 5}, Shape{1, 70, 1000},
                      Shape{4, 2, 16}, Shape{3, 1, 17}, Shape{2, 0, 4}})
    check(code, shape);
  check(flat, {37});

  // NaN takes its row, and so does infinity (inf - inf).
  const float nan = std::numeric_limits<float>::quiet_NaN();
  StepTensor in({1, 4, 20}), out({1, 4, 20});
  in.fill(6);
  in.at({0, 1, 3}) = nan;
  in.at({0, 2, 19}) = INFINITY;
  in.at({0, 3, 7}) = -INFINITY;
  run(code, {&in}, out);
  for (int64_t n = 0; n < 20; ++n) {
    EXPECT_FALSE(std::isnan(out.at({0, 0, n})));
    EXPECT_TRUE(std::isnan(out.at({0, 1, n})));
    EXPECT_TRUE(std::isnan(out.at({0, 2, n})));
    EXPECT_EQ(out.at({0, 3, n}) == 0, n == 7);
  }
}

TEST_P(Steps, ElementwiseBroadcasts) {
  struct Op {
    const char *name;
    float (*value)(float, float);
  };
  for (Op op : {Op{"add", [](float a, float b) { return a + b; }},
                Op{"sub", [](float a, float b) { return a - b; }},
                Op{"mul", [](float a, float b) { return a * b; }},
                Op{"div", [](float a, float b) { return a / b; }}}) {
    struct Case {
      Shape a, b, c;
    };
    for (Case sizes : {Case{{3, 4, 35}, {3, 4, 35}, {3, 4, 35}},
                       Case{{3, 4, 35}, {35}, {3, 4, 35}},
                       Case{{3, 1, 35}, {4, 1}, {3, 4, 35}},
                       Case{{}, {2, 9}, {2, 9}}, Case{{}, {}, {}}}) {
      effattn_code code = compile(op.name, {sizes.a, sizes.b}, sizes.c, true);
      StepTensor a(sizes.a), b(sizes.b), c(sizes.c);
      a.fill(1);
      b.fill(2);
      run(code, {&a, &b}, c);
      forEach(sizes.c, [&](const Shape &at) {
        ASSERT_EQ(c.at(at), op.value(a.atBroadcast(at), b.atBroadcast(at)));
      });
    }
  }
}

TEST_P(Steps, Unary) {
  struct Op {
    const char *name;
    double (*value)(double);
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (Op op :
       {Op{"exp", [](double x) { return std::exp(x); }},
        Op{"log", [](double x) { return std::log(x); }},
        Op{"sqrt", [](double x) { return std::sqrt(x); }},
        Op{"relu", [](double x) { return x != x ? x : std::max(x, 0.0); }},
        Op{"elu", [](double x) { return x > 0 ? x : std::expm1(x); }},
        Op{"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
        Op{"tanh", [](double x) { return std::tanh(x); }},
        Op{"neg", [](double x) { return -x; }}}) {
    SCOPED_TRACE(op.name);
    effattn_code code = compile(op.name, {{2, 3}}, {2, 3});
    StepTensor in({3, 211}, 3), out({3, 211});
    std::mt19937 random(9);
    std::uniform_real_distribution<float> wide(-100, 100), close(-1, 1);
    for (float &value : in.data)
      value = random() % 2 ? wide(random) : close(random);
    float special[] = {0.0f,   -0.0f,   INFINITY, -INFINITY, nan,
                       1e-40f, 3.4e38f, -3.4e38f, 1.0f};
    for (size_t n = 0; n < std::size(special); ++n)
      in.at({1, int64_t(n)}) = special[n];
    run(code, {&in}, out);
    forEach(in.shape, [&](const Shape &at) {
      double x = in.at(at);
      float want = static_cast<float>(op.value(x)), got = out.at(at);
      if (std::isnan(want))
        ASSERT_TRUE(std::isnan(got)) << x;
      else if (std::isinf(want))
        ASSERT_EQ(got, want) << x;
      else
        ASSERT_NEAR(got, want, 4e-7 * std::fabs(want) + 1e-38) << x;
    });
  }
}

TEST_P(Steps, Slice) {
  effattn_code code = compile("slice", {{3, 4, 5}}, {3, 5}, false, {1, 2});
  StepTensor in({3, 4, 35}), out({3, 35});
  in.fill(1);
  run(code, {&in}, out);
  forEach(out.shape, [&](const Shape &at) {
    ASSERT_EQ(out.at(at), in.at({at[0], 2, at[1]}));
  });
}

/// Token of the operands, one after the other, that each slot holds; -1: zero.
using Places = std::function<int64_t(int64_t slot)>;

void expectMoved(std::vector<StepTensor *> operands, StepTensor &out,
                 const Places &place) {
  size_t axis = out.shape.size() - 2;
  forEach(out.shape, [&](const Shape &at) {
    Shape source = at;
    source[axis] = place(at[axis]);
    float want = 0;
    if (source[axis] >= 0) {
      size_t which = 0;
      while (source[axis] >= operands[which]->shape[axis])
        source[axis] -= operands[which++]->shape[axis];
      want = operands[which]->at(source);
    }
    ASSERT_EQ(out.at(at), want) << at[axis];
  });
}

TEST_P(Steps, ConcatReadsNothingOfAnEmptySide) {
  effattn_code code = compile("concat", {{2, 3, 4}, {2, 5, 4}}, {2, 8, 4});
  for (auto [first, second] : {std::pair<int64_t, int64_t>{5, 7},
                               {0, 6},
                               {6, 0},
                               {1, 1},
                               {300, 200}}) {
    StepTensor a({2, first, 35}, 1), b({2, second, 35}, 2);
    StepTensor out({2, first + second, 35}, 1);
    a.fill(1);
    b.fill(2);
    if (first == 0)
      a.view.data = nullptr;
    if (second == 0)
      b.view.data = nullptr;
    run(code, {&a, &b}, out);
    expectMoved({&a, &b}, out, [](int64_t slot) { return slot; });
  }
}

TEST_P(Steps, Take) {
  effattn_code code = compile("take", {{2, 9, 4}}, {2, 5, 4}, false, {3, 8});
  StepTensor in({2, 11, 19}, 1), out({2, 5, 19});
  in.fill(1);
  run(code, {&in}, out);
  expectMoved({&in}, out, [](int64_t slot) { return slot + 3; });
}

TEST_P(Steps, Shift) {
  for (int64_t n : {0, 1, 4, 900, -1, -3, -900}) {
    effattn_code code = compile("shift", {{2, 9, 4}}, {2, 9, 4}, false, {n});
    for (int64_t tokens : {0, 1, 5, 700}) {
      StepTensor in({2, tokens, 19}, 1), out({2, tokens, 19});
      in.fill(1);
      run(code, {&in}, out);
      expectMoved({&in}, out, [&](int64_t slot) {
        int64_t token = slot - n;
        return token >= 0 && token < tokens ? token : -1;
      });
    }
  }
}

TEST_P(Steps, ShiftWithinLines) {
  for (int64_t n : {1, 2, 7, -1, -3})
    for (int64_t line : {1, 4, 7}) {
      effattn_code code =
          compile("shift", {{2, 9, 4}}, {2, 9, 4}, false, {n, line});
      for (int64_t tokens : {3, 28, 30}) {
        StepTensor in({2, tokens, 19}, 1), out({2, tokens, 19});
        in.fill(1);
        run(code, {&in}, out);
        expectMoved({&in}, out, [&](int64_t slot) {
          int64_t token = slot - n, first = slot / line * line;
          bool inside = token >= first && token < first + line;
          return inside && token < tokens ? token : -1;
        });
      }
    }
}

TEST_P(Steps, SegmentMeanLeavesOutTheLastPartialSegment) {
  effattn_code code =
      compile("segment_mean", {{2, 9, 4}}, {2, 3, 4}, false, {3});
  for (int64_t tokens : {3, 17, 400, 2}) {
    StepTensor in({2, tokens, 19}, 1), out({2, tokens / 3, 19});
    in.fill(1);
    run(code, {&in}, out);
    forEach(out.shape, [&](const Shape &at) {
      double sum = 0;
      for (int64_t k = 0; k < 3; ++k)
        sum += in.at({at[0], at[1] * 3 + k, at[2]});
      ASSERT_NEAR(out.at(at), sum / 3, 1e-6);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, Steps, ::testing::ValuesIn(runnableIsas()),
                         [](const auto &info) { return info.param; });

TEST(StepRefusal, NamesTheStep) {
  auto refusal = [](const std::string &step, TensorType type) {
    StepSpec spec{"s", step, {type}, type, {}, {}};
    ScheduleFailure failure;
    compileStep(spec, false, cpuIsas().front().halideTarget, &failure);
    return failure.message;
  };
  TensorType f32{ElementType::F32, {constantInt(4)}};
  EXPECT_EQ(refusal("pinv", f32), "the step 'pinv' has no kernel yet");
  TensorType f16{ElementType::F16, {constantInt(4)}};
  EXPECT_EQ(refusal("exp", f16), "'exp' over f16 is not supported yet; f32 is");
  TensorType deep;
  deep.shape.assign(7, constantInt(2));
  EXPECT_EQ(refusal("exp", deep),
            "'exp' on a tensor of 7 axes is not supported; at most 6 are");
}

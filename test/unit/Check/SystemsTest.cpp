//===- SystemsTest.cpp - every system of the language checks --------------===//
//
// The spellings of the language's own list, of which later stages may refuse
// some. Here each has types, and what is written is what the program holds.
//
//===----------------------------------------------------------------------===//

#include "test/unit/Check/Checked.h"

#include <gtest/gtest.h>

using namespace effattn;
using namespace effattn::test;

namespace {

const char *systems = R"(
param H: int = 8
param l: int = 64
param c: int = 4
param s0: int = 64
param R: int = 3
param C: int = 2
pattern chunks(s, t) = { (i, j) : let c = clamp((2*i - s + t) div (2*t), 0, max(0, (M - s + t - 1) div t)) ; c*t <= j < c*t + s }
pattern near = { (i, j) : let u = i div 64 ; let w = j div 64 ; let z = (N-1) div 64 ; abs(u-w) <= 1 or w == 0 or w == z or u == 0 or u == z }
kernel dense(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D]) -> f32[B, H, N, D] {
  return attend(q, k, v, all) }
kernel dilated(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D]) -> f32[B, H, N, D] {
  return attend(q, k, v, window(64, 64, dilation=4) | window(8, 8) | stride(16) | same_block(64) | chunks(32, 16)) }
kernel sparse(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D]) -> f32[B, H, N, D] {
  let a = attend(q, k, v, (window(l-1, 0) | stride(l)) & causal)
  let a2 = attend(q, k, v, heads(0..4: window(l-1, 0), 4..8: stride(l)) & causal)
  let a3 = attend(q, k, v, (same_block(l) | { (i, j) : j mod l >= l - c }) & causal)
  return a + a2 + a3 + attend(q, k, v, same_block(256, back=1) & causal) }
kernel image(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D], Y: i64, X: i64) -> f32[B, H, N, D] {
  let fh = 4
  let fw = 4
  return attend(q, k, v, on grid(Y, X) { (i, j) : let r0 = (i.y div 8)*8 ; let c0 = (i.x div 8)*8 ;
   (r0 - fh <= j.y < r0 and c0 - fw <= j.x < c0 + 8 + fw) or (r0 <= j.y < r0 + 8 and c0 - fw <= j.x < c0)
   or (j.y div 8 == i.y div 8 and j.x div 8 == i.x div 8 and (j.y < i.y or (j.y == i.y and j.x <= i.x))) } | on grid(Y, X) { (i, j) : i.y == j.y }) }
kernel etc(ql: f32[B, H, N, D], kl: f32[B, H, N, D], vl: f32[B, H, N, D], kg: f32[B, H, G, D], vg: f32[B, H, G, D], a: f32[L, D], beta: f32[H, L], lab: i32[N, N]) -> f32[B, H, N, D] {
  let rel = matmul(ql, transpose(a))
  return merge(attend(ql, kl, vl, window(84, 84), score = (s, h, i, j) => s + scale * (rel[i, lab[i, j]] + beta[h, lab[i, j]])),
      attend(ql, kg, vg, all, q0 = 0, score = (s) => s * 2)) }
kernel bigbird(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D]) -> f32[B, H, N, D] {
  return attend(q, k, v, near | random_blocks(64, 3, seed=7, outside=near)) }
kernel span(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D], reach: i32[H], z: f32[H]) -> f32[B, H, N, D] {
  return attend(q, k, v, causal & { (h, i, j) : i - j < reach[h] }, score = (s, h, i, j) => s + log(clamp((R + z[h] - (i - j)) / R, 0, 1))) }
kernel isab(p: f32[m, D], k: f32[B, H, N, D], v: f32[B, H, N, D]) -> f32[B, H, m, D] {
  return attend(p, k, v, all, scale = 1 / sqrt(D * 4)) }
kernel xl(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D], u: f32[H, 1, D], w: f32[H, 1, D], r: f32[L, D]) -> f32[B, H, N, D] {
  let rel = matmul(q + w, transpose(r))
  return attend(q + u, k, v, causal, score = (s, i, j) => s + scale * rel[i, q0 + i - j]) }
kernel compressive(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D], kc: f32[B, H, Mc, D], vc: f32[B, H, Mc, D]) -> f32[B, H, N, D] {
  return merge(attend(q, kc, vc, all), attend(q, kc, vc, all), attend(q, k, v, causal, q0 = 0)) }
kernel reformer(x: f32[B, H, N, D], v: f32[B, H, N, D], bucket: i32[B, H, R, N]) -> f32[B, H, N, D] {
  let e = merge r in 0..R { attend(x, x, v, { (i, j) : bucket[r, i] == bucket[r, j] }) }
  return e + merge r in 0..R, duplicates = once { attend(x, x, v, in_order(sort(bucket[r]), same_block(64, back=1)) & causal,
   score = (s, i, j) => if i == j then -1e5 else s) } }
kernel routing(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D], tq: index[B, H, C, W] in N, tk: index[B, H, C, W] in M) -> f32[B, H, N, D] {
  return average c in 0..C { rows(tq[c]): attend(q, k, v, keys(tk[c]) & causal) } }
kernel topk(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D]) -> f32[B, H, N, D] {
  return attend(q, k, v, causal, select = top(32)) }
kernel linformer(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D], e: f32[K, M], f: f32[K, M]) -> f32[B, H, N, D] {
  return attend(q, matmul(e, k), matmul(f, v), all) }
kernel synth(v: f32[B, H, N, D], r: f32[H, N, N], x: f32[B, N, E], w1: f32[E, F], w2: f32[F, N]) -> f32[B, H, N, D] {
  let l2 = matmul(relu(matmul(x, w1)), w2)
  return attend(v, causal, logits = (h, i, j) => r[h, i, j]) + attend(v, causal, logits = (b, i, j) => l2[b, i, j]) }
kernel linear(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D]) -> f32[B, H, N, D] {
  return linear_attend(elu(q) + 1, elu(k) + 1, v, causal) }
kernel gqa(q: f32[B, Hq, N, D], k: f32[B, Hk, M, D], v: f32[B, Hk, M, D]) -> f32[B, Hq, N, D], f32[B, Hq, M] {
  require N <= M, "more queries than keys"
  return attend(q, k, v, prefix(M div 2) | !causal - none), column_sums(q, k, causal) }
kernel packed(q: f32[H, T, D] ragged(cu), k: f32[H, T, D] ragged(cu), v: f32[H, T, D] ragged(cu), cu: i32[S + 1]) -> f32[H, T, D] {
  example T=100, D=32, S=3
  return attend(q, k, v, causal) }
)";

const ProgramKernel &find(const Checked &checked, const std::string &name) {
  for (const ProgramKernel &kernel : checked.program->kernels)
    if (kernel.name == name)
      return kernel;
  throw std::out_of_range(name);
}

/// The values of a kernel that are of that kind.
std::vector<const ProgramValue *> valuesOf(const ProgramKernel &kernel,
                                           TensorOp op) {
  std::vector<const ProgramValue *> found;
  for (const ProgramValue &value : kernel.values)
    if (value.op == op)
      found.push_back(&value);
  return found;
}

class Systems : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_NE(checked.program, nullptr) << checked.messages;
  }
  Checked checked = checkText(systems);
};

TEST_F(Systems, AllCheck) { EXPECT_EQ(checked.program->kernels.size(), 18u); }

TEST_F(Systems, OperandsComeBeforeUsers) {
  for (const ProgramKernel &kernel : checked.program->kernels)
    for (size_t k = 0; k < kernel.values.size(); ++k) {
      const ProgramValue &value = kernel.values[k];
      ASSERT_EQ(value.operands.size(), value.operandResults.size());
      for (int operand : value.operands)
        EXPECT_LT(operand, static_cast<int>(k)) << kernel.name;
    }
}

TEST_F(Systems, LookUpsHaveAnIndexForEachAxis) {
  for (const ProgramKernel &kernel : checked.program->kernels)
    for (const ProgramValue &value : kernel.values)
      for (const ScalarRef &root : {value.score, value.logits})
        if (root)
          walk(root, [&](const Scalar &node) {
            if (node.kind == ScalarKind::Lookup) {
              EXPECT_EQ(static_cast<int>(node.operands.size()),
                        kernel.values[node.table].types[0].rank());
            }
          });
}

TEST_F(Systems, GridsAndHeadsFixSizes) {
  const ProgramKernel &image = find(checked, "image");
  ASSERT_EQ(image.requires_.size(), 2u);
  EXPECT_EQ(toString(image.requires_[0].condition), "N == Y * X");
  EXPECT_EQ(toString(image.requires_[1].condition), "M == Y * X");
}

TEST_F(Systems, KeyHeadsDivideAtLaunch) {
  const ProgramKernel &gqa = find(checked, "gqa");
  ASSERT_EQ(gqa.requires_.size(), 2u);
  EXPECT_EQ(toString(gqa.requires_[1].condition),
            "Hq mod max(Hk, 1) == 0 and (1 <= Hk or Hq == 0)");
}

TEST_F(Systems, RoundsAreUnrolled) {
  EXPECT_EQ(valuesOf(find(checked, "reformer"), TensorOp::Attend).size(), 6u);
  auto merges = valuesOf(find(checked, "reformer"), TensorOp::Merge);
  ASSERT_EQ(merges.size(), 2u);
  EXPECT_FALSE(merges[0]->duplicatesOnce);
  EXPECT_TRUE(merges[1]->duplicatesOnce);
  auto average = valuesOf(find(checked, "routing"), TensorOp::Average);
  ASSERT_EQ(average.size(), 1u);
  EXPECT_EQ(average[0]->operands.size(), 2u);
}

TEST_F(Systems, OptionsAreKept) {
  auto topk = valuesOf(find(checked, "topk"), TensorOp::Attend);
  EXPECT_EQ(topk.at(0)->selectTop, 32);
  auto synth = valuesOf(find(checked, "synth"), TensorOp::Attend);
  EXPECT_EQ(synth.at(0)->operands.size(), 1u);
  EXPECT_NE(synth.at(0)->logits, nullptr);
  EXPECT_EQ(synth.at(0)->scale, nullptr);
  auto linear = valuesOf(find(checked, "linear"), TensorOp::LinearAttend);
  EXPECT_EQ(linear.at(0)->reals, std::vector<double>{1e-6});
  EXPECT_EQ(find(checked, "packed").arguments[0].type.offsets, "cu");
}

} // namespace

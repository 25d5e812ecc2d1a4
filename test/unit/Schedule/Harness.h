//===- Harness.h - compiled kernels run on hand-made plans ------*- C++ -*-===//
//
// Compiles an attend for one instruction set, loads it, plans by evaluating
// the predicate pair by pair, runs the runtime's executor, and computes the
// same in double precision and in naive single precision.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_UNIT_SCHEDULE_HARNESS_H
#define EFFATTN_TEST_UNIT_SCHEDULE_HARNESS_H

#include "lib/Reference/Reference.h"
#include "lib/Schedule/Kernels.h"
#include "lib/Target/Cpu.h"

extern "C" {
#include "effattn/effattn.h"
#include "runtime/src/attend.h"
#include "runtime/src/plan.h"
}

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace effattn::test {

/// Links objects (and what `more` adds to the linker's line) to a shared library
/// and loads it; its files are gone afterwards.
void *loadObjects(const std::vector<KernelObject> &objects,
                  const std::string &more = "");

/// Kernel objects linked into a shared library and loaded.
class LoadedKernels {
public:
  explicit LoadedKernels(const std::vector<KernelObject> &objects);
  ~LoadedKernels();
  effattn_code find(const std::string &symbol) const;

private:
  void *handle = nullptr;
};

/// Instruction sets of this processor, `v3` and perhaps `v4`.
std::vector<std::string> runnableIsas();

/// f32 with shape [batches, heads, tokens, channels] in any order of strides.
struct Heads {
  enum class Layout { Hnd, Nhd };
  int64_t batches, heads, tokens, channels;
  std::vector<float> data;
  int64_t stride[4];

  Heads(int64_t batches, int64_t heads, int64_t tokens, int64_t channels,
        Layout layout = Layout::Hnd);
  float &at(int64_t b, int64_t h, int64_t n, int64_t c) {
    return data[b * stride[0] + h * stride[1] + n * stride[2] + c];
  }
  float at(int64_t b, int64_t h, int64_t n, int64_t c) const {
    return const_cast<Heads *>(this)->at(b, h, n, c);
  }
  effattn_view view() const;
  void fill(std::mt19937 &random);
};

/// A table of a predicate or a score: values in the element type, dense.
struct Table {
  ElementType element;
  std::vector<int64_t> shape;
  std::vector<double> values;
};

struct Problem {
  AttendSpec spec;
  int64_t batches = 1, heads = 1, keyHeads = 1, queries = 0, keys = 0;
  Heads::Layout layout = Heads::Layout::Hnd;
  int64_t q0 = 0;
  double scale = 0.125;
  std::vector<double> otherFloats;
  std::vector<std::vector<int64_t>> keySets, querySets;
  std::vector<Table> tables;
  std::vector<bool> keptRows;         ///< empty: all
  bool allPartial = false;            ///< plans without full columns
  std::vector<int32_t> keyOrder;      ///< rank -> key of the plan's columns
  int64_t headBegin = 0, headEnd = 0; ///< heads to compute; 0, 0: all

  Heads q, k, v;
  /// Pairs of the pattern for each (batch, head), filled in when first asked.
  mutable std::vector<std::vector<char>> pairs;
  Problem(const AttendSpec &spec, int64_t batches, int64_t heads,
          int64_t keyHeads, int64_t queries, int64_t keys,
          Heads::Layout layout = Heads::Layout::Hnd);
};

struct Outcome {
  Heads o, lse; ///< lse has one channel
};

/// A plan with the memory that it points to.
struct OwnedPlan {
  std::vector<effattn_plan_tile> tiles;
  std::vector<effattn_plan_run> runs;
  std::vector<int32_t> rows;
  std::vector<uint32_t> rowSets;
  effattn_plan plan = {};
};

/// The plan of one (batch, head), pair by pair.
std::unique_ptr<OwnedPlan> makePlan(const Problem &problem, int64_t b,
                                    int64_t h, int32_t tileRows);

/// A table in its element type; `bytes` get its values.
effattn_view viewOf(const Table &table, std::vector<char> &bytes);

/// A kernel compiled for one instruction set.
class CompiledAttend {
public:
  CompiledAttend(const AttendSpec &spec, const std::string &isa,
                 int tileRows = 0);
  /// Rows that are not kept hold `untouched`.
  Outcome run(const Problem &problem, int32_t workers = 1) const;
  static constexpr float untouched = -123;
  /// Continues from what `outcome` holds.
  void resume(const Problem &problem, Outcome &outcome,
              int32_t workers = 1) const;
  /// Of a run that may fail.
  int32_t status(const Problem &problem) const;

private:
  int32_t execute(const Problem &problem, int32_t workers, Outcome &outcome,
                  bool continues = false) const;

  AttendSpec spec;
  const CpuIsa *isa;
  AttendNumbers numbers;
  std::unique_ptr<LoadedKernels> kernels;
};

/// Results of a kernel that writes none of them.
Outcome untouchedOutcome(const Problem &problem);

/// Straight loops; `single`: sequential sums and expf in float.
Outcome expected(const Problem &problem, bool single = false);

/// True where the head is one that the problem asks for.
bool wanted(const Problem &problem, int64_t head);

/// True where (i, j) is in the pattern.
bool visible(const Problem &problem, int64_t b, int64_t h, int64_t i,
             int64_t j);

/// Checks `got` against the bar: twice the error of naive single precision or 4
/// ulp of the largest |v|, NaN and infinities at the same places.
void expectClose(const Problem &problem, const Outcome &got);

/// A specification with the usual parameters.
AttendSpec makeSpec(int headDim, int valueDim, ScalarRef predicate,
                    ScalarRef score = nullptr);

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_SCHEDULE_HARNESS_H

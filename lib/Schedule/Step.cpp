//===- Step.cpp - schedules of the dense steps, and their objects ---------===//

#include "lib/Schedule/Emit.h"
#include "lib/Schedule/GpuAttend.h"
#include "lib/Schedule/ScalarToHalide.h"
#include "lib/Schedule/StepAlgorithm.h"

#include <fmt/format.h>

namespace effattn {

using namespace Halide;

namespace {

/// Register tile of a matrix product: rows x vectors of columns.
struct MatmulTile {
  int rows, vectors, lanes;
};

MatmulTile matmulTile(const Target &target) {
  int lanes = target.natural_vector_size(Float(32));
  // 24 sums and 4 vectors of B in 32 registers; 12, 2 and a broadcast in 16.
  return lanes >= 16 ? MatmulTile{6, 4, 16} : MatmulTile{6, 2, 8};
}

/// Versions for an operand without tokens, which must not be read.
void specializeEmpty(StepAlgorithm &a) {
  if (a.kind != StepAlgorithm::Kind::Concat)
    return;
  for (const ImageParam &operand : a.operands)
    a.result.specialize(operand.dim(1).extent() == 0);
}

/// All axes of a Func but the first as one loop; undefined where there is none.
bool fuseRows(Func &f, const std::vector<Var> &axes, Var &rows) {
  if (axes.size() < 2)
    return false;
  rows = axes[1];
  for (size_t axis = 2; axis < axes.size(); ++axis) {
    Var fused;
    f.fuse(rows, axes[axis], fused);
    rows = fused;
  }
  return true;
}

//===- CPU ----------------------------------------------------------------===//

void scheduleMatmulCpu(StepAlgorithm &a, const Target &target) {
  const MatmulTile tile = matmulTile(target);
  const int columns = tile.vectors * tile.lanes;
  Var rowOuter, columnOuter, row, column;
  a.result
      .tile(a.axes[0], a.axes[1], columnOuter, rowOuter, column, row, columns,
            tile.rows, TailStrategy::GuardWithIf)
      .reorder(column, row, rowOuter, columnOuter)
      .vectorize(column, tile.lanes)
      .unroll(column);
  // One panel of B at a time, dense; all rows of A pass over it.
  a.right.compute_at(a.result, columnOuter)
      .bound_extent(a.axes[0], columns)
      .vectorize(a.axes[0], tile.lanes);
  a.product.compute_at(a.result, rowOuter)
      .bound_extent(a.axes[0], columns)
      .bound_extent(a.axes[1], tile.rows)
      .vectorize(a.axes[0], tile.lanes)
      .unroll(a.axes[0])
      .unroll(a.axes[1]);
  a.product.update()
      .reorder(a.axes[0], a.axes[1], a.inner)
      .vectorize(a.axes[0], tile.lanes)
      .unroll(a.axes[0])
      .unroll(a.axes[1]);
}

void scheduleSoftmaxCpu(StepAlgorithm &a, const Target &target) {
  int lanes = target.natural_vector_size(Float(32));
  a.result.vectorize(a.axes[0], lanes, TailStrategy::GuardWithIf);
  auto place = [&](Func &f) {
    if (a.axes.size() > 1)
      f.compute_at(a.result, a.axes[1]);
    else
      f.compute_root();
  };
  for (Func *f : {&a.greatest, &a.weight, &a.total, &a.partMax, &a.partSum})
    place(*f);
  a.weight.vectorize(a.axes[0], lanes, TailStrategy::GuardWithIf);
  for (Func *f : {&a.partMax, &a.partSum}) {
    f->bound(a.lane, 0, StepAlgorithm::softmaxLanes)
        .vectorize(a.lane, lanes)
        .unroll(a.lane);
    f->update()
        .reorder(a.lane, a.parts)
        .vectorize(a.lane, lanes)
        .unroll(a.lane);
  }
}

void scheduleCpu(StepAlgorithm &a, const Target &target) {
  int lanes = target.natural_vector_size(Float(32));
  switch (a.kind) {
  case StepAlgorithm::Kind::Matmul:
    scheduleMatmulCpu(a, target);
    break;
  case StepAlgorithm::Kind::Softmax:
    scheduleSoftmaxCpu(a, target);
    break;
  case StepAlgorithm::Kind::Transpose: {
    // Square tiles: each line of the operand is used while it is in the cache.
    Var xOuter, yOuter, x, y;
    a.result
        .tile(a.axes[0], a.axes[1], xOuter, yOuter, x, y, lanes, 16,
              TailStrategy::GuardWithIf)
        .vectorize(x);
    break;
  }
  case StepAlgorithm::Kind::Mean:
    a.result.vectorize(a.axes[0], lanes, TailStrategy::GuardWithIf);
    a.product.compute_at(a.result, a.axes[1])
        .vectorize(a.axes[0], lanes, TailStrategy::GuardWithIf);
    a.product.update()
        .reorder(a.axes[0], a.inner)
        .vectorize(a.axes[0], lanes, TailStrategy::GuardWithIf);
    break;
  case StepAlgorithm::Kind::Concat:
  case StepAlgorithm::Kind::Elementwise:
    if (!a.axes.empty())
      a.result.vectorize(a.axes[0], lanes, TailStrategy::GuardWithIf);
    break;
  }
}

//===- GPU ----------------------------------------------------------------===//

/// One thread an element, 32 x 8 threads a block.
void threadsGpu(Func &f, const std::vector<Var> &axes) {
  Var rows, xBlock, yBlock, x, y;
  if (axes.empty())
    f.gpu_single_thread();
  else if (fuseRows(f, axes, rows))
    f.gpu_tile(axes[0], rows, xBlock, yBlock, x, y, 32, 8,
               TailStrategy::GuardWithIf);
  else
    f.gpu_tile(axes[0], xBlock, x, 64, TailStrategy::GuardWithIf);
}

void scheduleMatmulGpu(StepAlgorithm &a) {
  // A thread sums up 4 rows of one column.
  const int rows = 4;
  Var rowOuter, rowInner, xBlock, yBlock, x, y, outer;
  a.result.split(a.axes[1], rowOuter, rowInner, rows,
                 TailStrategy::GuardWithIf);
  std::vector<VarOrRVar> order = {rowInner, a.axes[0], rowOuter};
  outer = rowOuter;
  for (size_t axis = 2; axis < a.axes.size(); ++axis)
    order.push_back(a.axes[axis]);
  a.result.reorder(order);
  for (size_t axis = 2; axis < a.axes.size(); ++axis) {
    Var fused;
    a.result.fuse(outer, a.axes[axis], fused);
    outer = fused;
  }
  a.result.gpu_tile(a.axes[0], outer, xBlock, yBlock, x, y, 32, 4,
                    TailStrategy::GuardWithIf);
  a.product.compute_at(a.result, x)
      .bound_extent(a.axes[1], rows)
      .unroll(a.axes[1])
      .store_in(MemoryType::Register);
  // A thread has one index of every other axis; a fused index hides that.
  for (size_t axis = 0; axis < a.axes.size(); ++axis)
    if (axis != 1)
      a.product.bound_extent(a.axes[axis], 1);
  a.product.update().reorder(a.axes[1], a.inner).unroll(a.axes[1]);
}

void scheduleGpu(StepAlgorithm &a) {
  if (a.kind == StepAlgorithm::Kind::Matmul)
    return scheduleMatmulGpu(a);
  threadsGpu(a.result, a.axes);
  if (a.kind != StepAlgorithm::Kind::Softmax)
    return;
  std::vector<Var> rows(a.axes.begin() + 1, a.axes.end());
  std::vector<Var> lanes = a.axes;
  lanes[0] = a.lane;
  for (Func *f : {&a.greatest, &a.total}) {
    f->compute_root();
    threadsGpu(*f, rows);
  }
  for (Func *f : {&a.partMax, &a.partSum}) {
    f->compute_root().bound(a.lane, 0, StepAlgorithm::softmaxLanes);
    threadsGpu(*f, lanes);
    Var fused, xBlock, yBlock, x, y;
    Stage update = f->update();
    update.reorder(a.parts, a.lane);
    if (lanes.size() > 1) {
      fused = lanes[1];
      for (size_t axis = 2; axis < lanes.size(); ++axis) {
        Var next;
        update.fuse(fused, lanes[axis], next);
        fused = next;
      }
      update.gpu_tile(a.lane, fused, xBlock, yBlock, x, y, 16, 8,
                      TailStrategy::GuardWithIf);
    } else {
      update.gpu_tile(a.lane, xBlock, x, 16, TailStrategy::GuardWithIf);
    }
  }
}

} // namespace

KernelObject compileStep(const StepSpec &spec, bool gpu,
                         const std::string &halideTarget,
                         ScheduleFailure *failure) {
  KernelObject object;
  guarded(spec.name, failure, [&] {
    // Rows of several axes are numbered by divisions: 64 bits on a device.
    Target target = gpu ? deviceTarget(halideTarget, /*uses64=*/true)
                        : kernelTarget(halideTarget);
    StepAlgorithm algorithm(spec);
    if (gpu)
      scheduleGpu(algorithm);
    else
      scheduleCpu(algorithm, target);
    specializeEmpty(algorithm);
    std::vector<Argument> arguments(algorithm.operands.begin(),
                                    algorithm.operands.end());
    object = emitObject(spec.name,
                        {{spec.name, Pipeline(algorithm.result), arguments}},
                        target);
  });
  return object;
}

} // namespace effattn

//===- AttendSchedule.cpp - how the CPU computes an attend's tile ---------===//

#include "lib/Schedule/AttendSchedule.h"

#include <algorithm>

namespace effattn {

using namespace Halide;

namespace {

/// Columns of V and P that the second product takes at a time: with 64 channels
/// 24 KiB of V and 12 KiB of P, which stay in the first cache while every
/// register tile reads them. A multiple of the unrolls 8 and 6.
constexpr int sumColumns = 96;

/// The widest vector, at most `limit` lanes, that divides `channels` (a
/// multiple of 8).
int lanesFor(int channels, int limit) {
  int lanes = limit;
  while (channels % lanes)
    lanes /= 2;
  return lanes;
}

/// Rows and vectors of channels of a register tile of the second product.
struct SumTile {
  int rows, vectors;
};

/// The tile, of at most `numbers.sums` sums, with the fewest loads a
/// multiply-add: a step of it loads a vector of V for each of its vectors (from
/// L2, so it counts three times) and broadcasts P for each of its rows.
SumTile chooseSumTile(int channelVectors, const AttendNumbers &numbers) {
  SumTile best{1, 1};
  double bestCost = 1e9;
  for (int rows = 1; rows <= numbers.tileRows && rows <= 16; ++rows)
    for (int vectors = 1; vectors <= channelVectors; ++vectors) {
      if (numbers.tileRows % rows || channelVectors % vectors ||
          rows * vectors > numbers.sums)
        continue;
      double cost = (3.0 * vectors + rows) / (rows * vectors);
      if (cost < bestCost) {
        bestCost = cost;
        best = {rows, vectors};
      }
    }
  return best;
}

/// The second product of a tile or of a selection: the same for both, so that
/// they give the same bits.
template <typename Algorithm>
void scheduleSums(Algorithm &a, const AttendSpec &spec,
                  const AttendNumbers &numbers) {
  const int lanes = lanesFor(spec.valueDim, numbers.vectorWidth);
  const SumTile sums = chooseSumTile(spec.valueDim / lanes, numbers);
  OutputImageParam acc = a.accOut.output_buffer();
  acc.dim(0).set_bounds(0, spec.valueDim).set_stride(1);
  acc.dim(1).set_bounds(0, numbers.tileRows).set_stride(spec.valueDim);
  a.accOut.bound(a.channel, 0, spec.valueDim)
      .bound(a.row, 0, numbers.tileRows)
      .reorder(a.channel, a.row)
      .vectorize(a.channel, lanes)
      .unroll(a.channel);
  Var rowOuter, rowInner, channelOuter, channelInner;
  RVar columnBlock, columnInner;
  a.accOut.update()
      .split(a.row, rowOuter, rowInner, sums.rows)
      .split(a.channel, channelOuter, channelInner, sums.vectors * lanes)
      .split(a.all, columnBlock, columnInner, sumColumns,
             TailStrategy::GuardWithIf)
      .reorder(channelInner, rowInner, columnInner, rowOuter, channelOuter,
               columnBlock)
      .vectorize(channelInner, lanes)
      .unroll(channelInner)
      .unroll(rowInner);
}

} // namespace

void schedulePack(PackAlgorithm &a, const AttendSpec &spec,
                  const AttendNumbers &numbers) {
  OutputImageParam out = a.packed.output_buffer();
  out.dim(0).set_bounds(0, numbers.tileRows).set_stride(1);
  out.dim(1).set_bounds(0, spec.headDim).set_stride(numbers.tileRows);
  a.packed.bound(a.row, 0, numbers.tileRows).bound(a.channel, 0, spec.headDim);
  // Dense loads along the channels, each lane stored to its own row: faster
  // than gathering lanes or than transposing in registers.
  constexpr int block = 8;
  Var rowOuter, channelOuter, rowInner, channelInner;
  a.packed
      .tile(a.row, a.channel, rowOuter, channelOuter, rowInner, channelInner,
            block, block)
      .reorder(channelInner, rowInner, rowOuter, channelOuter)
      .vectorize(channelInner)
      .unroll(rowInner);
}

void scheduleTile(TileAlgorithm &a, const AttendSpec &spec,
                  const AttendNumbers &numbers) {
  const int rows = numbers.tileRows, unroll = numbers.columnUnroll;
  const int lanes = numbers.vectorWidth;

  for (Func *list : {&a.maxOut, &a.sumOut})
    list->output_buffer().dim(0).set_bounds(0, rows).set_stride(1);
  a.maxOut.bound(a.row, 0, rows).vectorize(a.row, lanes);
  a.sumOut.bound(a.row, 0, rows).vectorize(a.row, lanes);

  // The panels S and P: rows are contiguous.
  for (Func *panel : {&a.logit, &a.probability}) {
    panel->compute_root().bound(a.row, 0, rows);
    OutputImageParam memory = panel->output_buffer();
    memory.set_host_alignment(64);
    memory.dim(0).set_bounds(0, rows).set_stride(1);
    memory.dim(1).set_bounds(0, (a.count / unroll) * unroll).set_stride(rows);
  }
  // A register tile is some rows by `unroll` columns; where a tile has more
  // rows, the columns of K are read once for each register tile.
  Var block, inner, group, member;
  a.logit.split(a.column, block, inner, unroll, TailStrategy::RoundUp)
      .split(a.row, group, member, numbers.registerRows)
      .reorder(member, inner, group, block)
      .vectorize(member, lanes)
      .unroll(member)
      .unroll(inner);
  a.product.compute_at(a.logit, group)
      .bound(a.half, 0, a.halves)
      .vectorize(a.row, lanes)
      .unroll(a.row)
      .unroll(a.column)
      .unroll(a.half);
  a.product.update()
      .reorder(a.row, a.column, a.half, a.channels)
      .vectorize(a.row, lanes)
      .unroll(a.row)
      .unroll(a.column)
      .unroll(a.half)
      .unroll(a.channels, 4);
  a.probability.reorder(a.row, a.column).vectorize(a.row, lanes).unroll(a.row);

  for (Func *partial : {&a.partMax, &a.partSum}) {
    partial->compute_root()
        .bound(a.row, 0, rows)
        .bound(a.part, 0, unroll)
        .vectorize(a.row, lanes)
        .unroll(a.row)
        .unroll(a.part);
    partial->update()
        .split(a.row, group, member, numbers.registerRows)
        .reorder(member, a.blocks.x, a.blocks.y, group)
        .vectorize(member, lanes)
        .unroll(member)
        .unroll(a.blocks.x);
  }
  for (Func *list : {&a.largest, &a.rescale, &a.total})
    list->compute_root().bound(a.row, 0, rows).vectorize(a.row, lanes);

  scheduleSums(a, spec, numbers);
}

void scheduleSelect(SelectAlgorithm &a, const AttendSpec &spec,
                    const AttendNumbers &numbers) {
  a.probability.set_host_alignment(64);
  a.rescale.compute_root()
      .bound(a.row, 0, numbers.tileRows)
      .vectorize(a.row, numbers.vectorWidth);
  scheduleSums(a, spec, numbers);
}

void scheduleFinish(FinishAlgorithm &a, const AttendSpec &spec,
                    const AttendNumbers &numbers) {
  const int valueLanes = lanesFor(spec.valueDim, numbers.vectorWidth);
  a.output.output_buffer().dim(0).set_bounds(0, spec.valueDim).set_stride(1);
  a.output.output_buffer().dim(1).set_min(0);
  a.lse.output_buffer().dim(0).set_bounds(0, numbers.tileRows).set_stride(1);
  a.lse.bound(a.row, 0, numbers.tileRows).vectorize(a.row, numbers.vectorWidth);
  a.inverse.compute_root()
      .bound(a.row, 0, numbers.tileRows)
      .vectorize(a.row, numbers.vectorWidth);
  a.output.bound(a.channel, 0, spec.valueDim);
  a.output.update()
      .reorder(a.channel, a.entries)
      .vectorize(a.channel, valueLanes)
      .unroll(a.channel);
}

} // namespace effattn

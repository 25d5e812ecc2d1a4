//===- AttendAlgorithm.cpp - what an attend's tile computes ---------------===//

#include "lib/Schedule/AttendAlgorithm.h"
#include "lib/Schedule/Math.h"
#include "lib/Schedule/ScalarToHalide.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace effattn {

using namespace Halide;

namespace {

const float infinity = std::numeric_limits<float>::infinity();

/// The index of a gathered token; the planner gives no other.
Expr token(const Expr &index, const ImageParam &tensor) {
  return unsafe_promise_clamped(index, 0, tensor.dim(1).extent() - 1);
}

/// A tensor of rows with contiguous channels.
ImageParam rowsOf(const char *name, int channels) {
  ImageParam tensor(Float(32), 2, name);
  tensor.dim(0).set_bounds(0, channels).set_stride(1);
  tensor.dim(1).set_min(0);
  return tensor;
}

/// A dense tile: `inner` contiguous numbers, `outer` times.
ImageParam tileOf(const char *name, int inner, int outer) {
  ImageParam tile = rowsOf(name, inner);
  tile.dim(1).set_bounds(0, outer).set_stride(inner);
  return tile;
}

ImageParam listOf(Type type, const char *name, int entries = 0) {
  ImageParam list(type, 1, name);
  list.dim(0).set_stride(1);
  if (entries)
    list.dim(0).set_bounds(0, entries);
  else
    list.dim(0).set_min(0);
  return list;
}

/// Sums of the first product that each pair has: as few sums as cover the
/// latency of two multiply-add units would wait for each other.
int halvesOf(const AttendNumbers &numbers) {
  int sums = numbers.registerRows / numbers.vectorWidth * numbers.columnUnroll;
  return sums < 12 ? 2 : 1;
}

/// `value` where `inRange` holds (undefined: always), else the NaN `mark`.
Expr marked(const Expr &value, const Expr &inRange, uint32_t mark) {
  if (!inRange.defined())
    return value;
  return reinterpret<float>(
      select(inRange, reinterpret<uint32_t>(value), Expr(mark)));
}

/// What exponents subtract. -inf - -inf would be NaN: a row that has seen
/// nothing subtracts 0. One that overflows must be NaN, where s L - inf of a
/// finite L is not.
Expr subtracted(const Expr &largest) {
  return select(strictEqual(largest, -infinity), 0.0f,
                strictEqual(largest, infinity),
                reinterpret<float>(Expr(0x7fc00000u)), largest);
}

template <typename... T> std::vector<Argument> list(const T &...arguments) {
  return {Argument(arguments)...};
}

} // namespace

//===- pack ---------------------------------------------------------------===//

PackAlgorithm::PackAlgorithm(const AttendSpec &spec,
                             const AttendNumbers &numbers)
    : q(rowsOf("q", spec.headDim)),
      rows(listOf(Int(32), "rows", numbers.tileRows)),
      floats(listOf(Float(32), "floats")) {
  // Logits are scaled after the product, where it costs one rounding and not
  // one a channel. Without a score they are scaled by |scale|, behind the
  // maximum, so that the sign comes here.
  Expr query = q(channel, token(rows(row), q));
  if (!spec.score)
    query = select(strictLess(floats(0), 0.0f), -query, query);
  packed(row, channel) = query;
}

std::vector<Argument> PackAlgorithm::arguments() const {
  return list(q, rows, floats);
}

//===- tile ---------------------------------------------------------------===//

TileAlgorithm::TileAlgorithm(const AttendSpec &spec,
                             const AttendNumbers &numbers)
    : packed(tileOf("packed", numbers.tileRows, spec.headDim)),
      k(rowsOf("k", spec.headDim)), v(rowsOf("v", spec.valueDim)),
      rows(listOf(Int(32), "rows", numbers.tileRows)),
      rowSets(listOf(UInt(32), "row_sets", numbers.tileRows)),
      columns(listOf(Int(32), "columns")),
      columnSets(listOf(UInt(32), "column_sets")),
      integers(listOf(Int(32), "integers")),
      floats(listOf(Float(32), "floats")),
      maxIn(listOf(Float(32), "max_in", numbers.tileRows)),
      sumIn(listOf(Float(32), "sum_in", numbers.tileRows)),
      accIn(tileOf("acc_in", spec.valueDim, numbers.tileRows)),
      halves(halvesOf(numbers)), channels(0, spec.headDim / halves, "channels"),
      blocks(0, numbers.columnUnroll, 0, count / numbers.columnUnroll,
             "blocks"),
      all(0, count, "all") {
  for (size_t t = 0; t < spec.tables.size(); ++t) {
    tables.emplace_back(halideType(spec.tables[t].element), spec.tables[t].rank,
                        fmt::format("table_{}", t));
    for (int axis = 0; axis < spec.tables[t].rank; ++axis)
      tables.back().dim(axis).set_min(0);
  }

  Expr place = channels * halves + half;
  product(row, column, half) = 0.0f;
  product(row, column, half) +=
      packed(row, place) * k(place, token(columns(column), k));
  Expr whole = product(row, column, 0);
  for (int part = 1; part < halves; ++part)
    whole = strictAdd(whole, product(row, column, part));

  PairContext pair;
  pair.i = rows(row);
  pair.j = columns(column);
  pair.batch = batch;
  pair.head = head;
  pair.rowSets = rowSets(row);
  pair.columnSets = columnSets(column);
  pair.integerNames = spec.integers;
  pair.floatNames = spec.floats;
  pair.integer = [&](int n) { return integers(n); };
  pair.real = [&](int n) { return floats(n); };
  pair.tables = tables;
  pair.tableSpecs = spec.tables;

  Expr value = whole;
  if (spec.score) {
    pair.logit = strictMul(whole, floats(0));
    value = marked(toHalide(spec.score, pair), pair.inRange, outOfRangeLogit);
  }
  Expr bits = columnSets(column), partial = value;
  Expr visible = (bits & Expr(columnPadding)) == Expr(0u);
  if (spec.predicate) {
    Expr full = (bits & Expr(columnFull)) != Expr(0u);
    visible = full || (visible && toHalide(spec.predicate, pair));
    if (pair.inRange.defined())
      partial = marked(value, full || pair.inRange, outOfRangePattern);
  }
  logit(row, column) =
      select(column / numbers.columnUnroll < fullBlocks, likely(value),
             select(visible, partial, -infinity));

  // Several partial maxima and sums: one chain of them would wait for the
  // latency of each operation.
  Expr blockColumn = blocks.x + blocks.y * numbers.columnUnroll;
  partMax(row, part) = -infinity;
  Expr candidate = logit(row, blockColumn);
  partMax(row, blocks.x) = select(strictLess(partMax(row, blocks.x), candidate),
                                  candidate, partMax(row, blocks.x));
  Expr greatest = partMax(row, 0);
  for (int p = 1; p < numbers.columnUnroll; ++p)
    greatest = select(strictLess(greatest, partMax(row, p)), partMax(row, p),
                      greatest);
  Expr factor = abs(floats(0));
  if (!spec.score) // -inf times a scale of 0 would be NaN
    greatest = select(strictEqual(greatest, -infinity), greatest,
                      strictMul(greatest, factor));
  largest(row) = select(strictLess(maxIn(row), greatest), greatest, maxIn(row));

  Expr base = subtracted(largest(row));
  rescale(row) = softmaxWeight(strictSub(maxIn(row), base));
  // One operation, without the scaled logit's rounding.
  Expr exponent = spec.score ? strictSub(logit(row, column), base)
                             : logit(row, column) * factor - base;
  // As bits: Halide takes -0.0f and 0.0f for the same constant.
  Expr power = softmaxWeight(exponent);
  probability(row, column) =
      reinterpret<float>(select(strictEqual(logit(row, column), -infinity),
                                Expr(INT32_MIN), reinterpret<int32_t>(power)));

  partSum(row, part) = 0.0f;
  partSum(row, blocks.x) =
      strictAdd(partSum(row, blocks.x), probability(row, blockColumn));
  Expr sum = partSum(row, 0);
  for (int p = 1; p < numbers.columnUnroll; ++p)
    sum = strictAdd(sum, partSum(row, p));
  total(row) = strictAdd(strictMul(sumIn(row), rescale(row)), sum);

  accOut(channel, row) = strictMul(accIn(channel, row), rescale(row));
  Expr weight = probability(row, all);
  accOut(channel, row) += weight * v(channel, token(columns(all), v));

  maxOut(row) = largest(row);
  sumOut(row) = total(row);
}

std::vector<Argument> TileAlgorithm::arguments() const {
  std::vector<Argument> arguments =
      list(packed, k, v, rows, rowSets, columns, columnSets, integers, floats,
           batch, head, fullBlocks, count, maxIn, sumIn, accIn);
  for (const ImageParam &table : tables)
    arguments.push_back(table);
  return arguments;
}

//===- select -------------------------------------------------------------===//

SelectAlgorithm::SelectAlgorithm(const AttendSpec &spec,
                                 const AttendNumbers &numbers)
    : v(rowsOf("v", spec.valueDim)), columns(listOf(Int(32), "columns")),
      maxIn(listOf(Float(32), "max_in", numbers.tileRows)),
      maxOut(listOf(Float(32), "max_out", numbers.tileRows)),
      accIn(tileOf("acc_in", spec.valueDim, numbers.tileRows)),
      probability(rowsOf("probability", numbers.tileRows)),
      all(0, count, "all") {
  probability.dim(1).set_stride(numbers.tileRows);
  rescale(row) = softmaxWeight(strictSub(maxIn(row), subtracted(maxOut(row))));
  accOut(channel, row) = strictMul(accIn(channel, row), rescale(row));
  Expr weight = probability(row, all);
  Expr isAbsent = reinterpret<int32_t>(weight) == Expr(INT32_MIN);
  accOut(channel, row) +=
      weight * select(isAbsent, 0.0f, v(channel, token(columns(all), v)));
}

std::vector<Argument> SelectAlgorithm::arguments() const {
  return list(v, columns, count, maxIn, maxOut, accIn, probability);
}

//===- finish -------------------------------------------------------------===//

FinishAlgorithm::FinishAlgorithm(const AttendSpec &spec,
                                 const AttendNumbers &numbers)
    : acc(tileOf("acc", spec.valueDim, numbers.tileRows)),
      maxima(listOf(Float(32), "maxima", numbers.tileRows)),
      sums(listOf(Float(32), "sums", numbers.tileRows)),
      rows(listOf(Int(32), "rows", numbers.tileRows)),
      entries(0, numbers.tileRows, "entries") {
  Expr sum = sums(row);
  // The sum of a row that saw something is 1 or more (less its rounding).
  Expr nothing = strictEqual(sum, 0.0f);
  inverse(row) = select(nothing, 0.0f, strictDiv(1.0f, sum));
  // Adding +0 turns a -0, whose sign may depend on absent pairs, into +0.
  output(channel, row) = undef<float>();
  entries.where(rows(entries) >= 0);
  output(channel, unsafe_promise_clamped(rows(entries), 0,
                                         output.output_buffer().dim(1).max())) =
      strictAdd(strictMul(acc(channel, entries), inverse(entries)), 0.0f);

  // A NaN sum gives NaN, whatever its maximum is.
  Expr positive = strictLess(0.0f, sum);
  Expr logarithm =
      strictAdd(cast<double>(maxima(row)),
                logDouble(cast<double>(select(positive, sum, 1.0f))));
  naturalLog(row) =
      select(nothing, -infinity, select(positive, cast<float>(logarithm), sum));
  lse(row) = naturalLog(row);
}

std::vector<Argument> FinishAlgorithm::arguments() const {
  return list(acc, maxima, sums, rows);
}

} // namespace effattn

//===- GpuAttend.cpp - attend on a device: one thread a query row ---------===//

#include "lib/Schedule/GpuAttend.h"
#include "lib/Schedule/GpuMath.h"
#include "lib/Schedule/Math.h"
#include "lib/Schedule/ScalarToHalide.h"

#include "runtime/src/gpu_words.h"

#include <fmt/format.h>

#include <limits>

namespace effattn {

using namespace Halide;

namespace {

/// Where the maximum of no logits starts: finite, so that differences are.
Expr lowest() { return Expr(std::numeric_limits<float>::lowest()); }

/// True where an integer of 64 bits is computed. Halide divides by constants
/// with the upper half of a product.
bool computes64(const Expr &e) {
  struct Visitor : Internal::IRVisitor {
    using Internal::IRVisitor::visit;
    bool found = false;
    void visit(const Internal::Cast *op) override {
      found |= op->type.is_int() && op->type.bits() == 64;
      Internal::IRVisitor::visit(op);
    }
    void visit(const Internal::IntImm *op) override {
      found |= op->type.bits() == 64;
    }
    void visit(const Internal::Div *op) override {
      found |= op->type.is_int();
      Internal::IRVisitor::visit(op);
    }
    void visit(const Internal::Mod *op) override {
      found |= op->type.is_int();
      Internal::IRVisitor::visit(op);
    }
  } visitor;
  if (e.defined())
    e.accept(&visitor);
  return visitor.found;
}

Type storage(ElementType element) {
  return element == ElementType::F32 ? Float(32) : Int(32);
}

} // namespace

GpuAttend::GpuAttend(const AttendSpec &spec, const AttendNumbers &numbers)
    : spec(spec), numbers(numbers), q(Float(32), 1, "q"), k(Float(32), 1, "k"),
      v(Float(32), 1, "v"), work(Int(32), 4, "work"),
      words(Int(32), 1, "words"), oldOutput(Float(32), 1, "old_output"),
      oldLse(Float(32), 1, "old_lse"), depth(0, spec.headDim, "depth"),
      columns(0, numbers.columnUnroll, "columns"),
      // Trimmed to the tile's own steps by the condition below.
      state(0, spec.valueDim + headSlots, 0, 1 << 28, "state"),
      owner(0, numbers.tileRows, 0, tiles, "owner") {
  for (size_t t = 0; t < spec.tables.size(); ++t)
    tables.emplace_back(storage(spec.tables[t].element), 1,
                        fmt::format("table{}", t));
  defineColumns();
  defineLogits();
  defineStep();
  defineState();
  defineOutput();
}

/// Halide takes unsafe_promise_clamped to bound what is read; the runtime
/// makes the places and knows that they are inside.
Expr GpuAttend::element(const ImageParam &buffer, Expr place) const {
  return Internal::Call::make(
      buffer.parameter(), {unsafe_promise_clamped(std::move(place), 0,
                                                  buffer.dim(0).extent() - 1)});
}

Expr GpuAttend::word(Expr place) const {
  return element(words, std::move(place));
}

Expr GpuAttend::rowOf(Expr row, Expr tile) const {
  return word(work(EFFATTN_GPU_WORK_ROWS, tile, head, batch) + 2 * row);
}

Expr GpuAttend::present(Expr column) const {
  return notMinusInfinity(logit(column, step, row, tile, head, batch));
}

void GpuAttend::defineColumns() {
  Expr number = work(EFFATTN_GPU_WORK_BLOCK, tile, head, batch) +
                (step >> word(EFFATTN_GPU_SHIFT));
  block(field, step, tile, head, batch) =
      word(word(EFFATTN_GPU_BLOCKS) + 4 * number + field);
  auto of = [&](int f) { return block(f, step, tile, head, batch); };
  Expr first = of(0), count = of(2), flags = of(3);
  Expr listed = (flags & EFFATTN_GPU_LISTED) != 0;
  // Columns past the end are absent; they read the last one.
  Expr mask = (Expr(1) << word(EFFATTN_GPU_SHIFT)) - 1;
  Expr nth =
      min((step & mask) * numbers.columnUnroll + column, max(count - 1, 0));
  Expr entry = word(EFFATTN_GPU_COLUMNS) + 2 * (first + nth);
  index(column, step, tile, head, batch) =
      select(listed, word(select(listed, entry, 0)), first + of(1) * nth);
  sets(column, step, tile, head, batch) = cast<uint32_t>(
      select(listed, word(select(listed, entry + 1, 0)),
             cast<int32_t>(cast<uint32_t>(flags) >> EFFATTN_GPU_SETS)));
}

/// What predicates and scores read of a pair.
PairContext GpuAttend::pairContext() {
  const int floats =
      EFFATTN_GPU_PARAMETERS + static_cast<int>(spec.integers.size());
  PairContext context;
  context.i = rowOf(row, tile);
  context.j = index(column, step, tile, head, batch);
  context.batch = batch + word(EFFATTN_GPU_FIRST_BATCH);
  context.head = head;
  context.rowSets = cast<uint32_t>(
      word(work(EFFATTN_GPU_WORK_ROWS, tile, head, batch) + 2 * row + 1));
  context.columnSets = sets(column, step, tile, head, batch);
  context.integerNames = spec.integers;
  context.floatNames = spec.floats;
  context.integer = [this](int n) { return word(EFFATTN_GPU_PARAMETERS + n); };
  context.real = [this, floats](int n) {
    return reinterpret<float>(word(floats + n));
  };
  context.dividesNegative = false;
  context.loops = false;
  context.limit = EFFATTN_GPU_LIMIT;
  context.tableSpecs = spec.tables;
  std::vector<int> places; // of a table's sizes; strides and start follow
  int place = floats + static_cast<int>(spec.floats.size());
  for (const TableSpec &table : spec.tables) {
    places.push_back(place);
    place += 2 * table.rank + 1;
  }
  context.tableExtent = [this, places](int table, int axis) {
    return word(places[table] + axis);
  };
  context.tableElement = [this, places](int table,
                                        const std::vector<Expr> &indices) {
    Expr offset = word(places[table] + 2 * spec.tables[table].rank);
    for (size_t axis = 0; axis < indices.size(); ++axis)
      offset += indices[axis] * word(places[table] + spec.tables[table].rank +
                                     static_cast<int>(axis));
    return element(tables[table], offset);
  };

  context.logit =
      product(column, step, row, tile, head, batch) * context.real(0);
  return context;
}

void GpuAttend::defineLogits() {
  auto offset = [&](Expr at, Expr h, int token, int head, int batchStride) {
    // In units of 4 elements, so that vector loads are known to be aligned.
    return (at * word(token) + h * word(head) + batch * word(batchStride)) * 4;
  };
  Expr keyHead = head / word(EFFATTN_GPU_KEY_GROUP);
  query(row, channel, tile, head, batch) = element(
      q, offset(max(rowOf(row, tile), 0) + word(EFFATTN_GPU_FIRST_QUERY), head,
                EFFATTN_GPU_QUERY_TOKEN, EFFATTN_GPU_QUERY_HEAD,
                EFFATTN_GPU_QUERY_BATCH) +
             channel);
  Expr at =
      index(column, step, tile, head, batch) + word(EFFATTN_GPU_FIRST_KEY);
  key(channel, column, step, tile, head, batch) =
      element(k, offset(at, keyHead, EFFATTN_GPU_KEY_TOKEN,
                        EFFATTN_GPU_KEY_HEAD, EFFATTN_GPU_KEY_BATCH) +
                     channel);
  product(column, step, row, tile, head, batch) = 0.0f;
  product(column, step, row, tile, head, batch) +=
      query(row, depth, tile, head, batch) *
      key(depth, column, step, tile, head, batch);

  PairContext context = pairContext();
  Expr score = context.logit, inRange;
  if (spec.score) {
    score = toHalide(spec.score, context);
    inRange = context.inRange;
  }
  Expr count = block(2, step, tile, head, batch);
  Expr flags = block(3, step, tile, head, batch);
  Expr mask = (Expr(1) << word(EFFATTN_GPU_SHIFT)) - 1;
  Expr inside = (step & mask) * numbers.columnUnroll + column < count;
  if (spec.predicate) {
    Expr predicate = toHalide(spec.predicate, context);
    Expr full = (flags & EFFATTN_GPU_PARTIAL) == 0;
    inside = inside && (full || predicate);
    if (context.inRange.defined()) {
      Expr own = full || context.inRange;
      inRange = inRange.defined() ? inRange && own : own;
    }
    uses64 = uses64 || computes64(predicate);
  }
  looksUp = inRange.defined();
  if (looksUp) {
    uses64 = uses64 || computes64(inRange);
    verdict(column, step, row, tile, head, batch) =
        select(!inside, int(Outside), inRange, int(Inside), int(OutOfRange));
    inside = verdict(column, step, row, tile, head, batch) != int(Outside);
  }
  uses64 = uses64 || computes64(score);
  logit(column, step, row, tile, head, batch) =
      select(inside, score, minusInfinity());
}

void GpuAttend::defineStep() {
  Expr at = index(columns, step, tile, head, batch);
  Expr all = logit(columns, step, row, tile, head, batch);
  stepMaximum(step, row, tile, head, batch) = lowest();
  stepMaximum(step, row, tile, head, batch) =
      max(stepMaximum(step, row, tile, head, batch), all);
  // The last column that is present, or -1.
  seen(step, row, tile, head, batch) = -1;
  seen(step, row, tile, head, batch) =
      max(seen(step, row, tile, head, batch), select(present(columns), at, -1));
  if (looksUp) {
    stepMissed(step, row, tile, head, batch) = int(Outside);
    stepMissed(step, row, tile, head, batch) =
        max(stepMissed(step, row, tile, head, batch),
            verdict(columns, step, row, tile, head, batch));
  }
  source(column, step, row, tile, head, batch) =
      select(present(column), index(column, step, tile, head, batch),
             max(seen(step, row, tile, head, batch), 0));
  Expr valueHead = head / word(EFFATTN_GPU_VALUE_GROUP);
  value(slot, column, step, row, tile, head, batch) =
      element(v, ((source(column, step, row, tile, head, batch) +
                   word(EFFATTN_GPU_FIRST_KEY)) *
                      word(EFFATTN_GPU_VALUE_TOKEN) +
                  valueHead * word(EFFATTN_GPU_VALUE_HEAD) +
                  batch * word(EFFATTN_GPU_VALUE_BATCH)) *
                         4 +
                     max(slot - headSlots, 0));
  probability(column, step, row, tile, head, batch) =
      expNonPositive(logit(column, step, row, tile, head, batch) -
                     stepMaximum(step, row, tile, head, batch));
  stepSum(step, row, tile, head, batch) = 0.0f;
  stepSum(step, row, tile, head, batch) +=
      probability(columns, step, row, tile, head, batch);
  stepValue(slot, step, row, tile, head, batch) = 0.0f;
  stepValue(slot, step, row, tile, head, batch) +=
      probability(columns, step, row, tile, head, batch) *
      value(slot, columns, step, row, tile, head, batch);
}

/// The state before the first step. By bits: drivers may take comparisons with
/// NaN to be anything.
Expr GpuAttend::startOf(const Expr &slot) const {
  auto place = [&](Expr at, int token) {
    return (at + word(EFFATTN_GPU_FIRST_QUERY)) * word(token) +
           head * word(token + 1) + batch * word(token + 2);
  };
  Expr token = rowOf(row, tile);
  Expr continues = word(EFFATTN_GPU_CONTINUES) != 0 && token >= 0;
  Expr lse = old(row, tile, head, batch);
  Expr bits = reinterpret<int32_t>(lse);
  Expr starts = continues && notMinusInfinity(lse);
  Expr isNan = (bits & Expr(0x7fffffff)) > Expr(0x7f800000);
  Expr channels =
      element(oldOutput, select(starts,
                                place(token, EFFATTN_GPU_OUTPUT_TOKEN) +
                                    max(slot - headSlots, 0),
                                0));
  return select(slot == Maximum, select(starts && !isNan, lse, lowest()),
                slot == Sum, select(!starts, 0.0f, isNan, lse, Expr(1.0f)),
                slot < headSlots, 0.0f, select(starts, channels, 0.0f));
}

void GpuAttend::defineState() {
  auto before = [&](Expr s) {
    return carried(std::move(s), row, tile, head, batch);
  };
  RVar s = state.x, t = state.y;
  // Without promises in it: then Halide trims the loop to this condition.
  state.where(t < work(EFFATTN_GPU_WORK_STEPS, tile, head, batch));
  Expr token = rowOf(row, tile);
  Expr place =
      (token + word(EFFATTN_GPU_FIRST_QUERY)) * word(EFFATTN_GPU_LSE_TOKEN) +
      head * word(EFFATTN_GPU_LSE_HEAD) + batch * word(EFFATTN_GPU_LSE_BATCH);
  old(row, tile, head, batch) = element(
      oldLse, select(word(EFFATTN_GPU_CONTINUES) != 0 && token >= 0, place, 0));
  carried(slot, row, tile, head, batch) = startOf(slot);
  Expr here = stepMaximum(t, row, tile, head, batch);
  Expr maximum = max(before(Maximum), here);
  Expr any = seen(t, row, tile, head, batch) >= 0;
  Expr missed = before(Missed);
  if (looksUp)
    missed = select(stepMissed(t, row, tile, head, batch) == int(OutOfRange),
                    1.0f, missed);
  carried(s, row, tile, head, batch) = select(
      s == Decay, expNonPositive(before(Maximum) - maximum), //
      s == Share, expNonPositive(here - maximum),            //
      s == Maximum, maximum,                                 //
      s == Sum,
      before(Sum) * before(Decay) +
          stepSum(t, row, tile, head, batch) * before(Share),
      s == Missed, missed, //
      s < headSlots, 0.0f,
      before(s) * before(Decay) +
          select(any, stepValue(s, t, row, tile, head, batch) * before(Share),
                 0.0f));
}

void GpuAttend::defineOutput() {
  RVar r = owner.x, t = owner.y;
  auto result = [&](Expr s) {
    return carried(std::move(s), r, t, head, batch);
  };
  // Something present has e^0 in the sum, so only an empty row has sum 0.
  Expr empty = strict_float(result(Sum) == 0.0f);
  Expr o =
      select(empty, 0.0f, result(channel + headSlots) * (1.0f / result(Sum)));
  Expr lse =
      select(empty, minusInfinity(), result(Maximum) + logFloat(result(Sum)));
  if (looksUp)
    lse = select(result(Missed) > 0.0f,
                 reinterpret<float>(Expr(int32_t(EFFATTN_GPU_MISSED))), lse);
  owner.where(rowOf(r, t) >= 0);
  output(channel, token, head, batch) = Tuple(undef<float>(), undef<float>());
  Expr place =
      unsafe_promise_clamped(rowOf(r, t) + word(EFFATTN_GPU_FIRST_QUERY), 0,
                             output.output_buffers()[0].dim(1).extent() - 1);
  output(channel, place, head, batch) = Tuple(o, lse);
}

void GpuAttend::schedule() {
  RVar r = owner.x, t = owner.y;
  output.bound(channel, 0, spec.valueDim)
      .bound(head, 0, heads)
      .bound(batch, 0, batches);
  output.update()
      .allow_race_conditions() // rows of a plan are distinct
      .reorder(channel, r, t, head, batch)
      .gpu_blocks(t, head, batch)
      .gpu_threads(r)
      .unroll(channel);
  LoopLevel thread(output, r), threads(output, t);

  const int width = numbers.vectorWidth;
  auto registers = [](Func &f) { f.store_in(MemoryType::Register); };
  // q in shared memory, neighbouring threads at neighbouring addresses.
  query.compute_at(threads).gpu_threads(row);

  old.compute_at(thread);
  registers(old);
  carried.compute_at(thread).unroll(slot);
  RVar outer("outer"), inner("inner");
  carried.update()
      .split(state.x, outer, inner, numbers.rowUnroll)
      .reorder(inner, outer, state.y)
      .unroll(inner)
      .unroll(outer);
  RVar each = state.y;
  block.compute_at(carried, each).unroll(field);
  index.compute_at(carried, each).unroll(column);
  product.compute_at(carried, each).unroll(column);
  RVar deep("deep"), near("near");
  product.update()
      .split(depth, deep, near, 4)
      .reorder(near, column, deep)
      .unroll(column)
      .unroll(near);
  key.compute_at(product, column);
  if (looksUp) {
    verdict.compute_at(carried, each).unroll(column);
    stepMissed.compute_at(carried, each);
    stepMissed.update().unroll(columns);
    registers(verdict);
    registers(stepMissed);
  }
  logit.compute_at(carried, each).unroll(column);
  stepMaximum.compute_at(carried, each);
  stepMaximum.update().unroll(columns);
  seen.compute_at(carried, each);
  seen.update().unroll(columns);
  source.compute_at(carried, each).unroll(column);
  probability.compute_at(carried, each).unroll(column);
  stepSum.compute_at(carried, each);
  stepSum.update().unroll(columns);
  stepValue.compute_at(carried, outer).unroll(slot);
  stepValue.update().reorder(slot, columns).unroll(slot).unroll(columns);
  value.compute_at(stepValue, columns);
  if (width > 1) {
    key.vectorize(channel, width);
    value.vectorize(slot, width);
  }
  key.unroll(channel);
  value.unroll(slot);
  for (Func *f :
       {&carried, &block, &index, &product, &key, &logit, &stepMaximum, &seen,
        &source, &probability, &stepSum, &stepValue, &value})
    registers(*f);

  for (ImageParam *buffer : {&q, &k, &v, &words, &oldOutput, &oldLse})
    buffer->dim(0).set_min(0);
  for (ImageParam *buffer : {&q, &k, &v})
    buffer->set_host_alignment(16);
  for (ImageParam &table : tables)
    table.dim(0).set_min(0);
  work.dim(0).set_bounds(0, EFFATTN_GPU_WORK_FIELDS);
  work.dim(1).set_stride(EFFATTN_GPU_WORK_FIELDS);
  for (int axis = 1; axis < 4; ++axis) {
    work.dim(axis).set_min(0);
    output.output_buffers()[0].dim(axis).set_min(0);
  }
  // LSE has one value a row: all channels write the same.
  output.output_buffers()[1].dim(0).set_stride(0);
}

std::vector<Argument> GpuAttend::arguments() const {
  std::vector<Argument> arguments{q, k, v, work, words, oldOutput, oldLse};
  arguments.insert(arguments.end(), tables.begin(), tables.end());
  arguments.insert(arguments.end(), {tiles, heads, batches});
  return arguments;
}

} // namespace effattn

//===- Harness.cpp - compiled kernels run on hand-made plans --------------===//

#include "test/unit/Schedule/Harness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <limits>
#include <thread>
#include <unistd.h>

namespace effattn::test {

void *loadObjects(const std::vector<KernelObject> &objects,
                  const std::string &more) {
  static std::atomic<int> number{0};
  std::string base = ::testing::TempDir() + "effattn_" +
                     std::to_string(getpid()) + "_" + std::to_string(number++);
  std::string command = "cc -shared -o " + base + ".so";
  std::vector<std::string> files = {base + ".so"};
  for (const KernelObject &object : objects) {
    files.push_back(base + "_" + std::to_string(files.size()) + ".o");
    std::ofstream(files.back(), std::ios::binary)
        .write(object.bytes.data(),
               static_cast<std::streamsize>(object.bytes.size()));
    command += " " + files.back();
  }
  command += more;
  if (std::system(command.c_str()) != 0)
    throw std::runtime_error("cannot link kernels: " + command);
  void *handle = dlopen(files[0].c_str(), RTLD_NOW | RTLD_LOCAL);
  std::string problem = handle ? "" : dlerror();
  for (const std::string &file : files)
    unlink(file.c_str());
  if (!handle)
    throw std::runtime_error(problem);
  return handle;
}

LoadedKernels::LoadedKernels(const std::vector<KernelObject> &objects)
    : handle(loadObjects(objects)) {}

LoadedKernels::~LoadedKernels() { dlclose(handle); }

effattn_code LoadedKernels::find(const std::string &symbol) const {
  void *address = dlsym(handle, symbol.c_str());
  EXPECT_NE(address, nullptr) << symbol;
  return reinterpret_cast<effattn_code>(address);
}

std::vector<std::string> runnableIsas() {
  std::vector<std::string> isas = {"v3"};
  if (__builtin_cpu_supports("x86-64-v4"))
    isas.push_back("v4");
  return isas;
}

Heads::Heads(int64_t batches, int64_t heads, int64_t tokens, int64_t channels,
             Layout layout)
    : batches(batches), heads(heads), tokens(tokens), channels(channels),
      data(batches * heads * tokens * channels) {
  stride[0] = heads * tokens * channels;
  stride[1] = layout == Layout::Hnd ? tokens * channels : channels;
  stride[2] = layout == Layout::Hnd ? channels : heads * channels;
  stride[3] = 1;
}

effattn_view Heads::view() const {
  effattn_view view = {};
  view.data = const_cast<float *>(data.data());
  view.element = EFFATTN_F32;
  view.rank = 4;
  const int64_t shape[4] = {batches, heads, tokens, channels};
  std::memcpy(view.shape, shape, sizeof shape);
  std::memcpy(view.stride, stride, sizeof stride);
  return view;
}

void Heads::fill(std::mt19937 &random) {
  std::normal_distribution<float> normal;
  for (float &value : data)
    value = normal(random);
}

AttendSpec makeSpec(int headDim, int valueDim, ScalarRef predicate,
                    ScalarRef score) {
  AttendSpec spec;
  spec.name = "attend";
  spec.headDim = headDim;
  spec.valueDim = valueDim;
  spec.predicate = std::move(predicate);
  spec.score = std::move(score);
  spec.integers = {"N", "M", "q0"};
  spec.floats = {"scale"};
  return spec;
}

Problem::Problem(const AttendSpec &spec, int64_t batches, int64_t heads,
                 int64_t keyHeads, int64_t queries, int64_t keys,
                 Heads::Layout layout)
    : spec(spec), batches(batches), heads(heads), keyHeads(keyHeads),
      queries(queries), keys(keys), layout(layout),
      scale(1 / std::sqrt(static_cast<double>(spec.headDim))),
      q(batches, heads, queries, spec.headDim, layout),
      k(batches, keyHeads, keys, spec.headDim, layout),
      v(batches, keyHeads, keys, spec.valueDim, layout) {
  std::mt19937 random(17);
  q.fill(random);
  k.fill(random);
  v.fill(random);
}

//===- plans --------------------------------------------------------------===//

namespace {

reference::Environment environmentOf(const Problem &problem) {
  reference::Environment e;
  e.variables["N"] = static_cast<double>(problem.queries);
  e.variables["M"] = static_cast<double>(problem.keys);
  e.variables["q0"] = static_cast<double>(problem.q0);
  e.variables["scale"] = problem.scale;
  for (size_t n = 0; n < problem.otherFloats.size(); ++n)
    e.arguments[problem.spec.floats[n + 1]] = problem.otherFloats[n];
  e.table = [&problem](int number, const std::vector<int64_t> &indices) {
    const Table &table = problem.tables.at(number);
    int64_t offset = 0;
    for (size_t axis = 0; axis < indices.size(); ++axis) {
      int64_t last = std::max<int64_t>(table.shape[axis] - 1, 0);
      offset = offset * table.shape[axis] +
               std::clamp<int64_t>(indices[axis], 0, last);
    }
    return table.values.empty() ? 0 : table.values[offset];
  };
  return e;
}

/// Look-ups with the batch and head axes that kernels add by themselves.
ScalarRef withAllAxes(const AttendSpec &spec, const ScalarRef &scalar) {
  return rewrite(scalar, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind != ScalarKind::Lookup)
      return nullptr;
    const TableSpec &table = spec.tables.at(node->table);
    if (static_cast<int>(node->operands.size()) == table.rank)
      return nullptr;
    std::vector<ScalarRef> indices;
    if (table.hasBatch)
      indices.push_back(variable("b"));
    if (table.hasHead)
      indices.push_back(variable("h"));
    indices.insert(indices.end(), node->operands.begin(), node->operands.end());
    return lookup(node->table, node->type, indices);
  });
}

bool contains(const std::vector<int64_t> &set, int64_t value) {
  return std::find(set.begin(), set.end(), value) != set.end();
}

uint32_t bitsOf(const std::vector<std::vector<int64_t>> &sets, int64_t value) {
  uint32_t bits = 0;
  for (size_t s = 0; s < sets.size(); ++s)
    bits |= uint32_t(contains(sets[s], value)) << s;
  return bits;
}

} // namespace

bool wanted(const Problem &problem, int64_t head) {
  return problem.headEnd == 0 ||
         (head >= problem.headBegin && head < problem.headEnd);
}

bool visible(const Problem &problem, int64_t b, int64_t h, int64_t i,
             int64_t j) {
  if (!problem.spec.predicate)
    return true;
  problem.pairs.resize(problem.batches * problem.heads);
  std::vector<char> &pairs = problem.pairs[b * problem.heads + h];
  if (pairs.empty()) {
    reference::Environment e = environmentOf(problem);
    e.variables["b"] = static_cast<double>(b);
    e.variables["h"] = static_cast<double>(h);
    ScalarRef whole = withAllAxes(problem.spec, problem.spec.predicate);
    for (int64_t row = 0; row < problem.queries; ++row)
      for (int64_t column = 0; column < problem.keys; ++column) {
        e.variables["i"] = static_cast<double>(row);
        e.variables["j"] = static_cast<double>(column);
        ScalarRef predicate = whole;
        if (problem.spec.keySets || problem.spec.querySets)
          predicate = rewrite(predicate, [&](const ScalarRef &n) -> ScalarRef {
            if (n->kind == ScalarKind::KeyInSet)
              return constantBool(contains(problem.keySets[n->table], column));
            if (n->kind == ScalarKind::QueryInSet)
              return constantBool(contains(problem.querySets[n->table], row));
            return nullptr;
          });
        pairs.push_back(reference::evaluate(predicate, e) != 0);
      }
  }
  return pairs[i * problem.keys + j];
}

namespace {

/// Columns in order as runs; a run ends where set bits or the step change.
void addRuns(OwnedPlan &plan, const std::vector<int64_t> &columns,
             const std::vector<uint32_t> &bits) {
  size_t first = 0;
  while (first < columns.size()) {
    int64_t step =
        first + 1 < columns.size() ? columns[first + 1] - columns[first] : 1;
    size_t end = first + 1;
    while (end < columns.size() && bits[end] == bits[first] &&
           columns[end] - columns[end - 1] == step)
      ++end;
    plan.runs.push_back({int32_t(columns[first]), int32_t(step),
                         int32_t(end - first), bits[first]});
    first = end;
  }
}

} // namespace

std::unique_ptr<OwnedPlan> makePlan(const Problem &problem, int64_t b,
                                    int64_t h, int32_t tileRows) {
  auto result = std::make_unique<OwnedPlan>();
  for (int64_t first = 0; first < problem.queries; first += tileRows) {
    effattn_plan_tile tile = {};
    tile.rows = static_cast<int64_t>(result->rows.size());
    tile.runs = static_cast<int64_t>(result->runs.size());
    tile.first_row = static_cast<int32_t>(first);
    for (int64_t i = first; i < first + tileRows; ++i) {
      bool kept = i < problem.queries &&
                  (problem.keptRows.empty() || problem.keptRows[i]);
      result->rows.push_back(kept ? static_cast<int32_t>(i) : -1);
      result->rowSets.push_back(kept ? bitsOf(problem.querySets, i) : 0);
      tile.present += kept;
    }
    if (!tile.present) {
      result->rows.resize(tile.rows);
      result->rowSets.resize(tile.rows);
      continue;
    }
    std::vector<int64_t> full, partial;
    std::vector<uint32_t> fullBits, partialBits;
    for (int64_t rank = 0; rank < problem.keys; ++rank) {
      int64_t j = problem.keyOrder.empty() ? rank : problem.keyOrder[rank];
      int seen = 0;
      for (int64_t i = 0; i < tileRows; ++i)
        if (int32_t row = result->rows[tile.rows + i]; row >= 0)
          seen += visible(problem, b, h, row, j);
      // Some full columns are given as partial, which a plan may do, and must
      // where a look-up misses its table.
      if (seen == tile.present && j % 11 != 5 && !problem.allPartial) {
        full.push_back(rank);
        fullBits.push_back(0);
      } else if (seen) {
        partial.push_back(rank);
        partialBits.push_back(bitsOf(problem.keySets, j));
      }
    }
    addRuns(*result, full, fullBits);
    tile.full_runs = static_cast<int32_t>(result->runs.size()) - tile.runs;
    addRuns(*result, partial, partialBits);
    tile.partial_runs =
        static_cast<int32_t>(result->runs.size()) - tile.runs - tile.full_runs;
    tile.full_columns = static_cast<int32_t>(full.size());
    tile.partial_columns = static_cast<int32_t>(partial.size());
    result->tiles.push_back(tile);
  }
  effattn_plan &plan = result->plan;
  plan.tile_rows = static_cast<uint32_t>(tileRows);
  plan.tile_count = static_cast<int64_t>(result->tiles.size());
  plan.run_count = static_cast<int64_t>(result->runs.size());
  plan.row_count = static_cast<int64_t>(result->rows.size());
  plan.tiles = result->tiles.data();
  plan.runs = result->runs.data();
  plan.rows = result->rows.data();
  plan.key_order = problem.keyOrder.empty() ? nullptr : problem.keyOrder.data();
  plan.row_sets = problem.spec.querySets ? result->rowSets.data() : nullptr;
  return result;
}

namespace {

void parallelFor(void *, int64_t count, int32_t workers,
                 effattn_parallel_body body, void *data) {
  std::atomic<int64_t> next{0};
  auto loop = [&](int32_t worker) {
    for (int64_t index; (index = next++) < count;)
      body(data, index, worker);
  };
  std::vector<std::thread> threads;
  for (int32_t worker = 1; worker < workers; ++worker)
    threads.emplace_back(loop, worker);
  loop(0);
  for (std::thread &thread : threads)
    thread.join();
}

uint32_t elementOf(ElementType element) {
  switch (element) {
  case ElementType::F32:
    return EFFATTN_F32;
  case ElementType::I8:
    return EFFATTN_I8;
  case ElementType::I32:
    return EFFATTN_I32;
  case ElementType::I64:
    return EFFATTN_I64;
  case ElementType::Bool:
    return EFFATTN_BOOL;
  default:
    throw std::runtime_error("element type");
  }
}

template <typename T> void append(std::vector<char> &bytes, double value) {
  T converted = static_cast<T>(value);
  bytes.insert(bytes.end(), reinterpret_cast<char *>(&converted),
               reinterpret_cast<char *>(&converted + 1));
}

} // namespace

effattn_view viewOf(const Table &table, std::vector<char> &bytes) {
  for (double value : table.values)
    switch (table.element) {
    case ElementType::F32:
      append<float>(bytes, value);
      break;
    case ElementType::I32:
      append<int32_t>(bytes, value);
      break;
    case ElementType::I64:
      append<int64_t>(bytes, value);
      break;
    default:
      append<int8_t>(bytes, value);
      break;
    }
  effattn_view view = {};
  view.data = bytes.data();
  view.element = elementOf(table.element);
  view.rank = static_cast<uint32_t>(table.shape.size());
  int64_t stride = 1;
  for (size_t axis = table.shape.size(); axis-- > 0;) {
    view.shape[axis] = table.shape[axis];
    view.stride[axis] = stride;
    stride *= table.shape[axis];
  }
  return view;
}

//===- running ------------------------------------------------------------===//

CompiledAttend::CompiledAttend(const AttendSpec &spec, const std::string &name,
                               int tileRows)
    : spec(spec), isa(findCpuIsa(name)), numbers(cpuNumbers(*isa, tileRows)) {
  ScheduleFailure failure;
  std::vector<KernelObject> objects =
      compileAttendCpu(spec, numbers, isa->halideTarget, &failure);
  if (!failure.message.empty())
    throw std::runtime_error(failure.message);
  kernels = std::make_unique<LoadedKernels>(objects);
}

Outcome untouchedOutcome(const Problem &problem) {
  Outcome outcome{Heads(problem.batches, problem.heads, problem.queries,
                        problem.spec.valueDim, problem.layout),
                  Heads(problem.batches, problem.heads, problem.queries, 1)};
  for (Heads *heads : {&outcome.o, &outcome.lse})
    std::fill(heads->data.begin(), heads->data.end(),
              CompiledAttend::untouched);
  return outcome;
}

Outcome CompiledAttend::run(const Problem &problem, int32_t workers) const {
  Outcome outcome = untouchedOutcome(problem);
  EXPECT_EQ(execute(problem, workers, outcome), EFFATTN_OK);
  return outcome;
}

void CompiledAttend::resume(const Problem &problem, Outcome &outcome,
                            int32_t workers) const {
  EXPECT_EQ(execute(problem, workers, outcome, true), EFFATTN_OK);
}

int32_t CompiledAttend::status(const Problem &problem) const {
  Outcome outcome = untouchedOutcome(problem);
  return execute(problem, 1, outcome);
}

int32_t CompiledAttend::execute(const Problem &problem, int32_t workers,
                                Outcome &outcome, bool continues) const {
  std::string prefix = spec.name + "_" + isa->name;
  effattn_attend_code code = {};
  code.target = isa->target;
  code.tile_rows = static_cast<uint32_t>(numbers.tileRows);
  code.column_unroll = static_cast<uint32_t>(numbers.columnUnroll);
  code.column_chunk = static_cast<uint32_t>(numbers.columnChunk);
  code.pack = kernels->find(prefix + "_pack");
  code.tile = kernels->find(prefix + "_tile");
  code.tile_select = kernels->find(prefix + "_select");
  code.finish = kernels->find(prefix + "_finish");

  effattn_attend attend = {};
  attend.name = "test";
  attend.head_dim = static_cast<uint32_t>(spec.headDim);
  attend.value_dim = static_cast<uint32_t>(spec.valueDim);
  attend.integers = static_cast<uint32_t>(spec.integers.size());
  attend.floats = static_cast<uint32_t>(spec.floats.size());
  attend.tables = static_cast<uint32_t>(spec.tables.size());

  std::vector<std::unique_ptr<OwnedPlan>> owned;
  std::vector<const effattn_plan *> plans;
  for (int64_t b = 0; b < problem.batches; ++b)
    for (int64_t h = 0; h < problem.heads; ++h) {
      owned.push_back(makePlan(problem, b, h, numbers.tileRows));
      plans.push_back(&owned.back()->plan);
    }

  std::vector<int64_t> integers = {problem.queries, problem.keys, problem.q0};
  std::vector<double> floats = {problem.scale};
  floats.insert(floats.end(), problem.otherFloats.begin(),
                problem.otherFloats.end());
  std::vector<std::vector<char>> bytes(problem.tables.size());
  std::vector<effattn_view> tables;
  for (size_t t = 0; t < problem.tables.size(); ++t)
    tables.push_back(viewOf(problem.tables[t], bytes[t]));

  effattn_attend_run run = {};
  run.attend = &attend;
  run.code = &code;
  run.query = problem.q.view();
  run.key = problem.k.view();
  run.value = problem.v.view();
  run.output = outcome.o.view();
  run.lse = outcome.lse.view();
  run.lse.rank = 3;
  run.plans = plans.data();
  run.plan_batch_stride = problem.heads;
  run.plan_head_stride = 1;
  run.head_begin = problem.headBegin;
  run.head_end = problem.headEnd ? problem.headEnd : problem.heads;
  run.continues = continues;
  run.tables = tables.data();
  run.integers = integers.data();
  run.floats = floats.data();
  run.parallel_for = parallelFor;
  run.workers = workers;
  size_t bytesEach = effattn_attend_cpu_scratch(&attend, &code);
  void *scratch = std::aligned_alloc(
      128, (bytesEach * static_cast<size_t>(workers) + 127) / 128 * 128);
  run.scratch = scratch;
  int32_t status = effattn_attend_cpu(&run);
  std::free(scratch);
  return status;
}

//===- oracle -------------------------------------------------------------===//

namespace {

template <typename Real>
void expectedRow(const Problem &problem, const ScalarRef &score,
                 reference::Environment &e, int64_t b, int64_t h, int64_t i,
                 Outcome &outcome) {
  int64_t keyHead = h / (problem.heads / problem.keyHeads);
  std::vector<Real> logits;
  std::vector<int64_t> columns;
  Real greatest = -std::numeric_limits<Real>::infinity();
  for (int64_t j = 0; j < problem.keys; ++j) {
    if (!visible(problem, b, h, i, j))
      continue;
    Real s = 0;
    for (int64_t c = 0; c < problem.spec.headDim; ++c)
      s +=
          Real(problem.q.at(b, h, i, c)) * Real(problem.k.at(b, keyHead, j, c));
    s *= Real(problem.scale);
    if (score) {
      e.variables["b"] = double(b);
      e.variables["h"] = double(h);
      e.variables["i"] = double(i);
      e.variables["j"] = double(j);
      e.variables["s"] = double(s);
      s = Real(reference::evaluate(score, e));
    }
    if (s == -std::numeric_limits<Real>::infinity())
      continue;
    if (s > greatest)
      greatest = s;
    logits.push_back(s);
    columns.push_back(j);
  }
  Real total = 0;
  std::vector<Real> sums(problem.spec.valueDim, Real(0));
  for (size_t n = 0; n < columns.size(); ++n) {
    Real weight = std::exp(logits[n] - greatest);
    total += weight;
    for (int64_t c = 0; c < problem.spec.valueDim; ++c)
      sums[c] += weight * Real(problem.v.at(b, keyHead, columns[n], c));
  }
  for (int64_t c = 0; c < problem.spec.valueDim; ++c)
    outcome.o.at(b, h, i, c) =
        columns.empty() ? 0.0f : static_cast<float>(sums[c] / total);
  outcome.lse.at(b, h, i, 0) =
      columns.empty() ? -std::numeric_limits<float>::infinity()
                      : static_cast<float>(greatest + std::log(total));
}

} // namespace

Outcome expected(const Problem &problem, bool single) {
  Outcome outcome{Heads(problem.batches, problem.heads, problem.queries,
                        problem.spec.valueDim, problem.layout),
                  Heads(problem.batches, problem.heads, problem.queries, 1)};
  reference::Environment e = environmentOf(problem);
  ScalarRef score = problem.spec.score
                        ? withAllAxes(problem.spec, problem.spec.score)
                        : nullptr;
  for (int64_t b = 0; b < problem.batches; ++b)
    for (int64_t h = 0; h < problem.heads; ++h)
      for (int64_t i = 0; i < problem.queries; ++i) {
        if ((!problem.keptRows.empty() && !problem.keptRows[i]) ||
            !wanted(problem, h)) {
          for (int64_t c = 0; c < problem.spec.valueDim; ++c)
            outcome.o.at(b, h, i, c) = CompiledAttend::untouched;
          outcome.lse.at(b, h, i, 0) = CompiledAttend::untouched;
        } else if (single) {
          expectedRow<float>(problem, score, e, b, h, i, outcome);
        } else {
          expectedRow<double>(problem, score, e, b, h, i, outcome);
        }
      }
  return outcome;
}

namespace {

/// Largest difference; NaN and infinities must be at the same places.
double largestError(const std::vector<float> &got,
                    const std::vector<float> &want, const char *what) {
  double largest = 0;
  for (size_t n = 0; n < want.size(); ++n) {
    if (std::isnan(want[n]) || std::isinf(want[n])) {
      EXPECT_TRUE(std::isnan(want[n]) ? std::isnan(got[n]) : got[n] == want[n])
          << what << " " << n << ": " << got[n] << ", not " << want[n];
      continue;
    }
    double error = std::fabs(double(got[n]) - double(want[n]));
    EXPECT_FALSE(std::isnan(error)) << what << " " << n << " is " << got[n];
    largest = std::max(largest, error);
  }
  return largest;
}

double largestFinite(const std::vector<float> &values) {
  double largest = 0;
  for (float value : values)
    if (std::isfinite(value))
      largest = std::max(largest, std::fabs(double(value)));
  return largest;
}

} // namespace

void expectClose(const Problem &problem, const Outcome &got) {
  Outcome exact = expected(problem), naive = expected(problem, true);
  double ulp = std::numeric_limits<float>::epsilon();
  double naiveError = 0, naiveLse = 0;
  for (size_t n = 0; n < exact.o.data.size(); ++n)
    if (std::isfinite(naive.o.data[n]) && std::isfinite(exact.o.data[n]))
      naiveError = std::max(
          naiveError, std::fabs(double(naive.o.data[n]) - exact.o.data[n]));
  for (size_t n = 0; n < exact.lse.data.size(); ++n)
    if (std::isfinite(naive.lse.data[n]) && std::isfinite(exact.lse.data[n]))
      naiveLse = std::max(
          naiveLse, std::fabs(double(naive.lse.data[n]) - exact.lse.data[n]));
  EXPECT_LE(largestError(got.o.data, exact.o.data, "o"),
            std::max(2 * naiveError, 4 * ulp * largestFinite(problem.v.data)));
  EXPECT_LE(largestError(got.lse.data, exact.lse.data, "lse"),
            std::max(2 * naiveLse, 4 * ulp * largestFinite(exact.lse.data)));
}

} // namespace effattn::test

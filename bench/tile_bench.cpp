//===- tile_bench.cpp - tile kernels on plans made by hand ----------------===//
//
// What the kernels and the executor reach on a tiling, whatever the compiler
// would choose: it compiles an attend for one instruction set, lists rows and
// columns pair by pair, and runs the bands one after another. Used to measure
// Strategy's costs (lib/Target/Cpu.h) and what limits a pattern.
//
//   tile_bench PATTERN [rows [rows of the second band [v3|v4 [channels]]]]
//
//===----------------------------------------------------------------------===//

#include "bench/peak.h"
#include "lib/Target/Cpu.h"

extern "C" {
#include "effattn/effattn.h"
#include "runtime/src/attend.h"
#include "runtime/src/plan.h"
}

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

namespace effattn::bench {
namespace {

constexpr int64_t kTokens = 8192, kHeads = 4;

using Visible = std::function<bool(int64_t, int64_t)>;
using Rows = std::vector<std::vector<int32_t>>;

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }
ScalarRef number(int64_t value) { return constantInt(value); }
ScalarRef distance() { return i() - j(); }
ScalarRef within(ScalarRef x, int64_t low, int64_t high) {
  return logicalAnd(number(low) <= x, x <= number(high));
}

/// One attend of a merge; the second and later ones continue.
struct Band {
  ScalarRef predicate; ///< what partial columns evaluate
  Visible visible;
  Rows rows;
  int tileRows;
};

struct Pattern {
  std::vector<Band> bands;
  Visible visible;
};

/// Rows first, first + step, ... cut into tiles.
void addTiles(Rows &rows, int64_t first, int64_t step, int64_t count,
              int size) {
  for (int64_t at = 0; at < count; at += size) {
    std::vector<int32_t> &tile = rows.emplace_back(size, -1);
    for (int64_t k = 0; k < size && at + k < count; ++k)
      tile[k] = static_cast<int32_t>(first + (at + k) * step);
  }
}

Rows contiguous(int size, int64_t first = 0) {
  Rows rows;
  addTiles(rows, first, 1, kTokens - first, size);
  return rows;
}

Rows residues(int size, int64_t modulus) {
  Rows rows;
  for (int64_t r = 0; r < modulus; ++r)
    addTiles(rows, r, modulus, kTokens / modulus, size);
  return rows;
}

/// Boxes of height x width on a grid of 64 x 128.
Rows boxes(int64_t height, int64_t width) {
  Rows rows;
  for (int64_t y = 0; y < 64; y += height)
    for (int64_t x = 0; x < 128; x += width) {
      std::vector<int32_t> &tile = rows.emplace_back();
      for (int64_t v = y; v < y + height; ++v)
        for (int64_t u = x; u < x + width; ++u)
          tile.push_back(static_cast<int32_t>(v * 128 + u));
    }
  return rows;
}

Pattern single(ScalarRef predicate, Visible visible, Rows rows, int size) {
  return {{{std::move(predicate), visible, std::move(rows), size}}, visible};
}

Pattern window(int64_t left, int64_t right, int size) {
  return single(
      within(distance(), -right, left),
      [=](int64_t i, int64_t j) { return i - j <= left && j - i <= right; },
      contiguous(size), size);
}

Pattern strided(int one, int two) {
  Visible near = [](int64_t i, int64_t j) { return j <= i && i - j < 128; };
  Visible far = [](int64_t i, int64_t j) {
    return i - j >= 128 && (i - j) % 128 == 0;
  };
  return {{{within(distance(), 0, 127), near, contiguous(one), one},
           {logicalAnd(number(128) <= distance(),
                       equal(mod(distance(), number(128)), number(0))),
            far, residues(two, 128), two}},
          [=](int64_t i, int64_t j) { return near(i, j) || far(i, j); }};
}

Pattern every(int64_t step, int size) {
  return single(
      logicalAnd(number(0) <= distance(),
                 equal(mod(distance(), number(step)), number(0))),
      [=](int64_t i, int64_t j) { return j <= i && (i - j) % step == 0; },
      residues(size, step), size);
}

Pattern dilated(int size) {
  return single(
      logicalAnd(within(distance(), -256, 256),
                 equal(mod(distance(), number(4)), number(0))),
      [](int64_t i, int64_t j) {
        return std::abs(i - j) <= 256 && (i - j) % 4 == 0;
      },
      residues(size, 4), size);
}

Pattern bigbird(int size) {
  constexpr int64_t blocks = kTokens / 64;
  auto drawn = std::make_shared<std::vector<char>>(blocks * blocks);
  std::mt19937 random(1);
  for (int64_t b = 0; b < blocks; ++b)
    for (int count = 0; count < 3;) {
      int64_t w = 1 + random() % (blocks - 2);
      char &entry = (*drawn)[b * blocks + w];
      if (std::abs(w - b) <= 1 || entry)
        continue;
      entry = 1;
      ++count;
    }
  return single(
      nullptr,
      [=](int64_t i, int64_t j) {
        int64_t x = i / 64, y = j / 64;
        return std::abs(x - y) <= 1 || y == 0 || y == blocks - 1 || x == 0 ||
               x == blocks - 1 || (*drawn)[x * blocks + y];
      },
      contiguous(size), size);
}

Pattern longformer(int size) {
  Rows rows = contiguous(size, 8);
  std::vector<int32_t> &globals = rows.emplace_back(size, -1);
  for (int k = 0; k < 8; ++k)
    globals[k] = k;
  return single(
      logicalOr(within(distance(), -256, 256),
                logicalOr(j() < number(8), i() < number(8))),
      [](int64_t i, int64_t j) {
        return std::abs(i - j) <= 256 || j < 8 || i < 8;
      },
      rows, size);
}

Pattern axial(int size) {
  return single(
      equal(floorDiv(i(), number(128)), floorDiv(j(), number(128))),
      [](int64_t i, int64_t j) { return i / 128 == j / 128; }, contiguous(size),
      size);
}

int64_t clampTo(int64_t x, int64_t low, int64_t high) {
  return std::max(low, std::min(x, high));
}

/// 13 x 13, clamped to the grid.
Pattern neighbourhood(int size) {
  auto near = [](const ScalarRef &at, const ScalarRef &to, int64_t extent) {
    ScalarRef centre = binary(ScalarKind::Max, number(6),
                              binary(ScalarKind::Min, at, number(extent - 7)));
    return unary(ScalarKind::Abs, centre - to) <= number(6);
  };
  return single(
      logicalAnd(
          near(floorDiv(i(), number(128)), floorDiv(j(), number(128)), 64),
          near(mod(i(), number(128)), mod(j(), number(128)), 128)),
      [](int64_t i, int64_t j) {
        return std::abs(clampTo(i / 128, 6, 57) - j / 128) <= 6 &&
               std::abs(clampTo(i % 128, 6, 121) - j % 128) <= 6;
      },
      size == 16 ? boxes(4, 4) : boxes(4, 8), size);
}

Pattern patternOf(const std::string &name, int one, int two) {
  if (name.rfind("window", 0) == 0)
    return window(std::stoi(name.substr(6)) - 1, 0, one);
  if (name.rfind("every", 0) == 0)
    return every(std::stoi(name.substr(5)), one);
  if (name == "strided")
    return strided(one, two);
  if (name == "dilated")
    return dilated(one);
  if (name == "bigbird")
    return bigbird(one);
  if (name == "longformer")
    return longformer(one);
  if (name == "axial")
    return axial(one);
  if (name == "neighbourhood")
    return neighbourhood(one);
  std::fprintf(stderr, "no pattern '%s'\n", name.c_str());
  std::exit(2);
}

//===- plans --------------------------------------------------------------===//

struct OwnedPlan {
  std::vector<effattn_plan_tile> tiles;
  std::vector<effattn_plan_run> runs;
  std::vector<int32_t> rows;
  effattn_plan plan = {};
};

void addRuns(OwnedPlan &plan, const std::vector<int32_t> &columns) {
  for (size_t first = 0; first < columns.size();) {
    int32_t step =
        first + 1 < columns.size() ? columns[first + 1] - columns[first] : 1;
    size_t end = first + 1;
    while (end < columns.size() && columns[end] - columns[end - 1] == step)
      ++end;
    plan.runs.push_back(
        {columns[first], step, static_cast<int32_t>(end - first), 0});
    first = end;
  }
}

std::unique_ptr<OwnedPlan> makePlan(const Band &band) {
  auto result = std::make_unique<OwnedPlan>();
  for (const std::vector<int32_t> &rows : band.rows) {
    effattn_plan_tile tile = {};
    tile.rows = static_cast<int64_t>(result->rows.size());
    tile.runs = static_cast<int64_t>(result->runs.size());
    tile.first_row = -1;
    for (int32_t row : rows) {
      result->rows.push_back(row);
      tile.present += row >= 0;
    }
    std::vector<int32_t> full, partial;
    for (int32_t column = 0; column < kTokens; ++column) {
      int seen = 0;
      for (int32_t row : rows)
        seen += row >= 0 && band.visible(row, column);
      if (seen == tile.present)
        full.push_back(column);
      else if (seen)
        partial.push_back(column);
    }
    addRuns(*result, full);
    tile.full_runs = static_cast<int32_t>(result->runs.size() - tile.runs);
    addRuns(*result, partial);
    tile.partial_runs =
        static_cast<int32_t>(result->runs.size() - tile.runs) - tile.full_runs;
    tile.full_columns = static_cast<int32_t>(full.size());
    tile.partial_columns = static_cast<int32_t>(partial.size());
    result->tiles.push_back(tile);
  }
  effattn_plan &plan = result->plan;
  plan.tile_rows = static_cast<uint32_t>(band.tileRows);
  plan.tile_count = static_cast<int64_t>(result->tiles.size());
  plan.tiles = result->tiles.data();
  plan.runs = result->runs.data();
  plan.rows = result->rows.data();
  return result;
}

//===- running ------------------------------------------------------------===//

/// Of this thread: others share the machine.
double cpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

void serial(void *, int64_t count, int32_t, effattn_parallel_body body,
            void *data) {
  for (int64_t index = 0; index < count; ++index)
    body(data, index, 0);
}

struct Compiled {
  AttendSpec spec;
  effattn_attend attend = {};
  effattn_attend_code code = {};
  std::unique_ptr<OwnedPlan> plan;
  const effattn_plan *plans[1];
  effattn_attend_run run = {};
};

void compileBand(const Band &band, const CpuIsa &isa, int channels, int index,
                 Compiled &to) {
  to.spec.name = "bench" + std::to_string(index);
  to.spec.headDim = to.spec.valueDim = channels;
  to.spec.predicate = band.predicate;
  to.spec.integers = {"N", "M", "q0"};
  to.spec.floats = {"scale"};
  AttendNumbers numbers = cpuNumbers(isa, band.tileRows);
  ScheduleFailure failure;
  std::vector<KernelObject> objects =
      compileAttendCpu(to.spec, numbers, isa.halideTarget, &failure);
  if (!failure.message.empty()) {
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    std::exit(1);
  }
  std::string base =
      "/tmp/tile_bench_" + std::to_string(getpid()) + to.spec.name;
  std::string command = "cc -shared -o " + base + ".so " + base + ".o";
  std::ofstream(base + ".o", std::ios::binary)
      .write(objects[0].bytes.data(),
             static_cast<std::streamsize>(objects[0].bytes.size()));
  void *library = std::system(command.c_str()) == 0
                      ? dlopen((base + ".so").c_str(), RTLD_NOW)
                      : nullptr;
  unlink((base + ".o").c_str());
  unlink((base + ".so").c_str());
  if (!library) {
    std::fprintf(stderr, "cannot load the kernel\n");
    std::exit(1);
  }
  auto find = [&](const char *part) {
    std::string symbol = to.spec.name + "_" + isa.name + "_" + part;
    return reinterpret_cast<effattn_code>(dlsym(library, symbol.c_str()));
  };
  to.code.target = isa.target;
  to.code.tile_rows = static_cast<uint32_t>(numbers.tileRows);
  to.code.column_unroll = static_cast<uint32_t>(numbers.columnUnroll);
  to.code.column_chunk = static_cast<uint32_t>(numbers.columnChunk);
  to.code.pack = find("pack");
  to.code.tile = find("tile");
  to.code.tile_select = find("select");
  to.code.finish = find("finish");
  to.attend.name = "bench";
  to.attend.head_dim = to.attend.value_dim = static_cast<uint32_t>(channels);
  to.attend.integers = 3;
  to.attend.floats = 1;
  to.plan = makePlan(band);
  to.plans[0] = &to.plan->plan;
}

effattn_view heads(float *data, int64_t channels) {
  effattn_view view = {};
  view.data = data;
  view.element = EFFATTN_F32;
  view.rank = 4;
  view.shape[0] = 1;
  view.shape[1] = kHeads;
  view.shape[2] = kTokens;
  view.shape[3] = channels;
  view.stride[3] = 1;
  view.stride[2] = channels;
  view.stride[1] = channels * kTokens;
  view.stride[0] = view.stride[1] * kHeads;
  return view;
}

int run(const std::string &name, int one, int two, const CpuIsa &isa,
        int channels, int runs) {
  Pattern pattern = patternOf(name, one, two);
  std::vector<std::unique_ptr<Compiled>> compiled;
  const size_t size = kHeads * kTokens * static_cast<size_t>(channels);
  float *tensors[4];
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (float *&tensor : tensors) {
    tensor = static_cast<float *>(std::aligned_alloc(64, size * sizeof(float)));
    for (size_t k = 0; k < size; ++k)
      tensor[k] = normal(random);
  }
  std::vector<float> lse(kHeads * kTokens);
  int64_t integers[] = {kTokens, kTokens, 0};
  double floats[] = {1 / std::sqrt(double(channels))};
  double computed = 0, visible = 0;
  for (const Band &band : pattern.bands) {
    Compiled &c = *compiled.emplace_back(std::make_unique<Compiled>());
    compileBand(band, isa, channels, static_cast<int>(compiled.size()), c);
    effattn_attend_run &r = c.run;
    r.attend = &c.attend;
    r.code = &c.code;
    r.query = heads(tensors[0], channels);
    r.key = heads(tensors[1], channels);
    r.value = heads(tensors[2], channels);
    r.output = heads(tensors[3], channels);
    r.lse = heads(lse.data(), 1);
    r.lse.rank = 3;
    r.plans = c.plans;
    r.head_end = kHeads;
    r.continues = compiled.size() > 1;
    r.integers = integers;
    r.floats = floats;
    r.parallel_for = serial;
    r.workers = 1;
    size_t bytes = effattn_attend_cpu_scratch(&c.attend, &c.code);
    r.scratch = std::aligned_alloc(128, (bytes + 127) / 128 * 128);
    for (const effattn_plan_tile &tile : c.plan->tiles) {
      int64_t columns = tile.full_columns + tile.partial_columns;
      int64_t unroll = c.code.column_unroll;
      computed += double((columns + unroll - 1) / unroll * unroll) *
                  band.tileRows * kHeads;
    }
  }
  for (int64_t i = 0; i < kTokens; ++i)
    for (int64_t j = 0; j < kTokens; ++j)
      visible += pattern.visible(i, j);
  visible *= kHeads;
  double best = 1e9, peak = 0;
  std::vector<double> bands(compiled.size(), 1e9);
  for (int k = 0; k < runs; ++k) {
    double total = 0;
    for (size_t b = 0; b < compiled.size(); ++b) {
      double start = cpuSeconds();
      if (effattn_attend_cpu(&compiled[b]->run) != EFFATTN_OK) {
        std::fprintf(stderr, "%s\n", effattn_message());
        return 1;
      }
      double seconds = cpuSeconds() - start;
      bands[b] = std::min(bands[b], seconds);
      total += seconds;
    }
    best = std::min(best, total);
    peak = std::max(peak, measurePeak(isa.name == "v4"));
  }
  double flops = 4.0 * channels / 1e9;
  std::printf("%-14s %s rows %d,%d D %d: %.2f ms, useful %.1f = %.3f of peak "
              "%.0f, computed %.3f, computed/visible %.3f",
              name.c_str(), isa.name.c_str(), one, two, channels, best * 1e3,
              visible * flops / best, visible * flops / best / peak, peak,
              computed * flops / best / peak, computed / visible);
  for (double seconds : bands)
    std::printf(", %.2f ms", seconds * 1e3);
  std::printf("\n");
  return 0;
}

} // namespace
} // namespace effattn::bench

int main(int argc, char **argv) {
  using namespace effattn;
  if (argc < 2) {
    std::fprintf(stderr, "usage: tile_bench PATTERN [rows [second band's rows "
                         "[v3|v4 [channels [runs]]]]]\n");
    return 2;
  }
  int one = argc > 2 ? std::atoi(argv[2]) : 32;
  int two = argc > 3 ? std::atoi(argv[3]) : one;
  const CpuIsa *isa = findCpuIsa(argc > 4 ? argv[4] : "v4");
  int channels = argc > 5 ? std::atoi(argv[5]) : 64;
  if (!isa || one < 1 || two < 1 || channels < 16)
    return 2;
  return bench::run(argv[1], one, two, *isa, channels,
                    argc > 6 ? std::atoi(argv[6]) : 40);
}

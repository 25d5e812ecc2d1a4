//===- PlanSizeTest.cpp - plans for a million tokens ----------------------===//
//
// Memory is checked against 64 MiB, at most at any time; times are printed, and
// checked loosely since tests run side by side.
//
//===----------------------------------------------------------------------===//

#include "PlanSource.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int64_t N = 1'000'000, rowsOfTile = 16;

struct Meter {
  int64_t live = 0, peak = 0;
};

void *allocate(void *user, size_t bytes, size_t alignment) {
  auto *meter = static_cast<Meter *>(user);
  meter->live += int64_t(bytes);
  meter->peak = std::max(meter->peak, meter->live);
  return std::aligned_alloc(alignment,
                            (bytes + alignment - 1) / alignment * alignment);
}

void deallocate(void *user, void *memory, size_t bytes, size_t) {
  static_cast<Meter *>(user)->live -= int64_t(bytes);
  std::free(memory);
}

int64_t put(effattn_run *runs, int64_t capacity, int64_t at, int64_t first,
            int64_t end, int64_t step = 1) {
  if (end <= first)
    return at;
  if (at < capacity)
    runs[at] = {int32_t(first), int32_t(step),
                int32_t((end - first + step - 1) / step)};
  return at + 1;
}

//===----------------------------------------------------------------------===//
// window(512)
//===----------------------------------------------------------------------===//

constexpr int64_t back = 512;

int64_t windowFull(const int64_t *, int64_t tile, effattn_run *runs,
                   int64_t capacity) {
  const int64_t first = rowsOfTile * tile;
  return put(runs, capacity, 0, std::max<int64_t>(0, first + 15 - back),
             first + 1);
}

int64_t windowPartial(const int64_t *p, int64_t tile, effattn_run *runs,
                      int64_t capacity) {
  const int64_t first = rowsOfTile * tile;
  const int64_t at = put(runs, capacity, 0, std::max<int64_t>(0, first - back),
                         std::max<int64_t>(0, first + 15 - back));
  return put(runs, capacity, at, first + 1, std::min(p[1], first + 16));
}

//===----------------------------------------------------------------------===//
// stride(128) and causal, tiles of residue classes
//===----------------------------------------------------------------------===//

constexpr int64_t modulus = 128;

int64_t tilesOfResidue(const int64_t *p) {
  const int64_t rows = (p[0] + modulus - 1) / modulus;
  return (rows + rowsOfTile - 1) / rowsOfTile;
}

int64_t residueTiles(const int64_t *p) { return modulus * tilesOfResidue(p); }

int32_t residueRows(const int64_t *p, int64_t tile, int32_t *rows) {
  const int64_t residue = tile / tilesOfResidue(p);
  const int64_t first = tile % tilesOfResidue(p) * rowsOfTile;
  int32_t count = 0;
  for (int64_t k = 0; k < rowsOfTile; ++k) {
    const int64_t row = residue + modulus * (first + k);
    rows[k] = row < p[0] ? int32_t(row) : -1;
    count += row < p[0];
  }
  return count;
}

int64_t residueFull(const int64_t *p, int64_t tile, effattn_run *runs,
                    int64_t capacity) {
  const int64_t residue = tile / tilesOfResidue(p);
  const int64_t first = tile % tilesOfResidue(p) * rowsOfTile;
  return put(runs, capacity, 0, residue, residue + modulus * first + 1,
             modulus);
}

int64_t residuePartial(const int64_t *p, int64_t tile, effattn_run *runs,
                       int64_t capacity) {
  const int64_t residue = tile / tilesOfResidue(p);
  const int64_t first = tile % tilesOfResidue(p) * rowsOfTile;
  return put(runs, capacity, 0, residue + modulus * (first + 1),
             std::min(p[1], residue + modulus * (first + 15) + 1), modulus);
}

//===----------------------------------------------------------------------===//
// BigBird: 3 blocks of 64 in the window, 2 global, 3 random; or-ed together.
// The relation is: drawn[p div 64, c] == j div 64.
//===----------------------------------------------------------------------===//

constexpr int64_t block = 64, random = 3;

int64_t drawnBlock(const int64_t *, const effattn_plan_table *tables, int64_t a,
                   int64_t b, int32_t *missed) {
  const int64_t u = a / block;
  if (u >= tables[0].shape[0] || b >= tables[0].shape[1]) {
    *missed = 1;
    return 0;
  }
  return static_cast<const int32_t *>(
      tables[0].data)[u * tables[0].stride[0] + b * tables[0].stride[1]];
}

int64_t blockOf(const int64_t *, const effattn_plan_table *, int64_t a, int64_t,
                int32_t *) {
  return a / block;
}

int64_t everything(const int64_t *p, int64_t, effattn_run *runs,
                   int64_t capacity) {
  return put(runs, capacity, 0, 0, p[1]);
}

/// Neither global nor drawn.
int64_t bandOfBlocks(const int64_t *p, int64_t tile, effattn_run *runs,
                     int64_t capacity) {
  const int64_t u = tile * rowsOfTile / block;
  return put(runs, capacity, 0, std::max<int64_t>(0, u - 1) * block,
             std::min(p[1], (u + 2) * block));
}

//===----------------------------------------------------------------------===//
// Spans of about 512 keys, each query its own; and documents of about 100,
// which each key leaves behind its last query.
//===----------------------------------------------------------------------===//

int64_t endOfSpan(const int64_t *, const effattn_plan_table *tables, int64_t a,
                  int64_t b, int32_t *) {
  const int32_t start = static_cast<const int32_t *>(tables[0].data)[a];
  return b == 0 ? start : -1 - (start + 512);
}

int64_t position(const int64_t *, const effattn_plan_table *, int64_t a,
                 int64_t b, int32_t *) {
  return b == 0 ? a : -2 - a;
}

int64_t bothBits(const int64_t *, const effattn_plan_table *, int64_t a,
                 int64_t, int32_t *) {
  return a == 3;
}

int64_t rowPosition(const int64_t *, const effattn_plan_table *, int64_t a,
                    int64_t, int32_t *) {
  return a + 1;
}

int64_t endOfDocument(const int64_t *, const effattn_plan_table *tables,
                      int64_t a, int64_t, int32_t *) {
  return static_cast<const int32_t *>(tables[0].data)[a];
}

int64_t oneBit(const int64_t *, const effattn_plan_table *, int64_t a, int64_t,
               int32_t *) {
  return a;
}

//===----------------------------------------------------------------------===//

struct Result {
  effattn_plan plan;
  double seconds;
  int64_t peak;
};

void report(const char *name, effattn_plan_request request) {
  const int64_t parameters[] = {N, N, 0, 0, 0};
  double best = 1e9;
  for (int trial = 0; trial < 3; ++trial) {
    Meter meter;
    request.tile_rows = rowsOfTile;
    request.parameters = parameters;
    request.allocator = {&meter, allocate, deallocate};
    const auto start = std::chrono::steady_clock::now();
    effattn_plan plan;
    ASSERT_EQ(effattn_plan_build(&request, &plan), 0);
    const std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
    if (trial == 2)
      std::printf("%s, N = 1,000,000: %lld runs, %.1f ms, %.1f MiB held, %.1f "
                  "MiB at most\n",
                  name, static_cast<long long>(plan.run_count), 1e3 * best,
                  double(plan.bytes) / (1 << 20),
                  double(meter.peak) / (1 << 20));
    EXPECT_LE(meter.peak, 64 << 20);
    effattn_plan_free(&plan);
    EXPECT_EQ(meter.live, 0);
  }
  EXPECT_LT(best, 1.0);
}

TEST(PlanSize, Window) {
  const effattn_case cases[] = {{windowFull, windowPartial, nullptr}};
  effattn_plan_request request = {};
  request.cases = cases;
  report("window", request);
}

TEST(PlanSize, Strided) {
  const effattn_case cases[] = {{residueFull, residuePartial, nullptr}};
  effattn_plan_request request = {};
  request.cases = cases;
  request.row_order = EFFATTN_ROWS_LISTED;
  request.tile_count = residueTiles;
  request.tile_row_list = residueRows;
  report("strided", request);
}

TEST(PlanSize, BigBird) {
  // Index: (state << 1 query set) << 1 key set.
  effattn_case cases[12];
  for (int index = 0; index < 12; ++index) {
    const bool all = (index & 3) || index >> 2 == 1;
    cases[index] = {all ? everything : bandOfBlocks, nullptr, everything};
    if (!all && index >> 2 == 2)
      cases[index] = {bandOfBlocks, everything, everything};
  }
  const int64_t blocks = (N + block - 1) / block;
  std::vector<int32_t> drawn(blocks * random), global;
  uint64_t state = 1;
  for (int32_t &value : drawn) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = int32_t((state >> 33) % uint64_t(blocks));
  }
  for (int32_t k = 0; k < 2 * block; ++k)
    global.push_back(k);
  const int64_t shape[] = {blocks, random}, stride[] = {random, 1};
  const effattn_plan_table table = {drawn.data(), EFFATTN_I32, 2, shape,
                                    stride};
  const effattn_relation relation = {EFFATTN_RELATION_LABELS,
                                     random,
                                     drawnBlock,
                                     blockOf,
                                     nullptr,
                                     0,
                                     0,
                                     nullptr,
                                     nullptr};
  const effattn_plan_set set = {global.data(), int64_t(global.size())};
  effattn_plan_request request = {};
  request.cases = cases;
  request.key_sets = request.query_sets = 1;
  request.key_set = request.query_set = &set;
  request.relations = 1;
  request.relation = &relation;
  request.tables = &table;
  report("BigBird", request);
}

/// The pattern is the relation.
void reportRelation(const char *name, const effattn_relation &relation,
                    const std::vector<int32_t> &values) {
  const effattn_case cases[] = {{nullptr, nullptr, nullptr},
                                {everything, nullptr, everything},
                                {nullptr, everything, everything}};
  const int64_t shape[] = {N}, stride[] = {1};
  const effattn_plan_table table = {values.data(), EFFATTN_I32, 1, shape,
                                    stride};
  effattn_plan_request request = {};
  request.cases = cases;
  request.relations = 1;
  request.relation = &relation;
  request.tables = &table;
  report(name, request);
}

TEST(PlanSize, Spans) {
  std::vector<int32_t> starts;
  for (int64_t i = 0; i < N; ++i)
    starts.push_back(int32_t(std::max<int64_t>(0, i - 400 - i * 37 % 91)));
  reportRelation(
      "spans",
      {EFFATTN_RELATION_COMPARED, 2, endOfSpan, position, bothBits, 1, 2},
      starts);
}

TEST(PlanSize, DocumentsByColumn) {
  std::vector<int32_t> ends(N);
  for (int64_t j = N, end = N; j-- > 0;) {
    if (j * 7919 % 100 == 0)
      end = j + 1;
    ends[j] = int32_t(end);
  }
  reportRelation("documents by column",
                 {EFFATTN_RELATION_COMPARED, 1, rowPosition, endOfDocument,
                  oneBit, 0, 0, nullptr, nullptr},
                 ends);
}

} // namespace

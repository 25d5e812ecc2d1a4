//===- EmitTilesTest.cpp - numbers of tiles as rows and coordinates -------===//

#include "Jit.h"

#include "lib/Lowering/EmitRuns.h"
#include "lib/Lowering/EmitTiles.h"
#include "runtime/include/effattn/kernel.h"

#include <numeric>

using namespace effattn;
using namespace effattn::test;

namespace {

using CountFunction = int64_t(const int64_t *);
using RowsFunction = int32_t(const int64_t *, int64_t, int32_t *);
using RunsFunction = int64_t(const int64_t *, int64_t, effattn_run *, int64_t);

/// A run for each coordinate, its count 1 and its first the coordinate.
RunNestRef coordinates(const SetFrame &frame) {
  auto block = std::make_shared<RunNest>();
  for (const std::string &name : frame.coordinates) {
    auto run = std::make_shared<RunNest>();
    run->kind = RunNest::Kind::Run;
    run->first = variable(name);
    run->step = run->count = constantInt(1);
    block->children.push_back(run);
  }
  return block;
}

class EmitTilesTest : public testing::Test {
protected:
  EmitTilesTest()
      : context(mlir::MLIRContext::Threading::DISABLED),
        module(mlir::ModuleOp::create(mlir::UnknownLoc::get(&context))) {
    loadDialects(context);
  }

  void build(const SetFrame &frame,
             const std::vector<std::string> &parameters) {
    auto builder = mlir::OpBuilder::atBlockEnd(module->getBody());
    auto location = builder.getUnknownLoc();
    std::string unknown;
    ASSERT_TRUE(
        emitTileCount(builder, location, "count", frame, parameters, &unknown));
    ASSERT_TRUE(
        emitTileRows(builder, location, "rows", frame, parameters, &unknown));
    ASSERT_TRUE(emitRuns(builder, location, "runs", coordinates(frame), frame,
                         parameters, &unknown));
    jit = std::make_unique<Jit>(*module);
  }

  std::vector<int64_t> coordinatesOf(const std::vector<int64_t> &parameters,
                                     int64_t tile) {
    effattn_run runs[5];
    int64_t count =
        jit->find<RunsFunction>("runs")(parameters.data(), tile, runs, 5);
    std::vector<int64_t> all;
    for (int64_t k = 0; k < count; ++k)
      all.push_back(runs[k].first);
    return all;
  }

  /// The rows that exist; the rest of the list must be -1.
  std::vector<int32_t> rowsOf(const std::vector<int64_t> &parameters,
                              int64_t tile, int64_t tileRows) {
    std::vector<int32_t> rows(tileRows + 1, 77);
    int32_t count =
        jit->find<RowsFunction>("rows")(parameters.data(), tile, rows.data());
    EXPECT_EQ(rows.back(), 77) << "writes past the end";
    for (int64_t k = count; k < tileRows; ++k)
      EXPECT_EQ(rows[k], -1);
    rows.resize(count);
    return rows;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Jit> jit;
};

TEST_F(EmitTilesTest, Residues) {
  SetFrame frame;
  frame.tiling = Tiling{RowOrder::Residues, 4, 6, {}, -1};
  frame.coordinates = {"r", "t"};
  ASSERT_NO_FATAL_FAILURE(build(frame, {"M", "N"}));
  // Up to 21 tiles of a residue: two whole groups and a part of one.
  for (int64_t n = 0; n <= 500; n += n < 60 ? 1 : 7) {
    std::vector<int64_t> parameters = {99, n};
    int64_t longest = (n + 5) / 6, each = (longest + 3) / 4;
    int64_t tiles = jit->find<CountFunction>("count")(parameters.data());
    ASSERT_EQ(tiles, each * 6);
    // Residues take turns: 8 tiles of each.
    std::vector<std::pair<int64_t, int64_t>> order;
    for (int64_t group = 0; group < each; group += 8)
      for (int64_t r = 0; r < 6; ++r)
        for (int64_t t = group; t < std::min(group + 8, each); ++t)
          order.emplace_back(r, t);
    ASSERT_EQ(static_cast<int64_t>(order.size()), tiles);
    std::vector<int> seen(n);
    for (int64_t tile = 0; tile < tiles; ++tile) {
      auto [r, t] = order[tile];
      ASSERT_EQ(coordinatesOf(parameters, tile), (std::vector<int64_t>{r, t}));
      std::vector<int32_t> expected;
      for (int64_t k = 0; k < 4; ++k)
        if (r + 6 * (4 * t + k) < n)
          expected.push_back(static_cast<int32_t>(r + 6 * (4 * t + k)));
      ASSERT_EQ(rowsOf(parameters, tile, 4), expected);
      for (int32_t row : expected)
        ++seen[row];
    }
    for (int64_t row = 0; row < n; ++row)
      ASSERT_EQ(seen[row], 1) << "row " << row << " of " << n;
  }
}

TEST_F(EmitTilesTest, Boxes) {
  SetFrame frame;
  frame.tiling = Tiling{RowOrder::Grid, 8, 1, {2, 4}, -1};
  frame.coordinates = {"ty", "tx"};
  frame.extents = {variable("Y"), variable("X")};
  ASSERT_NO_FATAL_FAILURE(build(frame, {"N", "Y", "X"}));
  for (int64_t y = 0; y <= 7; ++y)
    for (int64_t x = 0; x <= 9; ++x) {
      std::vector<int64_t> parameters = {y * x, y, x};
      int64_t down = (y + 1) / 2, across = (x + 3) / 4;
      ASSERT_EQ(jit->find<CountFunction>("count")(parameters.data()),
                down * across);
      for (int64_t tile = 0; tile < down * across; ++tile) {
        int64_t ty = tile / across, tx = tile % across;
        ASSERT_EQ(coordinatesOf(parameters, tile),
                  (std::vector<int64_t>{ty, tx}));
        std::vector<int32_t> expected;
        for (int64_t k = 0; k < 8; ++k) {
          int64_t iy = 2 * ty + k / 4, ix = 4 * tx + k % 4;
          if (iy < y && ix < x)
            expected.push_back(static_cast<int32_t>(iy * x + ix));
        }
        ASSERT_EQ(rowsOf(parameters, tile, 8), expected);
      }
    }
}

TEST_F(EmitTilesTest, BoxesOfThreeAxes) {
  SetFrame frame;
  frame.tiling = Tiling{RowOrder::Grid, 8, 1, {2, 2, 2}, -1};
  frame.coordinates = {"tz", "ty", "tx"};
  frame.extents = {constantInt(3), variable("Y"), constantInt(5)};
  ASSERT_NO_FATAL_FAILURE(build(frame, {"N", "Y"}));
  for (int64_t y = 1; y <= 5; ++y) {
    std::vector<int64_t> parameters = {15 * y, y};
    int64_t tiles = jit->find<CountFunction>("count")(parameters.data());
    ASSERT_EQ(tiles, 2 * ((y + 1) / 2) * 3);
    std::vector<int> seen(15 * y);
    for (int64_t tile = 0; tile < tiles; ++tile)
      for (int32_t row : rowsOf(parameters, tile, 8)) {
        auto place = coordinatesOf(parameters, tile);
        EXPECT_EQ(row / (5 * y) / 2, place[0]);
        EXPECT_EQ(row / 5 % y / 2, place[1]);
        EXPECT_EQ(row % 5 / 2, place[2]);
        ++seen[row];
      }
    EXPECT_EQ(seen, std::vector<int>(15 * y, 1));
  }
}

TEST_F(EmitTilesTest, BoxesOfResidues) {
  SetFrame frame;
  frame.tiling = Tiling{RowOrder::Grid, 8, 1, {2, 4}, -1, {3, 1}};
  frame.coordinates = {"ry", "ty", "tx"};
  frame.extents = {variable("Y"), variable("X")};
  ASSERT_NO_FATAL_FAILURE(build(frame, {"N", "Y", "X"}));
  for (int64_t y = 0; y <= 14; ++y)
    for (int64_t x = 0; x <= 9; ++x) {
      std::vector<int64_t> parameters = {y * x, y, x};
      int64_t down = ((y + 2) / 3 + 1) / 2, across = (x + 3) / 4;
      int64_t tiles = jit->find<CountFunction>("count")(parameters.data());
      ASSERT_EQ(tiles, 3 * down * across);
      std::vector<int> seen(y * x);
      for (int64_t tile = 0; tile < tiles; ++tile) {
        int64_t ry = tile / (down * across), ty = tile / across % down,
                tx = tile % across;
        ASSERT_EQ(coordinatesOf(parameters, tile),
                  (std::vector<int64_t>{ry, ty, tx}));
        std::vector<int32_t> expected;
        for (int64_t k = 0; k < 8; ++k) {
          int64_t iy = ry + 3 * (2 * ty + k / 4), ix = 4 * tx + k % 4;
          if (iy < y && ix < x)
            expected.push_back(static_cast<int32_t>(iy * x + ix));
        }
        ASSERT_EQ(rowsOf(parameters, tile, 8), expected);
        for (int32_t row : expected)
          ++seen[row];
      }
      ASSERT_EQ(seen, std::vector<int>(y * x, 1));
      // A tile past the last one has no rows.
      ASSERT_TRUE(rowsOf(parameters, tiles, 8).empty());
    }
}

TEST_F(EmitTilesTest, BoxesOfResiduesOfThreeAxes) {
  SetFrame frame;
  frame.tiling = Tiling{RowOrder::Grid, 4, 1, {1, 2, 2}, -1, {2, 1, 3}};
  frame.coordinates = {"rz", "rx", "tz", "ty", "tx"};
  frame.extents = {constantInt(3), variable("Y"), constantInt(7)};
  ASSERT_NO_FATAL_FAILURE(build(frame, {"N", "Y"}));
  for (int64_t y = 1; y <= 5; ++y) {
    std::vector<int64_t> parameters = {21 * y, y};
    int64_t tiles = jit->find<CountFunction>("count")(parameters.data());
    ASSERT_EQ(tiles, 2 * 3 * 2 * ((y + 1) / 2) * 2);
    std::vector<int> seen(21 * y);
    for (int64_t tile = 0; tile < tiles; ++tile)
      for (int32_t row : rowsOf(parameters, tile, 4)) {
        auto place = coordinatesOf(parameters, tile);
        int64_t iz = row / (7 * y), ix = row % 7;
        EXPECT_EQ(iz % 2, place[0]);
        EXPECT_EQ(ix % 3, place[1]);
        EXPECT_EQ(iz / 2, place[2]);
        EXPECT_EQ(row / 7 % y / 2, place[3]);
        EXPECT_EQ(ix / 3 / 2, place[4]);
        ++seen[row];
      }
    EXPECT_EQ(seen, std::vector<int>(21 * y, 1));
  }
}

TEST_F(EmitTilesTest, RowsOfAGridHaveCoordinates) {
  SetFrame frame;
  frame.coordinates = {"iz", "iy", "ix"};
  frame.extents = {constantInt(4), variable("Y"), variable("X")};
  auto builder = mlir::OpBuilder::atBlockEnd(module->getBody());
  std::string unknown;
  ASSERT_TRUE(emitRuns(builder, builder.getUnknownLoc(), "runs",
                       coordinates(frame), frame, {"X", "Y"}, &unknown));
  jit = std::make_unique<Jit>(*module);
  for (int64_t row = 0; row < 4 * 3 * 7; ++row)
    ASSERT_EQ(coordinatesOf({7, 3}, row),
              (std::vector<int64_t>{row / 21, row / 7 % 3, row % 7}));
}

TEST_F(EmitTilesTest, UnknownExtentsAreReported) {
  SetFrame frame;
  frame.tiling = Tiling{RowOrder::Grid, 4, 1, {2, 2}, -1};
  frame.coordinates = {"ty", "tx"};
  frame.extents = {variable("Y"), variable("X")};
  auto builder = mlir::OpBuilder::atBlockEnd(module->getBody());
  std::string unknown;
  EXPECT_FALSE(emitTileCount(builder, builder.getUnknownLoc(), "count", frame,
                             {"N", "Y"}, &unknown));
  EXPECT_EQ(unknown, "X");
  EXPECT_TRUE(module->getBody()->empty());
}

} // namespace

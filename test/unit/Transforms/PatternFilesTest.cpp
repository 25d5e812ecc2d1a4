//===- PatternFilesTest.cpp - files of patterns/ from import to tile ------===//
//
// Each shipped file, and patterns composed of all operators, can be tiled, and
// the bands of an attend hold each pair of its pattern once, and no other pair,
// with random tables for 12 tokens.
//
//===----------------------------------------------------------------------===//

#include "lib/Reference/Reference.h"
#include "lib/Transforms/Facts.h"
#include "lib/Transforms/Transforms.h"
#include "test/unit/Import/ImportTestSupport.h"

#include "mlir/IR/Verifier.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace effattn {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> patternFiles() {
  std::vector<fs::path> files;
  for (const auto &entry : fs::directory_iterator(EFFATTN_PATTERNS))
    if (entry.path().extension() == ".attn")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string textOf(mlir::Location location) {
  std::string text;
  llvm::raw_string_ostream(text) << location;
  return text;
}

std::string contents(const fs::path &path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Tables and index sets for 12 tokens.
class World {
public:
  explicit World(const ir::ConvertedOperands &operands) : operands(operands) {
    environment.table = [this](int number, const std::vector<int64_t> &at) {
      return valueAt(this->operands.tables[number], at);
    };
    environment.inSet = [](int number, int64_t index) {
      return (index * 7 + number) % 5 == 0;
    };
  }

  reference::Environment environment;

private:
  /// Permutations are t -> 5 t mod 12 and back (which is the same); what else
  /// a table holds is a hash.
  double valueAt(mlir::Value table, const std::vector<int64_t> &at) {
    mlir::Operation *op = table.getDefiningOp();
    if (op && mlir::isa<ir::OrderTablesOp>(op))
      return static_cast<double>(at.back() * 5 % 12);
    uint64_t hash = mlir::cast<ir::TensorType>(table.getType()).getRank();
    for (int64_t index : at)
      hash = hash * 31 + static_cast<uint64_t>(index + 3);
    return static_cast<double>(hash % 3);
  }

  const ir::ConvertedOperands &operands;
};

/// A bit for each head and pair: 4 heads, 12 x 12 pairs.
std::vector<bool> visiblePairs(ir::AttendOp op,
                               const std::map<std::string, int64_t> &sizes) {
  auto parts = ir::partsOf(op);
  EXPECT_TRUE(parts);
  auto frame = frameOf(*parts, op.getLoc());
  EXPECT_TRUE(frame);
  World world(parts->operands());
  reference::Environment &environment = world.environment;
  environment.dimensions = sizes;
  for (const char *name : {"N", "M"})
    environment.variables[name] = 12;
  environment.variables["b"] = 0;
  environment.variables["q0"] = 0;
  for (const auto &[name, size] : sizes)
    environment.arguments[name] = static_cast<double>(size);
  std::vector<bool> pairs;
  for (int h = 0; h < 4; ++h)
    for (int i = 0; i < 12; ++i)
      for (int j = 0; j < 12; ++j) {
        environment.variables["h"] = h;
        environment.variables["i"] = i;
        environment.variables["j"] = j;
        auto heads = op.getHeads();
        bool mine = !heads || ((*heads)[0] <= h && h < (*heads)[1]);
        pairs.push_back(mine &&
                        reference::evaluate(frame->tokens, environment) != 0);
      }
  return pairs;
}

/// Sizes for a brute-force check: 12 tokens, grids of 3 x 4 and 3 x 2 x 2.
std::map<std::string, int64_t> smallSizes(mlir::ModuleOp module) {
  std::map<std::string, int64_t> sizes;
  module.walk([&](ir::KernelOp kernel) {
    for (mlir::Attribute name : kernel.getDimensions())
      sizes[mlir::cast<mlir::StringAttr>(name).getValue().str()] = 12;
    for (mlir::Attribute name : kernel.getArgumentNames())
      sizes[mlir::cast<mlir::StringAttr>(name).getValue().str()] = 4;
  });
  bool hasZ = sizes.count("Z");
  sizes["Z"] = 3;
  sizes["Y"] = hasZ ? 2 : 3;
  sizes["X"] = hasZ ? 2 : 4;
  return sizes;
}

/// Tiles a program and compares the bands with the patterns.
void expectTiled(const std::string &text) {
  Imported imported(text);
  ASSERT_TRUE(imported.module) << imported.errors;
  mlir::ModuleOp module = *imported.module;
  mlir::ScopedDiagnosticHandler handler(
      &imported.context, [](mlir::Diagnostic &diagnostic) {
        ADD_FAILURE() << diagnostic.str();
        for (mlir::Diagnostic &note : diagnostic.getNotes())
          std::cerr << "  " << note.str() << "\n";
        return mlir::success();
      });
  Strategy strategy;
  strategy.tileRows = {{32, 1}, {16, 1.2}};
  ASSERT_TRUE(mlir::succeeded(simplify(module)));
  ASSERT_TRUE(mlir::succeeded(makeTables(module)));
  ASSERT_TRUE(mlir::succeeded(verifyTables(module)));
  auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(mlir::succeeded(analysePatterns(module, {})));
  auto middle = std::chrono::steady_clock::now();
  std::map<std::string, int64_t> sizes = smallSizes(module);
  std::vector<std::pair<std::string, std::vector<bool>>> before, after;
  auto list = [&](auto &pairs) {
    for (ir::AttendOp attend : imported.attends())
      pairs.emplace_back(textOf(attend.getLoc()), visiblePairs(attend, sizes));
  };
  list(before);
  std::vector<TilingReport> reports;
  ASSERT_TRUE(mlir::succeeded(tileAttends(module, strategy, &reports)));
  auto end = std::chrono::steady_clock::now();
  ASSERT_TRUE(mlir::succeeded(verifyTiled(module)));
  ASSERT_TRUE(mlir::succeeded(mlir::verify(module)));
  list(after);
  for (const auto &[location, pairs] : before) {
    std::vector<int> times(pairs.size());
    for (const auto &[place, bands] : after)
      for (size_t k = 0; place == location && k < pairs.size(); ++k)
        times[k] += bands[k];
    for (size_t k = 0; k < pairs.size(); ++k)
      ASSERT_EQ(times[k], pairs[k] ? 1 : 0)
          << location << ": h = " << k / 144 << ", i = " << k / 12 % 12
          << ", j = " << k % 12;
  }
  auto ms = [](auto a, auto b) {
    return std::chrono::duration<double, std::milli>(b - a).count();
  };
  testing::Test::RecordProperty("analyse_ms",
                                std::to_string(ms(start, middle)));
  testing::Test::RecordProperty("tile_ms", std::to_string(ms(middle, end)));
  if (std::getenv("EFFATTN_SHOW_TILINGS")) {
    std::cout << "analyse " << ms(start, middle) << " ms, tile "
              << ms(middle, end) << " ms\n";
    for (const TilingReport &report : reports)
      std::cout << toString(report) << "\n";
  }
}

class PatternFile : public testing::TestWithParam<fs::path> {};

TEST_P(PatternFile, IsTiled) { expectTiled(contents(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Shipped, PatternFile,
                         testing::ValuesIn(patternFiles()),
                         [](const auto &info) {
                           return info.param.stem().string();
                         });

/// Patterns that shipped files do not have, as the pattern of one attend.
const char *composed[] = {
    "heads(0..1: window(1, 1) | in_order(sort(lab), same_block(4)), 1..3: "
    "segments(lab) & { (h, i, j) : abs(i - j) < span[h] }, 3..4: "
    "random_blocks(4, 2, seed=3) | stride(3)) - { (i, j) : i == j + 3 }",
    "(in_order(sort(lab), window(2, 2)) | in_order(perm, same_block(4))) | "
    "causal & window(3, 0)",
    "((window(2, 0) | stride(4)) | keys(g)) & causal | random_blocks(4, 1, "
    "seed=11, outside=window(3, 3))",
    "on grid(3, 4) { (i, j) : abs(i.y - j.y) <= 1 and abs(i.x - j.x) <= 1 or "
    "i.x == j.x } | in_order(column_major(3, 4), window(2, 0))",
    "(queries(g) | window(1, 1)) - (keys(g) | stride(5))",
    "!(window(1, 1) | stride(4)) & (same_block(3) | same_block(4))",
    "in_order(perm, window(2, 2) | same_block(3)) & (causal | segments(lab))",
    "{ (i, j) : (i - j) mod 3 == 0 and (i < 6 or j < 6) or 0 <= i - j < 2 }",
};

TEST(ComposedPattern, IsTiled) {
  for (const char *pattern : composed) {
    SCOPED_TRACE(pattern);
    expectTiled(
        "kernel composed(q: f32[B, H, N, 16], lab: i32[N], perm: "
        "i32[N], span: i32[H], g: index[G] in N) -> f32[B, H, N, 16] "
        "{\n  require H == 4, \"four heads\"\n  return attend(q, q, q, " +
        std::string(pattern) + ")\n}\n");
  }
}

} // namespace
} // namespace effattn

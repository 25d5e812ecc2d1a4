//===- Grown.h - pattern text that a seed grows -----------------*- C++ -*-===//
//
// Trees of the pattern language: their text, their meaning pair by pair
// (written from docs/language.md alone, so that it shares nothing with the
// compiler), a generator, and smaller trees for what fails.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_PROPERTY_GROWN_H
#define EFFATTN_TEST_PROPERTY_GROWN_H

#include "lib/Reference/Reference.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace effattn::test {

enum class Form {
  // Patterns
  All,
  None,
  Causal,
  Window,
  Dilated,
  WindowAt,
  Stride,
  SameBlock,
  Prefix,
  PrefixAt,
  Segments,
  SegmentsByHead,
  Blocks,
  RandomBlocks,
  RandomOutside,
  Queries,
  Keys,
  KeysWhere,
  Comprehension,
  HeadComprehension,
  Grid,
  ConstantGrid,
  Sorted,
  Permuted,
  Raster,
  ColumnMajor,
  Heads,
  Union,
  Intersection,
  Difference,
  Complement,
  // Conditions
  True,
  False,
  Compare,
  Between,
  And,
  Or,
  Not,
  Exists,
  IfCondition,
  LetCondition,
  InKeys,
  InQueries,
  EqualLabels,
  LabelIs,
  Bit,
  // Integers
  Constant,
  I,
  J,
  SizeN,
  SizeM,
  ArgumentP,
  Bound,
  Add,
  Sub,
  Times,
  Div,
  Mod,
  Min,
  Max,
  Abs,
  IfInteger,
  Label,
  Start,
  End,
  Head,
  IY,
  IX,
  JY,
  JX,
};

enum class TermType { Pattern, Condition, Integer };

struct Term {
  Form form;
  std::vector<int64_t> ints;
  std::vector<Term> kids;
};

/// Sizes and tables of one launch.
struct World {
  static constexpr int64_t heads = 2, tableLength = 40, blocks = 12;
  int64_t N = 0, M = 0, Y = 0, X = 0, P = 0;
  std::vector<int64_t> t;      ///< labels
  std::vector<int64_t> u;      ///< labels by head
  std::vector<int64_t> st, en; ///< positions
  std::vector<int64_t> s;      ///< what to sort by, N of them
  std::vector<int64_t> pm;     ///< a permutation of N
  std::vector<int64_t> bm;     ///< bits, blocks x blocks
  std::vector<int64_t> keys, queries;

  int64_t q0() const { return M - N; }
  reference::Inputs inputs() const;
};

TermType typeOf(Form form);
/// The text of a term; `world` for constant grids.
std::string toString(const Term &term, const World &world);
/// A file with one kernel that attends over the pattern.
std::string kernelText(const Term &pattern, const World &world);

/// The meaning of a pattern in a world.
class Meaning {
public:
  Meaning(const Term &pattern, const World &world)
      : pattern(pattern), world(world) {}
  bool holds(int64_t h, int64_t i, int64_t j);

private:
  bool pairs(const Term &term, int64_t i, int64_t j);
  bool condition(const Term &term, int64_t i, int64_t j);
  int64_t integer(const Term &term, int64_t i, int64_t j);
  const std::vector<int64_t> &ranks(const Term &term);
  bool isDrawn(const Term &term, int64_t i, int64_t j);
  bool sameLabel(const std::vector<int64_t> &table, int64_t offset, int64_t i,
                 int64_t j) const;

  const Term &pattern;
  const World &world;
  int64_t h = 0;
  std::map<int64_t, int64_t> bound;
  std::map<const Term *, std::vector<int64_t>> orders;
  std::map<std::tuple<const Term *, int64_t, int64_t>, std::vector<int64_t>>
      draws;
};

/// Grows a pattern, and worlds to look at it in.
class Grower {
public:
  explicit Grower(uint64_t seed) : random(seed * 0x9E3779B97F4A7C15 + 1) {}
  Term pattern();
  World world();
  int pick(int count) {
    return static_cast<int>(random() % static_cast<uint64_t>(count));
  }

private:
  Term pattern(int depth);
  Term positional();
  Term withTable();
  Term condition(int depth);
  Term comparison(int depth);
  Term comparedTables();
  Term integer(int depth);
  Term leaf();

  std::mt19937_64 random;
  bool square = false; ///< N == M == Y * X
  bool onGrid = false, byHead = false, inOrder = false;
  int tables = 0; ///< conditions on tables so far
  int names = 0;
  std::vector<int64_t> scope; ///< names bound here
};

/// Terms with less in them: nodes replaced by a child or a leaf of their type,
/// constants halved. Not all of them are right text.
std::vector<Term> smaller(const Term &term);
/// Worlds with less in them.
std::vector<World> smaller(const World &world);
int sizeOf(const Term &term);

} // namespace effattn::test

#endif // EFFATTN_TEST_PROPERTY_GROWN_H

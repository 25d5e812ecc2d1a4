//===- AtomsTest.cpp - what tables decide ---------------------------------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j"), N = var("N"), h = var("h");
const Expr q0 = var("q0"), p = i + q0;

Expr table(int number, std::vector<Expr> indices,
           ScalarType type = ScalarType::Int) {
  std::vector<ScalarRef> list;
  for (const Expr &index : indices)
    list.push_back(index.ref);
  return Expr(lookup(number, type, std::move(list)));
}
Expr flag(int number, std::vector<Expr> indices) {
  return table(number, std::move(indices), ScalarType::Bool);
}
Expr keys(int set) { return Expr(keyInSet(set)); }
Expr queries(int set) { return Expr(queryInSet(set)); }

Atoms atomsOf(Expr predicate) { return atomise(predicate.ref).atoms; }

using Kind = RelationAtom::Kind;

TEST(Atoms, Sides) {
  Atoms atoms = atomsOf(flag(0, {j}) && j <= i && table(1, {i}) > 3);
  ASSERT_EQ(atoms.keys.size(), 1u);
  EXPECT_EQ(toString(atoms.keys[0].condition), "t0[j]");
  ASSERT_EQ(atoms.queries.size(), 1u);
  EXPECT_EQ(toString(atoms.queries[0].condition), "3 < t1[i]");
  EXPECT_TRUE(atoms.relations.empty());
  EXPECT_EQ(atoms.cases(), 4u);
}

/// Conditions of one side under one `and` are one atom; what is affine stays.
TEST(Atoms, SidesAreJoined) {
  AtomisedPredicate one =
      atomise((flag(0, {j}) && j % 4 == 1 && table(1, {j}) > 3).ref);
  ASSERT_EQ(one.atoms.keys.size(), 1u);
  EXPECT_EQ(toString(one.atoms.keys[0].condition), "t0[j] and 3 < t1[j]");
  EXPECT_EQ(toString(one.assign({1, 0, 0})), "j mod 4 == 1");
  EXPECT_EQ(toString(one.assign({0, 0, 0})), "false");
}

TEST(Atoms, EqualConditionsAreOne) {
  Atoms atoms = atomsOf((flag(0, {j}) && j <= i) || (flag(0, {j}) && i < 3));
  EXPECT_EQ(atoms.keys.size(), 1u);
}

TEST(Atoms, SetsComeFirst) {
  Atoms atoms = atomsOf((flag(0, {j}) && j <= i) || keys(7) || keys(2));
  ASSERT_EQ(atoms.keys.size(), 3u);
  EXPECT_EQ(atoms.keys[0].set, 2);
  EXPECT_EQ(atoms.keys[1].set, 7);
  EXPECT_EQ(atoms.keys[2].set, -1);
}

TEST(Atoms, Labels) {
  Atoms atoms = atomsOf(table(0, {i}) == table(0, {j}) && j <= i);
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Labels);
  EXPECT_EQ(toString(atoms.relations[0].columnLabels[0]), "t0[j]");
  ASSERT_EQ(atoms.relations[0].rowLabels.size(), 1u);
  // Either side order, one affine side, and `not`.
  atoms = atomsOf(j / 64 == table(1, {h, i / 64}));
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(toString(atoms.relations[0].rowLabels[0]), "t1[h, i div 64]");
  atoms = atomsOf(table(0, {i}) != table(0, {j}));
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Labels);
}

/// The blocks that random_blocks draws are one relation.
TEST(Atoms, LabelsOfOneColumnLabelAreJoined) {
  Expr any = j <= i;
  for (int c = 0; c < 3; ++c)
    any = any || table(1, {h, i / 4, c}) == j / 4;
  Atoms atoms = atomsOf(any);
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].rowLabels.size(), 3u);
}

TEST(Atoms, Bitmaps) {
  Atoms atoms = atomsOf(flag(0, {h, p / 4, j / 4}) && j <= p);
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Bitmap);
  EXPECT_EQ(toString(atoms.relations[0].test), "t0[h, u, w]");
  EXPECT_EQ(toString(atoms.relations[0].columnLabels[0]), "j div 4");
  atoms = atomsOf(table(0, {table(1, {i}), table(1, {j})}) > 2);
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Bitmap);
  EXPECT_EQ(toString(atoms.relations[0].rowLabels[0]), "t1[i]");
}

TEST(Atoms, Unknown) {
  Expr w = argument("w", ScalarType::Int);
  Expr real = argument("x", ScalarType::Float);
  for (const Expr &one :
       {table(0, {i + j}) > 2, (i - j) % w == 0, w * (i - j) <= 5,
        Expr(unary(ScalarKind::ToFloat, (i - j).ref)) < real,
        flag(0, {i, i + j}), table(0, {i}) * table(0, {j}) > 3,
        table(0, {i}) + table(0, {j}) < i * j}) {
    Atoms atoms = atomsOf(one && j <= i);
    ASSERT_EQ(atoms.relations.size(), 1u) << toString(one.ref);
    EXPECT_EQ(atoms.relations[0].kind, Kind::Unknown);
    EXPECT_EQ(toString(atoms.relations[0].source), toString(one.ref));
  }
}

/// Floats have no affine form: conditions on one side are atoms all the same,
/// also without a table.
TEST(Atoms, Floats) {
  Expr real = argument("x", ScalarType::Float);
  auto score = [](std::vector<Expr> indices) {
    return table(0, std::move(indices), ScalarType::Float);
  };
  Atoms atoms = atomsOf(score({j}) <= real && !(score({i}) < real) &&
                        score({h}) < real && j <= i);
  ASSERT_EQ(atoms.keys.size(), 1u);
  EXPECT_EQ(toString(atoms.keys[0].condition), "t0[j] <= x");
  ASSERT_EQ(atoms.queries.size(), 1u);
  EXPECT_EQ(toString(atoms.queries[0].condition),
            "not t0[i] < x and t0[h] < x");
  EXPECT_TRUE(atoms.relations.empty());
  atoms = atomsOf(score({i}) <= score({j}) && j <= i);
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Unknown);
  atoms = atomsOf(score({i}) == score({j}));
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Unknown);
  atoms = atomsOf(real <= score({h, i / 4, j / 4}));
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Bitmap);
  EXPECT_EQ(toString(atoms.relations[0].test), "x <= t0[h, u, w]");
}

/// The labels of the only relation, which is Compared: "R <= C; ...", and how
/// columns step.
std::string comparisonsOf(const Expr &predicate) {
  Atoms atoms = atomsOf(predicate);
  if (atoms.relations.size() != 1 || atoms.relations[0].kind != Kind::Compared)
    return "not one compared relation";
  const RelationAtom &relation = atoms.relations[0];
  std::string text;
  for (size_t k = 0; k < relation.rowLabels.size(); ++k)
    text += toString(relation.rowLabels[k]) +
            " <= " + toString(relation.columnLabels[k]) +
            (relation.columnSteps[k] > 0   ? " rising; "
             : relation.columnSteps[k] < 0 ? " falling; "
                                           : "; ");
  return text;
}

Expr start(const Expr &at) { return table(4, {at}); }
Expr end(const Expr &at) { return table(5, {at}); }

/// Terms of i to the left, of j to the right; constants to a side without
/// look-ups, negation without overflow.
TEST(Atoms, Comparisons) {
  EXPECT_EQ(comparisonsOf(start(i) <= j), "t4[i] <= j rising; ");
  EXPECT_EQ(comparisonsOf(start(i) < j), "t4[i] <= j + -1 rising; ");
  EXPECT_EQ(comparisonsOf(j < end(i)), "-1 - t5[i] <= -1 - j + -1 falling; ");
  EXPECT_EQ(comparisonsOf(i < end(j)), "i - -1 <= t5[j]; ");
  EXPECT_EQ(comparisonsOf(i >= start(j)), "-1 - i <= -1 - t4[j]; ");
  EXPECT_EQ(comparisonsOf(start(i) <= end(j)), "t4[i] <= t5[j]; ");
  EXPECT_EQ(comparisonsOf(start(h) + i <= end(j)), "t4[h] + i <= t5[j]; ");
  EXPECT_EQ(comparisonsOf(start(i) + 2 * j <= 7 + i),
            "t4[i] - i <= -1 - 2 * j + 8; ");
  // Without a table, but not affine; and two tables with a constant.
  Expr w = argument("w", ScalarType::Int);
  EXPECT_EQ(comparisonsOf(w * i <= j), "w * i <= j rising; ");
  EXPECT_NE(comparisonsOf(start(i) < end(j)).find("max(t5[j]"),
            std::string::npos);
}

/// Conjunctions, disjunctions and negations are one relation.
TEST(Atoms, ComparisonsAreJoined) {
  Expr span = start(i) <= j && j < end(i);
  EXPECT_EQ(comparisonsOf(span && j <= i),
            "t4[i] <= j rising; -1 - t5[i] <= -1 - j + -1 falling; ");
  EXPECT_EQ(comparisonsOf(!span),
            "-1 - t4[i] <= -1 - j + -1 falling; t5[i] <= j rising; ");
  Expr mask = (i < start(j) || i >= end(j)) && (i < table(6, {j}) || j <= i);
  Atoms atoms = atomsOf(mask);
  ASSERT_EQ(atoms.relations.size(), 2u);
  EXPECT_EQ(atoms.relations[0].rowLabels.size(), 2u);
  EXPECT_EQ(toString(atoms.relations[0].test),
            "u mod 2 == 1 or u div 2 mod 2 == 1");
  // What is the same comparison is one bit; abs, min and max are opened.
  EXPECT_EQ(comparisonsOf((span && flag(0, {j})) || span), comparisonsOf(span));
  EXPECT_EQ(atomsOf(abs(start(i) - j) <= 3).relations[0].rowLabels.size(), 2u);
}

/// A condition and its negation are one relation.
TEST(Atoms, NegatedComparisonsAreTheSame) {
  Expr before = i < end(j);
  AtomisedPredicate one =
      atomise(((before && j <= i) || (i >= end(j) && j > i)).ref);
  ASSERT_EQ(one.atoms.relations.size(), 1u);
  EXPECT_EQ(toString(one.may({0, 0, 0})), "i < j");
  EXPECT_EQ(toString(one.may({0, 0, 1})), "j <= i");
}

/// Labels bound columns better: comparisons are given up first, those without
/// tables before others.
TEST(Atoms, LabelsComeBeforeComparisons) {
  Expr w = argument("w", ScalarType::Int);
  Atoms atoms =
      atomsOf((w * i <= j && flag(0, {i + j})) || (i < end(j) && j < 3) ||
              (table(0, {i}) == table(0, {j}) && i < 9));
  ASSERT_EQ(atoms.relations.size(), 2u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Labels);
  EXPECT_EQ(atoms.relations[1].kind, Kind::Unknown);
}

/// All unknown conditions are one relation, but not one condition.
TEST(Atoms, UnknownConditionsAreApart) {
  AtomisedPredicate one =
      atomise((table(0, {i + j}) > 2 && !(table(1, {i + j}) > 2)).ref);
  ASSERT_EQ(one.atoms.relations.size(), 1u);
  EXPECT_TRUE(one.may({0, 0, 2})->isConstant(1));
  EXPECT_TRUE(one.must({0, 0, 2})->isConstant(0));
  EXPECT_TRUE(one.may({0, 0, 0})->isConstant(1)) << "never in state 0";
}

/// One relation that occurs plain and negated is one condition.
TEST(Atoms, OpenRelations) {
  Expr same = table(0, {i}) == table(0, {j});
  AtomisedPredicate one = atomise(((same && j < 4) || (!same && i < 4)).ref);
  EXPECT_EQ(toString(one.may({0, 0, 0})), "i < 4");
  EXPECT_EQ(toString(one.may({0, 0, 1})), "j < 4");
  EXPECT_EQ(toString(one.may({0, 0, 2})), "i < 4 or j < 4");
  EXPECT_EQ(toString(one.must({0, 0, 2})), "i < 4 and j < 4");
}

TEST(Atoms, TooManyRelationsAreUnknown) {
  Expr all = table(0, {i}) == table(0, {j}) && table(1, {i}) == table(1, {j}) &&
             table(2, {i}) == table(2, {j});
  Atoms atoms = atomsOf(all);
  ASSERT_EQ(atoms.relations.size(), 2u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Labels);
  EXPECT_EQ(atoms.relations[1].kind, Kind::Unknown);
  EXPECT_EQ(toString(atoms.relations[1].source), "t1[i] == t1[j]");
}

TEST(Atoms, TooManyConditionsAreUnknown) {
  Expr any = j <= i;
  for (int k = 0; k < 9; ++k)
    any = any || (flag(k, {j}) && i % 3 == k % 3);
  Atoms atoms = atomsOf(any);
  EXPECT_EQ(atoms.keys.size(), maxSideAtoms);
  ASSERT_EQ(atoms.relations.size(), 1u);
  EXPECT_EQ(atoms.relations[0].kind, Kind::Unknown);
}

TEST(Atoms, Extras) {
  AtomisedPredicate one =
      atomise((table(0, {h}) > i - j && flag(1, {h}) && j <= i).ref);
  ASSERT_EQ(one.atoms.extras.size(), 2u);
  EXPECT_EQ(one.atoms.cases(), 1u);
  AnalysisFailure failure;
  auto facts = analyse((table(0, {h}) > i - j).ref, {}, &failure);
  ASSERT_TRUE(facts) << failure.reason;
  EXPECT_EQ(facts->parameters.back(), "extra0");
  EXPECT_EQ(toString(facts->parameterValues.back()), "t0[h]");
}

TEST(Atoms, IndicesAndAssignments) {
  Atoms atoms = atomsOf((keys(0) && queries(1) && flag(2, {i})) ||
                        (table(0, {i}) == table(0, {j}) && flag(3, {i, j})));
  EXPECT_EQ(atoms.cases(), 9u * 8u);
  for (size_t index = 0; index < atoms.cases(); ++index)
    EXPECT_EQ(indexOf(atoms, assignmentOf(atoms, index)), index);
}

/// On a grid conditions and labels are written with i and j.
TEST(Atoms, Grids) {
  Expr X = dimension("X");
  Atoms atoms = atomise((table(0, {var("i.y")}) == table(0, {var("j.x")}) &&
                         flag(1, {var("j.y")}) && i - j < 5)
                            .ref,
                        std::vector<ScalarRef>{dimension("Y"), X.ref})
                    .atoms;
  ASSERT_EQ(atoms.relations.size(), 2u);
  EXPECT_EQ(toString(atoms.relations[0].source), "i - j < 5");
  EXPECT_EQ(toString(atoms.relations[0].rowLabels[0]), "i");
  EXPECT_EQ(toString(atoms.relations[0].columnLabels[0]), "j + 4");
  EXPECT_EQ(toString(atoms.relations[1].rowLabels[0]), "t0[i div X]");
  EXPECT_EQ(toString(atoms.relations[1].columnLabels[0]), "t0[j mod X]");
  ASSERT_EQ(atoms.keys.size(), 1u);
  EXPECT_EQ(toString(atoms.keys[0].condition), "t1[j div X]");
}

std::vector<Example> examples() {
  Expr near = abs(i / 4 - j / 4) <= 1 || j / 4 == 0;
  Expr drawn = table(1, {h, p / 4 - q0 / 4, 0}) == j / 4 ||
               table(1, {h, p / 4 - q0 / 4, 1}) == j / 4;
  Expr w = argument("w", ScalarType::Int);
  std::vector<Values> heads = {{{"h", 0}}, {{"h", 3}}};
  std::vector<Values> widths = {{{"w", 1}}, {{"w", 3}}};
  auto one = [&](const char *name, Expr predicate,
                 std::vector<Values> parameters = {{}}) {
    return Example{name, predicate.ref, std::move(parameters)};
  };
  return {
      one("segments", table(0, {i}) == table(0, {j})),
      one("segments, causal", table(0, {p}) == table(0, {j}) && j <= p),
      one("documents or window",
          table(0, {i}) == table(0, {j}) || abs(i - j) <= 2),
      one("random blocks", near || drawn, heads),
      one("all but random blocks", !drawn && j <= p, heads),
      one("bitmap", flag(0, {h, p / 4, j / 4}) && j <= p, heads),
      one("two bitmaps", flag(0, {i / 2, j / 4}) || flag(1, {i / 4, j / 2})),
      one("bitmap of types", flag(0, {table(1, {i}), table(1, {j})})),
      one("side conditions",
          (flag(0, {j}) && j <= p) || (table(1, {i}) > 2 && j % 3 == 0)),
      one("sets", (keys(0) && j <= p) || queries(1) || abs(p - j) <= 2),
      one("span", j <= p && p - j < 3 * table(0, {h}), heads),
      one("flag of heads", ifThenElse(flag(0, {h}), j <= p, p / 4 == j / 4),
          heads),
      one("unknown", table(0, {i + j}) > 1 && abs(p - j) <= 4),
      one("unknown, negated", j <= p && !(table(0, {i + j}) > 1)),
      one("unknown and labels",
          (table(0, {i}) == table(0, {j}) && table(2, {i + j}) > 1) || i == j),
      one("argument's stride", (i - j) % w == 0 && j <= p, widths),
      one("argument's blocks", i / w == j / w && j <= p, widths),
      one("argument's columns", j % w == 0 || abs(p - j) <= 1, widths),
      one("three relations",
          (table(0, {i}) == table(0, {j}) && table(1, {i}) == table(1, {j})) ||
              flag(3, {i, j})),
      one("span", 4 * start(i) <= j && j < 5 * end(i) + 3),
      one("span, causal", 3 * start(p) <= j && j <= p),
      one("vectors", (i < 3 * start(j) || i >= 4 * end(j)) && j <= p),
      one("vectors, both ways",
          (i < 3 * start(j) || i >= 4 * end(j)) &&
              (i < 2 * table(6, {j}) || i >= 5 * table(7, {j}))),
      one("not a span", !(4 * start(i) <= j && j < 5 * end(i)) || i == j),
      one("distances from a table", abs(3 * start(i) - j) <= 4),
      one("two comparisons apart",
          (start(i) <= end(j) && j <= p) || (i < 4 * end(j) && j % 3 == 0)),
      one("argument's slope", w * i <= j && j % 2 == 0, widths),
      one("labels and ends", table(0, {i}) == table(0, {j}) && i < 4 * end(j)),
      one("if", ifThenElse(table(0, {i}) == table(0, {j}), j <= p, j >= p + 3)),
      one("equality of conditions", flag(0, {i}) == flag(1, {j})),
      one("inequality", (table(0, {i}) != table(0, {j})) != (j <= p)),
  };
}

TEST(Atoms, PlansFromTables) {
  for (const Example &one : examples()) {
    SCOPED_TRACE(one.name + ": " + toString(one.predicate));
    AnalysisFailure failure;
    AnalysisOptions options = optionsOf(one);
    auto facts = analyse(one.predicate, options, &failure);
    ASSERT_TRUE(facts) << failure.construct << ": " << failure.reason;
    Sizes sizes{14, 3};
    for (const Tiling &tiling : {contiguous(4), residues(3, 2)}) {
      auto tiles =
          analyseTiles(one.predicate, options, *facts, tiling, &failure);
      ASSERT_TRUE(tiles) << failure.reason;
      EXPECT_TRUE(!tiles->gathered || tiling.order == RowOrder::Residues)
          << failure.reason;
      for (uint64_t seed : {1, 2})
        EXPECT_EQ(checkWithTables(one, *facts, &*tiles, seed, sizes), "");
    }
  }
}

TEST(Atoms, PlansFromTablesOnGrids) {
  Expr iy = var("i.y"), jy = var("j.y"), ix = var("i.x"), jx = var("j.x");
  const std::vector<Expr> predicates = {
      table(0, {iy}) == table(0, {jy}) && abs(ix - jx) <= 1,
      flag(0, {iy / 2, jx / 2}) && j <= i,
      (flag(0, {jy, jx}) && iy == jy) || i - j == 3,
      table(0, {i}) == table(0, {j}) || ix == jx,
      abs(i - j) < 5 && abs(iy - jy) <= 1,
      2 * start(ix) <= jx && jx < 3 * end(iy) && abs(iy - jy) <= 1};
  for (const Expr &predicate : predicates) {
    Example one{"grid", predicate.ref};
    one.extents = {dimension("Y"), dimension("X")};
    one.grids = {{1, 5}, {4, 3}, {5, 4}};
    SCOPED_TRACE(toString(one.predicate));
    AnalysisFailure failure;
    AnalysisOptions options = optionsOf(one);
    auto facts = analyse(one.predicate, options, &failure);
    ASSERT_TRUE(facts) << failure.construct << ": " << failure.reason;
    auto tiles =
        analyseTiles(one.predicate, options, *facts, box({2, 2}), &failure);
    ASSERT_TRUE(tiles && !tiles->gathered) << failure.reason;
    EXPECT_EQ(checkWithTables(one, *facts, &*tiles, 1), "");
  }
}

std::string unboundedReason(Expr predicate, GrowingSizes growing = {},
                            std::vector<Expr> extents = {}) {
  AnalysisFailure failure;
  AnalysisOptions options;
  options.growing = std::move(growing);
  for (const Expr &extent : extents)
    options.extents.push_back(extent.ref);
  auto facts = analyse(predicate.ref, options, &failure);
  EXPECT_TRUE(facts) << failure.reason;
  return facts ? facts->unbounded : "no facts";
}

const Expr open = table(0, {i + j}) > 2;

TEST(Unbounded, SaysWhat) {
  EXPECT_NE(unboundedReason(open).find("t0[i + j]"), std::string::npos);
  Expr w = argument("w", ScalarType::Int);
  EXPECT_NE(unboundedReason((i - j) % w == 0).find("`param`"),
            std::string::npos);
}

/// What is open must not grow; what is visible anyway may.
TEST(Unbounded, ByTheAffinePart) {
  Expr near = abs(i - j) < 64;
  for (const Expr &bounded :
       {open && near, open || j >= 0, open && j < 16,
        open && j >= var("M") - 16, open && i / 64 == j / 64,
        (open && near) || (i - j) % 16 == 0, open && j % 4 == 1 && near,
        j <= i && !(open && near)})
    EXPECT_EQ(unboundedReason(bounded), "") << toString(bounded.ref);
  for (const Expr &unbounded :
       {open, !open, open || j <= i, open && j <= i, open && !(i == j),
        open && !near, open || near, open && j % 4 == 0,
        open && (i - j) % 64 == 0, open && 2 * j <= i, open && i < 16,
        open && (near || j % 128 == 0)})
    EXPECT_NE(unboundedReason(unbounded), "") << toString(unbounded.ref);
}

TEST(Unbounded, ByTables) {
  Expr labels = table(1, {i}) == table(1, {j});
  Expr bitmap = flag(2, {i / 64, j / 64});
  Expr condition = table(3, {j}) > 2;
  for (const Expr &bounded :
       {labels, open && labels, open && keys(0), open && bitmap,
        open && !bitmap, open && condition, open && !condition,
        open && queries(0) && keys(1), start(i) <= j, open && start(i) <= j,
        open && !(start(i) <= j), argument("w", ScalarType::Int) * i <= j,
        (open && bitmap) || j <= i, (open && bitmap) || condition,
        (open && condition) || labels, (open && abs(i - j) < 8) || bitmap})
    EXPECT_EQ(unboundedReason(bounded), "") << toString(bounded.ref);
  for (const Expr &unbounded :
       {open && !labels, open && !keys(0), open || keys(0), !open || keys(0),
        open && queries(0), open && !queries(0), open && table(3, {i}) > 2,
        (open && condition) || (!open && !condition),
        (open && bitmap) || (!open && !bitmap), open || bitmap,
        open || condition, open || start(i) <= j, !open || bitmap,
        open && argument("w", ScalarType::Int) * i <= j})
    EXPECT_NE(unboundedReason(unbounded), "") << toString(unbounded.ref);
}

/// Sizes that are given bound columns, sizes of the token axes do not.
TEST(Unbounded, BySizes) {
  Expr w = argument("w", ScalarType::Int), T = dimension("T");
  EXPECT_EQ(unboundedReason(open && 0 <= i - j && i - j < w), "");
  EXPECT_EQ(unboundedReason(open && 0 <= i - j && i - j < T), "");
  EXPECT_EQ(unboundedReason(open && 0 <= i - j && i - j < table(1, {h})), "");
  EXPECT_EQ(unboundedReason(open && j < T), "");
  EXPECT_NE(unboundedReason(open && j < T, {true, true, {"T"}}), "");
  EXPECT_EQ(unboundedReason(open, {true, false, {}}), "");
  EXPECT_NE(unboundedReason(open, {false, true, {}}), "");
  EXPECT_NE(unboundedReason(open && j <= p, {false, true, {}}), "");
}

TEST(Unbounded, OnGrids) {
  Expr Y = dimension("Y"), X = dimension("X");
  Expr iy = var("i.y"), ix = var("i.x"), jy = var("j.y"), jx = var("j.x");
  Expr near = abs(iy - jy) <= 3 && abs(ix - jx) <= 3;
  EXPECT_EQ(unboundedReason(open && near, {}, {Y, X}), "");
  EXPECT_NE(unboundedReason(open && iy == jy, {}, {Y, X}), "");
  EXPECT_NE(unboundedReason(open && !near, {}, {Y, X}), "");
  EXPECT_EQ(unboundedReason(open && iy == jy, {}, {Y, 32}), "");
  EXPECT_NE(unboundedReason(open && ix == jx, {}, {Y, 32}), "");
}

} // namespace

} // namespace effattn::test

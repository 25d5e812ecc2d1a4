//===- TablePatterns.cpp - attends whose patterns look up tables ----------===//

#include "test/unit/Schedule/TablePatterns.h"

#include <functional>

namespace effattn::test {

namespace {

constexpr int64_t batches = 2, heads = 3, tokens = 70;

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }
ScalarRef h() { return variable("h"); }
ScalarRef number(int64_t value) { return constantInt(value); }
ScalarRef of(int table, std::vector<ScalarRef> indices) {
  return lookup(table, ScalarType::Int, std::move(indices));
}
ScalarRef flag(int table, std::vector<ScalarRef> indices) {
  return lookup(table, ScalarType::Bool, std::move(indices));
}
ScalarRef least(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Min, std::move(a), std::move(b));
}
ScalarRef greatest(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Max, std::move(a), std::move(b));
}
ScalarRef distance() { return unary(ScalarKind::Abs, i() - j()); }

Table table(ElementType element, std::vector<int64_t> shape,
            const std::function<double(int64_t)> &value) {
  Table result{element, std::move(shape), {}};
  int64_t count = 1;
  for (int64_t length : result.shape)
    count *= length;
  for (int64_t k = 0; k < count; ++k)
    result.values.push_back(value(k));
  return result;
}

TablePattern make(const char *name, ScalarRef predicate,
                  std::vector<TableSpec> specs, std::vector<Table> tables,
                  ScalarRef score = nullptr) {
  TablePattern pattern{name,
                       makeSpec(16, 24, std::move(predicate), std::move(score)),
                       std::move(tables),
                       {}};
  pattern.spec.tables = std::move(specs);
  return pattern;
}

/// t[b, h, i] == t[b, h, j], the leading axes left out.
TablePattern segmentsByBatchAndHead() {
  return make("segments", equal(of(0, {i()}), of(0, {j()})),
              {{ElementType::I64, 3, true, true}},
              {table(ElementType::I64, {batches, heads, tokens},
                     [](int64_t k) { return double(k * 7 % 11 / 3); })});
}

/// bitmap[h, i div 8, j div 8], and a span for each head.
TablePattern bitmapByHead() {
  ScalarRef blocks =
      flag(0, {floorDiv(i(), number(8)), floorDiv(j(), number(8))});
  ScalarRef near = distance() < of(1, {});
  return make(
      "bitmap", logicalOr(blocks, near),
      {{ElementType::Bool, 3, false, true}, {ElementType::I32, 1, false, true}},
      {table(ElementType::Bool, {heads, 9, 9},
             [](int64_t k) { return double(k * k % 7 == 1); }),
       table(ElementType::I32, {heads},
             [](int64_t k) { return double(3 * k); })});
}

/// drawn[h, i div 8, c] == j div 8 for c in 0..2; -1 draws nothing.
TablePattern drawnBlocks() {
  ScalarRef any = constantBool(false);
  for (int64_t c = 0; c < 3; ++c)
    any =
        logicalOr(any, equal(of(0, {h(), floorDiv(i(), number(8)), number(c)}),
                             floorDiv(j(), number(8))));
  return make("drawn", any, {{ElementType::I32, 3, false, true}},
              {table(ElementType::I32, {heads, 9, 3},
                     [](int64_t k) { return double(k * 5 % 10 - 1); })});
}

/// Divisors that are read: 0 where no pair is inside.
TablePattern readDivisors() {
  ScalarRef size = of(0, {i()});
  ScalarRef inside =
      logicalAnd(constantInt(0) < size,
                 logicalOr(equal(floorDiv(j() - i(), size), number(-1)),
                           equal(mod(j() - i(), size), number(1))));
  return make("divisors", inside, {{ElementType::I8, 1, false, false}},
              {table(ElementType::I8, {tokens},
                     [](int64_t k) { return double(k % 9); })});
}

/// Coordinates of a grid from a table, a clamped window, exists, select.
TablePattern arithmetic() {
  ScalarRef column = of(0, {j()});
  ScalarRef centre = greatest(number(5), least(i(), number(60)));
  ScalarRef window = unary(ScalarKind::Abs, centre - column) <= number(5);
  ScalarRef comb = exists("u$0", number(0), number(3),
                          equal(j(), least(i() * number(2), number(40)) +
                                         variable("u$0") * number(7)));
  return make("arithmetic",
              select(flag(1, {i()}), window, logicalOr(comb, equal(i(), j()))),
              {{ElementType::I64, 1, false, false},
               {ElementType::Bool, 2, true, false}},
              {table(ElementType::I64, {tokens},
                     [](int64_t k) { return double((k * 29) % tokens); }),
               table(ElementType::Bool, {batches, tokens},
                     [](int64_t k) { return double(k % 3 != 0); })});
}

/// rel[i, lab[i, j]] in the score and lab[i, j] in the pattern; extreme values
/// whose sum needs more than 32 bits.
TablePattern nested() {
  ScalarRef label = of(0, {i(), j()});
  ScalarRef large = of(2, {i()}) + of(2, {j()});
  ScalarRef score = variable("s", ScalarType::Float) +
                    lookup(1, ScalarType::Float, {h(), of(0, {j(), i()})}) +
                    lookup(1, ScalarType::Float, {label});
  return make(
      "nested", logicalAnd(number(0) < label, large < number(2147483647)),
      {{ElementType::I8, 2, false, false},
       {ElementType::F32, 2, false, true},
       {ElementType::I32, 1, false, false}},
      {table(ElementType::I8, {tokens, tokens},
             [](int64_t k) { return double(k * 13 % 8); }),
       table(ElementType::F32, {heads, 8},
             [](int64_t k) { return double(k % 5) * 0.25; }),
       table(ElementType::I32, {tokens},
             [](int64_t k) { return k % 4 ? double(k) : 2147483647.0; })},
      score);
}

} // namespace

std::vector<TablePattern> tablePatterns() {
  return {segmentsByBatchAndHead(), bitmapByHead(), drawnBlocks(),
          readDivisors(),           arithmetic(),   nested()};
}

Problem problemFor(const TablePattern &pattern) {
  Problem problem(pattern.spec, batches, heads, heads, tokens, tokens);
  problem.tables = pattern.tables;
  problem.otherFloats = pattern.floats;
  return problem;
}

Problem problemThatMisses(int64_t reach, bool inScore) {
  ScalarRef near = distance() < number(reach);
  std::vector<Table> tables;
  AttendSpec spec;
  if (inScore) {
    spec = makeSpec(16, 16, near,
                    variable("s", ScalarType::Float) +
                        lookup(0, ScalarType::Float, {distance()}));
    spec.tables = {{ElementType::F32, 1, false, false}};
  } else {
    // The table holds 1 in its last place, to which look-ups are clamped.
    spec = makeSpec(16, 16, logicalAnd(near, flag(0, {distance()})));
    spec.tables = {{ElementType::Bool, 1, false, false}};
  }
  Problem problem(spec, 1, 2, 1, tokens, tokens);
  problem.tables = {
      table(spec.tables[0].element, {20}, [](int64_t) { return 1.0; })};
  problem.allPartial = true;
  return problem;
}

} // namespace effattn::test

//===- Count.cpp - the number of visible pairs as a formula ---------------===//
//
// For M = N the pairs are a union of polytopes in (i, j, divisions) with one
// parameter N. On each chamber of N (an interval between vertices that meet)
// their number is a quasi-polynomial of degree 2 whose period divides the
// common denominator p of the vertices (Ehrhart). With N = p*u + r it is, for
// each r, a polynomial of degree 2 in u: three periods of exact counts, taken
// from the runs of the rows, determine it. It is then written as few
// polynomials in u and r, and every count of the chamber (of three periods,
// where it has no end) is compared, which proves the formula.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Facts.h"
#include "lib/Analysis/Runs.h"
#include "lib/Analysis/ToIsl.h"

#include <isl/vertices.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

namespace effattn {

namespace {

/// Counts are for people: bounds on the work and on the length of a formula.
constexpr uint64_t maxOperations = 1'000'000;
constexpr int64_t maxRows = 20'000;
constexpr int64_t maxSteps = 2'000'000;
constexpr size_t maxPieces = 4;

//===----------------------------------------------------------------------===//
// Chambers and period
//===----------------------------------------------------------------------===//

struct Chambers {
  std::set<int64_t> starts = {1}; ///< first N of each chamber
  int64_t period = 1;
  bool valid = true;
};

isl_stat addVertex(isl_vertex *vertex, void *user) {
  auto &chambers = *static_cast<Chambers *>(user);
  Isl<isl_multi_aff> expression(isl_vertex_get_expr(vertex));
  isl_vertex_free(vertex);
  int count = isl_multi_aff_dim(expression.get(), isl_dim_out);
  for (int k = 0; k < count; ++k) {
    Isl<isl_aff> coordinate(isl_multi_aff_get_aff(expression.get(), k));
    std::optional<int64_t> denominator =
        toInteger(IslVal(isl_aff_get_denominator_val(coordinate.get())));
    if (!denominator || *denominator > maxRows)
      chambers.valid = false;
    else
      chambers.period = std::lcm(chambers.period, *denominator);
  }
  chambers.valid &= count >= 0 && chambers.period <= maxRows;
  return chambers.valid ? isl_stat_ok : isl_stat_error;
}

isl_stat addCell(isl_cell *cell, void *user) {
  auto &chambers = *static_cast<Chambers *>(user);
  // The domain of a cell is a set of N, as the one parameter.
  IslSet range(isl_set_from_basic_set(isl_cell_get_domain(cell)));
  range = IslSet(
      isl_set_move_dims(range.release(), isl_dim_set, 0, isl_dim_param, 0, 1));
  if (auto low = toInteger(IslVal(isl_set_dim_min_val(range.copy(), 0))))
    chambers.starts.insert(*low);
  if (auto high = toInteger(IslVal(isl_set_dim_max_val(range.copy(), 0))))
    chambers.starts.insert(*high + 1);
  isl_stat status = isl_cell_foreach_vertex(cell, addVertex, user);
  isl_cell_free(cell);
  return status;
}

isl_stat addPolytope(isl_basic_set *piece, void *user) {
  piece = isl_basic_set_remove_redundancies(piece);
  isl_vertices *vertices = isl_basic_set_compute_vertices(piece);
  isl_stat status = isl_vertices_foreach_cell(vertices, addCell, user);
  isl_vertices_free(vertices);
  isl_basic_set_free(piece);
  return status;
}

std::optional<Chambers> findChambers(const ScalarRef &predicate) {
  IslContext context(maxOperations);
  Parameters parameters({predicate}, false);
  Space flat;
  ToIsl toIsl(context, parameters, flat);
  IslSet pairs = intersect(toIsl.set(predicate),
                           parseSet(context, "[N, M] -> { [i, j] : N >= 1 and "
                                             "0 <= i < N and 0 <= j < N }"));
  int position = isl_set_find_dim_by_name(pairs.get(), isl_dim_param, "M");
  pairs =
      IslSet(isl_set_project_out(pairs.release(), isl_dim_param, position, 1));
  pairs = coalesce(IslSet(isl_set_make_disjoint(pairs.release())));
  pairs = IslSet(isl_set_compute_divs(isl_set_make_disjoint(pairs.release())));
  // isl_set_lift takes neither null nor a set without pieces.
  Chambers chambers;
  if (isl_set_n_basic_set(pairs.get()) == 0)
    return chambers;
  if (!pairs)
    return std::nullopt;
  IslSet lifted(isl_set_flatten(isl_set_lift(pairs.release())));
  if (isl_set_foreach_basic_set(lifted.get(), addPolytope, &chambers) !=
          isl_stat_ok ||
      !chambers.valid || context.failed())
    return std::nullopt;
  return chambers;
}

//===----------------------------------------------------------------------===//
// Exact counts for small N
//===----------------------------------------------------------------------===//

std::function<int64_t(const std::string &)> rowAt(int64_t size, int64_t row) {
  return
      [size, row](const std::string &name) { return name == "i" ? row : size; };
}

/// Where the predicate does not depend on N, a pair (i, j) counts for every N
/// above max(i, j): one sweep gives all counts.
bool countsBySweep(const RunNestRef &rows, std::vector<int64_t> &counts) {
  int64_t size = static_cast<int64_t>(counts.size()) - 1, steps = 0;
  std::vector<int64_t> added(size + 1, 0);
  for (int64_t i = 0; i < size; ++i)
    for (const Run &run : evaluate(rows, rowAt(size, i))) {
      int64_t before = 0; // columns up to i
      if (run.first <= i)
        before = std::min(run.count, (i - run.first) / run.step + 1);
      added[i + 1] += before;
      for (int64_t k = before; k < run.count; ++k)
        ++added[run.first + k * run.step + 1];
      steps += 4 + run.count - before;
      if (steps > 20 * maxSteps)
        return false;
    }
  std::partial_sum(added.begin(), added.end(), counts.begin());
  return true;
}

bool countsOneByOne(const RunNestRef &rows, std::vector<int64_t> &counts) {
  int64_t steps = 0;
  for (int64_t size = 1; size < static_cast<int64_t>(counts.size()); ++size)
    for (int64_t i = 0; i < size; ++i) {
      std::vector<Run> runs = evaluate(rows, rowAt(size, i));
      for (const Run &run : runs)
        counts[size] += run.count;
      steps += 4 + runs.size();
      if (steps > maxSteps)
        return false;
    }
  return true;
}

//===----------------------------------------------------------------------===//
// Fitting
//===----------------------------------------------------------------------===//

/// Twice the polynomial of a piece: the coefficients of an integer-valued
/// polynomial of degree 2 are halves.
int64_t twice(const CountPiece &p, int64_t u, int64_t r) {
  return p.uu * u * u + p.ur * u * r + p.u1 * u + p.rr * r * r + p.r1 * r +
         p.one;
}

using Pieces = std::vector<CountPiece>;

class Fitter {
public:
  Fitter(const std::vector<int64_t> &counts, int64_t period)
      : counts(counts), period(period) {}

  /// Few polynomials that give the counts for every N of [low, high), and the
  /// least `low` from which they do.
  std::optional<Pieces> fit(int64_t low, int64_t high, bool open);

private:
  /// The Newton form at the corner (u0, rLow), from the counts around it.
  CountPiece newton(int64_t low, int64_t high, int64_t rLow, int64_t width);
  bool holdsAt(const CountPiece &piece, int64_t n) {
    return twice(piece, n / period, n % period) == 2 * counts[n];
  }
  bool holds(const CountPiece &piece, int64_t low, int64_t high, int64_t r);
  void extendDown(Pieces &pieces);

  const std::vector<int64_t> &counts;
  int64_t period;
};

bool Fitter::holds(const CountPiece &piece, int64_t low, int64_t high,
                   int64_t r) {
  int64_t n = low + ((r - low) % period + period) % period;
  for (; n < high; n += period)
    if (!holdsAt(piece, n))
      return false;
  return true;
}

/// f(u0 + x, r0 + y) = a + b*x + c*x(x-1)/2 + d*y + e*x*y + f*y(y-1)/2, where
/// differences of the counts at the corner give a to f. Counts outside [low,
/// high) are taken as absent, with their differences 0.
CountPiece Fitter::newton(int64_t low, int64_t high, int64_t r0,
                          int64_t width) {
  int64_t u0 = low <= r0 ? 0 : (low - r0 + period - 1) / period;
  auto at = [&](int64_t x, int64_t y) -> std::optional<int64_t> {
    int64_t n = (u0 + x) * period + r0 + y;
    if (y >= width || n < low || n >= high)
      return std::nullopt;
    return counts[n];
  };
  auto c00 = at(0, 0), c10 = at(1, 0), c20 = at(2, 0), c01 = at(0, 1),
       c11 = at(1, 1), c02 = at(0, 2);
  int64_t a = c00.value_or(0), b = c10 ? *c10 - a : 0;
  int64_t c = c20 ? *c20 - 2 * *c10 + a : 0;
  int64_t d = c01 ? *c01 - a : 0;
  int64_t e = c11 && c01 && c10 ? *c11 - *c10 - *c01 + a : 0;
  int64_t f = c02 && c01 ? *c02 - 2 * *c01 + a : 0;
  // Expanded around (0, 0), everything doubled.
  CountPiece p;
  p.uu = c;
  p.rr = f;
  p.ur = 2 * e;
  p.u1 = 2 * b - c * (2 * u0 + 1) - 2 * e * r0;
  p.r1 = 2 * d - f * (2 * r0 + 1) - 2 * e * u0;
  p.one = 2 * a - 2 * b * u0 + c * u0 * (u0 + 1) - 2 * d * r0 +
          f * r0 * (r0 + 1) + 2 * e * u0 * r0;
  return p;
}

void Fitter::extendDown(Pieces &pieces) {
  auto holdsBelow = [&](int64_t n) {
    return std::any_of(pieces.begin(), pieces.end(), [&](const auto &piece) {
      return n % period >= piece.rLow && n % period < piece.rHigh &&
             holdsAt(piece, n);
    });
  };
  int64_t low = pieces[0].low;
  while (low > 1 && holdsBelow(low - 1))
    --low;
  for (CountPiece &piece : pieces)
    piece.low = low;
}

std::optional<Pieces> Fitter::fit(int64_t low, int64_t high, bool open) {
  Pieces pieces;
  for (int64_t r = 0; r < period;) {
    // A wide corner first; a narrow one where the formula changes within it or
    // says nothing beyond it.
    int64_t end = r, width = std::min<int64_t>(3, period - r);
    CountPiece piece;
    for (; width > 0; --width) {
      piece = newton(low, high, r, width);
      for (end = r; end < period && holds(piece, low, high, end);)
        ++end;
      if (end > r + width || end == period || (width == 1 && end > r))
        break;
    }
    if (width == 0 || pieces.size() == maxPieces)
      return std::nullopt;
    piece.period = period;
    piece.low = low;
    piece.high = open ? 0 : high;
    piece.rLow = r;
    piece.rHigh = end;
    pieces.push_back(piece);
    r = end;
  }
  extendDown(pieces);
  return pieces;
}

/// The divisor of the period with which fewest polynomials do.
std::optional<Pieces> fitChamber(const std::vector<int64_t> &counts,
                                 int64_t period, int64_t low, int64_t high,
                                 bool open) {
  std::optional<Pieces> best;
  for (int64_t divisor = 1; divisor <= period; ++divisor) {
    if (period % divisor != 0)
      continue;
    auto pieces = Fitter(counts, divisor).fit(low, high, open);
    if (pieces &&
        (!best || pieces->size() < best->size() ||
         (pieces->size() == best->size() && (*pieces)[0].low < (*best)[0].low)))
      best = std::move(pieces);
  }
  return best;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string term(int64_t factor, const std::string &what) {
  if (what.empty())
    return std::to_string(factor);
  return factor == 1 ? what : fmt::format("{}*{}", factor, what);
}

std::string spellPolynomial(const CountPiece &p) {
  std::string u = p.period > 1 ? "u" : "N";
  const std::array<std::pair<int64_t, std::string>, 6> terms = {
      {{p.uu, u + "*" + u},
       {p.ur, u + "*r"},
       {p.u1, u},
       {p.rr, "r*r"},
       {p.r1, "r"},
       {p.one, ""}}};
  bool halves = std::any_of(terms.begin(), terms.end(),
                            [](const auto &one) { return one.first % 2 != 0; });
  std::string text;
  for (const auto &[doubled, what] : terms) {
    int64_t factor = halves ? doubled : doubled / 2;
    if (factor == 0)
      continue;
    if (text.empty())
      text = factor < 0 ? "-" + term(-factor, what) : term(factor, what);
    else
      text += (factor < 0 ? " - " : " + ") +
              term(factor < 0 ? -factor : factor, what);
  }
  if (text.empty())
    return "0";
  return halves ? "(" + text + ")/2" : text;
}

std::string spell(const CountPiece &piece) {
  std::vector<std::string> where;
  if (piece.high == piece.low + 1)
    where.push_back(fmt::format("N == {}", piece.low));
  else if (piece.high && piece.low == 1)
    where.push_back(fmt::format("N < {}", piece.high));
  else if (piece.high)
    where.push_back(fmt::format("{} <= N < {}", piece.low, piece.high));
  else if (piece.low > 1)
    where.push_back(fmt::format("N >= {}", piece.low));
  if (piece.period > 1) {
    where.push_back(fmt::format("u = N div {}", piece.period));
    where.push_back(fmt::format("r = N mod {}", piece.period));
    if (piece.rHigh == piece.rLow + 1)
      where.push_back(fmt::format("r == {}", piece.rLow));
    else if (piece.rLow > 0 || piece.rHigh < piece.period)
      where.push_back(fmt::format("{} <= r < {}", piece.rLow, piece.rHigh));
  }
  std::string text = spellPolynomial(piece);
  if (!where.empty())
    text += fmt::format(" where {}", fmt::join(where, ", "));
  return text;
}

} // namespace

std::optional<int64_t> PairCount::at(int64_t size) const {
  if (size == 0 && exact)
    return 0;
  for (const CountPiece &piece : pieces) {
    int64_t r = size % piece.period;
    if (size >= piece.low && (piece.high == 0 || size < piece.high) &&
        r >= piece.rLow && r < piece.rHigh)
      return twice(piece, size / piece.period, r) / 2;
  }
  return std::nullopt;
}

PairCount countPairs(const ScalarRef &predicate, const RunNestRef &rows) {
  std::optional<Chambers> chambers = findChambers(predicate);
  if (!chambers)
    return {};
  int64_t last = *chambers->starts.rbegin(), period = chambers->period;
  if (last > maxRows || last + 3 * period > maxRows)
    return {};
  std::vector<int64_t> counts(last + 3 * period, 0);
  bool known = usesVariable(predicate, "N") ? countsOneByOne(rows, counts)
                                            : countsBySweep(rows, counts);
  if (!known)
    return {};
  // Chambers from the open one down; a formula is used as far as it holds.
  PairCount result;
  int64_t high = counts.size();
  for (auto start = chambers->starts.rbegin();
       start != chambers->starts.rend() && high > 1; ++start) {
    int64_t low = std::max<int64_t>(*start, 1);
    if (low >= high)
      continue;
    auto pieces = fitChamber(counts, period, low, high, result.pieces.empty());
    if (!pieces || result.pieces.size() + pieces->size() > maxPieces)
      return {};
    high = (*pieces)[0].low;
    result.pieces.insert(result.pieces.end(), pieces->begin(), pieces->end());
  }
  std::vector<std::string> texts;
  for (const CountPiece &piece : result.pieces)
    texts.push_back(spell(piece));
  result.exact = true;
  result.formula = fmt::format("{}", fmt::join(texts, "; "));
  return result;
}

} // namespace effattn

//===- Tiles.cpp - the columns of the tiles of a tiling -------------------===//
//
// With rows T of a tile and all columns C, for a predicate P that may and must
// hold (the same where no relation is open):
//   touch   = { j in C : exists i in T : may P(i, j) }
//   miss    = { j in C : exists i in T : not (must P(i, j)) }
//   full    = C - miss          (T is not empty: these columns are touched)
//   partial = touch and miss = touch - full
// Rows of the last tile are not cut at N: one program then serves every tile,
// touch may hold more columns there and full fewer, and the kernel masks
// partial columns and clips rows.
//
// Residues: row r + m*(B*t + k) is put in place of i, so that k is an interval;
// on a grid likewise on each axis that has residues.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Facts.h"
#include "lib/Analysis/Product.h"
#include "lib/Analysis/ToIsl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace effattn {

namespace {

/// Removes the axes of rows: the columns that some row has.
IslSet columnsOf(IslSet pairs, size_t rank) {
  IslSet columns(isl_set_project_out(pairs.release(), isl_dim_set, 0,
                                     static_cast<unsigned>(rank)));
  return coalesce(IslSet(isl_set_detect_equalities(columns.release())));
}

/// The row that was removed is an unknown of the pieces. It can be replaced by
/// divisions of the column, which there always are.
IslSet withDivisions(const IslSet &columns) {
  return coalesce(IslSet(isl_set_compute_divs(columns.copy())));
}

/// Two forms of one set, the second one without unknowns: that of fewer pieces.
/// Unknowns in many pieces multiply the work that follows.
IslSet simpler(IslSet a, IslSet b) {
  constexpr int fewPieces = 4;
  int ofA = isl_set_n_basic_set(a.get()), ofB = isl_set_n_basic_set(b.get());
  return ofB < ofA || (ofB == ofA && ofA > fewPieces) ? b : a;
}

/// The sets of one tile.
struct TileSets {
  IslSet touch, full, partial;
};

/// Tiles of a space, or of one axis of it.
class Tiles {
public:
  Tiles(const IslContext &context, const Prepared &prepared, Space space,
        const Tiling &tiling, LoopFrame frame)
      : context(context), space(std::move(space)), tiling(tiling),
        frame(std::move(frame)) {
    std::vector<std::string> own;
    for (const Coordinate &coordinate : this->frame.coordinates)
      own.push_back(coordinate.name);
    names = prepared.parameters.isl(own);
    columns = parseSet(
        context, fmt::format("{} -> {{ [{}] : {} and {} }}", names,
                             fmt::join(this->space.columns, ", "),
                             this->space.columnBounds(), this->frame.context));
    limits = parseSet(
        context, fmt::format("{} -> {{ : {} }}", names, this->frame.context));
  }

  TileSets make(const IslSet &inside, const IslSet &outside) const;
  std::string textOf(const IslSet &set) const {
    return columnText(set, limits, columns, space.columns);
  }

private:
  /// Pairs whose rows are those of the tile.
  IslSet inTile(const IslSet &pairs) const;
  struct AxisRows;
  std::vector<AxisRows> axisRows() const;
  std::string rowsOfTile(const std::vector<AxisRows> &axes) const;

  const IslContext &context;
  Space space;
  const Tiling &tiling;
  LoopFrame frame;
  std::string names;
  IslSet columns, limits;
};

/// Where the rows of the tile are along one axis of its space.
struct Tiles::AxisRows {
  std::string first;             ///< the tile's first row
  std::string residue;           ///< empty: none
  int64_t modulus = 1, unit = 1; ///< from one tile to the next
};

/// One for each axis; none for Contiguous.
std::vector<Tiles::AxisRows> Tiles::axisRows() const {
  if (tiling.order == RowOrder::Contiguous)
    return {};
  std::vector<AxisRows> axes(space.rank());
  for (const Coordinate &one : frame.coordinates) {
    AxisRows &axis = axes[one.axis];
    if (one.count > 0) {
      axis.residue = one.name;
      axis.modulus = one.count;
    } else {
      axis.unit = one.unit;
      axis.first = fmt::format("{}*{}", one.unit, one.name);
    }
  }
  return axes;
}

/// Which rows are in the tile, over the row's coordinates (over the number k of
/// a row on axes with residues).
std::string Tiles::rowsOfTile(const std::vector<AxisRows> &axes) const {
  std::vector<std::string> parts;
  if (axes.empty()) {
    parts.push_back(
        fmt::format("{0}*t <= {1} < {0}*t + {0}", tiling.rows, space.rawRow()));
    // Rows past the end are lines past the end.
    for (size_t axis = 1; axis < space.rank(); ++axis)
      parts.push_back(
          fmt::format("0 <= {} < {}", space.rows[axis], space.size(axis)));
  }
  for (size_t k = 0; k < axes.size(); ++k) {
    const AxisRows &axis = axes[k];
    parts.push_back(axis.residue.empty()
                        ? fmt::format("{0} <= {1} < {0} + {2}", axis.first,
                                      space.rows[k], axis.unit)
                        : fmt::format("0 <= {} < {}", space.rows[k],
                                      axis.unit / axis.modulus));
  }
  return fmt::format("{}", fmt::join(parts, " and "));
}

IslSet Tiles::inTile(const IslSet &pairs) const {
  std::vector<AxisRows> axes = axisRows();
  IslSet tile =
      parseSet(context, fmt::format("{} -> {{ [{}] : {} and {} and {} }}",
                                    names, space.pairNames(), rowsOfTile(axes),
                                    space.columnBounds(), frame.context));
  std::vector<std::string> places = space.rows;
  bool hasResidues = false;
  for (size_t k = 0; k < axes.size(); ++k)
    if (!axes[k].residue.empty()) {
      hasResidues = true;
      places[k] = fmt::format("{} + {}*{} + {}", axes[k].residue,
                              axes[k].modulus, space.rows[k], axes[k].first);
    }
  if (!hasResidues)
    return intersect(pairs, tile);
  Isl<isl_multi_aff> row = parseMultiAff(
      context,
      fmt::format("{0} -> {{ [{1}, {2}] -> [{3}, {2}] }}", names,
                  fmt::join(space.rows, ", "), fmt::join(space.columns, ", "),
                  fmt::join(places, ", ")));
  IslSet known(isl_set_compute_divs(pairs.copy()));
  return intersect(
      IslSet(isl_set_preimage_multi_aff(known.release(), row.release())), tile);
}

TileSets Tiles::make(const IslSet &inside, const IslSet &outside) const {
  IslSet touch = columnsOf(inTile(inside), space.rank());
  IslSet miss = columnsOf(inTile(outside), space.rank());
  IslSet full = coalesce(subtract(columns, withDivisions(miss)));
  // Both forms are needed: the first one suits regular patterns, the second
  // one has few pieces where many conditions meet.
  IslSet partial = simpler(coalesce(intersect(touch, miss)),
                           coalesce(subtract(withDivisions(touch), full)));
  return {touch, full, partial};
}

/// Makes the cases of a tiling.
class TileMaker {
public:
  TileMaker(const IslContext &context, const Prepared &prepared,
            const Tiling &tiling, const std::vector<int64_t> &moduli)
      : context(context), prepared(prepared), space(prepared.space),
        tiling(tiling), frame(tileFrame(space, moduli, tiling)),
        toIsl(context, prepared.parameters, space) {}

  bool make(const DistinctCase &one, TileCase &result,
            AnalysisFailure *failure);

private:
  bool makeProduct(const std::vector<ScalarRef> &may,
                   const std::vector<ScalarRef> &must, TileCase &result);
  bool makeWhole(const DistinctCase &one, TileCase &result);

  const IslContext &context;
  const Prepared &prepared;
  const Space &space;
  const Tiling &tiling;
  LoopFrame frame;
  ToIsl toIsl;
  AnalysisFailure problem;
};

bool TileMaker::makeWhole(const DistinctCase &one, TileCase &result) {
  IslSet inside = toIsl.set(one.may, false);
  IslSet outside = toIsl.set(one.must, true);
  if (!inside || !outside) {
    problem = toIsl.failure();
    return false;
  }
  Tiles tiles(context, prepared, space, tiling, frame);
  TileSets sets = tiles.make(inside, outside);
  result.touch = tiles.textOf(sets.touch);
  result.full = tiles.textOf(sets.full);
  result.partial = tiles.textOf(sets.partial);
  return true;
}

/// partial = partial_0 x touch_1 x ... | full_0 x partial_1 x touch_2 x ... |
/// ...: a column is partial from the first axis on that is.
bool TileMaker::makeProduct(const std::vector<ScalarRef> &may,
                            const std::vector<ScalarRef> &must,
                            TileCase &result) {
  size_t rank = space.rank();
  Term touch, full, partial;
  std::vector<bool> isPartial, isFull;
  for (size_t axis = 0; axis < rank; ++axis) {
    Space part = space.axis(axis);
    ToIsl ofAxis(context, prepared.parameters, part);
    IslSet inside = ofAxis.set(may[axis], false);
    IslSet outside = ofAxis.set(must[axis], true);
    if (!inside || !outside) {
      problem = ofAxis.failure();
      return false;
    }
    Tiles tiles(context, prepared, part, tiling, axisFrame(frame, axis));
    TileSets sets = tiles.make(inside, outside);
    touch.push_back(tiles.textOf(sets.touch));
    full.push_back(tiles.textOf(sets.full));
    partial.push_back(tiles.textOf(sets.partial));
    isFull.push_back(isl_set_is_empty(sets.full.get()) == isl_bool_false);
    isPartial.push_back(isl_set_is_empty(sets.partial.get()) == isl_bool_false);
  }
  std::vector<Term> terms;
  bool hasFull = true; // of the axes before
  for (size_t axis = 0; axis < rank && hasFull; ++axis) {
    Term term(full.begin(), full.begin() + axis);
    term.push_back(partial[axis]);
    term.insert(term.end(), touch.begin() + axis + 1, touch.end());
    if (isPartial[axis])
      terms.push_back(std::move(term));
    hasFull = isFull[axis];
  }
  result.touch = joinTerms({touch});
  result.full = joinTerms({full});
  result.partial =
      joinTerms(terms.empty() ? std::vector<Term>{partial} : terms);
  return true;
}

bool TileMaker::make(const DistinctCase &one, TileCase &result,
                     AnalysisFailure *failure) {
  auto may = axisConditions(one.may, space);
  // Where nothing must hold, no axis may be full: each has the condition.
  auto must = one.must->isConstant(0)
                  ? std::vector<ScalarRef>(space.rank(), constantBool(false))
                  : axisConditions(one.must, space);
  bool isProduct = tiling.order == RowOrder::Grid && may && must;
  bool done =
      isProduct ? makeProduct(*may, *must, result) : makeWhole(one, result);
  if (done && context.failed()) {
    problem = context.failure();
    done = false;
  }
  if (done)
    result.fullRuns = buildRuns(context, result.full, frame, &problem);
  if (done && result.fullRuns)
    result.partialRuns = buildRuns(context, result.partial, frame, &problem);
  if (result.partialRuns)
    return true;
  if (failure)
    *failure = problem;
  return false;
}

/// What is wrong with a tiling for this space; empty: nothing.
std::string problemOf(const Tiling &tiling, const Space &space) {
  if (tiling.rows < 1)
    return "expected tiles of at least one row";
  if (tiling.order == RowOrder::Residues && tiling.modulus < 1)
    return "expected residues of a positive number";
  if (!tiling.moduli.empty() && (tiling.order != RowOrder::Grid ||
                                 tiling.moduli.size() != tiling.shape.size()))
    return "expected a modulus for each axis of a box";
  for (int64_t modulus : tiling.moduli)
    if (modulus < 1)
      return "expected residues of a positive number";
  if (tiling.order != RowOrder::Grid)
    return "";
  if (tiling.shape.size() != space.rank() || !space.isGrid())
    return "expected a tile with an extent for each axis of the grid";
  int64_t product = 1;
  for (int64_t extent : tiling.shape) {
    if (extent < 1 || extent > tiling.rows)
      return "expected positive extents of a tile";
    product *= extent;
  }
  return product == tiling.rows ? ""
                                : "expected as many rows as the tile's extents "
                                  "have";
}

/// Orders whose tiles have no exact sets.
bool isGathered(const Tiling &tiling, const Space &space) {
  return tiling.order == RowOrder::ByLabel ||
         (tiling.order == RowOrder::Contiguous && !space.isLinear()) ||
         (tiling.order == RowOrder::Residues && space.isGrid());
}

} // namespace

std::optional<TileFacts> analyseTiles(const ScalarRef &predicate,
                                      const AnalysisOptions &options,
                                      const PatternFacts &facts,
                                      const Tiling &tiling,
                                      AnalysisFailure *failure) {
  auto refuse = [&](std::string reason) {
    if (failure)
      *failure = {toString(tiling), std::move(reason), true};
    return std::nullopt;
  };
  if (!predicate || predicate->type != ScalarType::Bool)
    return refuse("expected a condition on pairs");
  try {
    IslContext context(options.maxOperations);
    Prepared prepared(predicate, options);
    if (std::string problem = problemOf(tiling, prepared.space);
        !problem.empty())
      return refuse(problem);
    TileFacts result{tiling, {}, true};
    if (isGathered(tiling, prepared.space))
      return result;
    TileMaker maker(context, prepared, tiling, facts.moduli);
    DistinctCases distinct = distinctCases(prepared.atomised);
    std::vector<TileCase> cases;
    for (DistinctCase &one : distinct.list) {
      // Kernels of an empty pattern have no predicate that would mask what
      // rows past N seem to see.
      if (facts.empty)
        one.may = one.must = constantBool(false);
      if (!maker.make(one, cases.emplace_back(), failure))
        return result;
    }
    for (size_t number : distinct.byIndex)
      result.cases.push_back(cases[number]);
    result.gathered = false;
    return result;
  } catch (const std::exception &error) {
    return refuse(error.what());
  }
}

} // namespace effattn

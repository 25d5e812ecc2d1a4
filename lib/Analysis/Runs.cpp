//===- Runs.cpp - the search for loops whose leaves are runs --------------===//
//
// isl makes loops for a schedule: a map from columns to the order in which
// they are visited. For columns {k : lo <= k < hi} the schedule [k] gives one
// run. For {k : k mod 8 in 5..7} it gives a loop with a condition inside, and
// [k div 8, k mod 8] gives one run of 3 in each block of 8, and [k mod 8, k div
// 8] gives 3 runs of step 8. Which one is best depends on the set, so several
// are built and the one with the least work on sample sizes wins:
//   - the whole set by [k]; where that is not good,
//   - each disjoint piece by itself, in all of these ways,
//   - by [k div L, k mod L] and [k mod L, k div L] for each modulus L,
//   - where some loop still lists single columns and B is not a multiple of a
//     modulus: with t = p*u + v, where p*B is,
//   - and with each residue class of columns by itself.
// On a grid columns are [y, x]: lines first (runs along x), columns first (runs
// along y, with step X), and each axis divided by each modulus.
// Each column of the set is visited once by construction, whatever is chosen.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Product.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <set>

namespace effattn {

namespace {

/// Work on all samples at which a nest is good enough to stop the search.
constexpr int64_t runsOfGoodTile = 4;
constexpr int64_t maxSampleSteps = 20'000;
/// One candidate has this part of the bound on the work; when some have reached
/// it, the search ends with what it has.
constexpr uint64_t partOfBound = 8;
constexpr int maxExhausted = 3;
/// isl does not tell how much work it did: a candidate counts 1, or this where
/// its first, small bound did not do. Once candidates have cost `patience`, the
/// search goes on only where there are no loops yet.
constexpr int priceOfBound = 16;
constexpr int patience = 96;
/// Residues that are unrolled at most.
constexpr int64_t maxUnrolled = 64;
/// Moduli and their common multiples beyond this are not tried.
constexpr int64_t maxModulus = int64_t(1) << 20;

struct Candidate {
  RunNestRef nest;
  int64_t cost = 0;
  bool good = false;         ///< few runs: the search stops
  bool listsColumns = false; ///< some loop lists single columns
};

int64_t nodes(const RunNestRef &nest) {
  int64_t count = 1;
  for (const RunNestRef &child : nest->children)
    count += nodes(child);
  return count;
}

/// True where some loop lists single columns.
bool listsColumns(const RunNestRef &nest, bool inLoop = false) {
  if (nest->kind == RunNest::Kind::Run)
    return inLoop && nest->count->isConstant(1);
  inLoop |= nest->kind == RunNest::Kind::For;
  return std::any_of(
      nest->children.begin(), nest->children.end(),
      [&](const RunNestRef &child) { return listsColumns(child, inLoop); });
}

bool divides(const RunNestRef &nest) {
  for (const ScalarRef *field :
       {&nest->condition, &nest->first, &nest->end, &nest->count})
    if (*field && contains(*field, [](const Scalar &node) {
          return node.kind == ScalarKind::FloorDiv;
        }))
      return true;
  return std::any_of(nest->children.begin(), nest->children.end(), divides);
}

class Search {
public:
  Search(const IslContext &context, const LoopFrame &frame)
      : context(context), frame(frame), moduli(frame.moduli),
        rank(frame.space.rank()) {
    for (const Coordinate &coordinate : frame.coordinates)
      unit = std::max(unit, coordinate.unit);
    setSamples();
  }

  /// The best loops that are found; null where none can be built.
  Candidate solve(const IslSet &set, const IslSet &parameterContext);
  bool reachedBound() const { return exhausted > 0; }

private:
  void setSamples();
  /// Starts one candidate's share of the work, and checks it at its end.
  void begin() { context.allow(context.bound() / partOfBound); }
  bool stopped() const { return context.failed() || exhausted >= maxExhausted; }
  bool isPatient() const { return spent < patience; }
  Candidate solvePieces(const IslSet &set, const IslSet &parameterContext);
  Candidate trySchedules(const IslSet &set, const IslSet &parameterContext);
  Candidate trySplit(const IslSet &set, const IslSet &parameterContext);
  Candidate tryUnrolled(const IslSet &set, const IslSet &parameterContext);
  Candidate lines(const IslSet &set, const IslSet &parameterContext);
  Candidate build(const IslSet &set, const IslSet &parameterContext,
                  const std::string &schedule, const std::string &options);
  RunNestRef generate(const IslSet &set, const IslSet &parameterContext,
                      const std::string &schedule,
                      const std::string &options) const;
  Candidate score(RunNestRef nest) const;

  const IslContext &context;
  const LoopFrame &frame;
  std::vector<int64_t> moduli;
  size_t rank;
  int64_t unit = 1;
  /// Turns u and v of a split into t again.
  std::function<RunNestRef(const RunNestRef &)> restore;
  int exhausted = 0;
  int spent = 0; ///< price of the candidates so far
  /// Values of parameters: sizes, then the coordinates of some tiles.
  std::map<std::string, int64_t> sizes;
  int64_t otherSize = 0;
  std::vector<std::map<std::string, int64_t>> samples;
};

/// Interior tiles at N = M, far enough from both ends for moduli and tiles.
void Search::setSamples() {
  int64_t step = unit;
  for (int64_t modulus : moduli)
    step = std::max(step, modulus);
  int64_t size = std::clamp<int64_t>(12 * step + 7, 1024, 1 << 15);
  std::vector<int64_t> lengths = {size};
  if (frame.space.isGrid()) {
    int64_t length = std::clamp<int64_t>(12 * step + 7, 64, 4096);
    lengths.clear();
    size = 1;
    for (const ScalarRef &extent : frame.space.extents) {
      lengths.push_back(extent->isConstant() ? extent->integer : length);
      if (!extent->isConstant())
        sizes[extent->name] = length;
      size *= lengths.back();
    }
  }
  sizes["N"] = sizes["M"] = size;
  otherSize = size / 4;
  for (int64_t third : {1, 2})
    for (int64_t k = 0; k < 3; ++k) {
      std::map<std::string, int64_t> sample;
      for (const Coordinate &coordinate : frame.coordinates) {
        int64_t last = lengths[coordinate.axis] / coordinate.unit - 1;
        if (coordinate.count > 0)
          last = coordinate.count - 1;
        last = std::max<int64_t>(last, 0);
        sample[coordinate.name] = std::min((last + 1) * third / 3 + k, last);
      }
      samples.push_back(std::move(sample));
    }
}

Candidate Search::score(RunNestRef nest) const {
  Candidate result;
  int64_t runs = 0, steps = 0;
  for (const auto &sample : samples) {
    auto parameter = [&](const std::string &name) -> int64_t {
      for (const auto *values : {&sample, &sizes})
        if (auto found = values->find(name); found != values->end())
          return found->second;
      return name == "q0" || name == "b" || name == "h" ? 0 : otherSize;
    };
    NestWork work = measure(nest, parameter, maxSampleSteps);
    runs += work.runs;
    steps += work.steps;
  }
  result.listsColumns = listsColumns(nest);
  result.cost =
      16 * runs + 4 * steps + nodes(nest) + (result.listsColumns ? 256 : 0);
  result.good = !result.listsColumns &&
                runs <= runsOfGoodTile * static_cast<int64_t>(samples.size());
  result.nest = std::move(nest);
  return result;
}

/// "a, b, c" for a schedule of this many dimensions.
std::string letters(size_t count) {
  std::string text;
  for (size_t k = 0; k < count; ++k)
    text += std::string(k ? ", " : "") + static_cast<char>('a' + k);
  return text;
}

std::string separated(size_t dimensions) {
  return fmt::format("{{ [{}] -> separate[x] }}", letters(dimensions));
}

RunNestRef Search::generate(const IslSet &set, const IslSet &parameterContext,
                            const std::string &schedule,
                            const std::string &options) const {
  IslSet columns(isl_set_set_tuple_name(set.copy(), "S"));
  Isl<isl_union_map> order(isl_union_map_intersect_domain(
      parseUnionMap(context, schedule).release(),
      isl_union_set_from_set(columns.release())));
  Isl<isl_ast_build> builder(
      isl_ast_build_from_context(parameterContext.copy()));
  builder = Isl<isl_ast_build>(isl_ast_build_set_options(
      builder.release(), parseUnionMap(context, options).release()));
  Isl<isl_ast_node> tree(
      isl_ast_build_node_from_schedule_map(builder.get(), order.release()));
  return toRunNest(tree.get(), frame.space);
}

/// isl 0.25 frees a result twice where the bound on the work strikes while it
/// looks for remainders. So loops are made without them first; where that ends
/// well within its bound, they are made once more with remainders, which are
/// shorter, and no bound.
Candidate Search::build(const IslSet &set, const IslSet &parameterContext,
                        const std::string &schedule,
                        const std::string &options) {
  context.allow(context.bound() / (4 * partOfBound));
  ++spent;
  RunNestRef nest = generate(set, parameterContext, schedule, options);
  if (context.recover()) {
    begin();
    nest = generate(set, parameterContext, schedule, options);
    exhausted += context.recover();
    spent += priceOfBound;
  } else if (nest && divides(nest)) {
    context.setRemainders(true);
    RunNestRef shorter = generate(set, parameterContext, schedule, options);
    context.setRemainders(false);
    nest = shorter ? shorter : nest;
  }
  if (!nest)
    return {};
  return score(restore ? restore(nest) : nest);
}

Candidate better(Candidate a, Candidate b) {
  return !a.nest || (b.nest && b.cost < a.cost) ? b : a;
}

/// Coordinates in their order: "S[a, b] -> [a, b]".
Candidate Search::lines(const IslSet &set, const IslSet &parameterContext) {
  std::string names = letters(rank);
  return build(set, parameterContext,
               fmt::format("{{ S[{0}] -> [{0}] }}", names), separated(rank));
}

Candidate Search::solve(const IslSet &set, const IslSet &parameterContext) {
  Candidate chosen = lines(set, parameterContext);
  if (chosen.good || stopped() || (chosen.nest && !isPatient()))
    return chosen;
  if (isl_set_n_basic_set(set.get()) > 1) {
    chosen = better(chosen, solvePieces(set, parameterContext));
    if (chosen.nest && !chosen.listsColumns)
      return chosen;
  }
  chosen = better(chosen, trySchedules(set, parameterContext));
  if (!chosen.nest || chosen.listsColumns)
    chosen = better(chosen, trySplit(set, parameterContext));
  if (rank == 1 && (!chosen.nest || chosen.listsColumns))
    chosen = better(chosen, tryUnrolled(set, parameterContext));
  return chosen;
}

Candidate Search::solvePieces(const IslSet &set,
                              const IslSet &parameterContext) {
  begin();
  IslSet disjoint = coalesce(IslSet(isl_set_make_disjoint(set.copy())));
  exhausted += context.recover();
  // Coalescing joins pieces, and never makes two overlap.
  Isl<isl_basic_set_list> list(isl_set_get_basic_set_list(disjoint.get()));
  int count = isl_basic_set_list_n_basic_set(list.get());
  if (count < 1)
    return {};
  auto block = std::make_shared<RunNest>();
  for (int k = 0; k < count; ++k) {
    IslSet piece(isl_set_from_basic_set(
        isl_basic_set_list_get_basic_set(list.get(), k)));
    Candidate candidate = solve(piece, parameterContext);
    if (!candidate.nest || stopped())
      return {};
    block->children.push_back(std::move(candidate.nest));
  }
  return score(std::move(block));
}

Candidate Search::trySchedules(const IslSet &set,
                               const IslSet &parameterContext) {
  Candidate chosen;
  std::string names = letters(rank);
  auto attempt = [&](const std::string &order, size_t dimensions) {
    if (chosen.good || stopped() || (chosen.nest && !isPatient()))
      return;
    chosen =
        better(chosen, build(set, parameterContext,
                             fmt::format("{{ S[{}] -> [{}] }}", names, order),
                             separated(dimensions)));
  };
  // Columns first: each axis but the last one as the innermost.
  for (size_t inner = rank - 1; inner-- > 0;) {
    std::string order;
    for (size_t k = 0; k < rank; ++k)
      if (k != inner)
        order += std::string(1, static_cast<char>('a' + k)) + ", ";
    attempt(order + static_cast<char>('a' + inner), rank);
  }
  for (int64_t modulus : moduli)
    for (size_t axis = rank; axis-- > 0;)
      for (const char *form :
           {"floor({0}/{1}), {0} mod {1}", "{0} mod {1}, floor({0}/{1})"}) {
        std::string order;
        for (size_t k = 0; k < rank; ++k) {
          std::string name(1, static_cast<char>('a' + k));
          order += (k ? ", " : "") +
                   (k == axis ? fmt::format(fmt::runtime(form), name, modulus)
                              : name);
        }
        attempt(order, rank + 1);
      }
  return chosen;
}

/// A name that no parameter of the set has.
std::string freshName(const IslSet &set, std::string name) {
  while (isl_set_find_dim_by_name(set.get(), isl_dim_param, name.c_str()) >= 0)
    name += "_";
  return name;
}

/// Intersects with a relation of parameters and removes one of them.
IslSet replaceParameter(const IslSet &set, const IslSet &relation,
                        const std::string &name) {
  IslSet result(isl_set_intersect_params(set.copy(), relation.copy()));
  int position =
      isl_set_find_dim_by_name(result.get(), isl_dim_param, name.c_str());
  if (position < 0)
    return result;
  return IslSet(
      isl_set_project_out(result.release(), isl_dim_param, position, 1));
}

Candidate Search::trySplit(const IslSet &set, const IslSet &parameterContext) {
  IslSet splitSet = set, splitContext = parameterContext;
  std::vector<std::function<RunNestRef(const RunNestRef &)>> back;
  for (const Coordinate &coordinate : frame.coordinates) {
    int64_t p = 1;
    for (int64_t modulus : moduli) {
      p = std::lcm(p, modulus / std::gcd(modulus, coordinate.unit));
      if (p > maxModulus)
        return {};
    }
    // The residues of a tiling are not divided.
    if (p == 1 || coordinate.count > 0)
      continue;
    std::string name = coordinate.name, u = freshName(splitSet, "u"),
                v = freshName(splitSet, "v");
    IslSet relation = parseSet(
        context,
        fmt::format("[{0}, {1}, {2}] -> {{ : {0} = {3}*{1} + {2} and 0 "
                    "<= {2} < {3} and {1} >= 0 }}",
                    name, u, v, p));
    splitSet = replaceParameter(splitSet, relation, name);
    splitContext = replaceParameter(splitContext, relation, name);
    back.push_back([=](const RunNestRef &nest) {
      ScalarRef t = variable(name);
      return substitute(substitute(nest, u, floorDiv(t, constantInt(p))), v,
                        mod(t, constantInt(p)));
    });
  }
  if (back.empty())
    return {};
  restore = [&](RunNestRef nest) {
    for (const auto &one : back)
      nest = one(nest);
    return nest;
  };
  Candidate chosen = better(lines(splitSet, splitContext),
                            trySchedules(splitSet, splitContext));
  restore = nullptr;
  return chosen;
}

/// In one residue class of columns every div and mod is linear, so that
/// intervals are left.
Candidate Search::tryUnrolled(const IslSet &set,
                              const IslSet &parameterContext) {
  int64_t common = 1;
  for (int64_t modulus : moduli) {
    common = std::lcm(common, modulus);
    if (common > maxUnrolled)
      return {};
  }
  return build(set, parameterContext,
               fmt::format("{{ S[k] -> [k mod {0}, floor(k/{0})] }}", common),
               "{ [a, b] -> unroll[0]; [a, b] -> separate[1] }");
}

} // namespace

RunNestRef searchRuns(const IslContext &context, const IslSet &set,
                      const IslSet &parameterContext, const LoopFrame &frame,
                      AnalysisFailure *failure) {
  if (isl_set_is_empty(set.get()) == isl_bool_true)
    return std::make_shared<RunNest>();
  Search search(context, frame);
  RunNestRef nest = search.solve(set, parameterContext).nest;
  context.allow(context.bound());
  AnalysisFailure reason;
  if (context.failed())
    reason = context.failure();
  else if (!nest && search.reachedBound())
    reason = tooCostly();
  else if (!nest)
    reason.reason = "loops over the columns of the pattern need numbers that "
                    "do not fit 64 bits; use smaller constants";
  if (nest && !context.failed())
    return nest;
  if (failure)
    *failure = reason;
  return nullptr;
}

namespace {

/// Loops that were built already: stages ask for those of one set several
/// times. They are a function of the text, the frame and the bound.
class KnownLoops {
public:
  RunNestRef find(const std::string &key) {
    std::lock_guard<std::mutex> lock(mutex);
    auto known = loops.find(key);
    return known == loops.end() ? nullptr : known->second;
  }
  void add(const std::string &key, const RunNestRef &nest) {
    std::lock_guard<std::mutex> lock(mutex);
    if (loops.size() >= most)
      loops.clear();
    loops.emplace(key, nest);
  }

private:
  static constexpr size_t most = 256;
  std::mutex mutex;
  std::map<std::string, RunNestRef> loops;
};

std::string keyOf(const IslContext &context, const std::string &set,
                  const LoopFrame &frame) {
  std::string key = fmt::format("{}|{}|{}|{}|{}|{}", set, context.bound(),
                                frame.context, fmt::join(frame.moduli, ","),
                                fmt::join(frame.space.rows, ","),
                                fmt::join(frame.space.columns, ","));
  for (const ScalarRef &extent : frame.space.extents)
    key += "|" + toString(extent);
  for (const Coordinate &one : frame.coordinates)
    key += fmt::format("|{},{},{},{}", one.name, one.unit, one.count, one.axis);
  return key;
}

RunNestRef buildNew(const IslContext &context, const std::string &set,
                    const LoopFrame &frame, AnalysisFailure *failure) {
  std::vector<std::string> names = {"N", "M"};
  for (const ScalarRef &extent : frame.space.extents)
    if (!extent->isConstant())
      names.push_back(extent->name);
  for (const Coordinate &coordinate : frame.coordinates)
    names.push_back(coordinate.name);
  IslSet columns = parseSet(context, set);
  IslSet parameterContext =
      parseSet(context, fmt::format("[{}] -> {{ : {} }}",
                                    fmt::join(names, ", "), frame.context));
  if (!columns || isl_set_dim(columns.get(), isl_dim_set) !=
                      static_cast<int>(frame.space.rank())) {
    if (failure)
      *failure = {set, "expected a set of columns in isl's notation", true};
    return nullptr;
  }
  // Parameters of both, in the order of the set's text.
  parameterContext = IslSet(isl_set_align_params(
      parameterContext.release(), isl_set_get_space(columns.get())));
  columns = IslSet(
      isl_set_intersect_params(columns.release(), parameterContext.copy()));
  return searchRuns(context, coalesce(std::move(columns)), parameterContext,
                    frame, failure);
}

} // namespace

RunNestRef buildRuns(const IslContext &context, const std::string &set,
                     const LoopFrame &frame, AnalysisFailure *failure) {
  if (auto terms = splitTerms(set))
    return buildProduct(context, *terms, frame, failure);
  static KnownLoops known;
  std::string key = keyOf(context, set, frame);
  if (RunNestRef nest = known.find(key))
    return nest;
  RunNestRef nest = buildNew(context, set, frame, failure);
  if (nest)
    known.add(key, nest);
  return nest;
}

RunNestRef buildRuns(const std::string &set, const SetFrame &frame,
                     AnalysisFailure *failure) {
  AnalysisOptions defaults;
  IslContext context(defaults.maxOperations);
  Space space(frame.extents);
  LoopFrame loops = frame.tiling ? tileFrame(space, frame.moduli, *frame.tiling)
                                 : rowFrame(space, frame.moduli);
  for (size_t k = 0;
       k < std::min(loops.coordinates.size(), frame.coordinates.size()); ++k)
    if (frame.coordinates[k] != loops.coordinates[k].name) {
      if (failure)
        *failure = {
            frame.coordinates[k],
            fmt::format("expected a set over `{}`", loops.coordinates[k].name),
            true};
      return nullptr;
    }
  return buildRuns(context, set, loops, failure);
}

} // namespace effattn

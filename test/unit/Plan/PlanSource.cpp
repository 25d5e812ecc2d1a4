//===- PlanSource.cpp - planner functions by trying all pairs -------------===//

#include "PlanSource.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace effattn::test {

namespace {

const World *world; ///< the installed one

constexpr int maxCases = 144, maxFunctions = 3 * maxCases;
enum Kind { tileFull, tilePartial, rowRuns };

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

struct Case {
  uint32_t keys, queries;
  std::vector<int> relations; ///< states
};

Case caseOf(int index) {
  const uint32_t keyAtoms = world->keySets.size() + world->keyConditions.size();
  const uint32_t queryAtoms =
      world->querySets.size() + world->queryConditions.size();
  Case one;
  one.keys = index & ((1u << keyAtoms) - 1);
  index >>= keyAtoms;
  one.queries = index & ((1u << queryAtoms) - 1);
  index >>= queryAtoms;
  for (size_t r = 0; r < world->relations.size(); ++r, index /= 3)
    one.relations.push_back(index % 3);
  return one;
}

int caseCount() {
  int count = 1 << (world->keySets.size() + world->keyConditions.size() +
                    world->querySets.size() + world->queryConditions.size());
  for (size_t r = 0; r < world->relations.size(); ++r)
    count *= 3;
  return count;
}

/// Whether some (`all`: each) completion of states 2 lets the pair be seen.
bool seenUnder(const Case &one, int64_t row, int64_t column, bool all) {
  const size_t relations = one.relations.size();
  bool any = false, every = true;
  for (uint32_t choice = 0; choice < 1u << relations; ++choice) {
    PairAtoms atoms{one.keys, one.queries, {}};
    bool possible = true;
    for (size_t r = 0; r < relations; ++r) {
      atoms.relations.push_back(choice >> r & 1);
      possible &= one.relations[r] == 2 ||
                  atoms.relations[r] == (one.relations[r] == 1);
    }
    if (!possible)
      continue;
    const bool seen = world->sees(row, column, atoms);
    any |= seen;
    every &= seen;
  }
  return all ? every : any;
}

std::vector<int32_t> rowsOfTile(int64_t tile) {
  if (world->rowOrder == EFFATTN_ROWS_LISTED)
    return world->tiles[tile];
  std::vector<int32_t> rows;
  for (int64_t k = 0; k < world->tileRows; ++k)
    if (tile * world->tileRows + k < world->N)
      rows.push_back(int32_t(tile * world->tileRows + k));
  return rows;
}

/// The columns as runs of the world's step.
int64_t list(const std::vector<bool> &columns, effattn_run *runs,
             int64_t capacity) {
  int64_t count = 0;
  for (int64_t residue = 0; residue < world->step; ++residue) {
    effattn_run run = {0, 1, 0};
    for (int64_t j = residue; j < world->M + world->step; j += world->step) {
      if (j < world->M && columns[j]) {
        if (run.count++ == 0)
          run.first = int32_t(j);
        continue;
      }
      run.step = run.count > 1 ? int32_t(world->step) : 1;
      if (run.count && count++ < capacity)
        runs[count - 1] = run;
      run.count = 0;
    }
  }
  return count;
}

int64_t listCase(int number, const int64_t *parameters, int64_t index,
                 effattn_run *runs, int64_t capacity) {
  if (parameters[0] != world->N || parameters[1] != world->M ||
      parameters[4] != 7)
    std::abort();
  const Case one = caseOf(number / 3);
  const auto kind = static_cast<Kind>(number % 3);
  const std::vector<int32_t> rows = kind == rowRuns
                                        ? std::vector<int32_t>{int32_t(index)}
                                        : rowsOfTile(index);
  std::vector<bool> columns(world->M);
  for (int64_t j = 0; j < world->M; ++j) {
    bool some = false, all = true;
    for (int32_t row : rows) {
      if (row < 0)
        continue;
      some |= seenUnder(one, row, j, false);
      all &= seenUnder(one, row, j, true);
    }
    columns[j] = kind == tileFull ? all : kind == rowRuns ? some : some && !all;
  }
  return list(columns, runs, capacity);
}

template <int number>
int64_t listInstalled(const int64_t *parameters, int64_t index,
                      effattn_run *runs, int64_t capacity) {
  return listCase(number, parameters, index, runs, capacity);
}

template <int... numbers>
constexpr std::array<effattn_runs_function, sizeof...(numbers)>
makeFunctions(std::integer_sequence<int, numbers...>) {
  return {listInstalled<numbers>...};
}

int64_t countTiles(const int64_t *) { return int64_t(world->tiles.size()); }

int32_t listRows(const int64_t *, int64_t index, int32_t *rows) {
  int32_t count = 0;
  std::fill(rows, rows + world->tileRows, -1);
  for (size_t k = 0; k < world->tiles[index].size(); ++k) {
    rows[k] = world->tiles[index][k];
    count += rows[k] >= 0;
  }
  return count;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

int64_t give(Truth truth, int32_t *out) {
  *out |= truth == missed;
  return truth == yes;
}

template <int n>
int64_t keyCondition(const int64_t *, const effattn_plan_table *, int64_t a,
                     int64_t, int32_t *out) {
  return give(world->keyConditions[n][a], out);
}

template <int n>
int64_t queryCondition(const int64_t *, const effattn_plan_table *, int64_t a,
                       int64_t, int32_t *out) {
  return give(world->queryConditions[n][a], out);
}

template <int n>
int64_t rowLabel(const int64_t *, const effattn_plan_table *, int64_t a,
                 int64_t b, int32_t *out) {
  *out |= world->relations[n].rowMissed[a];
  return world->relations[n].rows[a][b];
}

template <int n>
int64_t columnLabel(const int64_t *, const effattn_plan_table *, int64_t a,
                    int64_t b, int32_t *out) {
  const Relation &relation = world->relations[n];
  if (relation.kind == EFFATTN_RELATION_COMPARED) {
    *out |= relation.endMissed[a][b];
    return relation.ends[a][b];
  }
  *out |= relation.columnMissed[a];
  return relation.columns[a];
}

template <int n>
int64_t testLabels(const int64_t *, const effattn_plan_table *, int64_t a,
                   int64_t b, int32_t *out) {
  if (world->relations[n].kind == EFFATTN_RELATION_COMPARED)
    return world->relations[n].test[a];
  return give(world->relations[n].table[a][b], out);
}

template <int n>
int64_t rowEnd(const int64_t *, const effattn_plan_table *, int64_t a, int64_t,
               int32_t *) {
  return world->relations[n].rowEnds[a];
}

template <int n>
int64_t columnEnd(const int64_t *, const effattn_plan_table *, int64_t a,
                  int64_t, int32_t *) {
  return world->relations[n].columnEnds[a];
}

const effattn_plan_value keyConditions[] = {keyCondition<0>, keyCondition<1>};
const effattn_plan_value queryConditions[] = {queryCondition<0>,
                                              queryCondition<1>};

effattn_relation describe(const Relation &relation, bool first) {
  effattn_relation result = {};
  result.kind = relation.kind;
  if (relation.kind == EFFATTN_RELATION_UNKNOWN)
    return result;
  result.labels = relation.rows.empty() ? 1 : uint32_t(relation.rows[0].size());
  result.row = first ? rowLabel<0> : rowLabel<1>;
  result.column = first ? columnLabel<0> : columnLabel<1>;
  if (relation.kind >= EFFATTN_RELATION_BITMAP)
    result.test = first ? testLabels<0> : testLabels<1>;
  result.rising = relation.rising;
  result.falling = relation.falling;
  if (!relation.rowEnds.empty())
    result.row_end = first ? rowEnd<0> : rowEnd<1>;
  if (!relation.columnEnds.empty())
    result.column_end = first ? columnEnd<0> : columnEnd<1>;
  return result;
}

/// Over the values of comparisons whose look-up was out of range.
Truth compare(const Relation &relation, int64_t row, int64_t column) {
  bool some = false, all = true;
  const auto &own = relation.rows[row];
  for (uint32_t bits = 0; bits < relation.test.size(); ++bits) {
    bool possible = true;
    for (size_t k = 0; k < own.size(); ++k)
      possible &= relation.endMissed[column][k] ||
                  (bits >> k & 1) == (own[k] <= relation.ends[column][k]);
    if (!possible)
      continue;
    some |= relation.test[bits];
    all &= relation.test[bits];
  }
  return all ? yes : some ? missed : no;
}

} // namespace

//===----------------------------------------------------------------------===//
// World
//===----------------------------------------------------------------------===//

Truth Relation::holds(int64_t row, int64_t column) const {
  if (kind == EFFATTN_RELATION_UNKNOWN)
    return pairs[row][column] ? yes : no;
  if (rowMissed[row])
    return missed;
  if (kind == EFFATTN_RELATION_COMPARED)
    return compare(*this, row, column);
  if (columnMissed[column])
    return missed;
  if (kind == EFFATTN_RELATION_BITMAP)
    return table[rows[row][0]][columns[column]];
  return std::count(rows[row].begin(), rows[row].end(), columns[column]) ? yes
                                                                         : no;
}

static uint32_t bitsOf(const std::vector<std::vector<int32_t>> &sets,
                       int32_t token) {
  uint32_t bits = 0;
  for (size_t k = 0; k < sets.size(); ++k)
    if (std::binary_search(sets[k].begin(), sets[k].end(), token))
      bits |= 1u << k;
  return bits;
}

uint32_t World::rowSets(int64_t row) const {
  return bitsOf(querySets, query(row));
}

uint32_t World::columnSets(int64_t column) const {
  return bitsOf(keySets, key(column));
}

bool World::keeps(int64_t row) const {
  return std::all_of(filters.begin(), filters.end(), [&](const auto &filter) {
    return std::binary_search(filter.first.begin(), filter.first.end(),
                              query(row)) == filter.second;
  });
}

bool World::missesCondition(int64_t row, int64_t column) const {
  bool misses = false;
  for (const auto &condition : keyConditions)
    misses |= condition[column] == missed;
  for (const auto &condition : queryConditions)
    misses |= condition[row] == missed;
  return misses;
}

Truth World::visible(int64_t row, int64_t column) const {
  std::vector<Truth> atoms;
  for (const auto &condition : keyConditions)
    atoms.push_back(condition[column]);
  for (const auto &condition : queryConditions)
    atoms.push_back(condition[row]);
  for (const Relation &relation : relations)
    atoms.push_back(relation.holds(row, column));
  bool some = false, all = true;
  for (uint32_t choice = 0; choice < 1u << atoms.size(); ++choice) {
    bool possible = true;
    for (size_t k = 0; k < atoms.size(); ++k)
      possible &= atoms[k] == missed || Truth(choice >> k & 1) == atoms[k];
    if (!possible)
      continue;
    PairAtoms pair{columnSets(column), rowSets(row), {}};
    size_t k = 0;
    for (size_t c = 0; c < keyConditions.size(); ++c, ++k)
      pair.keys |= (choice >> k & 1) << (keySets.size() + c);
    for (size_t c = 0; c < queryConditions.size(); ++c, ++k)
      pair.queries |= (choice >> k & 1) << (querySets.size() + c);
    for (size_t r = 0; r < relations.size(); ++r, ++k)
      pair.relations.push_back(choice >> k & 1);
    const bool seen = sees(row, column, pair);
    some |= seen;
    all &= seen;
  }
  return all ? yes : some ? missed : no;
}

//===----------------------------------------------------------------------===//
// Requests
//===----------------------------------------------------------------------===//

effattn_plan_allocator mallocAllocator() {
  return {nullptr,
          [](void *, size_t bytes, size_t alignment) {
            return std::aligned_alloc(alignment, (bytes + alignment - 1) /
                                                     alignment * alignment);
          },
          [](void *, void *memory, size_t, size_t) { std::free(memory); }};
}

Installed::Installed(const World &given)
    : parameters{given.N, given.M, 0, 0, 7} {
  static constexpr auto functions =
      makeFunctions(std::make_integer_sequence<int, maxFunctions>());
  world = &given;
  if (caseCount() > maxCases)
    std::abort();
  for (int c = 0; c < caseCount(); ++c) {
    const bool whole = !given.gathered;
    cases.push_back({whole ? functions[3 * c + tileFull] : nullptr,
                     whole ? functions[3 * c + tilePartial] : nullptr,
                     functions[3 * c + rowRuns]});
  }
  auto view = [](const std::vector<int32_t> &set) {
    return effattn_plan_set{set.data(), int64_t(set.size())};
  };
  for (const auto &set : given.keySets)
    sets.push_back(view(set));
  for (const auto &set : given.querySets)
    sets.push_back(view(set));
  for (const auto &[set, keep] : given.filters)
    filters.push_back({view(set), keep});
  for (size_t r = 0; r < given.relations.size(); ++r)
    relations.push_back(describe(given.relations[r], r == 0));
  request.tile_rows = given.tileRows;
  request.cases = cases.data();
  request.key_sets = uint32_t(given.keySets.size());
  request.query_sets = uint32_t(given.querySets.size());
  request.parameters = parameters;
  request.key_set = sets.data();
  request.query_set = sets.data() + given.keySets.size();
  request.row_filters = uint32_t(filters.size());
  request.row_filter = filters.data();
  request.allocator = mallocAllocator();
  request.row_order = given.rowOrder;
  request.order_relation = given.orderRelation;
  request.tile_count = countTiles;
  request.tile_row_list = listRows;
  request.key_conditions = uint32_t(given.keyConditions.size());
  request.query_conditions = uint32_t(given.queryConditions.size());
  request.key_condition = keyConditions;
  request.query_condition = queryConditions;
  request.relations = uint32_t(relations.size());
  request.relation = relations.data();
  request.query_order =
      given.queryOrder.empty() ? nullptr : given.queryOrder.data();
  request.key_order = given.keyOrder.empty() ? nullptr : given.keyOrder.data();
}

Installed::~Installed() { world = nullptr; }

effattn_plan Installed::plan() const {
  effattn_plan plan;
  if (effattn_plan_build(&request, &plan))
    std::abort();
  return plan;
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

namespace {

/// The first complaint.
struct Complaint {
  std::ostringstream text;
  template <typename... Parts> bool say(const Parts &...parts) {
    ((text << parts << ' '), ...);
    return false;
  }
};

/// Classes of the columns of a tile.
bool readRuns(const World &w, const effattn_plan &plan,
              const effattn_plan_tile &tile, std::vector<int> &columns,
              Complaint &complaint) {
  int32_t counts[2] = {0, 0};
  for (int32_t n = 0; n < tile.full_runs + tile.partial_runs; ++n) {
    const effattn_plan_run &run = plan.runs[tile.runs + n];
    const bool full = n < tile.full_runs;
    if (run.count < 1 || run.step < 1)
      return complaint.say("an empty run");
    counts[full] += run.count;
    for (int32_t c = 0; c < run.count; ++c) {
      const int64_t column = run.first + int64_t(run.step) * c;
      if (column < 0 || column >= w.M)
        return complaint.say("column", column);
      if (columns[column])
        return complaint.say("column", column, "twice");
      columns[column] = full ? 2 : 1;
      if (run.sets != (full ? 0 : w.columnSets(column)))
        return complaint.say("sets of column", column, "are", run.sets);
    }
  }
  return (counts[1] == tile.full_columns && counts[0] == tile.partial_columns)
             ? true
             : complaint.say("counts of columns");
}

bool checkTile(const World &w, const effattn_plan &plan,
               const effattn_plan_tile &tile, std::vector<int> &seen,
               Complaint &complaint) {
  std::vector<int> columns(w.M, 0);
  if (!readRuns(w, plan, tile, columns, complaint))
    return false;
  int32_t present = 0;
  for (uint32_t k = 0; k < plan.tile_rows; ++k) {
    const int32_t token = plan.rows[tile.rows + k];
    if (token < 0)
      continue;
    ++present;
    int64_t row = token;
    if (!w.queryOrder.empty())
      row = std::find(w.queryOrder.begin(), w.queryOrder.end(), token) -
            w.queryOrder.begin();
    if (row >= w.N)
      return complaint.say("row", token);
    ++seen[row];
    if (tile.first_row >= 0 && token != int32_t(tile.first_row + k))
      return complaint.say("row", token, "in a tile from", tile.first_row);
    if ((plan.row_sets ? plan.row_sets[tile.rows + k] : 0) != w.rowSets(row))
      return complaint.say("sets of row", row);
    for (int64_t j = 0; j < w.M; ++j) {
      const Truth visible = w.visible(row, j);
      if (columns[j] == 2 && visible != yes)
        return complaint.say("row", row, "full column", j);
      if (columns[j] == 2 && w.missesCondition(row, j))
        return complaint.say("row", row, "full column without a look-up", j);
      if (columns[j] == 0 && visible != no)
        return complaint.say("row", row, "missing column", j);
    }
  }
  if (present != tile.present || present < 1)
    return complaint.say("present rows");
  return true;
}

} // namespace

std::string check(const World &w, const effattn_plan &plan) {
  Complaint complaint;
  std::vector<int> seen(w.N, 0);
  int64_t full = 0, partial = 0;
  for (int64_t t = 0; t < plan.tile_count; ++t) {
    if (!checkTile(w, plan, plan.tiles[t], seen, complaint)) {
      complaint.say("in tile", t);
      return complaint.text.str();
    }
    full += plan.tiles[t].full_columns;
    partial += plan.tiles[t].partial_columns;
  }
  for (int64_t i = 0; i < w.N; ++i)
    if (seen[i] != w.keeps(i))
      complaint.say("row", i, "is planned", seen[i], "times");
  if (plan.full_columns != full || plan.partial_columns != partial)
    complaint.say("totals of columns");
  if ((plan.key_order != nullptr) != !w.keyOrder.empty())
    complaint.say("key order");
  return complaint.text.str();
}

} // namespace effattn::test

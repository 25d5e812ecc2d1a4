//===- AttendPlanner.cpp - planner functions of one attend ----------------===//

#include "lib/Lowering/AttendPlanner.h"

#include "lib/Analysis/Constant.h"
#include "lib/Lowering/EmitTiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

using namespace mlir;

namespace effattn {

AttendPlanner::AttendPlanner(Planned planned, const ir::AttendParts &parts,
                             const AttendFrame &frame, AttendNames &names,
                             SetFunctions &functions)
    : location(planned.location), rows(planned.rows), known(planned.facts),
      parts(parts), names(names), functions(functions),
      facts(fromAttribute(known, frame)), tiles(std::move(planned.tiles)),
      frame(frame), atoms(frame.atoms) {
  // Nothing is known of the pattern.
  if (frame.opaque)
    for (RelationAtom &relation : atoms.relations)
      relation.kind = RelationAtom::Kind::Unknown;
}

/// Index sets of atoms, then those that only the kernel reads, by number.
static std::vector<int> setsOf(const std::vector<SideAtom> &atoms,
                               const ScalarRef &predicate, ScalarKind kind) {
  std::vector<int> sets;
  for (const SideAtom &atom : atoms)
    if (atom.set >= 0)
      sets.push_back(atom.set);
  std::set<int> others;
  walk(predicate, [&](const Scalar &node) {
    if (node.kind == kind && !llvm::is_contained(sets, node.table))
      others.insert(node.table);
  });
  sets.insert(sets.end(), others.begin(), others.end());
  return sets;
}

bool AttendPlanner::name(AttendInputs &inputs, LoweredAttend &attend) {
  if (known.getKeyAtoms() != static_cast<int64_t>(atoms.keys.size()) ||
      known.getQueryAtoms() != static_cast<int64_t>(atoms.queries.size()) ||
      known.getRelations() != static_cast<int64_t>(atoms.relations.size()) ||
      facts.cases.size() != atoms.cases()) {
    emitError(location) << "stage lower: expected facts of this pattern, "
                           "but got those of one with other atoms";
    return false;
  }
  keys.sets = setsOf(atoms.keys, frame.tokens, ScalarKind::KeyInSet);
  queries.sets = setsOf(atoms.queries, frame.tokens, ScalarKind::QueryInSet);
  llvm::for_each(keys.sets, [&](int set) { names.addKeySet(set); });
  llvm::for_each(queries.sets, [&](int set) { names.addQuerySet(set); });
  auto count = [&](const std::vector<SideAtom> &list, Side &side) {
    for (const SideAtom &atom : list) {
      ++(atom.set >= 0 ? side.atomSets : side.conditions);
      if (atom.set < 0)
        names.ofPlan(atom.condition);
    }
  };
  count(atoms.keys, keys);
  count(atoms.queries, queries);
  for (const RelationAtom &atom : atoms.relations) {
    if (atom.kind == RelationAtom::Kind::Unknown)
      continue;
    for (const ScalarRef &label : atom.rowLabels)
      names.ofPlan(label);
    for (const ScalarRef &label : atom.columnLabels)
      names.ofPlan(label);
    if (atom.test)
      names.ofPlan(atom.test);
  }
  for (const ScalarRef &extra : atoms.extras)
    names.ofPlan(extra);
  plannedNames(facts.parameters, facts.parameterValues, atoms.extras, names);
  noteUses(attend);
  if (frame.permuted)
    nameOrders(inputs, attend);
  return true;
}

void AttendPlanner::nameOrders(AttendInputs &inputs, LoweredAttend &attend) {
  attend.permuted = true;
  inputs.queryOrder = parts.operands().tables[frame.queryTokens];
  inputs.keyOrder = parts.operands().tables[frame.keyTokens];
  for (Value order : {inputs.queryOrder, inputs.keyOrder}) {
    int64_t rank = cast<ir::TensorType>(order.getType()).getRank();
    const bool byBatch = leadsByBatch(order, rows);
    attend.planByHead |= rank >= 2 && !byBatch;
    attend.planByBatch |= rank >= 3 || byBatch;
  }
}

/// Plans differ by batch or head where b or h is read anywhere.
void AttendPlanner::noteUses(LoweredAttend &attend) const {
  auto uses = [&](const std::string &name) {
    auto inScalar = [&](const ScalarRef &scalar) {
      return scalar && usesVariable(scalar, name);
    };
    auto inSide = [&](const SideAtom &atom) {
      return inScalar(atom.condition);
    };
    auto inRelation = [&](const RelationAtom &atom) {
      return atom.kind != RelationAtom::Kind::Unknown &&
             (llvm::any_of(atom.rowLabels, inScalar) ||
              llvm::any_of(atom.columnLabels, inScalar) || inScalar(atom.test));
    };
    return llvm::any_of(facts.parameterValues, inScalar) ||
           llvm::any_of(atoms.keys, inSide) ||
           llvm::any_of(atoms.queries, inSide) ||
           llvm::any_of(atoms.relations, inRelation) ||
           llvm::any_of(atoms.extras, inScalar);
  };
  attend.planByBatch |= uses("b");
  attend.planByHead |= uses("h");
}

/// The index among the cases of the facts: sets that only the kernel reads
/// are left out.
size_t AttendPlanner::caseOf(size_t index) const {
  auto side = [&](const Side &one) {
    size_t bits = index & ((size_t(1) << one.size()) - 1);
    index >>= one.size();
    size_t ofSets = bits & ((size_t(1) << one.atomSets) - 1);
    return ofSets | bits >> one.sets.size() << one.atomSets;
  };
  size_t ofKeys = side(keys), ofQueries = side(queries);
  index = index << (queries.atomSets + queries.conditions) | ofQueries;
  return index << (keys.atomSets + keys.conditions) | ofKeys;
}

bool AttendPlanner::emitCases(const std::string &prefix,
                              LoweredAttend &attend) {
  SetFrame row = setFrame(facts, std::nullopt);
  SetFrame tile = setFrame(facts, tiles.tiling);
  std::vector<LoweredCase> known;
  for (size_t number = 0; number < facts.cases.size(); ++number) {
    std::string name = fmt::format("{}_case{}", prefix, number);
    LoweredCase &one = known.emplace_back();
    auto list = [&](const char *part, const std::string &text,
                    const SetFrame &where, std::string &symbol) {
      auto made = functions.runs(location, name + part, text, where, planned);
      symbol = made.value_or("");
      return made.has_value();
    };
    // Without sets of tiles the planner merges the columns of the rows.
    if (!tiles.cases.empty()) {
      const TileCase &sets = tiles.cases[number];
      if (!list("_full", sets.full, tile, one.tileFull) ||
          !list("_partial", sets.partial, tile, one.tilePartial))
        return false;
    }
    if (!list("_row", facts.cases[number].row, row, one.row))
      return false;
  }
  size_t unread =
      keys.sets.size() - keys.atomSets + queries.sets.size() - queries.atomSets;
  for (size_t number = 0; number < known.size() << unread; ++number)
    attend.cases.push_back(known[caseOf(number)]);
  return true;
}

bool AttendPlanner::emitTiling(const std::string &prefix,
                               LoweredAttend &attend) {
  attend.tileRows = tiles.tiling.rows;
  attend.order = tiles.tiling.order;
  attend.orderRelation = std::max(0, tiles.tiling.relation);
  if (attend.order != RowOrder::Residues && attend.order != RowOrder::Grid)
    return true;
  auto builder = OpBuilder::atBlockEnd(functions.getModule().getBody());
  SetFrame tile = setFrame(facts, tiles.tiling);
  std::string unknown;
  attend.tileCount = prefix + "_tiles";
  attend.tileRowList = prefix + "_rows";
  if (emitTileCount(builder, location, attend.tileCount, tile, planned,
                    &unknown) &&
      emitTileRows(builder, location, attend.tileRowList, tile, planned,
                   &unknown))
    return true;
  emitError(location) << "the tiles of this pattern depend on '" << unknown
                      << "', which is no parameter of the attend";
  return false;
}

std::string AttendPlanner::value(const std::string &symbol,
                                 const std::vector<ScalarRef> &values,
                                 const char *a, const char *b) {
  std::vector<ScalarRef> named;
  for (const ScalarRef &one : values)
    named.push_back(names.ofPlan(one));
  PlanScope scope = names.scope();
  scope.a = a;
  scope.b = b;
  return value(symbol, named, scope);
}

std::string AttendPlanner::value(const std::string &symbol,
                                 const std::vector<ScalarRef> &named,
                                 const PlanScope &scope) {
  auto builder = OpBuilder::atBlockEnd(functions.getModule().getBody());
  std::string unknown;
  if (emitPlanValue(builder, location, symbol, named, scope, &unknown))
    return symbol;
  emitError(location) << "not supported yet: '" << unknown
                      << "' in a condition of the pattern that tables "
                         "decide; arithmetic, comparisons and look-ups are";
  return "";
}

bool AttendPlanner::emitRelation(const std::string &prefix,
                                 const RelationAtom &atom,
                                 LoweredRelation &relation) {
  if (atom.kind == RelationAtom::Kind::Unknown)
    return true;
  relation.kind = atom.kind;
  relation.labels = static_cast<int>(atom.rowLabels.size());
  relation.row = value(prefix + "_row", atom.rowLabels, "i");
  relation.column = value(prefix + "_column", atom.columnLabels, "j");
  if (atom.test)
    relation.test = value(prefix + "_test", {atom.test}, "u", "w");
  for (size_t k = 0; k < atom.columnSteps.size(); ++k) {
    relation.rising |= uint32_t(atom.columnSteps[k] > 0) << k;
    relation.falling |= uint32_t(atom.columnSteps[k] < 0) << k;
  }
  bool done = !relation.row.empty() && !relation.column.empty() &&
              (!atom.test || !relation.test.empty());
  auto end = [&](const char *part, const std::vector<ScalarRef> &labels,
                 const char *index, std::string &symbol) {
    ScalarRef until = constantUntil(labels, index);
    if (!until)
      return;
    symbol = value(prefix + part, {until}, index);
    done &= !symbol.empty();
  };
  end("_row_end", atom.rowLabels, "i", relation.rowEnd);
  end("_column_end", atom.columnLabels, "j", relation.columnEnd);
  return done;
}

bool AttendPlanner::emitStart(const std::string &prefix, const ScalarRef &q0,
                              LoweredAttend &attend) {
  attend.start = value(prefix + "_start", {q0}, "");
  return !attend.start.empty();
}

std::string AttendPlanner::emitPair(const std::string &symbol) {
  const ScalarRef ofRow = variable("row sets"), ofColumn = variable("key sets");
  auto holds = [](const ScalarRef &bits, int set) {
    ScalarRef bit = floorDiv(bits, constantInt(int64_t(1) << set));
    return equal(mod(bit, constantInt(2)), constantInt(1));
  };
  ScalarRef pair = rewrite(
      names.ofPlan(frame.tokens), [&](const ScalarRef &node) -> ScalarRef {
        if (node->kind == ScalarKind::KeyInSet)
          return holds(ofColumn, node->table);
        return node->kind == ScalarKind::QueryInSet ? holds(ofRow, node->table)
                                                    : nullptr;
      });
  PlanScope scope = names.scope();
  scope.a = "i";
  scope.b = "j";
  for (size_t k = 0; k < atoms.extras.size(); ++k)
    scope.parameters.push_back(fmt::format("extra {}", k));
  scope.parameters.insert(scope.parameters.end(), {"row sets", "key sets"});
  return value(symbol, {pair}, scope);
}

bool AttendPlanner::emit(const std::string &prefix, LoweredAttend &attend) {
  planned = plannedNames(facts.parameters, facts.parameterValues, atoms.extras,
                         names);
  if (!emitTiling(prefix, attend) || !emitCases(prefix, attend))
    return false;
  bool done = true;
  auto add = [&](std::vector<std::string> &list, const char *what,
                 const ScalarRef &scalar, const char *a) {
    list.push_back(
        value(fmt::format("{}_{}{}", prefix, what, list.size()), {scalar}, a));
    done &= !list.back().empty();
  };
  for (const ScalarRef &extra : atoms.extras)
    add(attend.extras, "extra", extra, "");
  for (const SideAtom &atom : atoms.keys)
    if (atom.set < 0)
      add(attend.keyConditions, "keys", atom.condition, "j");
  for (const SideAtom &atom : atoms.queries)
    if (atom.set < 0)
      add(attend.queryConditions, "queries", atom.condition, "i");
  for (const RelationAtom &atom : atoms.relations) {
    std::string name =
        fmt::format("{}_relation{}", prefix, attend.relations.size());
    done &= emitRelation(name, atom, attend.relations.emplace_back());
  }
  return done;
}

} // namespace effattn

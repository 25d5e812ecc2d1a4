//===- AttendPlanner.h - planner functions of one attend --------*- C++ -*-===//
//
// Planning sees a predicate over plan indices: tokens, or ranks where the
// attend is permuted. Its atoms (lib/Analysis/Atoms.h) become functions that
// read tables, the sets of each of its cases functions that list runs.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_ATTENDPLANNER_H
#define EFFATTN_LIB_LOWERING_ATTENDPLANNER_H

#include "lib/Lowering/Attend.h"
#include "lib/Lowering/AttendNames.h"
#include "lib/Transforms/Facts.h"

namespace effattn {

/// What is planned: an attend, or the pattern outside of a draw.
struct Planned {
  mlir::Location location;
  ir::TensorType rows; ///< its heads are the axis 2 before the last
  ir::FactsAttr facts;
  TileFacts tiles; ///< without cases the columns of rows are merged
};

class AttendPlanner {
public:
  AttendPlanner(Planned planned, const ir::AttendParts &parts,
                const AttendFrame &frame, AttendNames &names,
                SetFunctions &functions);

  /// Gives names to sets, tables and parameters that planning reads. False
  /// after a located error: facts are those of another pattern.
  bool name(AttendInputs &inputs, LoweredAttend &attend);
  /// Emits the functions, once all names are known. False after a located
  /// error.
  bool emit(const std::string &prefix, LoweredAttend &attend);
  /// Emits q0 as a function of N and M: each sequence has its own. Its other
  /// names are those of name().
  bool emitStart(const std::string &prefix, const ScalarRef &q0,
                 LoweredAttend &attend);
  /// Emits whether pair (a, b) of tokens is in the pattern, which name() has
  /// named. After the extras its parameters have the bits of the query sets
  /// that hold a, then those of the key sets that hold b. Its symbol; empty
  /// after a located error.
  std::string emitPair(const std::string &symbol);

private:
  bool emitCases(const std::string &prefix, LoweredAttend &attend);
  bool emitTiling(const std::string &prefix, LoweredAttend &attend);
  bool emitRelation(const std::string &prefix, const RelationAtom &atom,
                    LoweredRelation &relation);
  /// Symbol of a function for effattn_plan_value; empty after an error.
  std::string value(const std::string &symbol,
                    const std::vector<ScalarRef> &values, const char *a,
                    const char *b = "");
  std::string value(const std::string &symbol,
                    const std::vector<ScalarRef> &named,
                    const PlanScope &scope);
  void nameOrders(AttendInputs &inputs, LoweredAttend &attend);
  void noteUses(LoweredAttend &attend) const;
  size_t caseOf(size_t index) const;

  /// Atoms of keys or of queries.
  struct Side {
    std::vector<int> sets; ///< of atoms, then those that only the kernel reads
    size_t atomSets = 0, conditions = 0;
    size_t size() const { return sets.size() + conditions; }
  };

  mlir::Location location;
  ir::TensorType rows;
  ir::FactsAttr known;
  const ir::AttendParts &parts;
  AttendNames &names;
  SetFunctions &functions;
  PatternFacts facts;
  TileFacts tiles;
  const AttendFrame &frame;
  Atoms atoms;
  Side keys, queries;
  std::vector<std::string> planned;
};

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_ATTENDPLANNER_H

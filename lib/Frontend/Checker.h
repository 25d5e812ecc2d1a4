//===- Checker.h - the state of a check ------------------------*- C++ -*-===//
//
// One evaluator for every expression. What an operator means follows from the
// kinds of its operands: `-` subtracts scalars or tensors and takes a pattern
// away from another. `Where` says what scalars may do at a place: a pattern
// has integer arithmetic only, a score has floats and the logit, a kernel body
// has neither query nor key.
//
// Errors do not cascade: an expression that was refused is a poisoned value,
// which every construct takes without a further message.
//
// Text can be made to grow without bound by inlining (`let a = x + x`, then
// `let b = a + a`, ...). Each value knows the size and the height of its tree,
// and inlined evaluations are counted, so growth is refused where it happens.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_CHECKER_H
#define EFFATTN_LIB_FRONTEND_CHECKER_H

#include "lib/Frontend/CheckValue.h"
#include "lib/Frontend/Diagnostics.h"
#include "lib/Frontend/Steps.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace effattn::checking {

class Checker {
public:
  Checker(const ast::File &file, const std::map<std::string, std::string> &sets,
          DiagnosticEngine &diagnostics)
      : file(file), sets(sets), diagnostics(diagnostics) {}

  std::unique_ptr<Program> run();

private:
  // Messages and names: CheckNames.cpp
  Diagnostic &error(ast::SourceRange range, std::string text);
  std::string describe(const Value &value) const;
  const Binding *lookUp(std::string_view name) const;
  std::vector<std::string> visibleNames() const;
  bool checkNewName(const ast::Identifier &name, std::string_view what);
  void declare(Scope &scope, const ast::Identifier &name, Value value,
               std::string_view what);
  void noteDimensions(Diagnostic &diagnostic, const ScalarRef &a,
                      const ScalarRef &b) const;

  // The file: Check.cpp
  void collectDefinitions();
  void checkParam(const ast::Param &param, Scope &scope);
  void checkSets();
  void checkUnusedDefinitions();

  // Kernels: CheckKernel.cpp, types: CheckType.cpp
  void checkKernel(const ast::Kernel &kernel);
  void checkKernelName(const ast::Kernel &kernel);
  void declareArguments(const ast::Kernel &kernel, Scope &scope);
  void bindDimensions(const ast::Kernel &kernel);
  void checkLet(const ast::Let &let, Scope &scope);
  void checkRequire(const ast::Require &require);
  void checkExample(const ast::Example &example);
  void checkExampleComplete();
  void checkReturns(const ast::Kernel &kernel);
  void checkReturn(const ast::Expr &expr, const Value &value,
                   const ProgramArgument &declared,
                   ast::SourceRange declaredRange);
  bool checkType(const ast::Type &type, ProgramArgument &argument);
  bool checkAxes(const ast::Type &type, TensorType &result);
  ScalarRef checkAxis(const ast::Expr &expr);
  std::optional<ElementType> elementType(const ast::Identifier &name);
  bool dimensionsAreBound(const ScalarRef &axis, ast::SourceRange range);

  // Expressions: CheckExpr.cpp
  Value evaluate(const ast::Expr &expr);
  Value evaluateIn(const ast::Expr &expr, Where where, bool hasSizes);
  Value evaluateKind(const ast::Expr &expr);
  Value evaluateName(const ast::Expr &expr);
  Value evaluateUnary(const ast::Expr &expr);
  Value evaluateBinary(const ast::Expr &expr);
  Value evaluateIf(const ast::Expr &expr);
  Value evaluateLet(const ast::Expr &expr);
  Value evaluateIndex(const ast::Expr &expr);
  Value evaluateMember(const ast::Expr &expr);
  Value evaluateCall(const ast::Expr &expr);
  Value inlineDefinition(const ast::Definition &definition,
                         const ast::Expr *call, ast::SourceRange use);
  Value evaluateFunction(const ast::Expr &expr);
  Value lookUpTable(const ast::Expr &expr, const Value &table,
                    const std::vector<Value> &indices);
  Value unknownCall(const ast::Expr &expr);

  // Scalars: CheckScalar.cpp
  Value makeScalar(ScalarRef scalar) const;
  Value makeScalar(ScalarRef scalar, std::initializer_list<const Value *> parts,
                   ast::SourceRange range);
  bool checkGrowth(Value &value, std::initializer_list<const Value *> parts,
                   ast::SourceRange range);
  Value arithmetic(ScalarKind kind, const Value &left, const Value &right,
                   const ast::Expr &expr, ast::SourceRange opRange);
  Value divide(const ast::Expr &expr, const Value &left, const Value &right);
  Value negate(const Value &operand, const ast::Expr &expr);
  Value logical(ScalarKind kind, const Value &left, const Value &right,
                const ast::Expr &expr);
  Value evaluateCompare(const ast::Expr &expr);
  Value compare(ast::Op op, const Value &left, const Value &right,
                const ast::Expr &expr, ast::SourceRange opRange);
  Value evaluateExists(const ast::Expr &expr);
  Value membership(const ast::Expr &expr);
  Value scalarFunction(const ast::Expr &expr, std::vector<Value> arguments);
  Value floatFunction(ScalarKind kind, const Value &operand,
                      const ast::Expr &expr);
  Value evaluateCeil(const ast::Expr &expr);
  bool unify(Value &left, Value &right) const;
  Value toFloat(const Value &value) const;
  Value toInteger(const Value &value) const;
  /// A use of a scalar from outside a pattern: it must be affine there.
  bool checkAffine(const Value &value, ast::SourceRange range);
  Value expectScalar(const Value &value, ScalarType type,
                     ast::SourceRange range, std::string_view what);
  std::optional<int64_t> constantInteger(const ast::Expr &expr,
                                         std::string_view what);

  // Patterns: CheckPattern.cpp, CheckBuiltin.cpp
  Value makePatternValue(std::shared_ptr<Pattern> pattern,
                         std::initializer_list<const Value *> parts,
                         ast::SourceRange range);
  Value combine(PatternKind kind, const Value &left, const Value &right,
                const ast::Expr &expr);
  Value expectPattern(Value value, ast::SourceRange range,
                      std::string_view what);
  Value evaluateComprehension(const ast::Expr &expr);
  Value evaluateGrid(const ast::Expr &expr);
  Value evaluateHeads(const ast::Expr &expr);
  bool declareBinders(const std::vector<ast::Identifier> &names, Scope &scope,
                      std::string_view allowed);
  Value builtinPattern(const ast::Expr &expr);
  bool matchArguments(const ast::Expr &expr,
                      const std::vector<std::string_view> &parameters,
                      size_t required, const std::string &spelling,
                      std::vector<const ast::Expr *> &arguments);
  Value patternOfSet(const ast::Expr &argument, bool queries, bool keys,
                     const ast::Expr &expr);
  Value setCondition(const Value &set, bool queries, const ast::Expr &expr);
  Value tablePattern(const ast::Expr &expr,
                     const std::vector<const ast::Expr *> &arguments);
  Value randomBlocks(const ast::Expr &expr,
                     const std::vector<const ast::Expr *> &arguments);
  Value scalarPattern(const ast::Expr &expr, PatternKind kind,
                      const std::vector<const ast::Expr *> &arguments);
  Value inOrder(const ast::Expr &expr);
  std::optional<effattn::Order> evaluateOrder(const ast::Expr &expr);
  effattn::Order tableOrder(OrderKind kind, const Value &table);
  Value orderCall(const ast::Expr &expr);
  Value patternScalar(const ast::Expr &expr, std::string_view what,
                      std::optional<int64_t> least, bool mustBeConstant);
  Value gridExtent(const ast::Expr &expr);
  int tableNumber(const Value &value);

  // Attends: CheckAttend.cpp, CheckLookup.cpp
  Value evaluateAttend(const ast::Expr &expr);
  Value evaluateColumnSums(const ast::Expr &expr);
  Value evaluateLinearAttend(const ast::Expr &expr);
  bool checkCall(const ast::Expr &expr, size_t wanted,
                 std::string_view spelling,
                 const std::vector<std::string> &allowed);
  bool attendLogits(const ast::Expr &expr, ProgramValue &value,
                    AttendSizes &sizes);
  bool attendKeys(const ast::Expr &expr, ProgramValue &value,
                  AttendSizes &sizes);
  bool attendOptions(const ast::Expr &expr, ProgramValue &value,
                     const AttendSizes &sizes);
  bool linearOptions(const ast::Expr &expr, ProgramValue &value);
  std::optional<bool> constantBoolean(const ast::Expr &expr,
                                      std::string_view what);
  bool agree(const ScalarRef &a, const ScalarRef &b, std::string_view what,
             std::string_view first, ast::SourceRange range);
  bool attendOption(const ast::Identifier &name, const ast::Expr &expr,
                    ProgramValue &value, const AttendSizes &sizes);
  std::optional<Value> tensorArgument(const ast::Expr &expr,
                                      std::string_view what);
  bool queryKeySizes(const Value &q, const Value &k, const ast::Expr &expr,
                     AttendSizes &sizes, std::string_view channels);
  bool keyValueSizes(const Value &k, const Value &v, const ast::Expr &expr);
  bool headsDivide(const ScalarRef &heads, const ScalarRef &keyHeads,
                   const ast::Expr &keys);
  bool attendPattern(const ast::Expr &expr, const AttendSizes &sizes,
                     ProgramValue &value);
  std::optional<ScalarRef> evaluateLambda(const ast::Expr &expr,
                                          std::string_view option,
                                          const AttendSizes &sizes);
  std::optional<int64_t> evaluateSelect(const ast::Expr &expr);
  /// Puts in the batch and head indices that look-ups leave out.
  ScalarRef completeLookups(const ScalarRef &scalar, const AttendSizes &sizes,
                            ast::SourceRange range, bool &ok);
  PatternRef completePattern(const PatternRef &pattern,
                             const AttendSizes &sizes, ast::SourceRange range,
                             bool &ok);
  bool leadingIndices(int table, int own, const AttendSizes &sizes,
                      ast::SourceRange range, std::vector<ScalarRef> &indices);
  PatternRef spellOut(const Pattern &pattern);
  PatternRef spellOutTable(const Pattern &pattern);
  bool leadsByBatch(int table, const AttendSizes &sizes, ast::SourceRange range,
                    bool &ok);
  void completeSet(int set, const AttendSizes &sizes, ast::SourceRange range,
                   bool &ok);
  void requireOrders(const Pattern &pattern, const AttendSizes &sizes,
                     ast::SourceRange range, bool &ok);
  void checkMagnitude(const ScalarRef &scalar, ast::SourceRange range,
                      bool &ok);
  void requireEqual(const ScalarRef &a, const ScalarRef &b,
                    std::string_view what, ast::SourceRange range, bool &ok);
  void requireGrid(const std::vector<ScalarRef> &extents,
                   const AttendSizes &sizes, ast::SourceRange range, bool &ok);
  void requirePattern(const PatternRef &pattern, const AttendSizes &sizes,
                      ast::SourceRange range, bool &ok);
  void require(ScalarRef condition, std::string message, ast::SourceRange range,
               bool &ok);

  // Ragged tokens: CheckRagged.cpp
  void checkRagged(const ast::Kernel &kernel);
  const ProgramArgument *findOffsets(const ast::Type &type);
  void cutTokens(const ast::Kernel &kernel, const ProgramArgument &offsets,
                 std::map<std::string, std::string> &cuts);
  std::string raggedProblem(const TensorType &type, const ScalarRef &tokens,
                            const std::string &offsets) const;
  /// Their number; null where `offsets` is empty.
  ScalarRef sequencesOf(const std::string &offsets) const;
  bool raggedSizes(const Value &q, const Value &k, const Value &v,
                   const ast::Expr &expr, AttendSizes &sizes);
  bool refuseRagged(std::initializer_list<const Value *> values,
                    std::string_view what, ast::SourceRange range);
  bool tableFitsSequences(int table, const AttendSizes &sizes,
                          ast::SourceRange range);
  bool speaksOfSequences(const ScalarRef &scalar, const AttendSizes &sizes,
                         ast::SourceRange range);
  bool speaksOfSequences(const Pattern &pattern, const AttendSizes &sizes,
                         ast::SourceRange range);
  bool raggedStep(const Step &step, const std::vector<TensorType> &operands,
                  const std::vector<int64_t> &integers, ast::SourceRange range,
                  const std::vector<ast::SourceRange> &places,
                  TensorType &result);

  // Combinations and steps: CheckCombine.cpp, CheckStep.cpp
  Value evaluateMergeCall(const ast::Expr &expr);
  Value evaluateRounds(const ast::Expr &expr);
  Value finishMerge(std::vector<Value> parts,
                    const std::vector<const ast::Expr *> &places,
                    ProgramValue value, const ast::Expr &expr);
  bool mergeOption(const ast::Identifier &name, const ast::Expr &expr,
                   ProgramValue &value);
  bool sameKeys(const ProgramValue &a, const ProgramValue &b) const;
  void collectAttends(int number, std::vector<int> &attends) const;
  Value finishAverage(const std::vector<Value> &parts, ProgramValue value,
                      const ast::Expr &body);
  Value evaluateRows(const ast::Expr &expr);
  Value evaluateStep(const ast::Expr &expr, const Step &step,
                     const std::vector<Value> &operands);
  Value applyStep(const Step &step, std::vector<Value> operands,
                  ast::SourceRange range,
                  const std::vector<ast::SourceRange> &places,
                  std::vector<int64_t> integers = {});
  bool requireTokens(const Step &step, const std::vector<Value> &tensors,
                     const std::vector<int64_t> &integers,
                     const std::vector<ast::SourceRange> &places);
  Value slice(const Value &table, int axis, int64_t index,
              ast::SourceRange range);
  Value broadcastScalar(const Value &scalar, ElementType element,
                        ast::SourceRange range);
  Value expectSet(const ast::Expr &expr);

  const TensorType &typeOf(const Value &value) const {
    return kernel.values[value.number].types[value.result];
  }
  Value addValue(ProgramValue value);
  void dropValues(size_t count);
  static bool sameType(const TensorType &a, const TensorType &b);

  const ast::File &file;
  const std::map<std::string, std::string> &sets;
  DiagnosticEngine &diagnostics;

  std::unique_ptr<Program> program = std::make_unique<Program>();
  Scope fileScope;
  std::map<std::string, const ast::Definition *, std::less<>> definitions;
  std::map<const ast::Definition *, bool> used;
  std::vector<std::string> paramNames;

  Context context;
  std::vector<Frame> frames;
  int depth = 0;
  int rounds = 0;
  int64_t inlined = 0;
  int bound = 0; ///< numbers the variables of `exists`

  // The kernel at work.
  ProgramKernel kernel;
  std::map<std::string, ast::SourceRange, std::less<>> dimensionRanges;
  std::map<std::string, ast::SourceRange, std::less<>> exampleRanges;
  bool hasExample = false;
  ast::SourceRange exampleRange;
  /// Range of values of a Set, by value number.
  std::map<int, ScalarRef> setBounds;
  /// Index sets of rank 2 that have been used: is their leading axis the batch?
  std::map<int, bool> setsByBatch;
  /// Steps that are there, by what they compute.
  std::map<std::string, int> stepNumbers;
  /// Where a look-up was written.
  std::unordered_map<ScalarRef, ast::SourceRange> lookupRanges;
};

} // namespace effattn::checking

#endif // EFFATTN_LIB_FRONTEND_CHECKER_H

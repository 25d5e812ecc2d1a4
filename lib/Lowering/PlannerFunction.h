//===- PlannerFunction.h - the frame of a planner function ------*- C++ -*-===//
//
// Planner functions of kernel.h have `const int64_t *parameters` first. Here
// they are opened, and their parameters have names.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_PLANNERFUNCTION_H
#define EFFATTN_LIB_LOWERING_PLANNERFUNCTION_H

#include "lib/Lowering/EmitScalar.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>
#include <string>
#include <vector>

namespace effattn {

class PlannerFunction {
public:
  /// Opens `symbol` at the end of the builder's block; all arguments after the
  /// parameters and the result have the types given.
  PlannerFunction(mlir::OpBuilder &builder, mlir::Location location,
                  const std::string &symbol,
                  const std::vector<std::string> &parameters,
                  llvm::ArrayRef<mlir::Type> arguments, mlir::Type result);

  mlir::Value argument(unsigned number) const {
    return entry->getArgument(number);
  }
  void bind(const std::string &name, mlir::Value value) { names[name] = value; }
  void unbind(const std::string &name) { names.erase(name); }
  /// Value of a name; of a parameter it is loaded at the start of the function
  /// when it is first asked for. Null, and noted, where there is none.
  mlir::Value find(const std::string &name);
  mlir::Value bound(const std::string &name) const {
    auto found = names.find(name);
    return found == names.end() ? mlir::Value() : found->second;
  }

  /// Address of element `index` of an array.
  mlir::Value address(mlir::Type element, mlir::Value array, mlir::Value index);

  /// Ends the function with the result; without one it is taken away, which
  /// gives null.
  mlir::func::FuncOp finish(mlir::Value result);

  mlir::OpBuilder &builder;
  mlir::Location location;
  ScalarEmitter scalars;
  std::string unknown; ///< the last name that has no value

private:
  mlir::OpBuilder::InsertionGuard guard;
  std::vector<std::string> parameters;
  mlir::func::FuncOp function;
  mlir::Block *entry;
  std::map<std::string, mlir::Value> names;
};

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_PLANNERFUNCTION_H

//===- Importer.h - what the parts of the importer share --------*- C++ -*-===//
#ifndef EFFATTN_LIB_IMPORT_IMPORTER_H
#define EFFATTN_LIB_IMPORT_IMPORTER_H

#include "dialect/Convert.h"
#include "dialect/Effattn.h"
#include "lib/Frontend/Program.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <vector>

namespace effattn::importing {

using Locator = std::function<mlir::Location(int64_t offset)>;

/// The results of each value of the program, by number.
using ValueTable = std::vector<llvm::SmallVector<mlir::Value, 2>>;

/// Scalars to operations. Nodes that are shared become one operation, as far
/// as the regions in which they are used allow.
class ScalarImporter {
public:
  ScalarImporter(mlir::OpBuilder &builder, const ValueTable &values,
                 const llvm::StringMap<mlir::Value> &arguments)
      : builder(builder), values(values), arguments(arguments) {
    scopes.emplace_back();
  }

  /// Null after an error at `location`.
  mlir::Value scalar(const ScalarRef &node, mlir::Location location);

  /// Fills `region` with a block whose arguments are the variables of those
  /// names (`s` is f64, the others i64) and which yields `node`.
  bool region(mlir::Region &region, llvm::ArrayRef<const char *> names,
              const ScalarRef &node, mlir::Location location);

private:
  /// Operations made for nodes, and variables, of one region.
  struct Scope {
    llvm::DenseMap<const Scalar *, mlir::Value> nodes;
    llvm::StringMap<mlir::Value> variables;
  };

  mlir::Value make(const ScalarRef &node, mlir::Location location);
  mlir::Value leaf(const Scalar &node, mlir::Location location);
  mlir::Value constant(const Scalar &node, mlir::Location location);
  mlir::Value named(const Scalar &node, mlir::Location location);
  mlir::Value integer(const Scalar &node, mlir::Value a, mlir::Value b,
                      mlir::Location location);
  mlir::Value real(const Scalar &node, mlir::Value a, mlir::Value b,
                   mlir::Location location);
  mlir::Value compare(const Scalar &node, mlir::Value a, mlir::Value b,
                      mlir::Location location);
  mlir::Value lookUp(const Scalar &node, llvm::ArrayRef<mlir::Value> indices,
                     mlir::Location location);
  mlir::Value member(const Scalar &node, mlir::Location location);
  mlir::Value exists(const Scalar &node, mlir::Location location);
  mlir::Type typeOf(ScalarType type);

  mlir::OpBuilder &builder;
  const ValueTable &values;
  const llvm::StringMap<mlir::Value> &arguments;
  std::vector<Scope> scopes;
};

/// Patterns to operations.
class PatternImporter {
public:
  PatternImporter(mlir::OpBuilder &builder, const ValueTable &values,
                  ScalarImporter &scalars, const Locator &locate)
      : builder(builder), values(values), scalars(scalars), locate(locate) {}

  /// Null after an error; `location` is for nodes that do not know theirs.
  mlir::Value pattern(const PatternRef &node, mlir::Location location);

private:
  mlir::Value make(const Pattern &node, mlir::Location location);
  mlir::Value algebra(const Pattern &node, llvm::ArrayRef<mlir::Value> children,
                      mlir::Location location);
  mlir::Value byTable(const Pattern &node, llvm::ArrayRef<mlir::Value> scalars,
                      mlir::Location location);
  mlir::Value order(const Order &order, mlir::Location location);
  mlir::Value inOrder(const Pattern &node, mlir::Value child,
                      mlir::Location location);
  mlir::Value heads(const Pattern &node, llvm::ArrayRef<mlir::Value> children,
                    mlir::Location location);

  mlir::OpBuilder &builder;
  const ValueTable &values;
  ScalarImporter &scalars;
  const Locator &locate;
};

/// The values of one kernel.
class KernelImporter {
public:
  KernelImporter(mlir::OpBuilder &builder, const ProgramKernel &kernel,
                 const Locator &locate)
      : builder(builder), kernel(kernel), locate(locate),
        scalars(builder, values, arguments),
        patterns(builder, values, scalars, locate) {}

  bool run();

private:
  bool makeKernel();
  mlir::Type argumentType(const ProgramArgument &argument);
  bool value(const ProgramValue &value);
  bool attend(const ProgramValue &value, mlir::Location location);
  bool columnSums(const ProgramValue &value, mlir::Location location);
  bool merge(const ProgramValue &value, mlir::Location location);
  bool rows(const ProgramValue &value, mlir::Location location);
  bool simple(const ProgramValue &value, mlir::Location location);
  bool results();

  /// Operand k, or its LSE; null where it has none.
  mlir::Value operand(const ProgramValue &value, unsigned k) const;
  mlir::Value lseOf(const ProgramValue &value, unsigned k) const;
  llvm::SmallVector<mlir::Value> operands(const ProgramValue &value) const;
  /// The dialect's type of result k; null after an error.
  ir::TensorType type(const effattn::TensorType &type, mlir::Location location);
  /// Optional scalars of an attend; false after an error.
  bool optional(const ScalarRef &node, mlir::Value &value,
                mlir::Location location);

  mlir::OpBuilder &builder;
  const ProgramKernel &kernel;
  const Locator &locate;
  ir::KernelOp op;
  ValueTable values;
  llvm::StringMap<mlir::Value> arguments; ///< scalars, by name
  ScalarImporter scalars;
  PatternImporter patterns;
};

} // namespace effattn::importing

#endif // EFFATTN_LIB_IMPORT_IMPORTER_H

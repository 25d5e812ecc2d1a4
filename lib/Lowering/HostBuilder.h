//===- HostBuilder.h - the host function of one kernel ----------*- C++ -*-===//
//
// Emits calls of runtime/include/effattn/host.h in order. Each call runs only
// where all before it returned 0, so that the function returns the first status
// that is not 0:
//
//   %s1 = call @effattn_host_allocate(...)
//   %ok = arith.cmpi eq, %s1, 0
//   %s2 = scf.if %ok { %c = call @effattn_host_step(...); yield %c }
//         else { yield %s1 }
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_HOSTBUILDER_H
#define EFFATTN_LIB_LOWERING_HOSTBUILDER_H

#include "lib/Lowering/EmitScalar.h"
#include "lib/Lowering/Lowered.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// effattn_attend_operands with slots in place of tensors.
struct AttendCall {
  int attend = 0;
  int query = -1, key = -1, value = -1, output = -1, lse = -1;
  struct Filter {
    int set;
    bool keep;
  };
  std::vector<Filter> filters;
  std::vector<int> keySets, querySets, tables;
  /// An integer that is Float is passed as its bits.
  std::vector<ScalarRef> integers, floats;
  bool continues = false;
  int queryOrder = -1, keyOrder = -1;
  /// effattn_attend_operands::batch_sets and batch_orders.
  uint32_t batchSets = 0, batchOrders = 0;
  /// Ragged tokens (effattn_ragged); -1: none.
  int queryOffsets = -1, keyOffsets = -1;
  std::vector<int> tableOffsets, tableAxes;
};

class HostBuilder {
public:
  /// Starts `symbol` at the end of `module`. The names of the kernel's
  /// dimensions and scalar arguments are known in expressions.
  HostBuilder(mlir::ModuleOp module, mlir::Location location,
              const std::string &symbol, const LoweredKernel &kernel);

  /// The following calls come from this place of the source.
  void setLocation(mlir::Location location) { this->location = location; }

  // Each gives false after a located error: an expression that a host program
  // cannot compute.
  bool allocate(int slot, const TensorType &type);
  void release(int slot);
  void fill(int slot, double value);
  bool fill(int slot, const ScalarRef &value);
  void copy(int from, int to);
  void step(int number, const std::vector<int> &operands, int result);
  bool attend(const AttendCall &call);
  bool order(int kind, int table, const std::vector<ScalarRef> &sizes,
             int order, int rank);
  /// `byBatch`: effattn_host_set_tokens.
  void setTokens(int set, int order, int byBatch, int result);
  /// `outside`: integers, tables and sets of the pattern outside.
  bool draw(int number, const AttendCall &outside, int table);
  void merge(const std::vector<int> &outputs, const std::vector<int> &lses,
             int output, int lse);

  /// Returns the status.
  void finish();

private:
  mlir::Value number(int64_t value, unsigned bits);
  mlir::Value slot(int slot) { return number(slot, 32); }
  mlir::Value real(double value);
  /// A Float expression, converted where it is Int; null after an error.
  mlir::Value emitReal(const ScalarRef &value);
  mlir::Value emit(const ScalarRef &value);
  /// Int expressions, and bits of Float ones, in memory; nothing after an
  /// error.
  mlir::Value halfOf(mlir::Value real, bool upper);
  std::optional<mlir::Value> words(const std::vector<ScalarRef> &values);
  std::optional<mlir::Value> reals(const std::vector<ScalarRef> &values);
  mlir::Value load(mlir::Value array, int64_t index, mlir::Type element);
  mlir::Value name(const Scalar &scalar);
  /// Memory of the stack frame for `count` elements.
  mlir::Value frame(mlir::Type element, int64_t count);
  /// The values in memory; null where there are none.
  mlir::Value array(mlir::Type element, llvm::ArrayRef<mlir::Value> values);
  mlir::Value slots(const std::vector<int> &slots);
  /// effattn_attend_operands in memory; null after an error.
  mlir::Value operands(const AttendCall &attend);
  /// effattn_ragged in memory; null where nothing is ragged.
  mlir::Value ragged(const AttendCall &attend);
  /// The fields of a structure in memory.
  mlir::Value structure(mlir::Type type, llvm::ArrayRef<mlir::Value> fields);
  mlir::Value filters(const std::vector<AttendCall::Filter> &filters);
  void call(const char *function, llvm::ArrayRef<mlir::Value> arguments);

  mlir::ModuleOp module;
  mlir::Location location;
  const LoweredKernel &kernel;
  mlir::OpBuilder builder;
  mlir::func::FuncOp function;
  mlir::Type i32, i64, f64, pointer;
  mlir::Value launch, dimensions, integers, floats, status;
};

/// effattn_attend_operands of host.h.
mlir::Type attendOperandsType(mlir::MLIRContext *context);
/// effattn_ragged of host.h.
mlir::Type raggedType(mlir::MLIRContext *context);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_HOSTBUILDER_H

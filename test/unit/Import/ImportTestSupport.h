//===- ImportTestSupport.h - programs to modules, for tests -----*- C++ -*-===//
#ifndef EFFATTN_TEST_UNIT_IMPORT_IMPORTTESTSUPPORT_H
#define EFFATTN_TEST_UNIT_IMPORT_IMPORTTESTSUPPORT_H

#include "dialect/Convert.h"
#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"
#include "lib/Import/Import.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

namespace effattn {

/// A program and its module. `module` is null after an error, with `errors`
/// filled in.
struct Imported {
  explicit Imported(const std::string &text) {
    unsigned buffer = sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(text, "test.attn"), {});
    DiagnosticEngine diagnostics(sources, buffer);
    auto tree = parse(sources, buffer, diagnostics);
    if (!diagnostics.hasErrors())
      program = check(*tree, {}, diagnostics);
    if (program)
      import();
    else
      errors = diagnostics.toString();
  }

  explicit Imported(Program given) {
    sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy("", "test.attn"), {});
    program = std::make_unique<Program>(std::move(given));
    import();
  }

  /// The attends, in order.
  std::vector<ir::AttendOp> attends() {
    std::vector<ir::AttendOp> all;
    module->walk([&](ir::AttendOp op) { all.push_back(op); });
    return all;
  }

  std::string errors;
  llvm::SourceMgr sources;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  std::unique_ptr<Program> program;
  mlir::OwningOpRef<mlir::ModuleOp> module;

private:
  void import() {
    mlir::ScopedDiagnosticHandler handler(&context,
                                          [&](mlir::Diagnostic &diagnostic) {
                                            errors += diagnostic.str() + "\n";
                                            return mlir::success();
                                          });
    module = importProgram(*program, sources, context);
  }
};

/// With each table and set numbered as in the program: kernel arguments come
/// first among its values.
inline ScalarRef numberAsProgram(const ScalarRef &scalar,
                                 const ir::ConvertedOperands &operands) {
  auto numberOf = [](mlir::Value value) {
    return static_cast<int>(
        mlir::cast<mlir::BlockArgument>(value).getArgNumber());
  };
  return rewrite(scalar, [&](const ScalarRef &node) -> ScalarRef {
    switch (node->kind) {
    case ScalarKind::Lookup:
      return lookup(numberOf(operands.tables[node->table]), node->type,
                    node->operands);
    case ScalarKind::KeyInSet:
      return keyInSet(numberOf(operands.keySets[node->table]));
    case ScalarKind::QueryInSet:
      return queryInSet(numberOf(operands.querySets[node->table]));
    default:
      return nullptr;
    }
  });
}

} // namespace effattn

#endif // EFFATTN_TEST_UNIT_IMPORT_IMPORTTESTSUPPORT_H

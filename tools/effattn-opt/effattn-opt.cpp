//===- effattn-opt.cpp - the passes of the dialect, one by one ------------===//

#include "dialect/Effattn.h"
#include "lib/Transforms/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::registerCanonicalizer();
  mlir::registerCSEPass();
  effattn::registerTransforms();
  mlir::DialectRegistry registry;
  registry.insert<effattn::ir::EffattnDialect, mlir::arith::ArithDialect,
                  mlir::func::FuncDialect, mlir::math::MathDialect,
                  mlir::scf::SCFDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "effattn-opt: passes of the effattn dialect\n", registry));
}

//===- EffattnDialect.td - attention programs ---------*- tablegen -*-===//
#ifndef EFFATTN_DIALECT
#define EFFATTN_DIALECT

include "mlir/IR/OpBase.td"

def Effattn_Dialect : Dialect {
  let name = "effattn";
  let cppNamespace = "::effattn::ir";
  let summary = "sparse and efficient attention, one operation a concept";
  let description = [{
    A program after checking: kernels over tensors with symbolic shapes,
    patterns as values of `!effattn.pattern`, attention as operations on
    tensors and patterns. Everything has value semantics; sizes are bound at
    launch.

    Scalar expressions (predicates, scores, sizes) are `arith` and `math`
    operations on `i64`, `i1` and `f64`, with operations of this dialect for
    what these dialects lack: floor modulus, look-ups, bounded existence,
    membership in an index set, and the names `N`, `M`, `q0`. Integers stand
    for mathematical integers and `f64` for real numbers; generated code
    computes them in 64 bits and in `f32`.

    The rules that a verifier cites, `[S1]` to `[S10]`, are the numbered
    semantics of `docs/language.md`.

    ```mlir
    effattn.kernel @local("q" %q: !effattn.tensor<[N, 64] x f32>,
                          "k" %k: !effattn.tensor<[N, 64] x f32>,
                          "v" %v: !effattn.tensor<[N, 64] x f32>)
        -> (!effattn.tensor<[N, 64] x f32>)
        dimensions ["N"] example {N = 256 : i64} {
      %c128 = arith.constant 128 : i64
      %c1 = arith.constant 1 : i64
      %p = effattn.window %c128, %c128, %c1
      %o, %lse = effattn.attend q(%q : !effattn.tensor<[N, 64] x f32>)
          k(%k : !effattn.tensor<[N, 64] x f32>)
          v(%v : !effattn.tensor<[N, 64] x f32>) pattern(%p)
          -> !effattn.tensor<[N, 64] x f32>, !effattn.tensor<[N] x f32>
      effattn.return %o : !effattn.tensor<[N, 64] x f32>
    }
    ```
  }];
  let hasCanonicalizer = 1;
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"
  ];
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
  }];
}

#endif // EFFATTN_DIALECT

//===- EffattnScalarOps.td - scalars that arith lacks ------*- tablegen -*-===//
#ifndef EFFATTN_SCALAR_OPS
#define EFFATTN_SCALAR_OPS

include "EffattnTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Effattn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Effattn_Dialect, mnemonic, traits>;

def Effattn_NamesArguments : DeclareOpInterfaceMethods<OpAsmOpInterface,
    ["getAsmBlockArgumentNames"]>;

def Effattn_Scalar : AnyTypeOf<[I64, I1, F64], "scalar (i64, i1 or f64)">;

def Effattn_DimensionOp : Effattn_Op<"dimension", [Pure]> {
  let summary = "a size of the kernel, bound at launch";
  let description = [{
    ```mlir
    %n = effattn.dimension "N"
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs I64:$result);
  let assemblyFormat = "$name attr-dict";
  let hasVerifier = 1;
}

def Effattn_VariableOp : Effattn_Op<"variable", [Pure]> {
  let summary = "a name that has a meaning inside a pattern or a score";
  let description = [{
    `N` and `M`: numbers of queries and of keys of the attend (not of the
    kernel); `q0`: position of query 0 on the key axis; `i.y`, `i.x`, `j.z`,
    ...: coordinates on a grid, inside `effattn.on_grid`; `scale`: the attend's
    scale, inside a score.

    ```mlir
    %m = effattn.variable "M" : i64
    %s = effattn.variable "scale" : f64
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Effattn_Scalar:$result);
  let assemblyFormat = "$name attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Effattn_ModOp : Effattn_Op<"mod", [Pure, SameOperandsAndResultType]> {
  let summary = "floor modulus: in [0, d) for a positive divisor d";
  let arguments = (ins I64:$value, I64:$divisor);
  let results = (outs I64:$result);
  let assemblyFormat = "$value `,` $divisor attr-dict";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Effattn_LookupOp : Effattn_Op<"lookup", [Pure]> {
  let summary = "an element of a table";
  let description = [{
    Integers and truth values of any width come as `i64` and `i1`, floats as
    `f64`. A pair inside a pattern that makes an index run out of range is an
    error at launch; for other pairs the index is clamped [S8]. Leading batch
    and head axes may be left out: they are the current b and h.

    ```mlir
    %x = effattn.lookup %rel[%i, %d] : !effattn.tensor<[N, 64] x f32> -> f64
    ```
  }];
  let arguments = (ins Effattn_AnyTable:$table, Variadic<I64>:$indices);
  let results = (outs Effattn_Scalar:$result);
  let assemblyFormat =
    [{
    $table `[` $indices `]` attr-dict `:` qualified(type($table)) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

class Effattn_MembershipOp<string mnemonic, string index>
    : Effattn_Op<mnemonic, [Pure]> {
  let summary = "whether " # index # " is in an index set";
  let description = [{
    Inside `effattn.in_order` the set holds ranks, and tokens where `tokens` is
    given (`effattn.set_tokens`).
  }];
  let arguments = (ins Effattn_IndexSet:$set, UnitAttr:$tokens);
  let results = (outs I1:$result);
  let assemblyFormat =
    "(`tokens` $tokens^)? $set attr-dict `:` qualified(type($set))";
}
def Effattn_KeyInSetOp : Effattn_MembershipOp<"key_in_set", "j">;
def Effattn_QueryInSetOp : Effattn_MembershipOp<"query_in_set", "i">;

def Effattn_ExistsOp : Effattn_Op<"exists",
    [Pure, SingleBlock, Effattn_NamesArguments]> {
  let summary = "whether some integer of a range satisfies a condition";
  let description = [{
    True where the region yields true for some value of its argument in
    [lower, upper). `name` tells variables of nested ranges apart.

    ```mlir
    %e = effattn.exists "s$0" %c0 to %c4 {
    ^bb0(%s: i64):
      ...
      effattn.yield %c : i1
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, I64:$lower, I64:$upper);
  let results = (outs I1:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name $lower `to` $upper $body attr-dict";
  let hasVerifier = 1;
}

def Effattn_YieldOp : Effattn_Op<"yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["ExistsOp", "ComprehensionOp", "OnGridOp", "AttendOp",
                 "ColumnSumsOp"]>]> {
  let summary = "the value of a predicate or a score";
  let arguments = (ins Effattn_Scalar:$value);
  let assemblyFormat = "$value attr-dict `:` qualified(type($value))";
}

#endif // EFFATTN_SCALAR_OPS

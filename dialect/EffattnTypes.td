//===- EffattnTypes.td - patterns, tensors, index sets -----*- tablegen -*-===//
#ifndef EFFATTN_TYPES
#define EFFATTN_TYPES

include "EffattnAttributes.td"

class Effattn_Type<string name, string typeMnemonic>
    : TypeDef<Effattn_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Effattn_Pattern : Effattn_Type<"Pattern", "pattern"> {
  let summary = "a set of (query, key) pairs for each batch and head";
  let description = [{
    A subset of [0, N) x [0, M) for each (b, h) [S1]. N and M are those of the
    attend that uses the pattern, so one value may serve attends of different
    sizes.
  }];
}

def Effattn_Tensor : Effattn_Type<"Tensor", "tensor"> {
  let summary = "a tensor whose sizes are expressions of names";
  let description = [{
    Axes are positional from the right: channels, tokens, heads, batch.
    Element types: `f32`, `f16`, `bf16`, `i8`, `i32`, `i64`, `i1`.

    `!effattn.tensor<[B, H, N ceildiv 64, 64] x f32>`
  }];
  let parameters = (ins ArrayRefParameter<"DimAttr">:$shape,
                        "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    /// The same element type and rank, and no axis that differs for certain.
    bool mayEqual(TensorType other) const;
  }];
}

def Effattn_IndexSet : Effattn_Type<"IndexSet", "index_set"> {
  let summary = "sorted sets of indices that exist at run time";
  let description = [{
    Strictly increasing along the last axis, values in [0, bound), one set for
    each leading index. `!effattn.index_set<[B, H, G] in N>`
  }];
  let parameters = (ins ArrayRefParameter<"DimAttr">:$shape,
                        "DimAttr":$bound);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Effattn_AnyTable : AnyTypeOf<[Effattn_Tensor, Effattn_IndexSet],
                                 "tensor or index set">;

#endif // EFFATTN_TYPES

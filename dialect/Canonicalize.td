//===- Canonicalize.td - the algebra of patterns -----------*- tablegen -*-===//
//
// Identities of sets of pairs. Each holds for every N, M, q0, batch and head.
//
//===----------------------------------------------------------------------===//

include "EffattnOps.td"
include "mlir/IR/PatternBase.td"

// Union: all | P = all, none | P = P, P | P = P, P | !P = all,
// P | (P & Q) = P.
def : Pat<(Effattn_UnionOp (Effattn_AllOp), $p), (Effattn_AllOp)>;
def : Pat<(Effattn_UnionOp $p, (Effattn_AllOp)), (Effattn_AllOp)>;
def : Pat<(Effattn_UnionOp (Effattn_NoneOp), $p), (replaceWithValue $p)>;
def : Pat<(Effattn_UnionOp $p, (Effattn_NoneOp)), (replaceWithValue $p)>;
def : Pat<(Effattn_UnionOp $p, $p), (replaceWithValue $p)>;
def : Pat<(Effattn_UnionOp $p, (Effattn_ComplementOp $p)), (Effattn_AllOp)>;
def : Pat<(Effattn_UnionOp (Effattn_ComplementOp $p), $p), (Effattn_AllOp)>;
def : Pat<(Effattn_UnionOp $p, (Effattn_IntersectOp $p, $q)),
          (replaceWithValue $p)>;
def : Pat<(Effattn_UnionOp $p, (Effattn_IntersectOp $q, $p)),
          (replaceWithValue $p)>;
def : Pat<(Effattn_UnionOp (Effattn_IntersectOp $p, $q), $p),
          (replaceWithValue $p)>;
def : Pat<(Effattn_UnionOp (Effattn_IntersectOp $q, $p), $p),
          (replaceWithValue $p)>;

// Intersection: all & P = P, none & P = none, P & P = P, P & !Q = P - Q,
// P & (P | Q) = P, causal & prefix(n) = causal.
def : Pat<(Effattn_IntersectOp (Effattn_AllOp), $p), (replaceWithValue $p)>;
def : Pat<(Effattn_IntersectOp $p, (Effattn_AllOp)), (replaceWithValue $p)>;
def : Pat<(Effattn_IntersectOp (Effattn_NoneOp), $p), (Effattn_NoneOp)>;
def : Pat<(Effattn_IntersectOp $p, (Effattn_NoneOp)), (Effattn_NoneOp)>;
def : Pat<(Effattn_IntersectOp $p, $p), (replaceWithValue $p)>;
def : Pat<(Effattn_IntersectOp $p, (Effattn_ComplementOp $q)),
          (Effattn_DifferenceOp $p, $q)>;
def : Pat<(Effattn_IntersectOp (Effattn_ComplementOp $q), $p),
          (Effattn_DifferenceOp $p, $q)>;
def : Pat<(Effattn_IntersectOp $p, (Effattn_UnionOp $p, $q)),
          (replaceWithValue $p)>;
def : Pat<(Effattn_IntersectOp $p, (Effattn_UnionOp $q, $p)),
          (replaceWithValue $p)>;
def : Pat<(Effattn_IntersectOp (Effattn_UnionOp $p, $q), $p),
          (replaceWithValue $p)>;
def : Pat<(Effattn_IntersectOp (Effattn_UnionOp $q, $p), $p),
          (replaceWithValue $p)>;
def : Pat<(Effattn_IntersectOp (Effattn_CausalOp:$c), (Effattn_PrefixOp $n)),
          (replaceWithValue $c)>;
def : Pat<(Effattn_IntersectOp (Effattn_PrefixOp $n), (Effattn_CausalOp:$c)),
          (replaceWithValue $c)>;

// Difference: none - P = none, P - none = P, P - all = none, all - P = !P,
// P - P = none, P - !Q = P & Q.
def : Pat<(Effattn_DifferenceOp (Effattn_NoneOp), $p), (Effattn_NoneOp)>;
def : Pat<(Effattn_DifferenceOp $p, (Effattn_NoneOp)), (replaceWithValue $p)>;
def : Pat<(Effattn_DifferenceOp $p, (Effattn_AllOp)), (Effattn_NoneOp)>;
def : Pat<(Effattn_DifferenceOp (Effattn_AllOp), $p),
          (Effattn_ComplementOp $p)>;
def : Pat<(Effattn_DifferenceOp $p, $p), (Effattn_NoneOp)>;
def : Pat<(Effattn_DifferenceOp $p, (Effattn_ComplementOp $q)),
          (Effattn_IntersectOp $p, $q)>;

// Complement: !!P = P, !all = none, !none = all.
def : Pat<(Effattn_ComplementOp (Effattn_ComplementOp $p)),
          (replaceWithValue $p)>;
def : Pat<(Effattn_ComplementOp (Effattn_AllOp)), (Effattn_NoneOp)>;
def : Pat<(Effattn_ComplementOp (Effattn_NoneOp)), (Effattn_AllOp)>;

// With allow-dense a pattern whose columns cannot be bounded is a warning with
// its cost: each row visits every column, and the predicate decides.
// RUN: effattn-opt %s -effattn-analyse=allow-dense 2> %t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=WARN < %t.err
// RUN: effattn-opt %s -effattn-analyse=allow-dense -effattn-tile 2> %t.err \
// RUN:   | FileCheck %s --check-prefix=TILE

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>

// WARN: analyse-dense.mlir:[[@LINE+11]]:{{[0-9]+}}: warning: the columns of this pattern cannot be bounded for a tile of rows: every one of the N x M pairs (512 x 512 at G = 4, N = 512) is computed for each batch and head [S10]; nothing but `{{.*}}` decides over columns of a row whose number grows
// CHECK-LABEL: effattn.kernel @not_affine
// CHECK: key_atoms = 1, query_atoms = 0, relations = 1, permuted = false, opaque = false
// CHECK-SAME: unbounded = "nothing but `
// TILE-LABEL: effattn.kernel @not_affine
// TILE: tiling = #effattn.tiling<order = contiguous
effattn.kernel @not_affine("q" %q: !t, "m" %m: i64,
                           "g" %g: !effattn.index_set<[G] in N>)
    -> (!t) dimensions ["N", "G"] example {N = 512 : i64, G = 4 : i64} {
  %s = effattn.stride %m
  %g1 = effattn.keys %g : !effattn.index_set<[G] in N>
  %p = effattn.union %s, %g1
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A pattern that costs too much to analyse: nothing is known of it.
// WARN: warning: {{.*}} every one of the N x M pairs (8192 x 8192) is computed for each batch and head [S10]
// RUN: effattn-opt %s '-effattn-analyse=allow-dense max-operations=10' \
// RUN:   2>/dev/null | FileCheck %s --check-prefix=COST
// COST-LABEL: effattn.kernel @costly
// COST: key_atoms = 0, query_atoms = 0, relations = 1, permuted = false, opaque = true
// COST-SAME: unbounded = "{{[^"]+}}"
effattn.kernel @costly("q" %q: !t, "t" %t: !effattn.tensor<[N, N] x i1>)
    -> (!t) dimensions ["N"] {
  %p = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %d = arith.addi %i, %j : i64
    %x = effattn.lookup %t[%d, %j] : !effattn.tensor<[N, N] x i1> -> i1
    effattn.yield %x : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

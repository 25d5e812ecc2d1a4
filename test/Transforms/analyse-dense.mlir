// With allow-dense a pattern whose columns cannot be bounded is a warning: each
// row visits every column, none of them whole, and the predicate decides.
// RUN: effattn-opt %s -effattn-analyse=allow-dense 2> %t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=WARN < %t.err

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>

// WARN: analyse-dense.mlir:[[@LINE+11]]:{{[0-9]+}}: warning: the columns of this pattern cannot be bounded for a tile of rows: every one of the N x M pairs is computed [S10]
// CHECK-LABEL: effattn.kernel @not_affine
// CHECK: <"arg_m" is argument "m">
// CHECK-SAME: key_sets = [0]
// CHECK-SAME: count_exact = false
// CHECK-SAME: cases = [<keys = 0, queries = 0, touch = "[[ALL:.*]]", full = "{{.*false.*|.*1 = 0.*|.*\{ *\}.*}}", partial = "[[ALL]]", row = "{{.*}}">, <keys = 1,
effattn.kernel @not_affine("q" %q: !t, "m" %m: i64,
                           "g" %g: !effattn.index_set<[G] in N>)
    -> (!t) dimensions ["N", "G"] {
  %s = effattn.stride %m
  %g1 = effattn.keys %g : !effattn.index_set<[G] in N>
  %p = effattn.union %s, %g1
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

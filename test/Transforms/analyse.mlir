// RUN: effattn-opt %s -effattn-analyse=tile-rows=16 | FileCheck %s
// RUN: effattn-opt %s -effattn-stage-analyse | effattn-opt | FileCheck %s

!t = !effattn.tensor<[N, 8] x f32>
!k = !effattn.tensor<[M, 8] x f32>
!l = !effattn.tensor<[N] x f32>

// Causal: pair-causal, N (N + 1) / 2 pairs, tile t touches columns up to
// 16 t + 15 + M - N.
// CHECK-LABEL: effattn.kernel @causal
// CHECK: facts = #effattn.facts<tile_rows = 16, parameters = [<"N" is variable "N">, <"M" is variable "M">]
// CHECK-SAME: moduli = [], key_sets = [], query_sets = []
// CHECK-SAME: pair_causal = true
// CHECK-SAME: count_exact = true
// CHECK-SAME: empty = false, dense = false
// CHECK-SAME: cases = [<keys = 0, queries = 0, touch = "{{[^"]+}}"
effattn.kernel @causal("q" %q: !t, "k" %k: !k) -> (!t) dimensions ["N", "M"] {
  %p = effattn.causal
  %o, %ol = effattn.attend q(%q : !t) k(%k : !k) v(%k : !k) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Every pair, and no pair.
// CHECK-LABEL: effattn.kernel @dense
// CHECK: pair_causal = false, counterexample = "{{[^"]+}}"
// CHECK-SAME: empty = false, dense = true
// CHECK: empty = true, dense = false
effattn.kernel @dense("q" %q: !t, "k" %k: !k) -> (!t, !t) dimensions ["N", "M"] {
  %p = effattn.all
  %o, %ol = effattn.attend q(%q : !t) k(%k : !k) v(%k : !k) pattern(%p) -> !t, !l
  %n = effattn.none
  %r, %rl = effattn.attend q(%q : !t) k(%k : !k) v(%k : !k) pattern(%n) -> !t, !l
  effattn.return %o, %r : !t, !t
}

// A set that exists at run time: a case in which the column is outside it and
// one in which it is inside. The scalar argument is a parameter.
// CHECK-LABEL: effattn.kernel @longformer
// CHECK: <"w" is argument "w">
// CHECK-SAME: key_sets = [0], query_sets = []
// CHECK-SAME: cases = [<keys = 0, queries = 0,
// CHECK-SAME: <keys = 1, queries = 0,
effattn.kernel @longformer("q" %q: !t, "g" %g: !effattn.index_set<[G] in N>,
                           "w" %w: i64) -> (!t) dimensions ["N", "G"] {
  %c1 = arith.constant 1 : i64
  %near = effattn.window %w, %w, %c1
  %far = effattn.keys %g : !effattn.index_set<[G] in N>
  %p = effattn.union %near, %far
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Divisors are kept: loops are built again with them.
// CHECK-LABEL: effattn.kernel @blocks
// CHECK: moduli = [32]
effattn.kernel @blocks("q" %q: !t) -> (!t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %c32 = arith.constant 32 : i64
  %p = effattn.same_block %c32, %c0, %c0
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A comprehension and the operator that says the same get the same facts; the
// names of operators do not matter.
// CHECK-LABEL: effattn.kernel @same
// CHECK: facts = [[FACTS:#effattn.facts<.*>\]>]]
// CHECK: effattn.attend
// CHECK: facts = [[FACTS]]
effattn.kernel @same("q" %q: !t) -> (!t, !t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %p = effattn.causal
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) q0(%c0) -> !t, !l
  %c = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %d = arith.subi %i, %j : i64
    %e = arith.cmpi sge, %d, %c0 : i64
    effattn.yield %e : i1
  }
  %r, %rl = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%c) q0(%c0) -> !t, !l
  effattn.return %o, %r : !t, !t
}

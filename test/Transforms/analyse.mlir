// RUN: effattn-opt %s -effattn-make-tables -effattn-analyse | FileCheck %s
// RUN: effattn-opt %s -effattn-stage-analyse | effattn-opt | FileCheck %s

!t = !effattn.tensor<[N, 8] x f32>
!k = !effattn.tensor<[M, 8] x f32>
!l = !effattn.tensor<[N] x f32>

// Causal: pair-causal, N (N + 1) / 2 pairs.
// CHECK-LABEL: effattn.kernel @causal
// CHECK: facts = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">]
// CHECK-SAME: extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false
// CHECK-SAME: pair_causal = true
// CHECK-SAME: count_exact = true
// CHECK-SAME: empty = false, dense = false
// CHECK-SAME: unbounded = "", cases = ["{{[^"]+}}"]>
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
// CHECK-SAME: key_atoms = 1, query_atoms = 0
// CHECK-SAME: cases = ["{{[^"]+}}", "{{[^"]+}}"]>
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
// CHECK: facts = [[FACTS:#effattn.facts<.*>]]
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

// Tables: labels and a bitmap are relations, a condition on keys is an atom of
// keys, a look-up by head is a parameter.
// CHECK-LABEL: effattn.kernel @tables
// CHECK: <"{{[^"]+}}" is extra "0">
// CHECK-SAME: key_atoms = 1, query_atoms = 0, relations = 2
// CHECK-SAME: unbounded = ""
effattn.kernel @tables("q" %q: !effattn.tensor<[H, N, 8] x f32>,
                       "t" %t: !effattn.tensor<[N] x i32>,
                       "m" %m: !effattn.tensor<[R, R] x i1>,
                       "span" %span: !effattn.tensor<[H] x i32>)
    -> (!effattn.tensor<[H, N, 8] x f32>) dimensions ["H", "N", "R"] {
  %c0 = arith.constant 0 : i64
  %c64 = arith.constant 64 : i64
  %s = effattn.segments %t : !effattn.tensor<[N] x i32>
  %b = effattn.blocks %m, %c64 : !effattn.tensor<[R, R] x i1>
  %h = effattn.comprehension {
  ^bb0(%bb: i64, %hh: i64, %i: i64, %j: i64):
    %x = effattn.lookup %span[%hh] : !effattn.tensor<[H] x i32> -> i64
    %d = arith.subi %i, %j : i64
    %near = arith.cmpi slt, %d, %x : i64
    %y = effattn.lookup %t[%j] : !effattn.tensor<[N] x i32> -> i64
    %live = arith.cmpi sge, %y, %c0 : i64
    %c = arith.andi %near, %live : i1
    effattn.yield %c : i1
  }
  %u = effattn.union %s, %b
  %p = effattn.intersect %u, %h
  %o, %ol = effattn.attend q(%q : !effattn.tensor<[H, N, 8] x f32>)
      k(%q : !effattn.tensor<[H, N, 8] x f32>)
      v(%q : !effattn.tensor<[H, N, 8] x f32>) pattern(%p)
      -> !effattn.tensor<[H, N, 8] x f32>, !effattn.tensor<[H, N] x f32>
  effattn.return %o : !effattn.tensor<[H, N, 8] x f32>
}

// Sets over coordinates; extents are a number, a dimension, an expression.
// CHECK-LABEL: effattn.kernel @grid
// CHECK: <"{{[^"]+}}" is extent "0">
// CHECK-SAME: extents = ["{{[^"]+}}", 32]
effattn.kernel @grid("q" %q: !t) -> (!t) dimensions ["N"] {
  %c32 = arith.constant 32 : i64
  %n = effattn.dimension "N"
  %y = arith.floordivsi %n, %c32 : i64
  %p = effattn.on_grid (%y, %c32) {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %iy = effattn.variable "i.y" : i64
    %jy = effattn.variable "j.y" : i64
    %e = arith.cmpi eq, %iy, %jy : i64
    effattn.yield %e : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Sets over ranks, causality over tokens: blocks of ranks and causal tokens.
// CHECK-LABEL: effattn.kernel @ranks
// CHECK: relations = 1, permuted = true
// CHECK-SAME: pair_causal = true
// CHECK-SAME: unbounded = ""
// CHECK: permuted = true
// CHECK-SAME: pair_causal = false
effattn.kernel @ranks("q" %q: !t, "t" %t: !effattn.tensor<[N] x i32>)
    -> (!t, !t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c64 = arith.constant 64 : i64
  %s = effattn.order sort table(%t : !effattn.tensor<[N] x i32>)
  %b = effattn.same_block %c64, %c1, %c0
  %r = effattn.in_order %s, %s, %b
  %c = effattn.causal
  %p = effattn.intersect %r, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %r2 = effattn.in_order %s, %s, %c
  %o2, %ol2 = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%r2) -> !t, !l
  effattn.return %o, %o2 : !t, !t
}

// As a whole neither tokens nor ranks bound the columns, but the window and the
// steps of ranks do, each by itself: no error.
// CHECK-LABEL: effattn.kernel @parts
// CHECK: permuted = false
// CHECK-SAME: unbounded = "{{[^"]+}}"
effattn.kernel @parts("q" %q: !t, "t" %t: !effattn.tensor<[N] x i32>)
    -> (!t) dimensions ["N"] {
  %c1 = arith.constant 1 : i64
  %c64 = arith.constant 64 : i64
  %w = effattn.window %c64, %c64, %c1
  %s = effattn.order sort table(%t : !effattn.tensor<[N] x i32>)
  %b = effattn.stride %c64
  %r = effattn.in_order %s, %s, %b
  %p = effattn.union %w, %r
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

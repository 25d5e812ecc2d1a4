// What analysis does not support is named where it is asked for.
// RUN: effattn-opt %s -split-input-file -verify-diagnostics -effattn-analyse

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @segments("q" %q: !t, "t" %t: !effattn.tensor<[N] x i32>)
    -> (!t) dimensions ["N"] {
  %c = effattn.causal
  // expected-error @+1 {{'segments' is not supported yet; supported are all, none, causal}}
  %s = effattn.segments %t : !effattn.tensor<[N] x i32>
  %p = effattn.intersect %c, %s
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @blocks("q" %q: !t, "t" %t: !effattn.tensor<[R, R] x i1>)
    -> (!t) dimensions ["N", "R"] {
  %c = arith.constant 64 : i64
  // expected-error @+1 {{'blocks' is not supported yet}}
  %p = effattn.blocks %t, %c : !effattn.tensor<[R, R] x i1>
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @random("q" %q: !t) -> (!t) dimensions ["N"] {
  %c = arith.constant 64 : i64
  // expected-error @+1 {{'random_blocks' is not supported yet}}
  %p = effattn.random_blocks %c, %c, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @grid("q" %q: !t) -> (!t) dimensions ["N"] {
  %c = arith.constant 64 : i64
  // expected-error @+1 {{a pattern 'on grid' is not supported yet}}
  %p = effattn.on_grid (%c, %c) {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %x = effattn.variable "i.y" : i64
    %y = effattn.variable "j.y" : i64
    %e = arith.cmpi eq, %x, %y : i64
    effattn.yield %e : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @order("q" %q: !t, "t" %t: !effattn.tensor<[N] x i32>)
    -> (!t) dimensions ["N"] {
  %s = effattn.order sort table(%t : !effattn.tensor<[N] x i32>)
  %c = effattn.causal
  // expected-error @+1 {{'in_order' is not supported yet}}
  %p = effattn.in_order %s, %s, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[8, N, 8] x f32>
!l = !effattn.tensor<[8, N] x f32>
effattn.kernel @heads("q" %q: !t) -> (!t) dimensions ["N"] {
  %a = effattn.all
  %c = effattn.causal
  // expected-error @+1 {{'heads' is not supported yet}}
  %p = effattn.heads [0, 4, 4, 8] %a, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[H, N, 8] x f32>
!l = !effattn.tensor<[H, N] x f32>
effattn.kernel @lookup("q" %q: !t, "span" %s: !effattn.tensor<[H] x i32>)
    -> (!t) dimensions ["H", "N"] {
  // expected-error @+1 {{a table look-up in a pattern is not supported yet}}
  %p = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %x = effattn.lookup %s[%h] : !effattn.tensor<[H] x i32> -> i64
    %d = arith.subi %i, %j : i64
    %e = arith.cmpi slt, %d, %x : i64
    effattn.yield %e : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[H, N, 8] x f32>
!l = !effattn.tensor<[H, N] x f32>
!s = !effattn.index_set<[H, G] in N>
// expected-note @+1 {{the index set is here}}
effattn.kernel @set_per_head("q" %q: !t, "g" %g: !s)
    -> (!t) dimensions ["H", "N", "G"] {
  %p = effattn.keys %g : !s
  // expected-error @+1 {{an index set for each batch or head in a pattern is not supported yet; supported are index sets of one axis, but got index[H, G] in N}}
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[H, T, 8] x f32>
!l = !effattn.tensor<[H, T] x f32>
effattn.kernel @ragged("q" %q: !t, "cu" %cu: !effattn.tensor<[B + 1] x i32>)
    -> (!t) dimensions ["H", "T", "B"] ragged {q = "cu"} {
  %p = effattn.causal
  // expected-error @+1 {{attention over ragged tokens is not supported yet: argument 'q' is ragged}}
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

// A stride that is known at launch only is no affine pattern.
!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @not_affine("q" %q: !t, "m" %m: i64) -> (!t) dimensions ["N"] {
  // expected-error @+3 {{the columns of this pattern cannot be bounded for a tile of rows [S10]}}
  // expected-note @+2 {{division by a quantity that is not known when compiling is not affine}}
  // expected-note @+1 {{with --allow-dense every one of the N x M pairs is computed}}
  %p = effattn.stride %m
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

// One run reports all that is wrong.
!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @two("q" %q: !t, "t" %t: !effattn.tensor<[N] x i32>)
    -> (!t) dimensions ["N"] {
  // expected-error @+1 {{'segments' is not supported yet}}
  %p = effattn.segments %t : !effattn.tensor<[N] x i32>
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %c = arith.constant 64 : i64
  // expected-error @+1 {{'random_blocks' is not supported yet}}
  %r = effattn.random_blocks %c, %c, %c
  %u, %ul = effattn.attend q(%q : !t) k(%q : !t) v(%o : !t) pattern(%r) -> !t, !l
  effattn.return %u : !t
}

// -----

// An operation that no pattern can hold.
!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @foreign("q" %q: !t) -> (!t) dimensions ["N"] {
  %p = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    // expected-error @+1 {{operation 'arith.shli' has no meaning in a pattern or a score}}
    %s = arith.shli %i, %j : i64
    %e = arith.cmpi slt, %s, %i : i64
    effattn.yield %e : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// What analysis does not support, or cannot bound, is named where it is asked
// for.
// RUN: effattn-opt %s -split-input-file -verify-diagnostics -effattn-analyse

// A stride that is known at launch only is no affine pattern.
!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @not_affine("q" %q: !t, "m" %m: i64) -> (!t) dimensions ["N"] {
  // expected-error @+3 {{the columns of this pattern cannot be bounded for a tile of rows [S10]}}
  // expected-note @+2 {{decides over columns of a row whose number grows with the number of keys}}
  // expected-note @+1 {{with --allow-dense every one of the N x M pairs (8192 x 8192) is computed for each batch and head}}
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
  %s = effattn.order sort table(%t : !effattn.tensor<[N] x i32>)
  %c = effattn.causal
  // expected-error @+1 {{the tables of this order have not been made; expected stage 'make-tables' to have run}}
  %p = effattn.in_order %s, %s, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %c64 = arith.constant 64 : i64
  // expected-error @+1 {{the blocks of this pattern have not been drawn; expected stage 'make-tables' to have run}}
  %r = effattn.random_blocks %c64, %c64, %c64
  %u, %ul = effattn.attend q(%q : !t) k(%q : !t) v(%o : !t) pattern(%r) -> !t, !l
  effattn.return %u : !t
}

// -----

// A table of two tokens that are not its indices, alone and beside a window: it
// is the table that the columns are not bounded for.
!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @unknown("q" %q: !t, "t" %t: !effattn.tensor<[N] x i1>)
    -> (!t) dimensions ["N"] example {N = 64 : i64} {
  %c1 = arith.constant 1 : i64
  %c8 = arith.constant 8 : i64
  %w = effattn.window %c8, %c8, %c1
  %s = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %k = arith.addi %i, %j : i64
    %x = effattn.lookup %t[%k] : !effattn.tensor<[N] x i1> -> i1
    effattn.yield %x : i1
  }
  // expected-error @+3 {{the columns of this pattern cannot be bounded for a tile of rows [S10]}}
  // expected-note @+2 {{nothing but `t[i + j]` decides over columns of a row whose number grows with the number of keys}}
  // expected-note @+1 {{with --allow-dense every one of the N x M pairs (64 x 64 at N = 64) is computed for each batch and head}}
  %p = effattn.union %w, %s
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
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

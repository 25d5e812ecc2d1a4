// Levels of causality of results, with the shortest reason why not the next.
// RUN: effattn-opt %s -effattn-causality | FileCheck %s

!t = !effattn.tensor<[N, 8] x f32>
!m = !effattn.tensor<[M, 8] x f32>
!l = !effattn.tensor<[N] x f32>

// CHECK-LABEL: effattn.kernel @causal
// CHECK-SAME: effattn.causality = [{level = "prefix-exact", reason = ""}]
effattn.kernel @causal("q" %q: !t, "k" %k: !m) -> (!t) dimensions ["N", "M"] {
  %p = effattn.causal
  %o, %ol = effattn.attend q(%q : !t) k(%k : !m) v(%k : !m) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// CHECK-LABEL: effattn.kernel @window
// CHECK-SAME: level = "not causal", reason = "attend (line [[#@LINE+5]]) looks ahead: i = 0, j = 1, {{.*}}"
effattn.kernel @window("q" %q: !t) -> (!t) dimensions ["N"] {
  %two = arith.constant 2 : i64
  %one = arith.constant 1 : i64
  %p = effattn.window %two, %two, %one
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Blocks look ahead to their end, a shift by a block makes up for it.
// CHECK-LABEL: effattn.kernel @shifted
// CHECK-SAME: level = "prefix-exact"
effattn.kernel @shifted("q" %q: !t) -> (!t) dimensions ["N"] {
  %four = arith.constant 4 : i64
  %zero = arith.constant 0 : i64
  %p = effattn.same_block %four, %zero, %zero
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %s = effattn.step "shift"(%o) integers [4] : (!t) -> !t
  effattn.return %s : !t
}

// CHECK-LABEL: effattn.kernel @shifted_too_little
// CHECK-SAME: level = "not causal", reason = "step 'shift' (line [[#@LINE+6]]) reads up to token {{.*}} for slot t"
effattn.kernel @shifted_too_little("q" %q: !t) -> (!t) dimensions ["N"] {
  %four = arith.constant 4 : i64
  %zero = arith.constant 0 : i64
  %p = effattn.same_block %four, %zero, %zero
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %s = effattn.step "shift"(%o) integers [2] : (!t) -> !t
  effattn.return %s : !t
}

// Means of blocks, seen once the block is over.
!c = !effattn.tensor<[N floordiv 4, 8] x f32>
// CHECK-LABEL: effattn.kernel @means
// CHECK-SAME: level = "prefix-exact"
effattn.kernel @means("q" %q: !t) -> (!t) dimensions ["N"] {
  %four = arith.constant 4 : i64
  %one = arith.constant 1 : i64
  %c = effattn.step "segment_mean"(%q) integers [4] : (!t) -> !c
  %p = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %a = arith.addi %j, %one : i64
    %e = arith.muli %a, %four : i64
    %x = arith.cmpi sle, %e, %i : i64
    effattn.yield %x : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%c : !c) v(%c : !c) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A projection of the tokens mixes all of them.
!e = !effattn.tensor<[16, M] x f32>
!k = !effattn.tensor<[16, 8] x f32>
// CHECK-LABEL: effattn.kernel @projected
// CHECK-SAME: level = "not causal", reason = "step 'matmul' (line [[#@LINE+3]]) reads every token"
effattn.kernel @projected("q" %q: !t, "k" %k: !m, "e" %e: !e) -> (!t)
    dimensions ["N", "M"] {
  %x = effattn.step "matmul"(%e, %k) : (!e, !m) -> !k
  %p = effattn.all
  %o, %ol = effattn.attend q(%q : !t) k(%x : !k) v(%x : !k) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Weights are not tokens; two attends one after the other.
!w = !effattn.tensor<[8, 8] x f32>
// CHECK-LABEL: effattn.kernel @layers
// CHECK-SAME: level = "prefix-exact"
effattn.kernel @layers("x" %x: !t, "w" %w: !w) -> (!t) dimensions ["N"] {
  %k = effattn.step "matmul"(%x, %w) : (!t, !w) -> !t
  %p = effattn.causal
  %o, %ol = effattn.attend q(%x : !t) k(%k : !t) v(%k : !t) pattern(%p) -> !t, !l
  %r = effattn.step "matmul"(%o, %w) : (!t, !w) -> !t
  %o2, %ol2 = effattn.attend q(%r : !t) k(%r : !t) v(%r : !t) pattern(%p) -> !t, !l
  effattn.return %o2 : !t
}

// Labels are given: they choose, and the choice is causal.
!i = !effattn.tensor<[N] x i32>
// CHECK-LABEL: effattn.kernel @documents
// CHECK-SAME: level = "prefix-exact"
effattn.kernel @documents("x" %x: !t, "seg" %seg: !i) -> (!t) dimensions ["N"] {
  %s = effattn.segments %seg : !i
  %c = effattn.causal
  %p = effattn.intersect %s, %c
  %o, %ol = effattn.attend q(%x : !t) k(%x : !t) v(%x : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A memory before the tokens: q0 says where the queries begin.
!mem = !effattn.tensor<[L, 8] x f32>
!both = !effattn.tensor<[L + N, 8] x f32>
// CHECK-LABEL: effattn.kernel @memory
// CHECK-SAME: level = "prefix-exact"
effattn.kernel @memory("x" %x: !t, "mem" %mem: !mem) -> (!t) dimensions ["N", "L"] {
  %k = effattn.step "concat"(%mem, %x) : (!mem, !t) -> !both
  %p = effattn.causal
  %o, %ol = effattn.attend q(%x : !t) k(%k : !both) v(%k : !both) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Another stream is seen whole.
// CHECK-LABEL: effattn.kernel @cross
// CHECK-SAME: level = "not causal", reason = "attend (line [[#@LINE+3]]) looks ahead: {{.*}}"
effattn.kernel @cross("x" %x: !t, "y" %y: !m) -> (!t) dimensions ["N", "M"] {
  %all = effattn.all
  %o, %ol = effattn.attend q(%x : !t) k(%y : !m) v(%y : !m) pattern(%all) -> !t, !l
  %c = effattn.causal
  %r, %rl = effattn.attend q(%o : !t) k(%o : !t) v(%o : !t) pattern(%c) -> !t, !l
  effattn.return %r : !t
}

// RUN: effattn-opt %s -effattn-simplify | FileCheck %s
// RUN: effattn-opt %s -effattn-stage-simplify | FileCheck %s

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>

// The example of the pass: a window cut by causality is a window. Two attends
// of the same operands are one, and what nothing returns is gone.
// CHECK-LABEL: effattn.kernel @causal_window
// CHECK-DAG: %[[C256:.*]] = arith.constant 256
// CHECK-DAG: %[[C1:.*]] = arith.constant 1
// CHECK-DAG: %[[C0:.*]] = arith.constant 0
// CHECK-NOT: effattn.causal
// CHECK: %[[P:.*]] = effattn.window %[[C256]], %[[C0]], %[[C1]]
// CHECK: %[[O:.*]], %[[L:.*]] = effattn.attend {{.*}} pattern(%[[P]])
// CHECK-NOT: effattn.attend
// CHECK: effattn.step "add"(%[[O]], %[[O]])
effattn.kernel @causal_window("q" %q: !t) -> (!t) dimensions ["N"] {
  %c256 = arith.constant 256 : i64
  %c1 = arith.constant 1 : i64
  %w = effattn.window %c256, %c256, %c1
  %c = effattn.causal
  %p = effattn.intersect %w, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %w2 = effattn.window %c256, %c256, %c1
  %p2 = effattn.intersect %c, %w2
  %r, %rl = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p2) -> !t, !l
  %s = effattn.step "add"(%o, %r) : (!t, !t) -> !t
  %dead, %dl = effattn.attend q(%q : !t) k(%o : !t) v(%q : !t) pattern(%c) -> !t, !l
  effattn.return %s : !t
}

// An identity that needs sharing first, then another identity: the two causal
// patterns become one, P - P is none, and none | S is S.
// CHECK-LABEL: effattn.kernel @rounds
// CHECK: %[[S:.*]] = effattn.stride
// CHECK-NOT: effattn.union
// CHECK-NOT: effattn.difference
// CHECK: effattn.attend {{.*}} pattern(%[[S]])
effattn.kernel @rounds("q" %q: !t) -> (!t) dimensions ["N"] {
  %c4 = arith.constant 4 : i64
  %a = effattn.causal
  %b = effattn.causal
  %d = effattn.difference %a, %b
  %s = effattn.stride %c4
  %p = effattn.union %d, %s
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Keys that count once: one attend over the union. With another score it stays
// a merge.
// CHECK-LABEL: effattn.kernel @once
// CHECK: %[[U:.*]] = effattn.union
// CHECK: %[[O:.*]], %{{.*}} = effattn.attend {{.*}} pattern(%[[U]])
// CHECK-NOT: merge
// CHECK: effattn.return %[[O]]
// CHECK-LABEL: effattn.kernel @other_scale
// CHECK: effattn.merge{{.*}} duplicates_once
!once = !effattn.tensor<[N, 8] x f32>
!once_lse = !effattn.tensor<[N] x f32>
effattn.kernel @once("q" %q: !once) -> (!once) dimensions ["N"] {
  %c1 = arith.constant 1 : i64
  %c8 = arith.constant 8 : i64
  %w = effattn.window %c8, %c8, %c1
  %s = effattn.stride %c8
  %a, %al = effattn.attend q(%q : !once) k(%q : !once) v(%q : !once) pattern(%w) -> !once, !once_lse
  %b, %bl = effattn.attend q(%q : !once) k(%q : !once) v(%q : !once) pattern(%s) -> !once, !once_lse
  %m, %ml = effattn.merge (%a, %b) lse (%al, %bl) duplicates_once
    : (!once, !once, !once_lse, !once_lse) -> (!once, !once_lse)
  effattn.return %m : !once
}
effattn.kernel @other_scale("q" %q: !once) -> (!once) dimensions ["N"] {
  %c1 = arith.constant 1 : i64
  %c8 = arith.constant 8 : i64
  %half = arith.constant 0.5 : f64
  %w = effattn.window %c8, %c8, %c1
  %s = effattn.stride %c8
  %a, %al = effattn.attend q(%q : !once) k(%q : !once) v(%q : !once) pattern(%w) -> !once, !once_lse
  %b, %bl = effattn.attend q(%q : !once) k(%q : !once) v(%q : !once) pattern(%s) scale(%half) -> !once, !once_lse
  %m, %ml = effattn.merge (%a, %b) lse (%al, %bl) duplicates_once
    : (!once, !once, !once_lse, !once_lse) -> (!once, !once_lse)
  effattn.return %m : !once
}

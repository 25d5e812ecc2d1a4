// Identities that hold exactly, one function of each family.
// RUN: effattn-opt %s -split-input-file -allow-unregistered-dialect -cse -canonicalize -cse \
// RUN:   | FileCheck %s

// CHECK-LABEL: @union
// CHECK-DAG: %[[C:.*]] = effattn.causal
// CHECK-DAG: %[[A:.*]] = effattn.all
// CHECK: "use"(%[[A]], %[[C]], %[[C]], %[[A]], %[[C]], %[[C]])
effattn.kernel @union() {
  %all = effattn.all
  %none = effattn.none
  %c = effattn.causal
  %k = arith.constant 3 : i64
  %s = effattn.stride %k
  %0 = effattn.union %c, %all
  %1 = effattn.union %none, %c
  %2 = effattn.union %c, %c
  %not = effattn.complement %c
  %3 = effattn.union %not, %c
  %both = effattn.intersect %s, %c
  %4 = effattn.union %c, %both
  %both1 = effattn.intersect %c, %s
  %5 = effattn.union %both1, %c
  "use"(%0, %1, %2, %3, %4, %5) : (!effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern) -> ()
  effattn.return
}

// -----

// CHECK-LABEL: @intersect
// CHECK-DAG: %[[C:.*]] = effattn.causal
// CHECK-DAG: %[[N:.*]] = effattn.none
// CHECK-DAG: %[[S:.*]] = effattn.stride
// CHECK-DAG: %[[D:.*]] = effattn.difference %[[C]], %[[S]]
// CHECK: "use"(%[[C]], %[[N]], %[[C]], %[[D]], %[[C]], %[[C]])
effattn.kernel @intersect() {
  %all = effattn.all
  %none = effattn.none
  %c = effattn.causal
  %k = arith.constant 3 : i64
  %s = effattn.stride %k
  %0 = effattn.intersect %c, %all
  %1 = effattn.intersect %none, %c
  %2 = effattn.intersect %c, %c
  %not = effattn.complement %s
  %3 = effattn.intersect %not, %c
  %either = effattn.union %s, %c
  %4 = effattn.intersect %c, %either
  %p = effattn.prefix %k
  %5 = effattn.intersect %p, %c
  "use"(%0, %1, %2, %3, %4, %5) : (!effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern) -> ()
  effattn.return
}

// -----

// CHECK-LABEL: @difference
// CHECK-DAG: %[[C:.*]] = effattn.causal
// CHECK-DAG: %[[N:.*]] = effattn.none
// CHECK-DAG: %[[S:.*]] = effattn.stride
// CHECK-DAG: %[[NOT:.*]] = effattn.complement %[[C]]
// CHECK-DAG: %[[AND:.*]] = effattn.intersect %[[C]], %[[S]]
// CHECK: "use"(%[[N]], %[[C]], %[[N]], %[[NOT]], %[[N]], %[[AND]])
effattn.kernel @difference() {
  %all = effattn.all
  %none = effattn.none
  %c = effattn.causal
  %k = arith.constant 3 : i64
  %s = effattn.stride %k
  %0 = effattn.difference %none, %c
  %1 = effattn.difference %c, %none
  %2 = effattn.difference %c, %all
  %3 = effattn.difference %all, %c
  %4 = effattn.difference %c, %c
  %not = effattn.complement %s
  %5 = effattn.difference %c, %not
  "use"(%0, %1, %2, %3, %4, %5) : (!effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern) -> ()
  effattn.return
}

// -----

// CHECK-LABEL: @complement
// CHECK-DAG: %[[C:.*]] = effattn.causal
// CHECK-DAG: %[[N:.*]] = effattn.none
// CHECK-DAG: %[[A:.*]] = effattn.all
// CHECK: "use"(%[[C]], %[[N]], %[[A]])
effattn.kernel @complement() {
  %all = effattn.all
  %none = effattn.none
  %c = effattn.causal
  %not = effattn.complement %c
  %0 = effattn.complement %not
  %1 = effattn.complement %all
  %2 = effattn.complement %none
  "use"(%0, %1, %2) : (!effattn.pattern, !effattn.pattern, !effattn.pattern) -> ()
  effattn.return
}

// -----

// Constants that make a pattern empty or simpler; windows that are empty only
// for some dilation are none for all.
// CHECK-LABEL: @builtin
// CHECK-DAG: %[[C4:.*]] = arith.constant 4
// CHECK-DAG: %[[C0:.*]] = arith.constant 0
// CHECK-DAG: %[[C2:.*]] = arith.constant 2
// CHECK-DAG: %[[N:.*]] = effattn.none
// CHECK-DAG: %[[A:.*]] = effattn.all
// CHECK-DAG: %[[C:.*]] = effattn.causal
// CHECK-DAG: %[[W:.*]] = effattn.window %[[C4]], %[[C0]], %[[C2]]
// CHECK-DAG: %[[V:.*]] = effattn.window %[[C4]], %{{.*}}, %[[C2]]
// CHECK: "use"(%[[N]], %[[A]], %[[N]], %[[C]], %[[W]], %[[V]], %[[A]], %[[N]])
effattn.kernel @builtin() {
  %m5 = arith.constant -5 : i64
  %m1 = arith.constant -1 : i64
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c2 = arith.constant 2 : i64
  %c4 = arith.constant 4 : i64
  %causal = effattn.causal
  %0 = effattn.window %c4, %m5, %c2
  %1 = effattn.stride %c1
  %2 = effattn.same_block %c4, %c0, %m1
  %3 = effattn.prefix %c0
  %w = effattn.window %c4, %c4, %c2
  %4 = effattn.intersect %causal, %w
  %v = effattn.window %c4, %m1, %c2
  %5 = effattn.intersect %v, %causal
  %6 = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %c = arith.cmpi sle, %i, %i : i64
    effattn.yield %c : i1
  }
  %7 = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %c = arith.cmpi slt, %i, %i : i64
    effattn.yield %c : i1
  }
  "use"(%0, %1, %2, %3, %4, %5, %6, %7) : (!effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern, !effattn.pattern) -> ()
  effattn.return
}

// -----

// A window whose bounds are known at launch only keeps its intersection, and a
// window that may hold a pair stays.
// CHECK-LABEL: @kept
// CHECK: effattn.window
// CHECK: effattn.intersect
// CHECK: effattn.window
effattn.kernel @kept("r" %r: i64) {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %m1 = arith.constant -1 : i64
  %causal = effattn.causal
  %w = effattn.window %c1, %r, %c1
  %0 = effattn.intersect %causal, %w
  %1 = effattn.window %c1, %m1, %c1
  "use"(%0, %1) : (!effattn.pattern, !effattn.pattern) -> ()
  effattn.return
}

// -----

!x = !effattn.tensor<[N, 8] x f32>
!xt = !effattn.tensor<[8, N] x f32>
!s = !effattn.tensor<[] x f32>
// CHECK-LABEL: @steps
// CHECK: "use"(%x, %x, %x, %x, %x, %x)
effattn.kernel @steps("x" %x: !x) dimensions ["N"] {
  %zero = effattn.constant 0.0 -> !s
  %minus = effattn.constant -0.0 -> !s
  %one = effattn.constant 1.0 -> !s
  %t = effattn.step "transpose"(%x) : (!x) -> !xt
  %0 = effattn.step "transpose"(%t) : (!xt) -> !x
  %1 = effattn.step "sub"(%x, %zero) : (!x, !s) -> !x
  %2 = effattn.step "mul"(%one, %x) : (!s, !x) -> !x
  %3 = effattn.step "div"(%x, %one) : (!x, !s) -> !x
  %4 = effattn.step "add"(%minus, %x) : (!s, !x) -> !x
  %n = effattn.step "neg"(%x) : (!x) -> !x
  %5 = effattn.step "neg"(%n) : (!x) -> !x
  "use"(%0, %1, %2, %3, %4, %5) : (!x, !x, !x, !x, !x, !x) -> ()
  effattn.return
}

// -----

// What is not the same bit by bit, or of another type, stays: x + 0 turns -0
// into 0, 1 / x is no x, and a transposition of other axes is not undone.
!x = !effattn.tensor<[N, 8] x f32>
!s = !effattn.tensor<[] x f32>
!y = !effattn.tensor<[A, N, 8] x f32>
!yt = !effattn.tensor<[8, A, N] x f32>
!z = !effattn.tensor<[N, 8, A] x f32>
// CHECK-LABEL: @steps_kept
// CHECK: effattn.step "add"
// CHECK: effattn.step "div"
// CHECK: effattn.step "transpose"
// CHECK: effattn.step "transpose"
effattn.kernel @steps_kept("x" %x: !x, "y" %y: !y) dimensions ["N", "A"] {
  %zero = effattn.constant 0.0 -> !s
  %one = effattn.constant 1.0 -> !s
  %0 = effattn.step "add"(%x, %zero) : (!x, !s) -> !x
  %1 = effattn.step "div"(%one, %x) : (!s, !x) -> !x
  %t = effattn.step "transpose"(%y) integers [2, 0, 1] : (!y) -> !yt
  %2 = effattn.step "transpose"(%t) integers [2, 0, 1] : (!yt) -> !z
  "use"(%0, %1, %2) : (!x, !x, !z) -> ()
  effattn.return
}

// -----

// A merge of one part is that part; what nothing uses goes.
!o = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
// CHECK-LABEL: @merge
// CHECK: %[[O:.*]], %[[L:.*]] = effattn.attend
// CHECK-NEXT: effattn.return %[[O]]
effattn.kernel @merge("q" %q: !o) -> (!o) dimensions ["N"] {
  %p = effattn.causal
  %o, %l = effattn.attend q(%q : !o) k(%q : !o) v(%q : !o) pattern(%p) -> !o, !l
  %unused, %l1 = effattn.attend q(%q : !o) k(%o : !o) v(%q : !o) pattern(%p) -> !o, !l
  %m, %ml = effattn.merge (%o) lse (%l) : (!o, !l) -> (!o, !l)
  effattn.return %m : !o
}

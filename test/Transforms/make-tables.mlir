// RUN: effattn-opt %s -effattn-make-tables | FileCheck %s
// RUN: effattn-opt %s -effattn-stage-make-tables > %t && effattn-opt %t -effattn-make-tables | diff %t -

!t = !effattn.tensor<[H, N, 8] x f32>
!k = !effattn.tensor<[H, M, 8] x f32>
!l = !effattn.tensor<[H, N] x f32>
!r = !effattn.tensor<[R, N] x i32>

// Tables have the axes of the values that order; a grid has as many tokens as
// its sizes say, or as the attend where they are arguments. Equal orders share
// tables.
// CHECK-LABEL: effattn.kernel @orders
// CHECK: %tokens, %ranks = effattn.order_tables sort table(%b : !effattn.tensor<[R, N] x i32>) -> !effattn.tensor<[R, N] x i32>, !effattn.tensor<[R, N] x i32>
// CHECK-NEXT: %[[S:.*]] = effattn.order sort table(%b : {{.*}}) tables(%tokens, %ranks :
// CHECK-NOT: order_tables sort
// CHECK: effattn.order_tables block_raster sizes({{.*}}) -> !effattn.tensor<[X * Y] x i32>
// CHECK: effattn.order_tables column_major sizes({{.*}}) -> !effattn.tensor<[N] x i32>
// CHECK: effattn.order_tables given table(%g : !effattn.tensor<[N] x i32>) -> !effattn.tensor<[N] x i32>
// CHECK: effattn.in_order %[[S]], %[[S]],
effattn.kernel @orders("q" %q: !t, "b" %b: !r, "g" %g: !effattn.tensor<[N] x i32>,
                       "w" %w: i64)
    -> (!t, !t) dimensions ["H", "N", "R", "Y", "X"] {
  %c4 = arith.constant 4 : i64
  %c0 = arith.constant 0 : i64
  %y = effattn.dimension "Y"
  %x = effattn.dimension "X"
  %same = effattn.same_block %c4, %c0, %c0
  %s = effattn.order sort table(%b : !r)
  %s2 = effattn.order sort table(%b : !r)
  %raster = effattn.order block_raster sizes(%y, %x, %c4, %c4)
  %columns = effattn.order column_major sizes(%c4, %w)
  %given = effattn.order given table(%g : !effattn.tensor<[N] x i32>)
  %p0 = effattn.in_order %s, %s2, %same
  %p1 = effattn.in_order %raster, %columns, %same
  %p2 = effattn.in_order %given, %given, %same
  %p3 = effattn.union %p0, %p1
  %p = effattn.union %p3, %p2
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o, %o : !t, !t
}

// Inside an order sets hold ranks and become sets of tokens, through all orders
// around them from the inside out, with the axes of both. Sets beside it stay.
// CHECK-LABEL: effattn.kernel @sets
// CHECK: %[[T:.*]], %[[R:.*]] = effattn.order_tables sort table(%b
// CHECK: %[[U:.*]], %{{.*}} = effattn.order_tables given table(%g
// CHECK-DAG: %[[BESIDE:.*]] = effattn.keys %s : !effattn.index_set<[4] in N>
// CHECK-DAG: %[[S:.*]] = effattn.set_tokens %s, %[[T]] : !effattn.index_set<[4] in N>, !effattn.tensor<[R, N] x i32> -> !effattn.index_set<[R, 4] in N>
// CHECK-DAG: effattn.keys tokens %[[S]] : !effattn.index_set<[R, 4] in N>
// CHECK-DAG: %[[INNER:.*]] = effattn.set_tokens %s, %[[U]] : !effattn.index_set<[4] in N>, !effattn.tensor<[N] x i32> -> !effattn.index_set<[4] in N>
// CHECK-DAG: %[[BOTH:.*]] = effattn.set_tokens %[[INNER]], %[[T]] :
// CHECK-DAG: effattn.query_in_set tokens %[[BOTH]] : !effattn.index_set<[R, 4] in N>
// CHECK: effattn.return
!set = !effattn.index_set<[4] in N>
effattn.kernel @sets("q" %q: !t, "b" %b: !r, "g" %g: !effattn.tensor<[N] x i32>,
                     "s" %s: !set)
    -> (!t) dimensions ["H", "N", "R"] {
  %o = effattn.order sort table(%b : !r)
  %p = effattn.order given table(%g : !effattn.tensor<[N] x i32>)
  %k = effattn.keys %s : !set
  %members = effattn.comprehension {
  ^bb0(%b0: i64, %h: i64, %i: i64, %j: i64):
    %query = effattn.query_in_set %s : !set
    effattn.yield %query : i1
  }
  %nested = effattn.in_order %p, %p, %members
  %inner = effattn.union %k, %nested
  %ranks = effattn.in_order %o, %o, %inner
  %pattern = effattn.union %ranks, %k
  %a, %l = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%pattern) -> !t, !l
  effattn.return %a : !t
}

// What tables decide is left to the launch. Orders inside `outside` have sets of
// tokens, blocks drawn there are drawn first, and what depends on the batch has an
// axis for it.
// CHECK-LABEL: effattn.kernel @outside_tables
// CHECK: %[[INNER:.*]] = effattn.draw_blocks size 64 count 3 seed 7
// CHECK-SAME: -> !effattn.tensor<[H, (N - 1) floordiv 64 + 1, 3] x i32>
// CHECK: effattn.random_blocks {{.*}} drawn(%[[INNER]] :
// CHECK: effattn.set_tokens
// CHECK: effattn.draw_blocks size 64 count 3 seed 7 {{.*}} outside(%{{.*}}) -> !effattn.tensor<[B, H, (N - 1) floordiv 64 + 1, 3] x i32>
effattn.kernel @outside_tables("q" %q: !effattn.tensor<[B, H, N, 8] x f32>,
    "t" %t: !effattn.tensor<[B, N] x i32>, "g" %g: !effattn.index_set<[G] in N>)
    -> (!effattn.tensor<[B, H, N, 8] x f32>) dimensions ["B", "H", "N", "G"] {
  %c64 = arith.constant 64 : i64
  %c3 = arith.constant 3 : i64
  %c7 = arith.constant 7 : i64
  %inner = effattn.random_blocks %c64, %c3, %c7
  %o = effattn.order sort by_batch table(%t : !effattn.tensor<[B, N] x i32>)
  %k = effattn.keys %g : !effattn.index_set<[G] in N>
  %ranks = effattn.in_order %o, %o, %k
  %outside = effattn.union %inner, %ranks
  %p = effattn.random_blocks %c64, %c3, %c7 outside %outside
  %a, %l = effattn.attend q(%q : !effattn.tensor<[B, H, N, 8] x f32>)
    k(%q : !effattn.tensor<[B, H, N, 8] x f32>)
    v(%q : !effattn.tensor<[B, H, N, 8] x f32>) pattern(%p)
    -> !effattn.tensor<[B, H, N, 8] x f32>, !effattn.tensor<[B, H, N] x f32>
  effattn.return %a : !effattn.tensor<[B, H, N, 8] x f32>
}

// Blocks are drawn for the sizes of an attend: two attends of the same sizes
// share them, one with other keys has its own. Query blocks are counted from
// that of the first query.
// CHECK-LABEL: effattn.kernel @random
// CHECK: %[[NEAR:.*]] = effattn.same_block
// CHECK: %[[D:.*]] = effattn.draw_blocks size 64 count 3 seed 7 queries <N> keys <N> outside(%[[NEAR]])
// CHECK-SAME: touched <parameters = [<"N" is variable "N">, <"M" is variable "M">], moduli = [64], set = "[N, M, i] -> { [j] :
// CHECK-SAME: -> !effattn.tensor<[H, (N - 1) floordiv 64 + 1, 3] x i32>
// CHECK: %[[P:.*]] = effattn.random_blocks %{{.*}}, %{{.*}}, %{{.*}} outside %[[NEAR]] drawn(%[[D]] :
// CHECK-NOT: draw_blocks
// CHECK: effattn.attend {{.*}} pattern(%[[P]])
// CHECK: effattn.attend {{.*}} pattern(%[[P]])
// CHECK: effattn.draw_blocks size 64 count 3 seed 7 queries <N> keys <M> outside(%[[NEAR]])
// CHECK-SAME: -> !effattn.tensor<[H, (M - 1) floordiv 64 - ((M - N) floordiv 64) + 1, 3] x i32>
// CHECK: effattn.draw_blocks size 64 count 3 seed 7 queries <N> keys <N> q0(%w) outside(%[[NEAR]])
// CHECK-SAME: <"w" is argument "w">
// CHECK-SAME: -> !effattn.tensor<[H, N ceildiv 64 + 1, 3] x i32>
effattn.kernel @random("q" %q: !t, "k" %k: !k, "w" %w: i64)
    -> (!t, !t, !t, !t) dimensions ["H", "N", "M"] {
  %c64 = arith.constant 64 : i64
  %c3 = arith.constant 3 : i64
  %c7 = arith.constant 7 : i64
  %c1 = arith.constant 1 : i64
  %near = effattn.same_block %c64, %c1, %c1
  %p = effattn.random_blocks %c64, %c3, %c7 outside %near
  %a, %al = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %b, %bl = effattn.attend q(%a : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  %c, %cl = effattn.attend q(%q : !t) k(%k : !k) v(%k : !k) pattern(%p) -> !t, !l
  %d, %dl = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) q0(%w) -> !t, !l
  effattn.return %a, %b, %c, %d : !t, !t, !t, !t
}

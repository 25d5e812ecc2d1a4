// Everything that the dialect prints, it parses again to the same text.
// RUN: effattn-opt %s | FileCheck %s
// RUN: effattn-opt %s > %t.1 && effattn-opt %t.1 > %t.2 && diff %t.1 %t.2
// RUN: effattn-opt %s --mlir-print-op-generic | effattn-opt | FileCheck %s

// CHECK-LABEL: effattn.kernel @longformer(
// CHECK-SAME: "q" %q: !effattn.tensor<[B, H, N, 64] x f32>
// CHECK-SAME: "g" %g: !effattn.index_set<[G] in N>
// CHECK-SAME: -> (!effattn.tensor<[B, H, N, 64] x f32>)
// CHECK-SAME: dimensions ["B", "H", "N", "G"]
// CHECK-SAME: example {B = 1 : i64, G = 8 : i64, H = 12 : i64, N = 4096 : i64}
effattn.kernel @longformer("q" %q: !effattn.tensor<[B, H, N, 64] x f32>,
                           "g" %g: !effattn.index_set<[G] in N>)
    -> (!effattn.tensor<[B, H, N, 64] x f32>)
    dimensions ["B", "H", "N", "G"]
    example {B = 1 : i64, H = 12 : i64, N = 4096 : i64, G = 8 : i64} {
  %c256 = arith.constant 256 : i64
  %c1 = arith.constant 1 : i64
  // CHECK: %[[W:.*]] = effattn.window %{{.*}}, %{{.*}}, %{{.*}}
  %w = effattn.window %c256, %c256, %c1
  // CHECK: effattn.keys %g : !effattn.index_set<[G] in N>
  %k = effattn.keys %g : !effattn.index_set<[G] in N>
  %p = effattn.union %w, %k
  %all = effattn.all
  // CHECK: %o, %lse = effattn.attend q(%q : !effattn.tensor<[B, H, N, 64] x f32>) k(%q
  // CHECK-SAME: pattern(%{{.*}}) -> !effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N] x f32>
  %o, %l = effattn.attend q(%q : !effattn.tensor<[B, H, N, 64] x f32>)
      k(%q : !effattn.tensor<[B, H, N, 64] x f32>)
      v(%q : !effattn.tensor<[B, H, N, 64] x f32>) pattern(%p)
      -> !effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N] x f32>
  %og, %lg = effattn.attend q(%q : !effattn.tensor<[B, H, N, 64] x f32>)
      k(%q : !effattn.tensor<[B, H, N, 64] x f32>)
      v(%q : !effattn.tensor<[B, H, N, 64] x f32>) pattern(%all)
      -> !effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N] x f32>
  // CHECK: effattn.rows %g then(%{{.*}} lse %{{.*}}) else(%{{.*}} lse %{{.*}}) :
  %r, %rl = effattn.rows %g then(%og lse %lg) else(%o lse %l)
    : (!effattn.index_set<[G] in N>,
       !effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N] x f32>,
       !effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N] x f32>)
    -> (!effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N] x f32>)
  // CHECK: effattn.rows %g then(%{{.*}}) : (
  %half = effattn.rows %g then(%og)
    : (!effattn.index_set<[G] in N>, !effattn.tensor<[B, H, N, 64] x f32>)
    -> !effattn.tensor<[B, H, N, 64] x f32>
  // CHECK: effattn.average(%{{.*}}, %{{.*}}) :
  %mean = effattn.average (%half, %half)
    : (!effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N, 64] x f32>)
    -> !effattn.tensor<[B, H, N, 64] x f32>
  // CHECK: effattn.merge(%{{.*}}, %{{.*}}) lse(%{{.*}}, %{{.*}}) duplicates_once :
  %m, %ml = effattn.merge (%r, %o) lse (%rl, %l) duplicates_once
    : (!effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N, 64] x f32>,
       !effattn.tensor<[B, H, N] x f32>, !effattn.tensor<[B, H, N] x f32>)
    -> (!effattn.tensor<[B, H, N, 64] x f32>, !effattn.tensor<[B, H, N] x f32>)
  // CHECK: effattn.return %{{.*}} : !effattn.tensor<[B, H, N, 64] x f32>
  effattn.return %m : !effattn.tensor<[B, H, N, 64] x f32>
}

// Sizes come in normal form.
// CHECK-LABEL: effattn.kernel @sizes(
// CHECK-SAME: [M + N, 2 * N - 1, -M + N * (N floordiv 64) + N ceildiv 64, max(M, N)] x i32>
// CHECK-SAME: [N, 7, -M + N, M mod 3] x i1>
effattn.kernel @sizes(
    "a" %a: !effattn.tensor<[N + M, N - 1 + N, N ceildiv 64 - M + N * (N floordiv 64), max(N, M)] x i32>,
    "b" %b: !effattn.tensor<[(4 * N) ceildiv 4, 3 + 4, N - M, M mod 3] x i1>)
    dimensions ["N", "M"] {
  effattn.return
}

// Every pattern, predicates and scalars.
// CHECK-LABEL: effattn.kernel @patterns(
effattn.kernel @patterns("seg" %seg: !effattn.tensor<[N] x i32>,
                         "bits" %bits: !effattn.tensor<[H, R, R] x i1>,
                         "g" %g: !effattn.index_set<[G] in N>,
                         "w" %w: i64, "t" %t: f32)
    dimensions ["N", "H", "R", "G"] {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c4 = arith.constant 4 : i64
  // CHECK: effattn.dimension "N"
  %n = effattn.dimension "N"
  // CHECK: %[[A:.*]] = effattn.all
  %a = effattn.all
  // CHECK: effattn.none
  %none = effattn.none
  // CHECK: effattn.causal
  %causal = effattn.causal
  // CHECK: effattn.stride %w
  %stride = effattn.stride %w
  // CHECK: effattn.same_block %{{.*}}, %{{.*}}, %{{.*}}
  %same = effattn.same_block %c4, %c1, %c0
  // CHECK: effattn.prefix %{{.*}}
  %prefix = effattn.prefix %c4
  // CHECK: effattn.segments %seg : !effattn.tensor<[N] x i32>
  %segments = effattn.segments %seg : !effattn.tensor<[N] x i32>
  // CHECK: effattn.blocks %bits, %{{.*}} : !effattn.tensor<[H, R, R] x i1>
  %blocks = effattn.blocks %bits, %c4 : !effattn.tensor<[H, R, R] x i1>
  // CHECK: effattn.random_blocks %{{.*}}, %{{.*}}, %{{.*}} outside %{{.*}}
  %random = effattn.random_blocks %c4, %c1, %c0 outside %same
  // CHECK: effattn.queries %g
  %queries = effattn.queries %g : !effattn.index_set<[G] in N>
  // CHECK: effattn.comprehension {
  // CHECK-NEXT: ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
  %comprehension = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %d = arith.subi %i, %j : i64
    // CHECK: effattn.mod
    %m = effattn.mod %d, %c4
    %e = arith.cmpi eq, %m, %c0 : i64
    // CHECK: effattn.variable "q0" : i64
    %q0 = effattn.variable "q0" : i64
    %f = arith.cmpi sle, %q0, %d : i64
    // CHECK: effattn.exists "s$0" %{{.*}} to %{{.*}} {
    // CHECK-NEXT: ^bb0(%s: i64):
    %x = effattn.exists "s$0" %c0 to %c4 {
    ^bb0(%s: i64):
      %y = arith.cmpi eq, %s, %d : i64
      effattn.yield %y : i1
    }
    // CHECK: effattn.key_in_set %g : !effattn.index_set<[G] in N>
    %k = effattn.key_in_set %g : !effattn.index_set<[G] in N>
    // CHECK: effattn.query_in_set %g
    %q = effattn.query_in_set %g : !effattn.index_set<[G] in N>
    // CHECK: effattn.lookup %seg[%i] : !effattn.tensor<[N] x i32> -> i64
    %l = effattn.lookup %seg[%i] : !effattn.tensor<[N] x i32> -> i64
    %z = arith.cmpi sle, %l, %c4 : i64
    %1 = arith.andi %e, %f : i1
    %2 = arith.andi %1, %x : i1
    %3 = arith.andi %2, %k : i1
    %4 = arith.andi %3, %q : i1
    %5 = arith.andi %4, %z : i1
    effattn.yield %5 : i1
  }
  // CHECK: effattn.on_grid(%{{.*}}, %{{.*}}) {
  %grid = effattn.on_grid (%c4, %n) {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    // CHECK: effattn.variable "i.y" : i64
    %y = effattn.variable "i.y" : i64
    %x = effattn.variable "j.x" : i64
    %c = arith.cmpi eq, %y, %x : i64
    effattn.yield %c : i1
  }
  // CHECK: effattn.order sort table(%seg : !effattn.tensor<[N] x i32>)
  %sort = effattn.order sort table(%seg : !effattn.tensor<[N] x i32>)
  // CHECK: effattn.order column_major sizes(%{{.*}}, %{{.*}})
  %order = effattn.order column_major sizes(%c4, %n)
  // CHECK: effattn.in_order %{{.*}}, %{{.*}}, %{{.*}}
  %in_order = effattn.in_order %sort, %order, %same
  // CHECK: effattn.heads [0, 4, 4, 8] %{{.*}}, %{{.*}}
  %heads = effattn.heads [0, 4, 4, 8] %causal, %stride
  // CHECK: effattn.union
  %u = effattn.union %heads, %in_order
  // CHECK: effattn.intersect
  %i = effattn.intersect %u, %a
  // CHECK: effattn.difference
  %d = effattn.difference %i, %none
  // CHECK: effattn.complement
  %c = effattn.complement %d
  effattn.return
}

// Scores, logits and steps; results of analysis.
// CHECK-LABEL: effattn.kernel @attends(
effattn.kernel @attends("q" %q: !effattn.tensor<[N, 8] x f32>,
                        "r" %r: !effattn.tensor<[N, N] x f32>,
                        "t" %t: f32)
    -> (!effattn.tensor<[N, 8] x f32>) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %p = effattn.causal
  %scale = arith.extf %t : f32 to f64
  // CHECK: scale(%{{.*}}) q0(%{{.*}}) score {
  // CHECK-NEXT: ^bb0(%s: f64, %b: i64, %h: i64, %i: i64, %j: i64):
  // CHECK: {facts = #effattn.facts<tile_rows = 16, parameters = [<"N" is variable "N">, <"M" is variable "M">, <"dim_N" is dimension "N">], moduli = [4], key_sets = [], query_sets = [],
  // CHECK-SAME: hull = ["0", "t"], pair_causal = true, counterexample = "", count_exact = true, count = "N", pieces = [],
  // CHECK-SAME: empty = false, dense = false,
  // CHECK-SAME: cases = [<keys = 0, queries = 0, touch = "{ [k] }", full = "{ }", partial = "{ [k] }", row = "{ [j] }">]>
  // CHECK-SAME: tiling = #effattn.tiling<order = contiguous, rows = 16, column_block = 8, column_chunk = 384>}
  %o, %l = effattn.attend q(%q : !effattn.tensor<[N, 8] x f32>)
      k(%q : !effattn.tensor<[N, 8] x f32>)
      v(%q : !effattn.tensor<[N, 8] x f32>) pattern(%p) scale(%scale) q0(%c0)
      score {
      ^bb0(%s: f64, %b: i64, %h: i64, %i: i64, %j: i64):
        %x = effattn.lookup %r[%i, %j] : !effattn.tensor<[N, N] x f32> -> f64
        %y = effattn.variable "scale" : f64
        %z = arith.mulf %x, %y : f64
        %u = arith.addf %s, %z : f64
        effattn.yield %u : f64
      } {facts = #effattn.facts<tile_rows = 16, parameters = [<"N" is variable "N">, <"M" is variable "M">, <"dim_N" is dimension "N">],
           moduli = [4], key_sets = [], query_sets = [],
           hull = ["0", "t"], pair_causal = true, counterexample = "",
           count_exact = true, count = "N", pieces = [], empty = false, dense = false,
           cases = [<keys = 0, queries = 0, touch = "{ [k] }", full = "{ }",
                     partial = "{ [k] }", row = "{ [j] }">]>,
         tiling = #effattn.tiling<order = contiguous, rows = 16,
           column_block = 8, column_chunk = 384>}
      -> !effattn.tensor<[N, 8] x f32>, !effattn.tensor<[N] x f32>
  // CHECK: effattn.attend v(%{{.*}} : !effattn.tensor<[N, 8] x f32>) pattern(%{{.*}}) logits {
  // CHECK-NEXT: ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
  %o1, %l1 = effattn.attend v(%o : !effattn.tensor<[N, 8] x f32>) pattern(%p)
      logits {
      ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
        %x = effattn.lookup %r[%i, %j] : !effattn.tensor<[N, N] x f32> -> f64
        effattn.yield %x : f64
      } {select_top = 32 : i64}
      -> !effattn.tensor<[N, 8] x f32>, !effattn.tensor<[N] x f32>
  // CHECK: effattn.column_sums q(
  %sums = effattn.column_sums q(%q : !effattn.tensor<[N, 8] x f32>)
      k(%q : !effattn.tensor<[N, 8] x f32>) pattern(%p)
      -> !effattn.tensor<[N] x f32>
  // CHECK: effattn.linear_attend %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {normalize = false} :
  %lin = effattn.linear_attend %q, %q, %o1, %p {normalize = false}
    : (!effattn.tensor<[N, 8] x f32>, !effattn.tensor<[N, 8] x f32>,
       !effattn.tensor<[N, 8] x f32>, !effattn.pattern)
    -> !effattn.tensor<[N, 8] x f32>
  // CHECK: effattn.constant 5.000000e-01 -> !effattn.tensor<[] x f32>
  %half = effattn.constant 0.5 -> !effattn.tensor<[] x f32>
  // CHECK: effattn.splat %{{.*}} : f64 -> !effattn.tensor<[] x f32>
  %splat = effattn.splat %scale : f64 -> !effattn.tensor<[] x f32>
  // CHECK: effattn.step "mul"(%{{.*}}, %{{.*}}) :
  %y = effattn.step "mul"(%lin, %half)
    : (!effattn.tensor<[N, 8] x f32>, !effattn.tensor<[] x f32>)
    -> !effattn.tensor<[N, 8] x f32>
  // CHECK: effattn.step "take"(%{{.*}}) integers [0, 4] reals [1.000000e+00] :
  %x = effattn.step "take"(%y) integers [0, 4] reals [1.0]
    : (!effattn.tensor<[N, 8] x f32>) -> !effattn.tensor<[N, 8] x f32>
  // CHECK: effattn.require %{{.*}}, "needs a token"
  %n = effattn.dimension "N"
  %some = arith.cmpi slt, %c0, %n : i64
  effattn.require %some, "needs a token"
  effattn.return %x : !effattn.tensor<[N, 8] x f32>
}

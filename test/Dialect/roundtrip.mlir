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
                         "seg2" %seg2: !effattn.tensor<[B, N] x i32>,
                         "bits" %bits: !effattn.tensor<[H, R, R] x i1>,
                         "g" %g: !effattn.index_set<[G] in N>,
                         "w" %w: i64, "t" %t: f32)
    dimensions ["B", "N", "H", "R", "G"] {
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
  // CHECK: effattn.order given by_batch table(%seg2 : !effattn.tensor<[B, N] x i32>)
  %given = effattn.order given by_batch table(%seg2 : !effattn.tensor<[B, N] x i32>)
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
  // CHECK: {facts = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">, <"dim_N" is dimension "N">, <"Y" is extent "0">, <"x" is extra "1">], extents = ["Y", 8], moduli = [4],
  // CHECK-SAME: key_atoms = 1, query_atoms = 0, relations = 0, permuted = false, opaque = false,
  // CHECK-SAME: hull = ["0", "t"], pair_causal = true, counterexample = "", count_exact = true, count = "N", pieces = [],
  // CHECK-SAME: empty = false, dense = false, unbounded = "",
  // CHECK-SAME: cases = ["{ [j] }", "{ [j] : j >= 0 }"]>
  // CHECK-SAME: tiling = #effattn.tiling<order = grid, rows = 16, modulus = 1, shape = [2, 8], relation = -1, gathered = false, column_block = 8, column_chunk = 384,
  // CHECK-SAME: cases = [#effattn.tile_case<touch = "{ [k] }", full = "{ }", partial = "{ [k] }">, #effattn.tile_case<touch = "", full = "", partial = "">]>}
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
      } {facts = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">, <"dim_N" is dimension "N">, <"Y" is extent "0">, <"x" is extra "1">],
           extents = ["Y", 8 : i64], moduli = [4], key_atoms = 1, query_atoms = 0, relations = 0, permuted = false, opaque = false,
           hull = ["0", "t"], pair_causal = true, counterexample = "",
           count_exact = true, count = "N", pieces = [], empty = false, dense = false,
           unbounded = "", cases = ["{ [j] }", "{ [j] : j >= 0 }"]>,
         tiling = #effattn.tiling<order = grid, rows = 16, modulus = 1, shape = [2, 8], relation = -1, gathered = false,
           column_block = 8, column_chunk = 384,
           cases = [#effattn.tile_case<touch = "{ [k] }", full = "{ }", partial = "{ [k] }">,
                    #effattn.tile_case<touch = "", full = "", partial = "">]>}
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

// Tables of orders and of drawn blocks, ranges of heads.
// CHECK-LABEL: effattn.kernel @tables(
!o = !effattn.tensor<[4, N, 8] x f32>
!l = !effattn.tensor<[4, N] x f32>
!i = !effattn.tensor<[N] x i32>
!d = !effattn.tensor<[4, N ceildiv 16, 3] x i32>
!g = !effattn.index_set<[H, 4] in N>
!b = !effattn.tensor<[B, N] x i32>
!bg = !effattn.index_set<[B, H, 4] in N>
effattn.kernel @tables("q" %q: !o, "t" %t: !i, "g" %g: !g, "tb" %tb: !b) -> (!o)
    dimensions ["N", "H", "B"] {
  %c0 = arith.constant 0 : i64
  %c3 = arith.constant 3 : i64
  %c16 = arith.constant 16 : i64
  // CHECK: %tokens, %ranks = effattn.order_tables sort table(%t : !effattn.tensor<[N] x i32>) -> !effattn.tensor<[N] x i32>, !effattn.tensor<[N] x i32>
  %tokens, %ranks = effattn.order_tables sort table(%t : !i) -> !i, !i
  // CHECK: %[[S:.*]] = effattn.set_tokens %g, %tokens : !effattn.index_set<[H, 4] in N>, !effattn.tensor<[N] x i32> -> !effattn.index_set<[H, 4] in N>
  %set = effattn.set_tokens %g, %tokens : !g, !i -> !g
  // CHECK: effattn.set_tokens %g, %{{.*}} order_by_batch : {{.*}} -> !effattn.index_set<[B, H, 4] in N>
  %set2 = effattn.set_tokens %g, %tb order_by_batch : !g, !b -> !bg
  // CHECK: effattn.keys tokens %[[S]] : !effattn.index_set<[H, 4] in N>
  %keys = effattn.keys tokens %set : !g
  // CHECK: effattn.key_in_set tokens %[[S]] : !effattn.index_set<[H, 4] in N>
  // CHECK: effattn.query_in_set %g : !effattn.index_set<[H, 4] in N>
  %members = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %key = effattn.key_in_set tokens %set : !g
    %query = effattn.query_in_set %g : !g
    %both = arith.andi %key, %query : i1
    effattn.yield %both : i1
  }
  // CHECK: effattn.order_tables column_major sizes(%{{.*}}, %{{.*}}) -> !effattn.tensor<[48] x i32>, !effattn.tensor<[48] x i32>
  %tokens2, %ranks2 = effattn.order_tables column_major sizes(%c16, %c3)
    -> !effattn.tensor<[48] x i32>, !effattn.tensor<[48] x i32>
  // CHECK: effattn.order sort table(%t : !effattn.tensor<[N] x i32>) tables(%tokens, %ranks : !effattn.tensor<[N] x i32>, !effattn.tensor<[N] x i32>)
  %order = effattn.order sort table(%t : !i) tables(%tokens, %ranks : !i, !i)
  %same = effattn.same_block %c16, %c0, %c0
  %in = effattn.in_order %order, %order, %same
  // CHECK: effattn.draw_blocks size 16 count 3 seed 7 queries <N> keys <N> q0(%{{.*}}) outside(%{{.*}}) touched <parameters = [<"N" is variable "N">, <"M" is variable "M">], moduli = [16], set = "{ [j] }"> -> !effattn.tensor<[4, N ceildiv 16, 3] x i32>
  %drawn = effattn.draw_blocks size 16 count 3 seed 7 queries <N> keys <N>
    q0(%c0) outside(%same)
    touched <parameters = [<"N" is variable "N">, <"M" is variable "M">],
             moduli = [16], set = "{ [j] }"> -> !d
  // CHECK: effattn.draw_blocks size 16 count 3 seed 7 queries <N> keys <N> -> !effattn.tensor<[4, N ceildiv 16, 3] x i32>
  %drawn2 = effattn.draw_blocks size 16 count 3 seed 7 queries <N> keys <N> -> !d
  // CHECK: effattn.random_blocks %{{.*}}, %{{.*}}, %{{.*}} outside %{{.*}} drawn(%{{.*}} : !effattn.tensor<[4, N ceildiv 16, 3] x i32>)
  %random = effattn.random_blocks %c16, %c3, %c3 outside %same drawn(%drawn : !d)
  // CHECK: {heads = array<i64: 0, 2>}
  %a, %al = effattn.attend q(%q : !o) k(%q : !o) v(%q : !o) pattern(%in)
    {heads = array<i64: 0, 2>} -> !o, !l
  %b, %bl = effattn.attend q(%q : !o) k(%q : !o) v(%q : !o) pattern(%random)
    {heads = array<i64: 2, 4>} -> !o, !l
  // CHECK: effattn.by_heads [0, 2, 2, 4](%{{.*}}, %{{.*}}) lse(%{{.*}}, %{{.*}}) :
  %r, %rl = effattn.by_heads [0, 2, 2, 4] (%a, %b) lse (%al, %bl)
    : (!o, !o, !l, !l) -> (!o, !l)
  effattn.return %r : !o
}

// CHECK-LABEL: func.func private @boxes_of_residues
// CHECK-SAME: #effattn.tiling<order = grid, rows = 8, modulus = 1, shape = [2, 4], moduli = [3, 1], relation = -1, gathered = true,
func.func private @boxes_of_residues() attributes {t = #effattn.tiling<
  order = grid, rows = 8, modulus = 1, shape = [2, 4], moduli = [3, 1],
  relation = -1, gathered = true, column_block = 8, column_chunk = 384,
  cases = []>}

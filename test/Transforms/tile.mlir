// RUN: effattn-opt %s -effattn-stage-tile | FileCheck %s
// RUN: effattn-opt %s -effattn-stage-analyse \
// RUN:   '-effattn-tile=rows=8 column-block=4 column-chunk=64' \
// RUN:   '-effattn-verify-stage=stage=tile' | FileCheck %s --check-prefix=OWN
// RUN: effattn-opt %s -effattn-stage-analyse -effattn-tile=remarks 2>&1 \
// RUN:   >/dev/null | FileCheck %s --check-prefix=REMARK

!t = !effattn.tensor<[4, N, 8] x f32>
!l = !effattn.tensor<[4, N] x f32>
!n = !effattn.tensor<[N] x i32>

// A causal window stays as it is.
// CHECK-LABEL: effattn.kernel @window
// CHECK: %[[P:.*]] = effattn.window
// CHECK-NEXT: effattn.attend {{.*}} pattern(%[[P]])
// CHECK-SAME: tiling = #effattn.tiling<order = contiguous, rows = 16, modulus = 1, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = [#effattn.tile_case<
// CHECK-NOT: effattn.merge
// OWN-LABEL: effattn.kernel @window
// OWN: tiling = #effattn.tiling<order = contiguous, rows = 8, {{.*}} column_block = 4, column_chunk = 64,
// REMARK: tile.mlir:[[@LINE+7]]:{{[0-9]+}}: remark: tilings compared for 8192 x 8192 pairs
// REMARK-NEXT: taken: one band
effattn.kernel @window("q" %q: !t) -> (!t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c255 = arith.constant 255 : i64
  %p = effattn.window %c255, %c0, %c1
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Sparse Transformer, strided and merged: two bands, of contiguous rows and of
// residues, without the pairs that both have.
// CHECK-LABEL: effattn.kernel @strided
// CHECK-DAG: %[[C:.*]] = effattn.causal
// CHECK-DAG: %[[W:.*]] = effattn.window
// CHECK-DAG: %[[S:.*]] = effattn.stride
// CHECK-DAG: %[[A:.*]] = effattn.intersect %[[W]], %[[C]]
// CHECK-DAG: %[[B:.*]] = effattn.intersect %[[S]], %[[C]]
// CHECK: %[[REST:.*]] = effattn.difference %[[B]], %[[A]]
// CHECK: %[[O0:.*]], %[[L0:.*]] = effattn.attend {{.*}} pattern(%[[A]]) {{.*}}order = contiguous
// CHECK: %[[O1:.*]], %[[L1:.*]] = effattn.attend {{.*}} pattern(%[[REST]]) {{.*}}order = residues, rows = 16, modulus = 128
// CHECK: %[[O:.*]], %{{.*}} = effattn.merge(%[[O0]], %[[O1]]) lse(%[[L0]], %[[L1]])
// CHECK: effattn.return %[[O]]
// REMARK: remark: tilings compared for 4096 x 4096 pairs
// REMARK: tried: one band
// REMARK: taken: 2 bands
// REMARK-NEXT: window(127, 0) & causal
// REMARK-NEXT: contiguous, 16 rows: {{.*}} computed for {{.*}} visible
// REMARK-NEXT: stride(128) & causal - window(127, 0) & causal
// REMARK-NEXT: residues mod 128, 16 rows:
// REMARK-NEXT: rather than contiguous, 16 rows ({{[0-9.]+}}, cost {{[0-9]+}})
effattn.kernel @strided("q" %q: !t) -> (!t) dimensions ["N"]
    example {N = 4096 : i64} {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c127 = arith.constant 127 : i64
  %c128 = arith.constant 128 : i64
  %w = effattn.window %c127, %c0, %c1
  %s = effattn.stride %c128
  %c = effattn.causal
  %u = effattn.union %w, %s
  %p = effattn.intersect %u, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// The same, split by heads.
// CHECK-LABEL: effattn.kernel @by_heads
// CHECK-NOT: effattn.heads
// CHECK: effattn.attend {{.*}} heads = array<i64: 0, 2>, tiling = #effattn.tiling<order = contiguous
// CHECK: effattn.attend {{.*}} heads = array<i64: 2, 4>, tiling = #effattn.tiling<order = residues, rows = 16, modulus = 128
// CHECK: effattn.by_heads [0, 2, 2, 4](
// REMARK: remark: heads 0..2, tilings compared
// REMARK: remark: heads 2..4, tilings compared
effattn.kernel @by_heads("q" %q: !t) -> (!t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c127 = arith.constant 127 : i64
  %c128 = arith.constant 128 : i64
  %w = effattn.window %c127, %c0, %c1
  %s = effattn.stride %c128
  %c = effattn.causal
  %h = effattn.heads [0, 2, 2, 4] %w, %s
  %p = effattn.intersect %h, %c
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A union of a pattern with itself, once it is simple, is the pattern.
// CHECK-LABEL: effattn.kernel @twice
// CHECK: effattn.attend
// CHECK-NOT: effattn.attend
// CHECK: effattn.return
effattn.kernel @twice("q" %q: !t) -> (!t) dimensions ["N"] {
  %c4 = arith.constant 4 : i64
  %c64 = arith.constant 64 : i64
  %w = effattn.window %c64, %c64, %c4
  %w2 = effattn.window %c64, %c64, %c4
  %p = effattn.union %w, %w2
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A neighbourhood on a grid: rows of a tile form a box.
// CHECK-LABEL: effattn.kernel @neighbourhood
// CHECK: effattn.attend {{.*}} extents = ["Y", "X"]
// CHECK-SAME: order = grid, rows = 16, modulus = 1, shape = [4, 4],
effattn.kernel @neighbourhood("q" %q: !t) -> (!t) dimensions ["N", "Y", "X"] {
  %c6 = arith.constant 6 : i64
  %y = effattn.dimension "Y"
  %x = effattn.dimension "X"
  %p = effattn.on_grid (%y, %x) {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %iy = effattn.variable "i.y" : i64
    %jy = effattn.variable "j.y" : i64
    %ix = effattn.variable "i.x" : i64
    %jx = effattn.variable "j.x" : i64
    %dy = arith.subi %iy, %jy : i64
    %dx = arith.subi %ix, %jx : i64
    %ay = math.absi %dy : i64
    %ax = math.absi %dx : i64
    %ny = arith.cmpi sle, %ay, %c6 : i64
    %nx = arith.cmpi sle, %ax, %c6 : i64
    %near = arith.andi %ny, %nx : i1
    effattn.yield %near : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Its dilated form: a tile is a box of the rows of one residue class of y.
// CHECK-LABEL: effattn.kernel @dilated_neighbourhood
// CHECK: effattn.attend {{.*}} extents = ["Y", "X"]
// CHECK-SAME: order = grid, rows = 16, modulus = 1, shape = [4, 4], moduli = [2, 1],
// REMARK: 4 x 4 blocks of residues mod 2 x 1: {{.*}} computed for {{.*}} visible
// REMARK-NEXT: rather than {{.*}} blocks (
effattn.kernel @dilated_neighbourhood("q" %q: !t) -> (!t) dimensions ["N", "Y", "X"] {
  %c0 = arith.constant 0 : i64
  %c2 = arith.constant 2 : i64
  %c6 = arith.constant 6 : i64
  %c12 = arith.constant 12 : i64
  %y = effattn.dimension "Y"
  %x = effattn.dimension "X"
  %p = effattn.on_grid (%y, %x) {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %iy = effattn.variable "i.y" : i64
    %jy = effattn.variable "j.y" : i64
    %ix = effattn.variable "i.x" : i64
    %jx = effattn.variable "j.x" : i64
    %dy = arith.subi %iy, %jy : i64
    %dx = arith.subi %ix, %jx : i64
    %ay = math.absi %dy : i64
    %ax = math.absi %dx : i64
    %ny = arith.cmpi sle, %ay, %c12 : i64
    %nx = arith.cmpi sle, %ax, %c6 : i64
    %rest = effattn.mod %dy, %c2
    %on = arith.cmpi eq, %rest, %c0 : i64
    %near = arith.andi %ny, %nx : i1
    %all = arith.andi %near, %on : i1
    effattn.yield %all : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// What each side of an `or` sees is bounded, and cheap, by rows of its own.
// CHECK-LABEL: effattn.kernel @sides
// CHECK: effattn.attend {{.*}} tiling = #effattn.tiling<order = contiguous
// CHECK: effattn.attend {{.*}} tiling = #effattn.tiling<order = residues, rows = 16, modulus = 64
// CHECK: effattn.merge
effattn.kernel @sides("q" %q: !t) -> (!t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %c64 = arith.constant 64 : i64
  %p = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %d = arith.subi %i, %j : i64
    %past = arith.cmpi sge, %d, %c0 : i64
    %near = arith.cmpi slt, %d, %c64 : i64
    %m = effattn.mod %d, %c64
    %on = arith.cmpi eq, %m, %c0 : i64
    %either = arith.ori %near, %on : i1
    %both = arith.andi %past, %either : i1
    effattn.yield %both : i1
  }
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A window over tokens and blocks over ranks: a band each, in its own frame.
// What the window takes from the ranks is not what bounds them.
// CHECK-LABEL: effattn.kernel @orders
// CHECK: effattn.attend {{.*}} permuted = false, {{.*}} unbounded = ""
// CHECK: effattn.attend {{.*}} permuted = true, {{.*}} unbounded = ""
// CHECK: effattn.merge
effattn.kernel @orders("q" %q: !t, "t" %t: !n) -> (!t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c64 = arith.constant 64 : i64
  %w = effattn.window %c64, %c64, %c1
  %s = effattn.order sort table(%t : !n)
  %b = effattn.same_block %c64, %c0, %c0
  %r = effattn.in_order %s, %s, %b
  %p = effattn.union %w, %r
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// Rows sorted by their label; documents need not be contiguous.
// CHECK-LABEL: effattn.kernel @segments
// CHECK: relations = 1
// CHECK-SAME: order = by_label, rows = 16, modulus = 1, shape = [], relation = 0, gathered = {{.*}} cases = []>
effattn.kernel @segments("q" %q: !t, "t" %t: !n) -> (!t) dimensions ["N"] {
  %p = effattn.segments %t : !n
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// The best pairs of a row are those of its whole pattern: one band.
// CHECK-LABEL: effattn.kernel @top
// CHECK: effattn.attend
// CHECK-SAME: select_top = 4
// CHECK-NOT: effattn.attend
// CHECK: effattn.return
effattn.kernel @top("q" %q: !t) -> (!t) dimensions ["N"] {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c128 = arith.constant 128 : i64
  %w = effattn.window %c128, %c0, %c1
  %s = effattn.stride %c128
  %p = effattn.union %w, %s
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) {select_top = 4 : i64} -> !t, !l
  effattn.return %o : !t
}

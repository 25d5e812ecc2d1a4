// RUN: effattn-opt %s -effattn-stage-tile | FileCheck %s
// RUN: effattn-opt %s -effattn-analyse=tile-rows=8 \
// RUN:   '-effattn-tile=rows=8 column-block=4 column-chunk=64' \
// RUN:   '-effattn-verify-stage=stage=tile' | FileCheck %s --check-prefix=OWN

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
// CHECK-LABEL: effattn.kernel @attend
// CHECK: tiling = #effattn.tiling<order = contiguous, rows = 16, column_block = 8, column_chunk = 384>
// OWN: tiling = #effattn.tiling<order = contiguous, rows = 8, column_block = 4, column_chunk = 64>
effattn.kernel @attend("q" %q: !t) -> (!t) dimensions ["N"] {
  %p = effattn.causal
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

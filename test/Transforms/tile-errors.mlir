// RUN: effattn-opt %s -split-input-file -verify-diagnostics -effattn-tile
// RUN: not effattn-opt %s '-effattn-tile=column-chunk=100' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=CHUNK
// RUN: not effattn-opt %s '-effattn-verify-stage=stage=analyse' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=ANALYSE
// RUN: not effattn-opt %s '-effattn-verify-stage=stage=tile' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TILE
// RUN: not effattn-opt %s '-effattn-verify-stage=stage=lower' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STAGE

// RUN: not effattn-opt %s -effattn-analyse=tile-rows=16 -effattn-tile=rows=8 \
// RUN:   2>&1 | FileCheck %s --check-prefix=ROWS

// ROWS: error: 'effattn.attend' op has facts for tiles of 16 rows, but tiles of 8 are asked for
// CHUNK: error: expected a column chunk that is a multiple of 8, but got 100
// ANALYSE: error: 'effattn.attend' op has no facts after stage 'analyse'
// TILE: error: 'effattn.attend' op has no tiling after stage 'tile'
// STAGE: error: expected stage simplify, analyse or tile, but got 'lower'

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @attend("q" %q: !t) -> (!t) dimensions ["N"] {
  %p = effattn.causal
  // expected-error @+1 {{has no facts to tile by; expected stage 'analyse' to have run}}
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

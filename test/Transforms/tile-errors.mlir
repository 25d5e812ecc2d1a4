// RUN: effattn-opt %s -split-input-file -verify-diagnostics -effattn-tile
// RUN: not effattn-opt %s '-effattn-tile=column-chunk=100' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=CHUNK
// RUN: not effattn-opt %s '-effattn-verify-stage=stage=analyse' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=ANALYSE
// RUN: not effattn-opt %s '-effattn-verify-stage=stage=tile' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TILE
// RUN: not effattn-opt %s '-effattn-verify-stage=stage=lower' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STAGE

// CHUNK: error: expected a number of tile rows and a column chunk that is a multiple of the column block, but got 1 numbers, 100 and 8
// ANALYSE: error: 'effattn.attend' op has no facts after stage 'analyse'
// TILE: error: 'effattn.attend' op has no tiling after stage 'tile'
// STAGE: error: expected stage simplify, make-tables, analyse or tile, but got 'lower'

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @attend("q" %q: !t) -> (!t) dimensions ["N"] {
  %p = effattn.causal
  // expected-error @+1 {{has no facts to tile by; expected stage 'analyse' to have run}}
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

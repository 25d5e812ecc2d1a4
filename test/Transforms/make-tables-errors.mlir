// RUN: effattn-opt %s -split-input-file -verify-diagnostics -effattn-make-tables
// RUN: not effattn-opt %s -split-input-file '-effattn-verify-stage=stage=make-tables' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STAGE

// STAGE: error: 'effattn.random_blocks' op has no drawn blocks after stage 'make-tables'

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @size("q" %q: !t, "w" %w: i64) -> (!t) dimensions ["N"] {
  %c3 = arith.constant 3 : i64
  // expected-error @+1 {{expected a block size of random_blocks that is known when compiling; make it a `param` [S7]}}
  %p = effattn.random_blocks %w, %c3, %c3
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

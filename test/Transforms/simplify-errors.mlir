// The promise of stage simplify, on modules that break it.
// RUN: effattn-opt %s -split-input-file -verify-diagnostics \
// RUN:   '-effattn-verify-stage=stage=simplify'

effattn.kernel @unused() {
  // expected-error @+1 {{'effattn.causal' op is a pattern that nothing uses after stage 'simplify'}}
  %c = effattn.causal
  effattn.return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @constant("q" %q: !t) -> (!t) dimensions ["N"] {
  %c = effattn.causal
  %n = effattn.none
  // expected-error @+1 {{'effattn.union' op has the operand 'none' after stage 'simplify'}}
  %p = effattn.union %c, %n
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @complement("q" %q: !t) -> (!t) dimensions ["N"] {
  %c = effattn.causal
  %n = effattn.complement %c
  // expected-error @+1 {{'effattn.complement' op has a complement, 'all' or 'none' inside after stage 'simplify'}}
  %p = effattn.complement %n
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// A pattern that says `causal` over keys that read later tokens.
// RUN: effattn-opt %s -split-input-file -verify-diagnostics -effattn-causality

!t = !effattn.tensor<[N, 8] x f32>
!e = !effattn.tensor<[16, N] x f32>
!k = !effattn.tensor<[16, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @projected("q" %q: !t, "e" %e: !e) -> (!t) dimensions ["N"] {
  // expected-note @+1 {{the keys or values come from here}}
  %x = effattn.step "matmul"(%e, %q) : (!e, !t) -> !k
  // expected-error @+1 {{expected keys that read no token after their own, as the pattern says 'causal', but step 'matmul'}}
  %p = effattn.causal
  %o, %ol = effattn.attend q(%q : !t) k(%x : !k) v(%x : !k) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @ahead("q" %q: !t) -> (!t) dimensions ["N"] {
  // expected-note @+1 {{the keys or values come from here}}
  %x = effattn.step "shift"(%q) integers [-1] : (!t) -> !t
  // expected-error @+1 {{but step 'shift'}}
  %p = effattn.causal
  %o, %ol = effattn.attend q(%q : !t) k(%x : !t) v(%q : !t) pattern(%p) -> !t, !l
  effattn.return %o : !t
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
effattn.kernel @layers("q" %q: !t) -> (!t) dimensions ["N"] {
  %all = effattn.all
  // expected-note @+1 {{the keys or values come from here}}
  %o, %ol = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%all) -> !t, !l
  // expected-error @+1 {{as the pattern says 'causal', but attend (}}
  %p = effattn.causal
  %r, %rl = effattn.attend q(%q : !t) k(%o : !t) v(%o : !t) pattern(%p) -> !t, !l
  effattn.return %r : !t
}

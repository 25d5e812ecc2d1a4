// Each verifier of the dialect, with the rule that it cites.
// RUN: effattn-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{expected a dimension of the kernel, but got 'M'}}
effattn.kernel @unknown_size("x" %x: !effattn.tensor<[N, M] x f32>)
    dimensions ["N"] {
  effattn.return
}

// -----

// expected-error @+1 {{has two arguments 'x'}}
effattn.kernel @two_names("x" %x: i64, "x" %y: i64) {
  effattn.return
}

// -----

// expected-error @+1 {{has two dimensions "N"}}
effattn.kernel @two_dimensions() dimensions ["N", "N"] {
  effattn.return
}

// -----

// expected-error @+1 {{gives an example of 'K', which is not a dimension or an argument}}
effattn.kernel @example() dimensions ["N"] example {K = 4 : i64} {
  effattn.return
}

// -----

// expected-error @+1 {{expected 'ragged' to map an argument to an argument, but got "x" = "cu" [S6]}}
effattn.kernel @ragged("x" %x: !effattn.tensor<[T, 8] x f32>)
    dimensions ["T"] ragged {x = "cu"} {
  effattn.return
}

// -----

// expected-error @+1 {{expected arguments that are tensors, index sets, i64 or f32, but got 'f64'}}
effattn.kernel @argument_type("x" %x: f64) {
  effattn.return
}

// -----

// expected-note @+1 {{declared here}}
effattn.kernel @result_type("x" %x: !effattn.tensor<[N, 8] x f32>)
    -> (!effattn.tensor<[N, 9] x f32>) dimensions ["N"] {
  // expected-error @+1 {{expected result 0 of type '!effattn.tensor<[N, 9] x f32>', but got '!effattn.tensor<[N, 8] x f32>'}}
  effattn.return %x : !effattn.tensor<[N, 8] x f32>
}

// -----

// expected-note @+1 {{declared here}}
effattn.kernel @result_count("x" %x: !effattn.tensor<[N, 8] x f32>)
    -> (!effattn.tensor<[N, 8] x f32>) dimensions ["N"] {
  // expected-error @+1 {{expected 1 results, but got 0}}
  effattn.return
}

// -----

// expected-note @+1 {{kernel is here}}
effattn.kernel @dimension() dimensions ["N"] {
  // expected-error @+1 {{names 'M', which is not a dimension of the kernel}}
  %m = effattn.dimension "M"
  effattn.return
}

// -----

// expected-error @+1 {{expected elements of type f32, f16, bf16, i8, i32, i64 or i1, but got 'f64'}}
func.func private @element(!effattn.tensor<[N] x f64>)

// -----

// expected-error @+1 {{expected sizes of at least 0, but got -3}}
func.func private @negative_size(!effattn.tensor<[4 - 7] x f32>)

// -----

// expected-error @+1 {{size divides by a number that is not positive, overflows 64 bits or has too many terms}}
func.func private @division(!effattn.tensor<[N floordiv 0] x f32>)

// -----

// expected-error @+1 {{size divides by a number that is not positive, overflows 64 bits or has too many terms}}
func.func private @overflow(!effattn.tensor<[9223372036854775807 * N + N] x f32>)

// -----

// expected-error @+1 {{expected an index set of at least one axis}}
func.func private @set(!effattn.index_set<[] in N>)

// -----

func.func @window(%l: i64) {
  %c0 = arith.constant 0 : i64
  // expected-error @+1 {{expected a dilation of at least 1, but got 0 [S1]}}
  %w = effattn.window %l, %l, %c0
  return
}

// -----

func.func @stride() {
  %c = arith.constant -2 : i64
  // expected-error @+1 {{expected a stride of at least 1, but got -2 [S1]}}
  %w = effattn.stride %c
  return
}

// -----

func.func @same_block() {
  %c = arith.constant 0 : i64
  // expected-error @+1 {{expected a block size of at least 1, but got 0 [S1]}}
  %w = effattn.same_block %c, %c, %c
  return
}

// -----

func.func @segments(%t: !effattn.tensor<[N] x f32>) {
  // expected-error @+1 {{expected a table of integers, but got '!effattn.tensor<[N] x f32>' [S1]}}
  %w = effattn.segments %t : !effattn.tensor<[N] x f32>
  return
}

// -----

func.func @blocks(%t: !effattn.tensor<[N] x i1>, %s: i64) {
  // expected-error @+1 {{expected a table of 2 to 4 axes, but got 1 [S1]}}
  %w = effattn.blocks %t, %s : !effattn.tensor<[N] x i1>
  return
}

// -----

func.func @heads_gap() {
  %c = effattn.causal
  // expected-error @+1 {{expected range 1 to begin at head 4, but got 5 [S1]}}
  %w = effattn.heads [0, 4, 5, 8] %c, %c
  return
}

// -----

func.func @heads_count() {
  %c = effattn.causal
  // expected-error @+1 {{expected two bounds for each pattern, but got 3 bounds for 2 patterns [S1]}}
  %w = effattn.heads [0, 4, 5] %c, %c
  return
}

// -----

func.func @comprehension_arguments() {
  // expected-error @+1 {{expected a region with arguments b, h, i, j of type i64 [S1]}}
  %p = effattn.comprehension {
  ^bb0(%i: i64, %j: i64):
    %c = arith.cmpi sle, %i, %j : i64
    effattn.yield %c : i1
  }
  return
}

// -----

func.func @comprehension_result() {
  // expected-error @+1 {{expected the region to yield i1, but got 'i64' [S1]}}
  %p = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    // expected-note @+1 {{yielded here}}
    effattn.yield %i : i64
  }
  return
}

// -----

func.func @grid(%n: i64) {
  // expected-error @+1 {{expected a grid of 2 or 3 axes, but got 1}}
  %p = effattn.on_grid (%n) {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    %c = arith.cmpi sle, %i, %j : i64
    effattn.yield %c : i1
  }
  return
}

// -----

func.func @coordinate() {
  %p = effattn.comprehension {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    // expected-error @+1 {{expected 'i.y' inside effattn.on_grid only}}
    %y = effattn.variable "i.y" : i64
    %c = arith.cmpi sle, %y, %j : i64
    effattn.yield %c : i1
  }
  return
}

// -----

func.func @third_axis(%n: i64) {
  %p = effattn.on_grid (%n, %n) {
  ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
    // expected-error @+1 {{names a third axis, but the grid has 2}}
    %y = effattn.variable "j.z" : i64
    %c = arith.cmpi sle, %y, %j : i64
    effattn.yield %c : i1
  }
  return
}

// -----

func.func @scale() {
  // expected-error @+1 {{expected 'scale' inside a score only [S4]}}
  %s = effattn.variable "scale" : f64
  return
}

// -----

func.func @variable() {
  // expected-error @+1 {{expected N, M, q0, scale or a grid coordinate, but got 'k'}}
  %s = effattn.variable "k" : i64
  return
}

// -----

func.func @variable_type() {
  // expected-error @+1 {{expected type i64 for 'N', but got 'f64'}}
  %s = effattn.variable "N" : f64
  return
}

// -----

func.func @mod(%x: i64) {
  %c0 = arith.constant 0 : i64
  // expected-error @+1 {{expected a positive divisor, but got 0}}
  %s = effattn.mod %x, %c0
  return
}

// -----

func.func @lookup(%t: !effattn.tensor<[N, M] x f32>, %i: i64) {
  // expected-error @+1 {{expected 2 indices for a table of 2 axes, but got 3 [S8]}}
  %x = effattn.lookup %t[%i, %i, %i] : !effattn.tensor<[N, M] x f32> -> f64
  return
}

// -----

func.func @lookup_type(%t: !effattn.tensor<[N] x i32>, %i: i64) {
  // expected-error @+1 {{expected a result of type 'i64', but got 'f64'}}
  %x = effattn.lookup %t[%i] : !effattn.tensor<[N] x i32> -> f64
  return
}

// -----

func.func @exists(%n: i64) {
  // expected-note @+1 {{bound here before}}
  %x = effattn.exists "s$0" %n to %n {
  ^bb0(%s: i64):
    // expected-error @+1 {{binds the name 's$0' again}}
    %y = effattn.exists "s$0" %n to %n {
    ^bb0(%t: i64):
      %c = arith.cmpi sle, %s, %t : i64
      effattn.yield %c : i1
    }
    effattn.yield %y : i1
  }
  return
}

// -----

func.func @order(%t: !effattn.tensor<[N] x i32>) {
  // expected-error @+1 {{expected a table for the order 'sort'}}
  %o = effattn.order sort
  return
}

// -----

func.func @order_sizes(%n: i64) {
  // expected-error @+1 {{expected 4 sizes for the order 'block_raster', but got 2}}
  %o = effattn.order block_raster sizes(%n, %n)
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @no_keys(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected q and k, or logits in place of both}}
  %o, %lse = effattn.attend q(%q : !t) v(%q : !t) pattern(%p) -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!k = !effattn.tensor<[M, 9] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @channels(%q: !t, %k: !k, %p: !effattn.pattern) {
  // expected-error @+1 {{expected as many channels in k as in q, but got 9 and 8 [S1]}}
  %o, %lse = effattn.attend q(%q : !t) k(%k : !k) v(%k : !k) pattern(%p)
    -> !effattn.tensor<[N, 9] x f32>, !l
  return
}

// -----

!q = !effattn.tensor<[6, N, 8] x f32>
!k = !effattn.tensor<[4, M, 8] x f32>
!l = !effattn.tensor<[6, N] x f32>
func.func @key_heads(%q: !q, %k: !k, %p: !effattn.pattern) {
  // expected-error @+1 {{expected the heads of k to divide the 6 heads of q, but got 4 [S1]}}
  %o, %lse = effattn.attend q(%q : !q) k(%k : !k) v(%k : !k) pattern(%p)
    -> !q, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
func.func @lse(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected an LSE of type '!effattn.tensor<[N] x f32>', but got '!effattn.tensor<[N, 8] x f32>' [S3]}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    -> !t, !t
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @score(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected a score region over s of type f64 and b, h, i, j of type i64 that yields f64 [S4]}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    score {
    ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
      %c = arith.constant 0.0 : f64
      effattn.yield %c : f64
    } -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @select(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected to select at least 1 pair, but got 0}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {select_top = 0 : i64} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @tiling(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{has a tiling without facts}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {tiling = #effattn.tiling<order = contiguous, rows = 16, modulus = 1, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = [#effattn.tile_case<touch = "", full = "", partial = "">]>} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!u = !effattn.tensor<[N, 9] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @merge(%a: !t, %b: !u, %l: !l) {
  // expected-error @+1 {{expected part 1 of type '!effattn.tensor<[N, 8] x f32>', but got '!effattn.tensor<[N, 9] x f32>' [S5]}}
  %o, %lse = effattn.merge (%a, %b) lse (%l, %l) : (!t, !u, !l, !l) -> (!t, !l)
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
!s = !effattn.index_set<[G] in N>
func.func @rows(%a: !t, %l: !l, %s: !s) {
  // expected-error @+1 {{expected no LSE result where a part has none [S3]}}
  %o, %lse = effattn.rows %s then (%a lse %l) else (%a)
    : (!s, !t, !l, !t) -> (!t, !l)
  return
}

// -----

// expected-error @+1 {{expected the parameters to begin with N, M}}
#f = #effattn.facts<parameters = [<"M" is variable "M">], extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected 2 cases for its atoms, but got 1}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 1, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected 18 cases for its atoms, but got 1}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 1, query_atoms = 0, relations = 2, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected at most 6 atoms of a side and 2 relations, but got 4 + 3 and 0}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 4, query_atoms = 3, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected at most 6 atoms of a side and 2 relations, but got 0 + 0 and 3}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 3, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected a grid of 2 or 3 axes, but got 1}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [8 : i64], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected an extent that is a number or the name of a parameter, but got "Y"}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = ["Y", 8 : i64], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected cases that are sets as text}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [1 : i64]>

// -----

// expected-error @+1 {{a pattern is not both empty and dense}}
#f = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = true, dense = true, unbounded = "", cases = [""]>

// -----

// expected-error @+1 {{expected a column chunk that is a multiple of 8, but got 100}}
#t = #effattn.tiling<order = contiguous, rows = 16, modulus = 1, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 100, cases = []>

// -----

// expected-error @+1 {{expected a modulus of at least 1, and 1 for other orders than residues, but got 4}}
#t = #effattn.tiling<order = contiguous, rows = 16, modulus = 4, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected a shape of 2 or 3 extents for the order 'grid' and none for others, but got 2}}
#t = #effattn.tiling<order = contiguous, rows = 16, modulus = 1, shape = [4, 4], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected a shape of 2 or 3 extents for the order 'grid' and none for others, but got 0}}
#t = #effattn.tiling<order = grid, rows = 16, modulus = 1, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected a shape of 16 rows, but got 8}}
#t = #effattn.tiling<order = grid, rows = 16, modulus = 1, shape = [2, 4], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected a modulus for each extent of the shape, but got 1 for 2}}
#t = #effattn.tiling<order = grid, rows = 8, modulus = 1, shape = [2, 4], moduli = [2], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected a modulus for each extent of the shape, but got 2 for 0}}
#t = #effattn.tiling<order = contiguous, rows = 8, modulus = 1, shape = [], moduli = [2, 2], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected moduli of at least 1, but got 0}}
#t = #effattn.tiling<order = grid, rows = 8, modulus = 1, shape = [2, 4], moduli = [2, 0], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected the number of a relation for the order 'by_label' and -1 for others, but got -1}}
#t = #effattn.tiling<order = by_label, rows = 16, modulus = 1, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = []>

// -----

// expected-error @+1 {{expected no cases where columns are gathered}}
#t = #effattn.tiling<order = contiguous, rows = 16, modulus = 1, shape = [], relation = -1, gathered = true, column_block = 8, column_chunk = 384, cases = [#effattn.tile_case<touch = "", full = "", partial = "">]>

// -----

// expected-error @+1 {{expected cases that are effattn.tile_case}}
#t = #effattn.tiling<order = contiguous, rows = 16, modulus = 1, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = ["x"]>

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @tile_cases(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected 1 cases of tiles, as its facts have, but got 2}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {facts = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>,
     tiling = #effattn.tiling<order = contiguous, rows = 16, modulus = 1, shape = [], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = [#effattn.tile_case<touch = "", full = "", partial = "">, #effattn.tile_case<touch = "", full = "", partial = "">]>} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @tile_shape(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected tiles of 0 extents, as the grid has, but got 2}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {facts = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>,
     tiling = #effattn.tiling<order = grid, rows = 16, modulus = 1, shape = [4, 4], relation = -1, gathered = false, column_block = 8, column_chunk = 384, cases = [#effattn.tile_case<touch = "", full = "", partial = "">]>} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @tile_relation(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{sorts rows by relation 0, but its facts have 0}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {facts = #effattn.facts<parameters = [<"N" is variable "N">, <"M" is variable "M">], extents = [], moduli = [], key_atoms = 0, query_atoms = 0, relations = 0, permuted = false, opaque = false, hull = ["", ""], pair_causal = true, counterexample = "", count_exact = false, count = "", pieces = [], empty = false, dense = false, unbounded = "", cases = [""]>,
     tiling = #effattn.tiling<order = by_label, rows = 16, modulus = 1, shape = [], relation = 0, gathered = false, column_block = 8, column_chunk = 384, cases = []>} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @head_range(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected a range [low, high] of heads, but got array<i64: 3, 2>}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {heads = array<i64: 3, 2>} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @no_heads(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected a range within 1 heads, but got array<i64: 0, 2>}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {heads = array<i64: 0, 2>} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[4, N, 8] x f32>
!l = !effattn.tensor<[4, N] x f32>
func.func @heads(%q: !t, %p: !effattn.pattern) {
  // expected-error @+1 {{expected a range within 4 heads, but got array<i64: 2, 8>}}
  %o, %lse = effattn.attend q(%q : !t) k(%q : !t) v(%q : !t) pattern(%p)
    {heads = array<i64: 2, 8>} -> !t, !l
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @by_heads(%a: !t, %l: !l) {
  // expected-error @+1 {{expected range 1 to begin at head 2, but got 3 [S1]}}
  %o, %lse = effattn.by_heads [0, 2, 3, 4] (%a, %a) lse (%l, %l) : (!t, !t, !l, !l) -> (!t, !l)
  return
}

// -----

!t = !effattn.tensor<[N, 8] x f32>
!l = !effattn.tensor<[N] x f32>
func.func @by_heads_parts(%a: !t, %l: !l) {
  // expected-error @+1 {{expected two bounds for each part, but got 2 bounds for 2 parts [S1]}}
  %o, %lse = effattn.by_heads [0, 2] (%a, %a) lse (%l, %l) : (!t, !t, !l, !l) -> (!t, !l)
  return
}

// -----

!i = !effattn.tensor<[N] x i32>
!f = !effattn.tensor<[N] x f32>
func.func @order_tables(%t: !i) {
  // expected-error @+1 {{expected tables of i32, but got '!effattn.tensor<[N] x f32>' [S1]}}
  %a, %b = effattn.order_tables sort table(%t : !i) -> !i, !f
  return
}

// -----

!i = !effattn.tensor<[N] x f32>
!g = !effattn.index_set<[G] in N>
func.func @set_of_floats(%g: !g, %t: !i) {
  // expected-error @+1 {{expected a table of i32, the tokens of each rank, but got '!effattn.tensor<[N] x f32>' [S1]}}
  %s = effattn.set_tokens %g, %t : !g, !i -> !g
  return
}

// -----

!i = !effattn.tensor<[H, N] x i32>
!g = !effattn.index_set<[B, G] in N>
!r = !effattn.index_set<[H, G] in N>
func.func @set_axes(%g: !g, %t: !i) {
  // expected-error @+1 {{expected the result to be '!effattn.index_set<[B, H, G] in N>', but got '!effattn.index_set<[H, G] in N>' [S1]}}
  %s = effattn.set_tokens %g, %t set_by_batch : !g, !i -> !r
  return
}

// -----

!i = !effattn.tensor<[H, N] x i32>
!f = !effattn.tensor<[N] x i32>
func.func @order_axes(%t: !i, %s: !f) {
  // expected-error @+1 {{expected tables of 2 axes, but got '!effattn.tensor<[N] x i32>' [S1]}}
  %o = effattn.order sort table(%t : !i) tables(%s, %s : !f, !f)
  return
}

// -----

!d = !effattn.tensor<[4, N, 3] x i32>
func.func @draw_size() {
  // expected-error @+1 {{expected blocks of at least 1 token, but got 0 [S7]}}
  %d = effattn.draw_blocks size 0 count 3 seed 7 queries <N> keys <N> -> !d
  return
}

// -----

!d = !effattn.tensor<[N, 3] x i32>
func.func @draw_type() {
  // expected-error @+1 {{expected drawn blocks of type i32 with axes heads, query blocks, count, or batch before them, but got '!effattn.tensor<[N, 3] x i32>' [S7]}}
  %d = effattn.draw_blocks size 64 count 3 seed 7 queries <N> keys <N> -> !d
  return
}

// -----

!d = !effattn.tensor<[4, N, 3] x f32>
func.func @drawn(%d: !d, %n: i64) {
  // expected-error @+1 {{expected drawn blocks of type i32 with axes heads, query blocks, count, or batch before them, but got '!effattn.tensor<[4, N, 3] x f32>' [S7]}}
  %p = effattn.random_blocks %n, %n, %n drawn(%d : !d)
  return
}

// -----

func.func @by_batch(%t: !effattn.tensor<[N] x i32>) {
  // expected-error @+1 {{expected a table of two axes, the batch and the tokens, with 'by_batch'}}
  %o = effattn.order sort by_batch table(%t : !effattn.tensor<[N] x i32>)
  return
}

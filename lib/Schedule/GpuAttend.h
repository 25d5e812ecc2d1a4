//===- GpuAttend.h - attend on a device: one thread a query row -*- C++ -*-===//
//
// One block of threads computes one tile of query rows for one (head, batch);
// a thread owns a row and walks the columns of the tile. In natural logarithms,
// for one step of columns c with logits S (-inf for absent pairs):
//
//   m1     = max_c S[c]               P[c] = e^(S[c] - m1)
//   m'     = max(m, m1)               a = e^(m - m'),  a1 = e^(m1 - m')
//   sum'   = a sum + a1 sum_c P[c]
//   acc'   = a acc + a1 sum_c P[c] V[c]
//
// The state (a, a1, m, sum, acc) is one Func of `headSlots` + valueDim slots,
// so that all of it lives in registers; a Tuple would hold the scalars once a
// channel.
//
// The state starts at m = lowest, sum = acc = 0, or, where the attend
// continues, at m = LSE, sum = 1, acc = O.
//
// Look-ups that pairs inside the pattern make out of range set a slot of the
// row; the LSE of such a row is a mark that the runtime finds.
//
// Absent pairs. P is 0 there, but 0 times a NaN of V is NaN. Instead of
// selecting each product, an absent pair reads the V row of another column of
// the step that is present in the same row (P = 0 adds nothing, and a NaN in
// it is the row's anyway); a step with nothing present adds nothing at all.
// This costs a selection a pair, not one a pair and channel.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_GPUATTEND_H
#define EFFATTN_LIB_SCHEDULE_GPUATTEND_H

#include "lib/Schedule/ScalarToHalide.h"

#include "Halide.h"

#include <string>
#include <vector>

namespace effattn {

/// What device kernels are compiled with. Checks stay: they are how a failed
/// copy to the device is noticed.
Halide::Target deviceTarget(const std::string &halideTarget, bool uses64);

class GpuAttend {
public:
  GpuAttend(const AttendSpec &spec, const AttendNumbers &numbers);

  /// Applies the schedule; once, before compiling.
  void schedule();

  /// Inputs in order; the user context comes before them, output and lse after.
  std::vector<Halide::Argument> arguments() const;

  Halide::Func output{"output"}; ///< (channel, token, head, batch): O and LSE
  bool uses64 = false;           ///< an integer of 64 bits is computed

private:
  /// State before the channels of the accumulator.
  enum Slot { Decay, Share, Maximum, Sum, Missed, headSlots = 8 };
  /// Of a pair. A pair outside the pattern that misses a table is Outside.
  enum Verdict { Outside, Inside, OutOfRange };

  Halide::Expr word(Halide::Expr place) const;
  Halide::Expr element(const Halide::ImageParam &buffer,
                       Halide::Expr place) const;
  Halide::Expr rowOf(Halide::Expr row, Halide::Expr tile) const;
  Halide::Expr present(Halide::Expr column) const;
  void defineColumns();
  PairContext pairContext();
  void defineLogits();
  void defineStep();
  Halide::Expr startOf(const Halide::Expr &slot) const;
  void defineState();
  void defineOutput();

  const AttendSpec &spec;
  const AttendNumbers &numbers;

  Halide::ImageParam q, k, v, work, words;
  Halide::ImageParam oldOutput, oldLse; ///< the results, where it continues
  std::vector<Halide::ImageParam> tables;
  bool looksUp = false; ///< pairs inside the pattern may miss a table
  Halide::Param<int> tiles{"tiles"}, heads{"heads"}, batches{"batches"};

  Halide::Var channel{"channel"}, slot{"slot"}, column{"column"}, step{"step"},
      field{"field"}, row{"row"}, tile{"tile"}, head{"head"}, batch{"batch"},
      token{"token"};
  Halide::RDom depth, columns, state, owner;

  Halide::Func query{"query"}, block{"block"}, index{"index"}, sets{"sets"},
      key{"key"}, value{"value"}, product{"product"}, logit{"logit"},
      verdict{"verdict"}, stepMissed{"step_missed"}, old{"old"}, seen{"seen"},
      source{"source"}, stepMaximum{"step_maximum"}, probability{"probability"},
      stepSum{"step_sum"}, stepValue{"step_value"}, carried{"carried"};
};

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_GPUATTEND_H

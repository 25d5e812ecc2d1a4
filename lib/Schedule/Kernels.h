//===- Kernels.h - the Halide kernels of a program --------------*- C++ -*-===//
//
// In: specifications, one a kernel. Out: objects with `extern "C"` functions
// that take `void **` arguments as Halide's argv convention has it, without a
// runtime. Algorithms are apart from the numbers of a target (lib/Target).
// The lists of arguments, in order, are in docs/kernel-abi.md and mirrored by
// runtime/src/attend_*.c and runtime/src/step.c.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_KERNELS_H
#define EFFATTN_LIB_SCHEDULE_KERNELS_H

#include "lib/Frontend/Program.h"

#include <string>
#include <vector>

namespace effattn {

/// A table that a predicate or a score looks up.
struct TableSpec {
  ElementType element = ElementType::F32;
  int rank = 0;
  /// Leading axes that are the batch and the head (1 where the table has it).
  bool hasBatch = false, hasHead = false;
};

/// The tile kernel of one attend: rows x columns -> carried (acc, max, sum).
struct AttendSpec {
  std::string name;      ///< C identifier, unique in the program
  int headDim = 0;       ///< channels of q and k
  int valueDim = 0;      ///< channels of v
  int tileRows = 0;      ///< query rows of a tile; 0: those of the target
  ElementType element = ElementType::F32;
  /// Residual predicate over i, j, b, h, N, M, q0, dimensions, arguments,
  /// tables and set atoms; null where no partial column can exist but padding.
  ScalarRef predicate;
  ScalarRef score;       ///< over s too; null: the scaled logit itself
  int keySets = 0;       ///< KeyInSet(k) is bit k of a column's set bits
  int querySets = 0;     ///< QueryInSet(k) is bit k of a row's set bits
  std::vector<std::string> integers; ///< Int parameters: N, M, q0, then others
  std::vector<std::string> floats;   ///< Float parameters: scale, then f32 arguments
  std::vector<TableSpec> tables;     ///< Lookup(table = k) reads tables[k]
};

/// An elementwise or dense step.
struct StepSpec {
  std::string name; ///< C identifier
  std::string step; ///< row of the table of steps
  std::vector<TensorType> operands;
  TensorType result;
  std::vector<int64_t> integers;
  std::vector<double> reals;
};

/// Numbers of one instruction set or device for the attend kernel.
struct AttendNumbers {
  int tileRows = 16;      ///< query rows of a tile
  int registerRows = 16;  ///< rows of a register tile of the first product
  int columnUnroll = 8;   ///< columns of it
  int sums = 24;          ///< CPU: most vectors of sums of the second product
  int rowUnroll = 4;      ///< GPU: channels of the accumulator that go together
  int vectorWidth = 16;
  int columnChunk = 384;  ///< most columns of one call of the tile kernel
};

/// A code object: bytes of an ELF file and the symbols it defines.
struct KernelObject {
  std::vector<char> bytes;
  std::vector<std::string> symbols;
};

struct ScheduleFailure {
  std::string message; ///< empty: success
};

/// `halideTarget` is a Halide target string without `no_runtime`.
std::vector<KernelObject> compileAttendCpu(const AttendSpec &spec,
                                           const AttendNumbers &numbers,
                                           const std::string &halideTarget,
                                           ScheduleFailure *failure);
/// Channels that a thread can hold: multiples of 8 in between.
inline constexpr int gpuLeastChannels = 8, gpuMostChannels = 128;
std::vector<KernelObject> compileAttendGpu(const AttendSpec &spec,
                                           const AttendNumbers &numbers,
                                           const std::string &halideTarget,
                                           ScheduleFailure *failure);
KernelObject compileStep(const StepSpec &spec, bool gpu,
                         const std::string &halideTarget,
                         ScheduleFailure *failure);

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_KERNELS_H

//===- entry.cpp - what the comparison calls by name ----------------------===//
//
// The static runtime exports nothing; these three do.
//
//===----------------------------------------------------------------------===//

#include "bench/peak.h"

#include <effattn/effattn.h>

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int compareLaunch(const effattn_kernel *kernel,
                           const effattn_value *arguments,
                           DLTensor *const *results) {
  return effattn_launch_kernel(nullptr, kernel, arguments, results);
}

EXPORTED const char *compareMessage() { return effattn_message(); }

EXPORTED double comparePeak(bool wide) {
  return effattn::bench::measurePeak(wide);
}

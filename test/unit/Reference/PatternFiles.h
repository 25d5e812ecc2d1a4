//===- PatternFiles.h - pairs of a checked text, by the oracle --*- C++ -*-===//

#ifndef EFFATTN_TEST_UNIT_REFERENCE_PATTERNFILES_H
#define EFFATTN_TEST_UNIT_REFERENCE_PATTERNFILES_H

#include "lib/Reference/Reference.h"

#include <memory>
#include <string>

namespace effattn::test {

std::unique_ptr<Program>
programOf(const std::string &text,
          const std::map<std::string, std::string> &sets = {});
std::unique_ptr<Program>
programOfFile(const std::string &name,
              const std::map<std::string, std::string> &sets = {});

/// One attend of a kernel at given sizes.
class Pairs {
public:
  /// `tables`: arguments that a pattern looks up, by name.
  Pairs(const ProgramKernel &kernel, int attend,
        const std::map<std::string, int64_t> &sizes,
        const std::map<std::string, reference::Tensor> &tables = {});
  bool at(int64_t h, int64_t i, int64_t j, int64_t b = 0);

  int64_t queries = 0, keys = 0, heads = 1;
  reference::Environment environment;

private:
  std::map<int, reference::Tensor> tablesByValue;
  std::unique_ptr<reference::Membership> membership;
};

/// A kernel of self attention over f32[B, H, N, D] with more arguments.
std::string selfAttention(const std::string &pattern,
                          const std::string &arguments = "");

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_REFERENCE_PATTERNFILES_H

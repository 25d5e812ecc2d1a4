//===- Checked.h - a text through parser and checker ------------*- C++ -*-===//

#ifndef EFFATTN_TEST_UNIT_CHECK_CHECKED_H
#define EFFATTN_TEST_UNIT_CHECK_CHECKED_H

#include "lib/Frontend/Program.h"

#include <map>
#include <memory>
#include <string>

namespace effattn::test {

struct Checked {
  std::unique_ptr<Program> program; ///< null after an error
  std::string messages;
  int errors = 0;

  /// The listing of a program that must be there.
  std::string listing() const {
    return program ? toString(*program) : messages;
  }
  const ProgramKernel &kernel(size_t number = 0) const {
    return program->kernels.at(number);
  }
};

Checked checkText(const std::string &text,
                  const std::map<std::string, std::string> &sets = {});

/// A kernel of self attention that returns attend(q, k, v, `pattern`).
std::string attendText(const std::string &pattern,
                       const std::string &moreArguments = "");

/// The pattern of the last attend of the first kernel, as text.
std::string patternText(const Checked &checked);

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_CHECK_CHECKED_H

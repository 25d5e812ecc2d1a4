//===- Check.h - syntax tree to checked program -----------------*- C++ -*-===//
//
// Resolves names, folds `param`s, inlines `def`s and patterns, unrolls `merge`
// and `average` over rounds, gives every tensor a type and adds what a launch
// must check. What a later stage does not do yet is not refused here, steps
// without a signature apart.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_CHECK_H
#define EFFATTN_LIB_FRONTEND_CHECK_H

#include "lib/Frontend/AST.h"
#include "lib/Frontend/Diagnostics.h"
#include "lib/Frontend/Program.h"

#include <map>
#include <memory>
#include <string>

namespace effattn {

/// `sets`: values of params, `--set name=value`. Null after an error. The
/// program's `file` is left empty.
std::unique_ptr<Program> check(const ast::File &file,
                               const std::map<std::string, std::string> &sets,
                               DiagnosticEngine &diagnostics);

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_CHECK_H

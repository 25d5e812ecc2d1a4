//===- Output.cpp - writing files whole or not at all ---------------------===//

#include "lib/Driver/Output.h"

#include "llvm/Support/raw_ostream.h"

namespace effattn {

llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes) {
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &out) {
    out << bytes;
    out.flush();
    // The stream would end the process on an error that nobody took.
    auto &file = static_cast<llvm::raw_fd_ostream &>(out);
    std::error_code failure = file.error();
    file.clear_error();
    return failure ? llvm::createFileError(path, failure)
                   : llvm::Error::success();
  });
}

} // namespace effattn

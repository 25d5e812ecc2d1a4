//===- OutputTest.cpp - files are written whole or not at all -------------===//

#include "lib/Driver/Output.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace effattn {
namespace {

class Folder {
public:
  Folder() { llvm::sys::fs::createUniqueDirectory("effattn", path); }
  ~Folder() { llvm::sys::fs::remove_directories(path); }
  std::string file(const char *name) const { return (path + "/" + name).str(); }
  int entries() const {
    std::error_code code;
    int count = 0;
    for (llvm::sys::fs::directory_iterator entry(path, code), end;
         entry != end && !code; entry.increment(code))
      ++count;
    return count;
  }
  llvm::SmallString<128> path;
};

/// A disk that takes no more than `bytes` in one file.
class FullDisk {
public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old);
    rlimit small = old;
    small.rlim_cur = bytes;
    handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
  }

private:
  rlimit old;
  void (*handler)(int);
};

std::string read(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

TEST(Output, ReplacesAFile) {
  Folder folder;
  ASSERT_FALSE(bool(writeFile(folder.file("x"), "old")));
  ASSERT_FALSE(bool(writeFile(folder.file("x"), "new")));
  EXPECT_EQ(read(folder.file("x")), "new");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(Output, AFullDiskLeavesTheOldFileAndNothingElse) {
  Folder folder;
  ASSERT_FALSE(bool(writeFile(folder.file("x"), "old")));
  std::string message;
  {
    FullDisk disk(4096);
    message =
        llvm::toString(writeFile(folder.file("x"), std::string(100000, 'y')));
  }
  EXPECT_NE(message.find("File too large"), std::string::npos) << message;
  EXPECT_EQ(read(folder.file("x")), "old");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(Output, AMissingFolderIsAnError) {
  Folder folder;
  std::string message =
      llvm::toString(writeFile(folder.file("no/such/x"), "text"));
  EXPECT_NE(message.find("No such file or directory"), std::string::npos)
      << message;
}

} // namespace
} // namespace effattn

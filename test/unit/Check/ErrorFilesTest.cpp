//===- ErrorFilesTest.cpp - one user mistake, one message -----------------===//
//
// The files of test/errors say in their CHECK lines what must be printed; lit
// runs them through the tool. Here: no file is accepted, no mistake leads to a
// second message, and the message is the one that the file says.
//
//===----------------------------------------------------------------------===//

#include "test/unit/Check/Checked.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace effattn::test;

namespace {

std::string readFile(const std::filesystem::path &path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// `--set name=value` of the RUN line.
std::map<std::string, std::string> setsOf(const std::string &text) {
  size_t place = text.find("--set ");
  if (place == std::string::npos)
    return {};
  std::istringstream words(text.substr(place + 6));
  std::string set;
  words >> set;
  size_t equals = set.find('=');
  return {{set.substr(0, equals), set.substr(equals + 1)}};
}

/// `LINE:COLUMN: error: message` of the first CHECK line.
std::string expectedError(const std::string &text) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    size_t suffix = line.find(".attn:");
    if (!line.starts_with("// CHECK:") || suffix == std::string::npos)
      continue;
    line = line.substr(suffix + 6);
    for (const auto &[written, meant] :
         {std::pair<std::string, std::string>{"{{$}}", ""},
          {"{{[{][{]}}", "{{"},
          {"{{[[][[]}}", "[["}})
      for (size_t at; (at = line.find(written)) != std::string::npos;)
        line.replace(at, written.size(), meant);
    return line;
  }
  return "no CHECK line";
}

TEST(ErrorFiles, EachMistakeGivesItsMessageAndNoOther) {
  int files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(ERROR_FOLDER)) {
    if (entry.path().extension() != ".attn")
      continue;
    SCOPED_TRACE(entry.path().filename().string());
    std::string text = readFile(entry.path());
    Checked checked = checkText(text, setsOf(text));
    EXPECT_EQ(checked.program, nullptr);
    EXPECT_EQ(checked.errors, 1) << checked.messages;
    EXPECT_NE(checked.messages.find("test.attn:" + expectedError(text) + "\n"),
              std::string::npos)
        << checked.messages << "expected " << expectedError(text);
    ++files;
  }
  EXPECT_GE(files, 40);
}

} // namespace

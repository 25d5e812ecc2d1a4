//===- StepsDocumentedTest.cpp - the reference lists the table of steps ---===//
//
// docs/language.md says which steps there are and which have no signature yet.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Steps.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

using namespace effattn;

namespace {

/// The text between two phrases of the reference.
std::string section(const std::string &from, const std::string &to) {
  std::ifstream file(std::string(EFFATTN_SOURCE_DIR) + "/docs/language.md");
  std::ostringstream text;
  text << file.rdbuf();
  std::string all = text.str();
  size_t begin = all.find(from);
  if (begin == std::string::npos)
    return {};
  begin += from.size();
  return all.substr(begin, all.find(to, begin) - begin);
}

std::set<std::string> words(const std::string &text) {
  std::set<std::string> result;
  std::string word;
  for (char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
    } else if (!word.empty()) {
      result.insert(word);
      word.clear();
    }
  }
  return result;
}

TEST(StepsDocumented, StepsWithoutASignatureAreListedAsSuch) {
  std::set<std::string> expected;
  for (const Step &step : steps())
    if (!step.shape)
      expected.insert(step.spelling);
  EXPECT_EQ(words(section("without a signature yet: `", "`.")), expected);
}

TEST(StepsDocumented, StepsWithASignatureAreInTheTable) {
  std::string table = section("## Steps", "Recognised, without");
  ASSERT_FALSE(table.empty());
  std::set<std::string> listed = words(table);
  for (const Step &step : steps())
    if (step.shape && std::string_view(step.name) == step.spelling) {
      EXPECT_TRUE(listed.count(step.name)) << step.name;
    }
}

} // namespace

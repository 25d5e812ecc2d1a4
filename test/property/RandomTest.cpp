//===- RandomTest.cpp - grown patterns, planned, against every pair -------===//
//
// EFFATTN_PROPERTY_COUNT patterns (500) from seed EFFATTN_PROPERTY_SEED (1) on.
// The first EFFATTN_PROPERTY_PLANS (150) are compiled from their text to
// planner functions, loaded, and planned at some small sizes; of all, what the
// analysis says (columns of rows, counts, causality) is compared with every
// pair. A failure is made smaller and printed with the line that repeats it.
// EFFATTN_PROPERTY_REPORT names a file. Then the seeds go in chunks of
// EFFATTN_PROPERTY_CHUNK (500): after each one a line with its outcome is
// appended, and chunks that have a line without a wrong pattern are skipped, so
// that a run can be stopped and started again.
//
//===----------------------------------------------------------------------===//

#include "FactCheck.h"
#include "Grown.h"
#include "PlanCheck.h"

#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"

#include "llvm/Support/MemoryBuffer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace effattn::test {

namespace {

constexpr int worldsEach = 3;

struct Trial {
  Term pattern;
  std::vector<World> worlds;
  int64_t rows = 4;  ///< of a tile; 0: the pass chooses among several
  bool whole = true; ///< plans too, not the analysis alone
};

Trial grow(uint64_t seed) {
  Grower grower(seed);
  Trial trial;
  trial.pattern = grower.pattern();
  for (int k = 0; k < worldsEach; ++k)
    trial.worlds.push_back(grower.world());
  // A constant grid is one for all worlds.
  for (World &world : trial.worlds)
    if (kernelText(trial.pattern, world) !=
        kernelText(trial.pattern, trial.worlds[0]))
      world = trial.worlds[0];
  trial.rows = std::array{4, 8, 16, 0}[grower.pick(4)];
  return trial;
}

Strategy strategyOf(int64_t rows) {
  Strategy strategy;
  strategy.tileRows = {{rows, 1}};
  if (rows == 0)
    strategy.tileRows = {{4, 1}, {8, 0.9}, {16, 0.8}};
  // Small tiles have to be worth something at small sizes.
  strategy.tileCost = 8;
  strategy.bandRowCost = 1;
  return strategy;
}

enum class Outcome { Right, Refused, Wrong };

/// What the analysis says, without plans.
Outcome checkAnalysis(const Trial &trial, std::string &problem) {
  llvm::SourceMgr sources;
  unsigned buffer = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(
          kernelText(trial.pattern, trial.worlds[0]), "grown.attn"),
      llvm::SMLoc());
  DiagnosticEngine diagnostics(sources, buffer);
  auto file = parse(sources, buffer, diagnostics);
  std::unique_ptr<Program> program;
  if (!diagnostics.hasErrors())
    program = effattn::check(*file, {}, diagnostics);
  problem = diagnostics.toString();
  if (diagnostics.hasErrors())
    return Outcome::Refused;
  problem = checkFacts(program->kernels[0], trial.worlds[0].inputs());
  return problem.empty() ? Outcome::Right : Outcome::Wrong;
}

Outcome check(const Trial &trial, std::string &problem) {
  if (!trial.whole)
    return checkAnalysis(trial, problem);
  CompileOptions options;
  options.file = "grown.attn";
  options.isas = {"v3"};
  options.allowDense = true;
  options.strategy = strategyOf(trial.rows);
  problem.clear();
  auto probe =
      probeText(kernelText(trial.pattern, trial.worlds[0]), options, problem);
  if (!probe)
    return Outcome::Refused;
  problem.clear();
  for (const World &world : trial.worlds) {
    Meaning meaning(trial.pattern, world);
    problem = checkPlans(*probe, 0, world.inputs(), World::heads,
                         [&](int64_t h, int64_t i, int64_t j) {
                           return int(meaning.holds(h, i, j));
                         });
    if (!problem.empty()) {
      problem = fmt::format("N={} M={} Y={} X={} P={}: {}", world.N, world.M,
                            world.Y, world.X, world.P, problem);
      return Outcome::Wrong;
    }
  }
  problem = checkFacts(probe->program().kernels[0], trial.worlds[0].inputs());
  return problem.empty() ? Outcome::Right : Outcome::Wrong;
}

/// Less and less of a trial while it stays wrong.
Trial shrink(Trial failing, std::string &problem) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  auto fails = [&](const Trial &candidate) {
    std::string other;
    if (std::chrono::steady_clock::now() > deadline ||
        check(candidate, other) != Outcome::Wrong)
      return false;
    problem = other;
    return true;
  };
  auto once = [&]() {
    for (const World &world : failing.worlds)
      if (Trial one = {failing.pattern, {world}, failing.rows, failing.whole};
          failing.worlds.size() > 1 && fails(one)) {
        failing = one;
        return true;
      }
    for (const Term &term : smaller(failing.pattern))
      if (Trial one = {term, failing.worlds, failing.rows, failing.whole};
          sizeOf(term) < sizeOf(failing.pattern) && fails(one)) {
        failing = one;
        return true;
      }
    for (const World &world : smaller(failing.worlds[0]))
      if (Trial one = {failing.pattern, {world}, failing.rows, failing.whole};
          failing.worlds.size() == 1 && fails(one)) {
        failing = one;
        return true;
      }
    return false;
  };
  while (once())
    ;
  return failing;
}

int64_t setting(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoll(text) : otherwise;
}

/// What is being tried, for a crash.
char current[4096];

void tellAndDie(int signal) {
  ssize_t ignored = write(STDERR_FILENO, current, strlen(current));
  (void)ignored;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// The first error of diagnostics without its place and without quoted parts.
std::string kindOf(const std::string &diagnostics) {
  size_t begin = diagnostics.find("error: ");
  begin = begin == std::string::npos ? 0 : begin + 7;
  std::string line =
      diagnostics.substr(begin, diagnostics.find('\n', begin) - begin);
  std::string kind;
  bool quoted = false;
  for (char c : line) {
    if (c == '\'')
      quoted = !quoted;
    else if (!quoted && !std::isdigit(c))
      kind += c;
  }
  return kind.substr(0, 90);
}

struct Tally {
  int64_t first, count, plans, refused = 0, wrong = 0;
  double seconds = 0;

  /// How the line of these seeds begins.
  std::string seeds() const {
    return fmt::format("seeds {} to {}: {} patterns, {} of them planned at {} "
                       "sizes each; ",
                       first, first + count - 1, count, plans, worldsEach);
  }
};

/// Appends a line to the report and tells how far the run is.
void report(const char *path, const Tally &tally) {
  std::string line = fmt::format(
      "{:%Y-%m-%d}: {}{} refused with a message, {} wrong; {:.0f} s\n",
      std::chrono::system_clock::now(), tally.seeds(), tally.refused,
      tally.wrong, tally.seconds);
  fmt::print("{}", line);
  std::fflush(stdout);
  if (FILE *file = std::fopen(path, "a")) {
    std::fputs(line.c_str(), file);
    std::fclose(file);
  }
}

/// True where the report has these seeds with none wrong.
bool isReported(const char *path, const Tally &tally) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.find(": " + tally.seeds()) != std::string::npos &&
        line.find(", 0 wrong") != std::string::npos)
      return true;
  return false;
}

/// The seeds of one chunk. Stops at too many wrong ones.
class Runner {
public:
  explicit Runner(int64_t most) : most(most) {}
  int64_t refused = 0, wrong = 0;

  void run(Tally &tally) {
    auto start = std::chrono::steady_clock::now();
    for (int64_t k = 0; k < tally.count && wrong < most; ++k)
      one(tally.first + k, k < tally.plans, tally);
    tally.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
  }
  void printRefusals() const {
    for (const auto &[kind, times] : refusals)
      fmt::print("refused {} times: {}\n", times, kind);
  }

private:
  void one(int64_t seed, bool whole, Tally &tally) {
    Trial trial = grow(seed);
    trial.whole = whole;
    snprintf(current, sizeof current, "EFFATTN_PROPERTY_SEED=%lld: %s\n",
             static_cast<long long>(seed),
             toString(trial.pattern, trial.worlds[0]).c_str());
    std::string problem;
    Outcome outcome = check(trial, problem);
    if (outcome == Outcome::Refused) {
      ++refused;
      ++tally.refused;
      if (refusals[kindOf(problem)]++ == 0)
        fmt::print("first refusal: {}{}\n", current, problem);
    }
    if (outcome != Outcome::Wrong)
      return;
    ++wrong;
    ++tally.wrong;
    if (setting("EFFATTN_PROPERTY_SHRINK", 1))
      trial = shrink(trial, problem);
    ADD_FAILURE() << "EFFATTN_PROPERTY_SEED=" << seed
                  << " EFFATTN_PROPERTY_COUNT=1, " << trial.rows
                  << " rows: " << toString(trial.pattern, trial.worlds[0])
                  << ": " << problem;
  }

  std::map<std::string, int> refusals;
  int64_t most;
};

TEST(Random, PlansAgreeWithEveryPair) {
  int64_t count = setting("EFFATTN_PROPERTY_COUNT", 500);
  int64_t first = setting("EFFATTN_PROPERTY_SEED", 1);
  int64_t plans = setting("EFFATTN_PROPERTY_PLANS", 150);
  const char *path = std::getenv("EFFATTN_PROPERTY_REPORT");
  int64_t chunk = path ? setting("EFFATTN_PROPERTY_CHUNK", 500) : count;
  int64_t most = setting("EFFATTN_PROPERTY_MOST", 10);
  for (int signal : {SIGSEGV, SIGABRT, SIGFPE})
    std::signal(signal, tellAndDie);
  Runner runner(most);
  for (int64_t done = 0; done < count && runner.wrong < most; done += chunk) {
    int64_t size = std::min(chunk, count - done);
    Tally tally{first + done, size, std::clamp<int64_t>(plans - done, 0, size)};
    if (path && isReported(path, tally)) {
      fmt::print("in the report already: {}\n", tally.seeds());
      continue;
    }
    runner.run(tally);
    if (path)
      report(path, tally);
  }
  runner.printRefusals();
  EXPECT_LE(runner.refused, 5 + count / 10) << "too many are refused";
}

} // namespace

} // namespace effattn::test

//===- ShippedTest.cpp - shipped patterns, planned, against every pair ----===//
//
// Each file of patterns/, with its constants made small, at every number of
// queries and keys up to 17 that its conditions allow (grids: every shape of so
// many tokens), for tiles of 4 and 8 rows; 16 rows, and the choice among them,
// at a part of the sizes. What the oracle says of each pair is what the plans
// have to compute. EFFATTN_PROPERTY_FILE picks one file.
//
//===----------------------------------------------------------------------===//

#include "FactCheck.h"
#include "PlanCheck.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <set>
#include <sstream>

namespace effattn::test {

namespace {

constexpr int64_t most = 17;

//===----------------------------------------------------------------------===//
// Small constants
//===----------------------------------------------------------------------===//

using Settings = std::map<std::string, std::string>;

/// Values by name of the param, so that 17 tokens have several blocks and
/// windows; some files have constants that depend on each other.
Settings smallParams(const std::string &file, const std::string &text) {
  static const Settings usual = {
      {"D", "16"}, {"s", "3"},    {"l", "4"},     {"w", "3"},  {"wx", "3"},
      {"wy", "3"}, {"wz", "2"},   {"bh", "2"},    {"bw", "3"}, {"fh", "1"},
      {"fw", "2"}, {"f", "2"},    {"t", "2"},     {"c", "2"},  {"K", "8"},
      {"m", "4"},  {"left", "3"}, {"right", "1"}, {"R", "8"},  {"X", "3"},
      {"sy", "2"}, {"sx", "2"},   {"span", "5"}};
  static const std::map<std::string, Settings> own = {
      {"sparse_fixed_groups", {{"l", "8"}, {"s", "2"}}},
      {"overlapping_chunks", {{"s", "4"}, {"t", "2"}}},
      {"image_raster", {{"bh", "2"}, {"bw", "2"}}},
      // A step and a dilation on one axis.
      {"neighbourhood_2d_strided", {{"dy", "2"}}},
      // Their examples must fit the sizes.
      {"axial_image", {{"X", "4"}}},
      {"hierarchical_full", {{"s", "4"}}}};
  Settings settings;
  for (const auto &[name, value] : usual)
    if (text.find("param " + name + ":") != std::string::npos)
      settings[name] = value;
  if (auto found = own.find(file); found != own.end())
    for (const auto &[name, value] : found->second)
      settings[name] = value;
  return settings;
}

//===----------------------------------------------------------------------===//
// Sizes and tables
//===----------------------------------------------------------------------===//

void forEachPattern(const PatternRef &pattern,
                    const std::function<void(const Pattern &)> &visit) {
  visit(*pattern);
  for (const PatternRef &child : pattern->children)
    forEachPattern(child, visit);
}

/// Patterns of all attends of a kernel.
void forEachPattern(const ProgramKernel &kernel,
                    const std::function<void(const Pattern &)> &visit) {
  for (const ProgramValue &value : kernel.values)
    if (value.pattern)
      forEachPattern(value.pattern, visit);
}

int64_t headsOf(const ProgramKernel &kernel) {
  int64_t heads = 2;
  forEachPattern(kernel, [&](const Pattern &pattern) {
    if (pattern.kind == PatternKind::Heads)
      heads = pattern.scalars.back()->integer;
  });
  return heads;
}

reference::Environment environmentOf(const reference::Inputs &inputs) {
  reference::Environment environment;
  environment.dimensions = inputs.dimensions;
  environment.arguments = inputs.scalars;
  return environment;
}

int64_t sizeOf(const ScalarRef &size, const reference::Inputs &inputs) {
  reference::Environment environment = environmentOf(inputs);
  return static_cast<int64_t>(reference::evaluate(size, environment));
}

class Sizes {
public:
  Sizes(const ProgramKernel &kernel) : kernel(kernel) {}

  /// Calls `visit` for all dimensions and scalars that the kernel allows.
  void forEach(const std::function<void(reference::Inputs &)> &visit) {
    reference::Inputs inputs;
    for (const ProgramArgument &argument : kernel.arguments)
      if (argument.kind == ArgumentKind::Scalar)
        names.push_back(argument.name);
    scalars = names.size();
    names.insert(names.end(), kernel.dimensions.begin(),
                 kernel.dimensions.end());
    choose(0, inputs, visit);
  }

private:
  std::vector<int64_t> choices(const std::string &name) const {
    auto upTo = [](int64_t first, int64_t last) {
      std::vector<int64_t> values;
      for (int64_t value = first; value <= last; ++value)
        values.push_back(value);
      return values;
    };
    if (name == "N" || name == "M" || name == "T" || name == "S")
      return upTo(0, most);
    if (name == "Y" || name == "X")
      return upTo(1, 6);
    if (name == "Z")
      return upTo(1, 4);
    if (name == "B")
      return {1};
    if (name == "H" || name == "Hk")
      return {headsOf(kernel)};
    if (name == "G")
      return {0, 3};
    if (name == "P")
      return {0, 5};
    auto example = kernel.example.find(name);
    return {example == kernel.example.end()
                ? 3
                : std::min<int64_t>(example->second, 3)};
  }

  void choose(size_t next, reference::Inputs &inputs,
              const std::function<void(reference::Inputs &)> &visit) {
    if (next == names.size()) {
      if (allowed(inputs))
        visit(inputs);
      return;
    }
    for (int64_t value : choices(names[next])) {
      if (next < scalars)
        inputs.scalars[names[next]] = static_cast<double>(value);
      else
        inputs.dimensions[names[next]] = value;
      choose(next + 1, inputs, visit);
    }
  }

  bool allowed(const reference::Inputs &inputs) const {
    reference::Environment environment = environmentOf(inputs);
    for (const ProgramRequire &require : kernel.requires_)
      if (reference::evaluate(require.condition, environment) == 0)
        return false;
    for (const ProgramArgument &argument : kernel.arguments)
      if (argument.kind == ArgumentKind::IndexSet &&
          reference::shapeOf(argument.type, inputs.dimensions).back() >
              sizeOf(argument.bound, inputs))
        return false;
    for (const ProgramValue &value : kernel.values)
      if (value.pattern && !gridsFit(value, inputs))
        return false;
    return true;
  }

  static bool gridsFit(const ProgramValue &attend,
                       const reference::Inputs &inputs) {
    std::vector<int64_t> shape =
        reference::shapeOf(attend.types[0], inputs.dimensions);
    int64_t tokens = shape[shape.size() - 2];
    bool fit = true;
    auto test = [&](const std::vector<ScalarRef> &extents, size_t count) {
      int64_t product = 1;
      for (size_t k = 0; k < count; ++k)
        product *= sizeOf(extents[k], inputs);
      fit = fit && product == tokens;
    };
    forEachPattern(attend.pattern, [&](const Pattern &pattern) {
      if (pattern.kind == PatternKind::OnGrid)
        test(pattern.scalars, pattern.scalars.size());
      for (const Order &order : pattern.orders)
        if (order.kind == OrderKind::BlockRaster ||
            order.kind == OrderKind::ColumnMajor)
          test(order.scalars, 2);
    });
    return fit;
  }

  const ProgramKernel &kernel;
  std::vector<std::string> names;
  size_t scalars = 0;
};

/// Which arguments hold permutations.
std::set<int> permutations(const ProgramKernel &kernel) {
  std::set<int> values;
  forEachPattern(kernel, [&](const Pattern &pattern) {
    for (const Order &order : pattern.orders)
      if (order.kind == OrderKind::Given)
        values.insert(order.table);
  });
  return values;
}

/// How many tokens the argument cuts into sequences; -1: none.
int64_t cutTokens(const ProgramKernel &kernel, const std::string &name,
                  const reference::Inputs &inputs) {
  for (const ProgramArgument &argument : kernel.arguments)
    if (argument.type.offsets == name)
      return sizeOf(argument.type.shape[argument.type.tokenAxis], inputs);
  return -1;
}

void fillTables(const ProgramKernel &kernel, std::mt19937 &random,
                reference::Inputs &inputs) {
  std::set<int> ordering = permutations(kernel);
  bool sorted = random() % 2;
  for (size_t k = 0; k < kernel.arguments.size(); ++k) {
    const ProgramArgument &argument = kernel.arguments[k];
    if (argument.kind == ArgumentKind::Scalar ||
        argument.type.element == ElementType::F32)
      continue;
    reference::Tensor &tensor = inputs.tensors[argument.name];
    tensor.shape = reference::shapeOf(argument.type, inputs.dimensions);
    tensor.data.resize(tensor.size());
    if (int64_t tokens = cutTokens(kernel, argument.name, inputs);
        tokens >= 0) {
      // Sequence 0, which is looked at, has all tokens.
      std::fill(tensor.data.begin() + 1, tensor.data.end(), tokens);
      continue;
    }
    int64_t length = tensor.shape.empty() ? 1 : tensor.shape.back();
    for (int64_t first = 0; first < tensor.size(); first += length) {
      auto begin = tensor.data.begin() + first, end = begin + length;
      if (argument.kind == ArgumentKind::IndexSet || ordering.count(int(k))) {
        std::vector<double> members(argument.kind == ArgumentKind::IndexSet
                                        ? sizeOf(argument.bound, inputs)
                                        : length);
        std::iota(members.begin(), members.end(), 0);
        std::shuffle(members.begin(), members.end(), random);
        std::copy_n(members.begin(), length, begin);
        if (argument.kind == ArgumentKind::IndexSet)
          std::sort(begin, end);
        continue;
      }
      bool isBool = argument.type.element == ElementType::Bool;
      for (auto place = begin; place != end; ++place)
        *place = static_cast<double>(random() % (isBool ? 2 : 5));
      if (sorted && !isBool)
        std::sort(begin, end);
    }
  }
}

//===----------------------------------------------------------------------===//
// The oracle
//===----------------------------------------------------------------------===//

/// How often the softmaxes of a kernel count each pair.
class Oracle {
public:
  Oracle(const ProgramKernel &kernel, const reference::Inputs &inputs)
      : kernel(kernel), inputs(inputs) {
    std::vector<bool> isPart(kernel.values.size(), false);
    for (const ProgramValue &value : kernel.values)
      if (isTree(value) && value.op != TensorOp::Attend)
        for (int part : value.operands)
          isPart[part] = true;
    for (size_t k = 0; k < kernel.values.size(); ++k) {
      if (kernel.values[k].op == TensorOp::Attend)
        makeAttend(int(k));
      if (isTree(kernel.values[k]) && !isPart[k])
        roots.push_back(int(k));
    }
  }

  int count(int64_t h, int64_t i, int64_t j) {
    int sum = 0;
    for (int root : roots)
      sum += count(root, h, i, j);
    return sum;
  }

private:
  struct Attend {
    reference::Environment environment;
    std::unique_ptr<reference::Membership> membership;
    int64_t queries = 0, keys = 0;
  };

  static bool isTree(const ProgramValue &value) {
    return value.op == TensorOp::Attend || value.op == TensorOp::Merge ||
           value.op == TensorOp::Rows || value.op == TensorOp::Average;
  }

  const reference::Tensor &tensorOf(int number) const {
    const ProgramValue &value = kernel.values.at(number);
    return inputs.tensors.at(kernel.arguments.at(value.argument).name);
  }

  void makeAttend(int number) {
    const ProgramValue &value = kernel.values[number];
    Attend &attend = attends[number];
    attend.environment = environmentOf(inputs);
    auto tokens = [&](const TensorType &type) {
      std::vector<int64_t> shape = reference::shapeOf(type, inputs.dimensions);
      return shape[shape.size() - 2];
    };
    attend.queries = tokens(value.types[0]);
    attend.keys =
        tokens(kernel.values[value.operands[value.logits ? 0 : 1]].types[0]);
    auto &variables = attend.environment.variables;
    variables = {{"N", double(attend.queries)},
                 {"M", double(attend.keys)},
                 {"q0", double(attend.keys - attend.queries)},
                 {"b", 0},
                 {"h", 0},
                 {"i", 0},
                 {"j", 0}};
    if (value.q0)
      variables["q0"] = reference::evaluate(value.q0, attend.environment);
    attend.environment.table = [this](int table,
                                      const std::vector<int64_t> &indices) {
      const reference::Tensor &tensor = tensorOf(table);
      int64_t offset = 0;
      for (size_t axis = 0; axis < indices.size(); ++axis)
        offset =
            offset * tensor.shape[axis] +
            std::clamp<int64_t>(indices[axis], 0,
                                std::max<int64_t>(tensor.shape[axis] - 1, 0));
      return tensor.data.empty() ? 0 : tensor.data[offset];
    };
    attend.environment.inSet = [this, &variables](int set, int64_t index) {
      return inSet(set, index, int64_t(variables["h"]));
    };
    attend.membership = std::make_unique<reference::Membership>(
        value.pattern, attend.environment);
  }

  bool inSet(int set, int64_t index, int64_t head) const {
    const reference::Tensor &members = tensorOf(set);
    int64_t length = members.shape.back();
    auto begin =
        members.data.begin() + (members.shape.size() > 1 ? head * length : 0);
    return std::binary_search(begin, begin + length, double(index));
  }

  int count(int number, int64_t h, int64_t i, int64_t j) {
    const ProgramValue &value = kernel.values[number];
    if (value.op == TensorOp::Attend) {
      Attend &attend = attends.at(number);
      if (i >= attend.queries || j >= attend.keys)
        return 0;
      auto &variables = attend.environment.variables;
      variables["h"] = double(h);
      variables["i"] = double(i);
      variables["j"] = double(j);
      return attend.membership->holds();
    }
    if (value.op == TensorOp::Rows) {
      if (inSet(value.set, i, h))
        return count(value.operands[0], h, i, j);
      return value.hasElse ? count(value.operands[1], h, i, j) : 0;
    }
    int sum = 0;
    for (int part : value.operands)
      sum += count(part, h, i, j);
    return value.duplicatesOnce ? std::min(sum, 1) : sum;
  }

  const ProgramKernel &kernel;
  const reference::Inputs &inputs;
  std::map<int, Attend> attends;
  std::vector<int> roots;
};

//===----------------------------------------------------------------------===//

std::vector<std::string> shippedFiles() {
  std::vector<std::string> names;
  const char *only = std::getenv("EFFATTN_PROPERTY_FILE");
  for (const auto &entry :
       std::filesystem::directory_iterator(EFFATTN_PATTERNS))
    if (entry.path().extension() == ".attn" &&
        (!only || entry.path().stem() == only))
      names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

class Shipped : public testing::TestWithParam<std::string> {
protected:
  /// Every `step`-th of the sizes.
  void check(std::vector<TileRows> rows, int step) {
    std::ifstream file(std::string(EFFATTN_PATTERNS) + "/" + GetParam() +
                       ".attn");
    std::stringstream text;
    text << file.rdbuf();
    CompileOptions options;
    options.file = GetParam() + ".attn";
    options.isas = {"v3"};
    options.sets = smallParams(GetParam(), text.str());
    options.strategy.emplace();
    options.strategy->tileRows = std::move(rows);
    options.strategy->tileCost = 8;
    options.strategy->bandRowCost = 1;
    std::string problem;
    std::unique_ptr<PlanProbe> probe = probeText(text.str(), options, problem);
    ASSERT_TRUE(probe) << problem;
    std::mt19937 random(5);
    for (size_t k = 0; k < probe->program().kernels.size(); ++k)
      checkKernel(*probe, k, step, random);
  }

private:
  void checkKernel(PlanProbe &probe, size_t number, int step,
                   std::mt19937 &random) {
    const ProgramKernel &kernel = probe.program().kernels[number];
    int64_t tried = 0;
    bool factsChecked = false;
    std::string problem;
    Sizes(kernel).forEach([&](reference::Inputs &inputs) {
      if (tried++ % step || !problem.empty())
        return;
      fillTables(kernel, random, inputs);
      Oracle oracle(kernel, inputs);
      problem = checkPlans(probe, number, inputs, headsOf(kernel),
                           [&](int64_t h, int64_t i, int64_t j) {
                             return oracle.count(h, i, j);
                           });
      if (problem.empty() && !factsChecked && inputs.dimensions["N"] > 5) {
        factsChecked = true;
        problem = checkFacts(kernel, inputs);
      }
      if (problem.empty())
        return;
      for (const auto *values : {&inputs.dimensions})
        for (const auto &[name, value] : *values)
          problem += fmt::format(" {}={}", name, value);
      for (const auto &[name, value] : inputs.scalars)
        problem += fmt::format(" {}={}", name, value);
    });
    EXPECT_EQ(problem, "") << kernel.name;
    EXPECT_GT(tried, 0) << "no size is allowed";
  }
};

TEST_P(Shipped, TilesOf4) { check({{4, 1}}, 1); }
TEST_P(Shipped, TilesOf8) { check({{8, 1}}, 3); }
TEST_P(Shipped, TilesOf16) { check({{16, 1}}, 5); }
TEST_P(Shipped, TilesOfSome) { check({{4, 1}, {8, 0.9}, {16, 0.8}}, 3); }

INSTANTIATE_TEST_SUITE_P(Patterns, Shipped, testing::ValuesIn(shippedFiles()),
                         [](const auto &info) { return info.param; });

} // namespace

} // namespace effattn::test

//===- PatternFiles.cpp - pairs of a checked text, by the oracle ----------===//

#include "test/unit/Reference/PatternFiles.h"

#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace effattn::test {

std::unique_ptr<Program>
programOf(const std::string &text,
          const std::map<std::string, std::string> &sets) {
  llvm::SourceMgr sources;
  unsigned buffer = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, "test.attn"), {});
  DiagnosticEngine diagnostics(sources, buffer);
  auto file = parse(sources, buffer, diagnostics);
  auto program = check(*file, sets, diagnostics);
  if (!program)
    throw std::runtime_error(diagnostics.toString());
  return program;
}

std::unique_ptr<Program>
programOfFile(const std::string &name,
              const std::map<std::string, std::string> &sets) {
  std::ifstream in(std::string(PATTERN_FOLDER) + "/" + name + ".attn");
  std::ostringstream text;
  text << in.rdbuf();
  return programOf(text.str(), sets);
}

std::string selfAttention(const std::string &pattern,
                          const std::string &arguments) {
  return "kernel f(q: f32[B, H, N, D], k: f32[B, H, N, D], "
         "v: f32[B, H, N, D]" +
         arguments + ") -> f32[B, H, N, D] { return attend(q, k, v, " +
         pattern + ") }";
}

Pairs::Pairs(const ProgramKernel &kernel, int attend,
             const std::map<std::string, int64_t> &sizes,
             const std::map<std::string, reference::Tensor> &tables) {
  const ProgramValue *value = nullptr;
  int number = 0;
  for (size_t k = 0; k < kernel.values.size(); ++k) {
    const ProgramValue &one = kernel.values[k];
    if (one.op == TensorOp::Attend && number++ == attend)
      value = &one;
    if (one.op == TensorOp::Argument &&
        tables.count(kernel.arguments[one.argument].name))
      tablesByValue[static_cast<int>(k)] =
          tables.at(kernel.arguments[one.argument].name);
  }
  for (const std::string &name : kernel.dimensions)
    environment.dimensions[name] = sizes.count(name) ? sizes.at(name) : 1;
  for (const ProgramArgument &argument : kernel.arguments)
    if (argument.kind == ArgumentKind::Scalar)
      environment.arguments[argument.name] =
          sizes.count(argument.name) ? double(sizes.at(argument.name)) : 0;
  auto shape = [&](int operand) {
    return reference::shapeOf(
        kernel.values[value->operands[operand]].types[0],
        environment.dimensions);
  };
  queries = shape(0)[shape(0).size() - 2];
  keys = shape(1)[shape(1).size() - 2];
  heads = shape(0).size() > 2 ? shape(0)[shape(0).size() - 3] : 1;
  environment.variables = {{"N", double(queries)},
                           {"M", double(keys)},
                           {"q0", double(keys - queries)}};
  environment.table = [this](int table, const std::vector<int64_t> &indices) {
    const reference::Tensor &tensor = tablesByValue.at(table);
    int64_t place = 0;
    for (size_t axis = 0; axis < indices.size(); ++axis) {
      int64_t most = std::max<int64_t>(tensor.shape[axis] - 1, 0);
      if (indices[axis] < 0 || indices[axis] > most)
        environment.outOfRange = true;
      place = place * tensor.shape[axis] +
              std::clamp<int64_t>(indices[axis], 0, most);
    }
    return tensor.data.at(place);
  };
  environment.inSet = [this](int set, int64_t index) {
    const auto &data = tablesByValue.at(set).data;
    return std::find(data.begin(), data.end(), double(index)) != data.end();
  };
  membership =
      std::make_unique<reference::Membership>(value->pattern, environment);
}

bool Pairs::at(int64_t h, int64_t i, int64_t j, int64_t b) {
  environment.variables["h"] = double(h);
  environment.variables["b"] = double(b);
  environment.variables["i"] = double(i);
  environment.variables["j"] = double(j);
  return membership->holds();
}

} // namespace effattn::test

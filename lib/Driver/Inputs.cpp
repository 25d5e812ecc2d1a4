//===- Inputs.cpp - arguments from files, sizes and a seed ----------------===//

#include "lib/Driver/Inputs.h"

#include "lib/Driver/Random.h"
#include "lib/Driver/TableRoles.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

namespace effattn {

namespace {

llvm::Error failure(const std::string &message) {
  return llvm::createStringError(std::errc::invalid_argument, "%s",
                                 message.c_str());
}

using Dimensions = std::map<std::string, int64_t>;

/// Axes of the tensors in files that are plain names bind them.
llvm::Error bindFromFiles(const ProgramKernel &kernel,
                          const std::map<std::string, HostTensor> &files,
                          Dimensions &dimensions) {
  for (const ProgramArgument &argument : kernel.arguments) {
    auto file = files.find(argument.name);
    if (file == files.end())
      continue;
    const HostTensor &tensor = file->second;
    if (tensor.element != argument.type.element)
      return failure(
          fmt::format("input '{}': expected {} elements, but the file has {}",
                      argument.name, spelling(argument.type.element),
                      spelling(tensor.element)));
    if (tensor.shape.size() != argument.type.shape.size())
      return failure(fmt::format(
          "input '{}': expected {} axes, but the file has {} ([{}])",
          argument.name, argument.type.shape.size(), tensor.shape.size(),
          fmt::join(tensor.shape, ", ")));
    for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
      const ScalarRef &size = argument.type.shape[axis];
      if (size->kind == ScalarKind::Dimension)
        dimensions.try_emplace(size->name, tensor.shape[axis]);
      // Offsets of sequences have B + 1 entries.
      if (size->kind == ScalarKind::Add &&
          size->operands[0]->kind == ScalarKind::Dimension &&
          size->operands[1]->isConstant())
        dimensions.try_emplace(size->operands[0]->name,
                               tensor.shape[axis] - size->operands[1]->integer);
    }
  }
  return llvm::Error::success();
}

llvm::Expected<Dimensions>
bindDimensions(const ProgramKernel &kernel, const RunRequest &request,
               const std::map<std::string, HostTensor> &files) {
  Dimensions dimensions;
  for (const auto &[name, size] : request.sizes)
    dimensions[name] = size;
  if (auto error = bindFromFiles(kernel, files, dimensions))
    return error;
  std::vector<std::string> known = kernel.dimensions;
  for (const ProgramArgument &argument : kernel.arguments)
    if (argument.kind == ArgumentKind::Scalar)
      known.push_back(argument.name);
  std::vector<std::string> given;
  for (const auto &[name, size] : request.sizes)
    given.push_back(name);
  for (const auto &[name, value] : request.reals) {
    given.push_back(name);
    if (llvm::is_contained(kernel.dimensions, name))
      return failure(
          fmt::format("expected {}=integer, but got {}={}", name, name, value));
  }
  for (const std::string &name : given)
    if (!llvm::is_contained(known, name))
      return failure(fmt::format("kernel '{}' has no size '{}'; it has {}",
                                 kernel.name, name, fmt::join(known, ", ")));
  for (const std::string &name : kernel.dimensions) {
    if (auto example = kernel.example.find(name);
        example != kernel.example.end())
      dimensions.try_emplace(name, example->second);
    if (!dimensions.count(name))
      return failure(fmt::format("the size {0} has no value: give {0}=... or "
                                 "an `example` in the file",
                                 name));
    if (dimensions[name] < 0)
      return failure(fmt::format("expected the size {} to be 0 or more, but "
                                 "got {}",
                                 name, dimensions[name]));
  }
  return dimensions;
}

llvm::Error checkShape(const ProgramArgument &argument,
                       const std::vector<int64_t> &expected,
                       const HostTensor &tensor) {
  if (tensor.shape == expected)
    return llvm::Error::success();
  return failure(fmt::format("input '{}': expected shape [{}], but the file "
                             "has [{}]",
                             argument.name, fmt::join(expected, ", "),
                             fmt::join(tensor.shape, ", ")));
}

using Files = std::map<std::string, HostTensor>;

llvm::Expected<Files> readFiles(const ProgramKernel &kernel,
                                const RunRequest &request) {
  Files files;
  for (const auto &[name, path] : request.files) {
    if (llvm::none_of(kernel.arguments, [&](const ProgramArgument &argument) {
          return argument.name == name && argument.kind != ArgumentKind::Scalar;
        }))
      return failure(fmt::format("kernel '{}' has no tensor argument '{}'",
                                 kernel.name, name));
    auto tensor = readNpy(path);
    if (!tensor)
      return tensor.takeError();
    files.emplace(name, std::move(*tensor));
  }
  return files;
}

llvm::Expected<double> scalarValue(const ProgramKernel &kernel,
                                   const ProgramArgument &argument,
                                   const RunRequest &request,
                                   std::mt19937_64 &random) {
  if (auto real = request.reals.find(argument.name);
      real != request.reals.end())
    return real->second;
  auto given = request.sizes.find(argument.name);
  if (given != request.sizes.end())
    return static_cast<double>(given->second);
  auto example = kernel.example.find(argument.name);
  if (example != kernel.example.end())
    return static_cast<double>(example->second);
  if (argument.type.element == ElementType::F32)
    return std::normal_distribution<float>()(random);
  return failure(
      fmt::format("the scalar {0} has no value: give {0}=...", argument.name));
}

int64_t evaluate(const ScalarRef &length, const Dimensions &dimensions) {
  reference::Environment environment;
  environment.dimensions = dimensions;
  return static_cast<int64_t>(reference::evaluate(length, environment));
}

llvm::Error fillArgument(const ProgramArgument &argument, const TableRole &role,
                         const Dimensions &dimensions, bool unsorted,
                         std::mt19937_64 &random, HostTensor &tensor) {
  if (argument.kind != ArgumentKind::IndexSet) {
    int64_t bound = role.bound ? evaluate(role.bound, dimensions) : 0;
    fillTable(tensor, role.use, bound, unsorted, random);
    return llvm::Error::success();
  }
  int64_t bound = evaluate(argument.bound, dimensions);
  if (tensor.shape.back() > bound)
    return failure(fmt::format("index set '{}' has {} values, but there are "
                               "only {} to choose from",
                               argument.name, tensor.shape.back(), bound));
  fillIndexSet(tensor, bound, random);
  return llvm::Error::success();
}

/// The axis, from the right, along which a matrix argument is summed by a
/// product: 0 or 1; -1 where the argument is no factor of one. Only arguments
/// without heads, or slices of them, count: those are weights.
int summedAxis(const ProgramKernel &kernel, int argument) {
  auto isWeight = [&](int value) {
    const ProgramValue *one = &kernel.values[value];
    if (one->types.empty() || one->types[0].rank() != 2)
      return false;
    if (one->op == TensorOp::Step && one->step == "slice")
      one = &kernel.values[one->operands[0]];
    return one->op == TensorOp::Argument && one->argument == argument;
  };
  for (const ProgramValue &value : kernel.values) {
    if (value.op != TensorOp::Step || value.step != "matmul")
      continue;
    if (isWeight(value.operands[1]))
      return 1;
    if (isWeight(value.operands[0]))
      return 0;
  }
  return -1;
}

/// Products with weights keep the size of what they are of, as in a model.
void scaleWeights(HostTensor &tensor, int summed) {
  double scale =
      1 / std::sqrt(std::max<double>(1, tensor.shape.end()[-1 - summed]));
  for (int64_t place = 0; place < tensor.count(); ++place) {
    int64_t offset = tensor.offsetOf(place);
    tensor.set(offset, tensor.at(offset) * scale);
  }
}

} // namespace

llvm::Expected<HostInputs> makeInputs(const ProgramKernel &kernel,
                                      const RunRequest &request) {
  auto files = readFiles(kernel, request);
  if (!files)
    return files.takeError();
  auto dimensions = bindDimensions(kernel, request, *files);
  if (!dimensions)
    return dimensions.takeError();
  HostInputs inputs;
  inputs.dimensions = *dimensions;
  std::vector<TableRole> roles = tableRoles(kernel);
  for (size_t k = 0; k < kernel.arguments.size(); ++k) {
    const ProgramArgument &argument = kernel.arguments[k];
    // Each argument has numbers of its own: which others exist, or come from
    // files, does not change it.
    std::seed_seq words{request.seed, request.seed >> 32, uint64_t(k)};
    std::mt19937_64 random(words);
    inputs.scalars.push_back(0);
    HostTensor &tensor = inputs.arguments.emplace_back();
    if (argument.kind == ArgumentKind::Scalar) {
      auto value = scalarValue(kernel, argument, request, random);
      if (!value)
        return value.takeError();
      inputs.scalars.back() = *value;
      continue;
    }
    std::vector<int64_t> shape = reference::shapeOf(argument.type, *dimensions);
    if (auto file = files->find(argument.name); file != files->end()) {
      if (auto error = checkShape(argument, shape, file->second))
        return error;
      tensor = std::move(file->second);
      continue;
    }
    tensor.element = argument.type.element;
    tensor.shape = shape;
    if (request.tablesOnly && !roles[k].inPattern)
      continue;
    tensor.allocate(memoryOrder(shape.size(), request.layout));
    if (auto error = fillArgument(argument, roles[k], *dimensions,
                                  request.unsorted, random, tensor))
      return error;
    int summed = summedAxis(kernel, static_cast<int>(k));
    if (summed >= 0 && tensor.element == ElementType::F32)
      scaleWeights(tensor, summed);
  }
  return inputs;
}

reference::Inputs referenceInputs(const ProgramKernel &kernel,
                                  const HostInputs &tensors) {
  reference::Inputs inputs;
  inputs.dimensions = tensors.dimensions;
  for (size_t k = 0; k < kernel.arguments.size(); ++k) {
    const ProgramArgument &argument = kernel.arguments[k];
    if (argument.kind == ArgumentKind::Scalar) {
      inputs.scalars[argument.name] = tensors.scalars[k];
      continue;
    }
    const HostTensor &tensor = tensors.arguments[k];
    if (tensor.strides.empty() && !tensor.shape.empty())
      continue; // not made: no pattern reads it
    reference::Tensor &copy = inputs.tensors[argument.name];
    copy.shape = tensor.shape;
    copy.data.resize(static_cast<size_t>(tensor.count()));
    for (int64_t place = 0; place < tensor.count(); ++place)
      copy.data[place] = tensor.at(tensor.offsetOf(place));
  }
  return inputs;
}

bool splitAtEquals(const std::string &text, std::string &name,
                   std::string &value) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    return false;
  name = text.substr(0, equals);
  value = text.substr(equals + 1);
  return true;
}

bool readSizes(const std::vector<std::string> &texts, RunRequest &request,
               std::string &problem) {
  std::string name, value;
  for (const std::string &size : texts) {
    int64_t number;
    double real;
    if (!splitAtEquals(size, name, value) ||
        llvm::StringRef(value).getAsDouble(real)) {
      problem = fmt::format("expected name=number, but got '{}'", size);
      return false;
    }
    if (llvm::StringRef(value).getAsInteger(10, number))
      request.reals[name] = real;
    else
      request.sizes[name] = number;
  }
  return true;
}

bool readFileNames(const std::vector<std::string> &texts, RunRequest &request,
                   std::string &problem) {
  std::string name, value;
  for (const std::string &input : texts) {
    if (!splitAtEquals(input, name, value)) {
      problem =
          fmt::format("expected --input name=file.npy, but got '{}'", input);
      return false;
    }
    request.files[name] = value;
  }
  return true;
}

} // namespace effattn

//===- Npy.cpp - tensors of .npy files ------------------------------------===//

#include "lib/Driver/Npy.h"

#include "lib/Driver/Output.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <numeric>
#include <optional>

namespace effattn {

namespace {

struct NumpyType {
  ElementType element;
  const char *code;
};
constexpr NumpyType kTypes[] = {
    {ElementType::F32, "<f4"}, {ElementType::F16, "<f2"},
    {ElementType::I8, "|i1"},  {ElementType::I32, "<i4"},
    {ElementType::I64, "<i8"}, {ElementType::Bool, "|b1"}};

llvm::Error failure(const std::string &path, const std::string &reason) {
  return llvm::createStringError(std::errc::invalid_argument,
                                 fmt::format("{}: {}", path, reason).c_str());
}

/// What follows `'key':` in the header's dictionary.
llvm::StringRef field(llvm::StringRef header, llvm::StringRef key) {
  size_t place = header.find(("'" + key + "':").str());
  return place == llvm::StringRef::npos
             ? llvm::StringRef()
             : header.drop_front(place + key.size() + 3).ltrim();
}

std::optional<std::vector<int64_t>> parseShape(llvm::StringRef text) {
  if (!text.consume_front("("))
    return std::nullopt;
  std::vector<int64_t> shape;
  text = text.take_until([](char c) { return c == ')'; });
  llvm::SmallVector<llvm::StringRef, 8> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    int64_t length;
    if (part.trim().empty())
      continue;
    if (part.trim().getAsInteger(10, length) || length < 0)
      return std::nullopt;
    shape.push_back(length);
  }
  return shape;
}

/// Dense strides; `order` lists the axes from the slowest to the fastest.
void setStrides(HostTensor &tensor, const std::vector<int> &order) {
  tensor.strides.assign(tensor.shape.size(), 1);
  int64_t stride = 1;
  for (size_t k = order.size(); k-- > 0;) {
    tensor.strides[order[k]] = stride;
    stride *= tensor.shape[order[k]];
  }
}

std::vector<int> rowMajor(size_t rank) {
  std::vector<int> order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

/// Elements, or nothing where the product does not fit.
std::optional<int64_t> checkedCount(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t length : shape)
    if (__builtin_mul_overflow(count, length, &count))
      return std::nullopt;
  return count;
}

} // namespace

int64_t HostTensor::count() const { return checkedCount(shape).value_or(0); }

void HostTensor::allocate(const std::vector<int> &order) {
  setStrides(*this, order.empty() ? rowMajor(shape.size()) : order);
  bytes.assign(static_cast<size_t>(count() * sizeOf(element)), 0);
}

int64_t HostTensor::offsetOf(int64_t place) const {
  int64_t offset = 0;
  for (size_t axis = shape.size(); axis-- > 0;) {
    offset += place % shape[axis] * strides[axis];
    place /= shape[axis];
  }
  return offset;
}

double HostTensor::at(int64_t offset) const {
  const char *place = bytes.data() + offset * sizeOf(element);
  auto read = [&](auto value) {
    std::memcpy(&value, place, sizeof value);
    return static_cast<double>(value);
  };
  switch (element) {
  case ElementType::F32:
    return read(float());
  case ElementType::I32:
    return read(int32_t());
  case ElementType::I64:
    return read(int64_t());
  case ElementType::I8:
  case ElementType::Bool:
    return read(int8_t());
  case ElementType::F16:
  case ElementType::BF16:
    break;
  }
  return 0;
}

void HostTensor::set(int64_t offset, double value) {
  char *place = bytes.data() + offset * sizeOf(element);
  auto write = [&](auto converted) {
    std::memcpy(place, &converted, sizeof converted);
  };
  switch (element) {
  case ElementType::F32:
    return write(static_cast<float>(value));
  case ElementType::I32:
    return write(static_cast<int32_t>(value));
  case ElementType::I64:
    return write(static_cast<int64_t>(value));
  case ElementType::I8:
  case ElementType::Bool:
    return write(static_cast<int8_t>(value));
  case ElementType::F16:
  case ElementType::BF16:
    return;
  }
}

llvm::Expected<HostTensor> readNpy(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return llvm::createFileError(path, file.getError());
  llvm::StringRef bytes = (*file)->getBuffer();
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12)
    return failure(path, "expected a .npy file (numpy.save)");
  bool isLong = bytes[6] >= 2;
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, isLong ? 4 : 2);
  size_t start = (isLong ? 12 : 10) + static_cast<size_t>(length);
  if (start > bytes.size())
    return failure(path, "the header is cut off");
  llvm::StringRef header = bytes.slice(isLong ? 12 : 10, start);

  HostTensor tensor;
  llvm::StringRef code = field(header, "descr").ltrim('\'').take_front(3);
  const NumpyType *type =
      llvm::find_if(kTypes, [&](const NumpyType &t) { return code == t.code; });
  if (type == std::end(kTypes))
    return failure(path, fmt::format("expected float32, float16, int8, int32, "
                                     "int64 or bool elements, but got '{}'",
                                     code.str()));
  tensor.element = type->element;
  auto shape = parseShape(field(header, "shape"));
  if (!shape)
    return failure(path, "the header has no valid shape");
  tensor.shape = *shape;
  auto count = checkedCount(tensor.shape);
  if (!count || static_cast<uint64_t>(*count) * sizeOf(tensor.element) !=
                    bytes.size() - start)
    return failure(path, fmt::format("expected {} elements of {} bytes, but "
                                     "the file has {} bytes of data",
                                     count.value_or(-1), sizeOf(tensor.element),
                                     bytes.size() - start));
  std::vector<int> order = rowMajor(tensor.shape.size());
  if (field(header, "fortran_order").starts_with("True"))
    std::reverse(order.begin(), order.end());
  setStrides(tensor, order);
  tensor.bytes.assign(bytes.begin() + start, bytes.end());
  return tensor;
}

llvm::Error writeNpy(const std::string &path, const HostTensor &tensor) {
  const NumpyType *type = llvm::find_if(
      kTypes, [&](const NumpyType &t) { return t.element == tensor.element; });
  if (type == std::end(kTypes))
    return failure(path, "numpy has no type for bfloat16");
  std::string shape;
  for (int64_t length : tensor.shape)
    shape += fmt::format("{}, ", length);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                  type->code, shape);
  // Magic, version and length take 10 bytes; the data starts at a multiple
  // of 64, after a newline.
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (int64_t place = 0; place < tensor.count(); ++place) {
    const char *element =
        tensor.bytes.data() + tensor.offsetOf(place) * sizeOf(tensor.element);
    bytes.append(element, sizeOf(tensor.element));
  }
  return writeFile(path, bytes);
}

} // namespace effattn

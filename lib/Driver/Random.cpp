//===- Random.cpp - made-up arguments -------------------------------------===//

#include "lib/Driver/Random.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>

namespace effattn {

void fillIndexSet(HostTensor &tensor, int64_t bound, std::mt19937_64 &random) {
  int64_t length = tensor.shape.back();
  if (tensor.count() == 0)
    return;
  for (int64_t first = 0; first < tensor.count(); first += length) {
    // Floyd's sample of length - 1 distinct values of [1, bound).
    std::vector<int64_t> chosen = {0};
    for (int64_t top = bound - length + 1; top < bound; ++top) {
      int64_t value = std::uniform_int_distribution<int64_t>(
          1, std::max<int64_t>(top, 1))(random);
      bool taken = llvm::is_contained(chosen, value);
      chosen.push_back(taken ? top : value);
    }
    std::sort(chosen.begin(), chosen.end());
    for (int64_t k = 0; k < length; ++k)
      tensor.set(first + k, static_cast<double>(chosen[k]));
  }
}

namespace {

/// Floats normal, integers 0 to 3, bools either.
void fillPlain(HostTensor &tensor, std::mt19937_64 &random) {
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> small(0, 3), bit(0, 1);
  for (int64_t k = 0; k < tensor.count(); ++k) {
    if (tensor.element == ElementType::F32)
      tensor.set(k, normal(random));
    else
      tensor.set(k, tensor.element == ElementType::Bool ? bit(random)
                                                        : small(random));
  }
}

/// How many labels: about 64 tokens have one, and there are two at least.
int64_t labelCount(int64_t length) {
  return std::clamp<int64_t>(length / 64, 2, 1024);
}

/// Labels 0, 0, .., 1, 1, ..: runs of random lengths, none of them long.
std::vector<int64_t> labels(int64_t length, bool unsorted,
                            std::mt19937_64 &random) {
  int64_t count = labelCount(length);
  std::vector<int64_t> values(length);
  std::uniform_int_distribution<int64_t> any(0, count - 1);
  if (unsorted) {
    for (int64_t &value : values)
      value = any(random);
    return values;
  }
  std::vector<int64_t> cuts;
  std::uniform_int_distribution<int64_t> place(0, length);
  for (int64_t k = 1; k < count; ++k)
    cuts.push_back(place(random));
  std::sort(cuts.begin(), cuts.end());
  for (int64_t k = 0; k < length; ++k)
    values[k] = std::upper_bound(cuts.begin(), cuts.end(), k) - cuts.begin();
  return values;
}

/// 0 = offset 0 <= offset 1 <= ... <= bound. Of four sequences or more one is
/// empty and one is a single token; the others share the rest unevenly.
std::vector<int64_t> offsets(int64_t length, int64_t bound,
                             std::mt19937_64 &random) {
  const int64_t sequences = std::max<int64_t>(length - 1, 0);
  std::vector<int64_t> values(length, 0);
  if (sequences == 0)
    return values;
  int64_t empty = -1, single = -1;
  if (sequences >= 4 && bound > 0) {
    empty = static_cast<int64_t>(random() % static_cast<uint64_t>(sequences));
    single = (empty + 1 +
              static_cast<int64_t>(random() %
                                   static_cast<uint64_t>(sequences - 1))) %
             sequences;
  }
  const int64_t others = sequences - (empty < 0 ? 0 : 2);
  const int64_t tokens = bound - (empty < 0 ? 0 : 1);
  std::vector<int64_t> cuts = {0, tokens};
  std::uniform_int_distribution<int64_t> any(0, tokens);
  for (int64_t k = 1; k < others; ++k)
    cuts.push_back(any(random));
  std::sort(cuts.begin(), cuts.end());
  for (int64_t s = 0, other = 0; s < sequences; ++s) {
    int64_t size = s == empty ? 0 : s == single ? 1 : -1;
    if (size < 0) {
      size = cuts[other + 1] - cuts[other];
      ++other;
    }
    values[s + 1] = values[s] + size;
  }
  return values;
}

std::vector<int64_t> valuesOf(TableUse use, int64_t length, int64_t bound,
                              bool unsorted, std::mt19937_64 &random) {
  std::vector<int64_t> values(length);
  auto fill = [&](int64_t low, int64_t high) {
    std::uniform_int_distribution<int64_t> any(low, std::max(low, high));
    for (int64_t &value : values)
      value = any(random);
  };
  switch (use) {
  case TableUse::Permutation:
    std::iota(values.begin(), values.end(), 0);
    // Not std::shuffle: its result is up to the library.
    for (int64_t k = length - 1; k > 0; --k)
      std::swap(values[k], values[random() % static_cast<uint64_t>(k + 1)]);
    break;
  case TableUse::Labels:
    return labels(length, unsorted, random);
  case TableUse::SortKey:
    fill(0, labelCount(length) - 1);
    break;
  case TableUse::Offsets:
    return offsets(length, bound, random);
  default:
    fill(0, bound - 1);
    break;
  }
  return values;
}

/// A quarter of the bits, and those of the diagonal of the last two axes.
void fillBitmap(HostTensor &tensor, std::mt19937_64 &random) {
  size_t rank = tensor.shape.size();
  int64_t columns = rank >= 1 ? tensor.shape[rank - 1] : 1;
  int64_t rows = rank >= 2 ? tensor.shape[rank - 2] : 1;
  for (int64_t place = 0; place < tensor.count(); ++place) {
    int64_t column = place % columns, row = place / columns % rows;
    bool bit = random() % 4 == 0 || (rank >= 2 && row == column);
    tensor.set(tensor.offsetOf(place), bit);
  }
}

/// All but about one bit in 32: a mask hides few pairs.
void fillMask(HostTensor &tensor, std::mt19937_64 &random) {
  for (int64_t place = 0; place < tensor.count(); ++place)
    tensor.set(tensor.offsetOf(place), random() % 32 != 0);
}

} // namespace

void fillTable(HostTensor &tensor, TableUse use, int64_t bound, bool unsorted,
               std::mt19937_64 &random) {
  if (tensor.count() == 0)
    return;
  bool floats = tensor.element == ElementType::F32 ||
                tensor.element == ElementType::F16 ||
                tensor.element == ElementType::BF16;
  if (use == TableUse::Plain || floats)
    return fillPlain(tensor, random);
  if (use == TableUse::Mask && tensor.element == ElementType::Bool)
    return fillMask(tensor, random);
  if (use == TableUse::Bitmap || tensor.element == ElementType::Bool)
    return fillBitmap(tensor, random);
  int64_t length = tensor.shape.empty() ? 1 : tensor.shape.back();
  for (int64_t first = 0; first < tensor.count(); first += length) {
    std::vector<int64_t> values =
        valuesOf(use, length, bound, unsorted, random);
    for (int64_t k = 0; k < length; ++k)
      tensor.set(tensor.offsetOf(first + k), static_cast<double>(values[k]));
  }
}

std::vector<int> memoryOrder(size_t rank, const std::string &layout) {
  std::vector<int> order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (layout == "nhd" && rank >= 3)
    std::swap(order[rank - 2], order[rank - 3]);
  return order;
}

} // namespace effattn

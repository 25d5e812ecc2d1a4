//===- Space.cpp - the coordinates of pairs -------------------------------===//
#include "lib/Analysis/Space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace effattn {

std::vector<std::string> coordinateNames(size_t rank, char letter) {
  if (rank <= 1)
    return {std::string(1, letter)};
  std::vector<std::string> names;
  for (char axis : std::string("zyx").substr(3 - std::min<size_t>(rank, 3)))
    names.push_back({letter, axis});
  return names;
}

bool isLinear(const std::vector<ScalarRef> &extents) {
  for (size_t axis = 1; axis < extents.size(); ++axis)
    if (!extents[axis]->isConstant())
      return false;
  return true;
}

Space::Space(std::vector<ScalarRef> sizes)
    : extents(std::move(sizes)), rows(coordinateNames(extents.size(), 'i')),
      columns(coordinateNames(extents.size(), 'j')) {}

std::string Space::size(size_t axis) const {
  return extents[axis]->isConstant() ? std::to_string(extents[axis]->integer)
                                     : extents[axis]->name;
}

Space Space::axis(size_t number) const {
  Space part;
  part.extents = {extents[number]};
  part.rows = {rows[number]};
  part.columns = {columns[number]};
  part.isPart = true;
  return part;
}

static std::string bounds(const Space &space,
                          const std::vector<std::string> &names,
                          const char *flat) {
  std::vector<std::string> list;
  for (size_t axis = 0; axis < names.size(); ++axis)
    list.push_back(fmt::format("0 <= {} < {}", names[axis],
                               space.isGrid() ? space.size(axis) : flat));
  return fmt::format("{}", fmt::join(list, " and "));
}

std::string Space::rowBounds() const { return bounds(*this, rows, "N"); }
std::string Space::columnBounds() const { return bounds(*this, columns, "M"); }

std::string Space::sizes() const {
  std::string text = "N >= 1 and M >= 0";
  if (!isGrid())
    return text;
  int64_t inner = 1;
  for (size_t axis = 0; axis < rank(); ++axis) {
    text += fmt::format(" and {} >= 1", size(axis));
    if (axis > 0 && isLinear())
      inner *= extents[axis]->integer;
  }
  text += " and M = N";
  if (isLinear() && !isPart)
    text += fmt::format(" and N = {}*{}", inner, size(0));
  return text;
}

std::string Space::raw(const std::vector<std::string> &names) const {
  std::string text;
  for (size_t axis = 0; axis < names.size(); ++axis) {
    int64_t stride = 1;
    for (size_t inner = axis + 1; inner < names.size(); ++inner)
      stride *= extents[inner]->integer;
    text +=
        fmt::format("{}{}*{}", text.empty() ? "" : " + ", stride, names[axis]);
  }
  return text;
}

std::string Space::pairNames() const {
  return fmt::format("{}, {}", fmt::join(rows, ", "), fmt::join(columns, ", "));
}

ScalarRef Space::raw(const std::vector<ScalarRef> &coordinates) const {
  ScalarRef result = coordinates[0];
  for (size_t axis = 1; axis < coordinates.size(); ++axis)
    result = result * extents[axis] + coordinates[axis];
  return result;
}

namespace {

/// i, j and the constant of a linear expression in them.
struct Linear {
  int64_t i = 0, j = 0, one = 0;
};

std::optional<Linear> linear(const Scalar &node) {
  auto combine = [&](int64_t sign) -> std::optional<Linear> {
    auto a = linear(*node.operands[0]), b = linear(*node.operands[1]);
    if (!a || !b)
      return std::nullopt;
    return Linear{a->i + sign * b->i, a->j + sign * b->j,
                  a->one + sign * b->one};
  };
  constexpr int64_t large = int64_t(1) << 40;
  switch (node.kind) {
  case ScalarKind::Constant:
    if (node.integer > large || node.integer < -large)
      return std::nullopt;
    return Linear{0, 0, node.integer};
  case ScalarKind::Variable:
    if (node.name == "i")
      return Linear{1, 0, 0};
    if (node.name == "j")
      return Linear{0, 1, 0};
    return std::nullopt;
  case ScalarKind::Add:
    return combine(1);
  case ScalarKind::Sub:
    return combine(-1);
  case ScalarKind::Neg: {
    auto a = linear(*node.operands[0]);
    return a ? std::optional(Linear{-a->i, -a->j, -a->one}) : std::nullopt;
  }
  default:
    return std::nullopt;
  }
}

} // namespace

/// With left - right = s*(i - j) + c: i - j is compared with a constant, and
/// only where that is 0 (or 1 from below) is it a question of order.
std::optional<OrderTest> orderTest(const Scalar &node) {
  bool isEquality =
      node.kind == ScalarKind::Equal || node.kind == ScalarKind::NotEqual;
  if (!isEquality && node.kind != ScalarKind::Less &&
      node.kind != ScalarKind::LessEqual)
    return std::nullopt;
  if (node.operands[0]->type != ScalarType::Int)
    return std::nullopt;
  auto a = linear(*node.operands[0]), b = linear(*node.operands[1]);
  if (!a || !b)
    return std::nullopt;
  int64_t s = a->i - b->i, c = a->one - b->one;
  if (s != b->j - a->j || (s != 1 && s != -1))
    return std::nullopt;
  if (isEquality) {
    if (c != 0)
      return std::nullopt;
    bool equal = node.kind == ScalarKind::Equal;
    return OrderTest{!equal, equal, !equal};
  }
  // s*(i - j) <= limit
  int64_t limit = -c - (node.kind == ScalarKind::Less);
  if (limit != 0 && limit != -1)
    return std::nullopt;
  return OrderTest{s > 0, limit == 0, s < 0};
}

} // namespace effattn

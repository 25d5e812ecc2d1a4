//===- Product.cpp - patterns that are one condition for each axis --------===//
#include "lib/Analysis/Product.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace effattn {

namespace {

/// Whether a variable is the coordinate of a row or column on the axis.
bool isOfAxis(const Scalar &node, const Space &space, size_t axis) {
  return node.kind == ScalarKind::Variable && node.name.size() == 3 &&
         node.name[1] == '.' && node.name[2] == space.rows[axis][1];
}

/// The one axis that a condition reads; -1: none. Nothing where there are
/// several, or a raw index.
std::optional<int> axisOf(const ScalarRef &condition, const Space &space) {
  std::optional<int> axis = -1;
  walk(condition, [&](const Scalar &node) {
    if (node.kind != ScalarKind::Variable || !axis)
      return;
    if (node.name == "i" || node.name == "j")
      axis = std::nullopt;
    for (size_t k = 0; k < space.rank() && axis; ++k)
      if (isOfAxis(node, space, k)) {
        int own = static_cast<int>(k);
        axis = *axis < 0 || *axis == own ? std::optional(own) : std::nullopt;
      }
  });
  return axis;
}

bool collect(const ScalarRef &condition, const Space &space,
             std::vector<ScalarRef> &axes) {
  if (condition->kind == ScalarKind::And)
    return collect(condition->operands[0], space, axes) &&
           collect(condition->operands[1], space, axes);
  std::optional<int> axis = axisOf(condition, space);
  if (!axis)
    return false;
  // What holds for no axis in particular is a condition on any.
  ScalarRef &own = axes[*axis < 0 ? 0 : *axis];
  own = logicalAnd(own, condition);
  return true;
}

const char *const times = "} x [";
const char *const plus = "} | [";

std::vector<std::string> split(const std::string &text,
                               const std::string &separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t at; (at = text.find(separator, begin)) != std::string::npos;) {
    parts.push_back(text.substr(begin, at + 1 - begin));
    begin = at + separator.size() - 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

/// Iterators of an axis have a letter of their own: loops of several axes are
/// put into each other.
RunNestRef renamed(const RunNestRef &nest, char axis) {
  auto result = std::make_shared<RunNest>(*nest);
  for (RunNestRef &child : result->children)
    child = renamed(child, axis);
  if (nest->kind != RunNest::Kind::For)
    return result;
  result->iterator = fmt::format("{}_{}", nest->iterator, axis);
  for (RunNestRef &child : result->children)
    child = substitute(child, nest->iterator, variable(result->iterator));
  return result;
}

class Composer {
public:
  Composer(std::vector<RunNestRef> axes, const Space &space)
      : axes(std::move(axes)), space(space) {}

  RunNestRef run() { return visit(axes[0], 0, nullptr); }

private:
  /// `line` is the number of the line: the coordinates so far, row-major.
  ScalarRef position(const ScalarRef &line, const ScalarRef &own, size_t axis) {
    return line ? line * space.extents[axis] + own : own;
  }

  RunNestRef visit(const RunNestRef &nest, size_t axis, const ScalarRef &line) {
    if (nest->kind != RunNest::Kind::Run) {
      auto result = std::make_shared<RunNest>(*nest);
      for (RunNestRef &child : result->children)
        child = visit(child, axis, line);
      return nest->kind == RunNest::Kind::For ? joinRuns(result) : result;
    }
    if (axis + 1 == axes.size()) {
      auto result = std::make_shared<RunNest>(*nest);
      result->first = position(line, nest->first, axis);
      return result;
    }
    if (nest->count->isConstant(1))
      return visit(axes[axis + 1], axis + 1, position(line, nest->first, axis));
    auto loop = std::make_shared<RunNest>();
    loop->kind = RunNest::Kind::For;
    loop->iterator = fmt::format("l{}", lines++);
    loop->first = nest->first;
    loop->end = nest->first + nest->step * nest->count;
    loop->step = nest->step;
    loop->children.push_back(
        visit(axes[axis + 1], axis + 1,
              position(line, variable(loop->iterator), axis)));
    return joinRuns(loop);
  }

  std::vector<RunNestRef> axes;
  const Space &space;
  int lines = 0;
};

} // namespace

std::optional<std::vector<ScalarRef>> axisConditions(const ScalarRef &predicate,
                                                     const Space &space) {
  if (!space.isGrid())
    return std::nullopt;
  std::vector<ScalarRef> axes(space.rank(), constantBool(true));
  if (!collect(predicate, space, axes))
    return std::nullopt;
  return axes;
}

std::vector<std::vector<int64_t>> axisModuli(const ScalarRef &predicate,
                                             const Space &space) {
  std::vector<std::vector<int64_t>> result;
  for (size_t axis = 0; axis < space.rank() && space.isGrid(); ++axis) {
    std::set<int64_t> found;
    walk(predicate, [&](const Scalar &node) {
      bool reads = node.kind == ScalarKind::Mod &&
                   node.operands[1]->isConstant() &&
                   node.operands[1]->integer > 1 &&
                   contains(node.operands[0], [&](const Scalar &part) {
                     return isOfAxis(part, space, axis);
                   });
      if (reads)
        found.insert(node.operands[1]->integer);
    });
    result.emplace_back(found.begin(), found.end());
  }
  return result;
}

std::string joinTerms(const std::vector<Term> &terms) {
  std::vector<std::string> texts;
  for (const Term &term : terms)
    texts.push_back(fmt::format("{}", fmt::join(term, " x ")));
  return fmt::format("{}", fmt::join(texts, " | "));
}

std::optional<std::vector<Term>> splitTerms(const std::string &text) {
  if (text.find(times) == std::string::npos)
    return std::nullopt;
  std::vector<Term> terms;
  for (const std::string &term : split(text, plus))
    terms.push_back(split(term, times));
  return terms;
}

RunNestRef buildProduct(const IslContext &context,
                        const std::vector<Term> &terms, const LoopFrame &frame,
                        AnalysisFailure *failure) {
  auto block = std::make_shared<RunNest>();
  for (const Term &term : terms) {
    bool fits = term.size() == frame.space.rank();
    for (size_t axis = 0; axis < term.size() && fits; ++axis)
      fits = !axisFrame(frame, axis).coordinates.empty();
    if (!fits) {
      if (failure)
        *failure = {"", "expected a set for each axis of the grid", true};
      return nullptr;
    }
    std::vector<RunNestRef> axes;
    for (size_t axis = 0; axis < term.size(); ++axis) {
      RunNestRef nest =
          buildRuns(context, term[axis], axisFrame(frame, axis), failure);
      if (!nest)
        return nullptr;
      axes.push_back(renamed(nest, frame.space.rows[axis][1]));
    }
    block->children.push_back(Composer(std::move(axes), frame.space).run());
  }
  return block->children.size() == 1 ? block->children[0] : block;
}

} // namespace effattn

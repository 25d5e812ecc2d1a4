//===- CheckRagged.cpp - several sequences, one after the other -----------===//
//
// docs/language.md, S6. `ragged(cu)` says that entry s of the argument cu is
// where sequence s begins. All tensors that cu cuts have one axis of tokens,
// the same dimension T, and no other argument cuts T: what the analysis finds
// for N and M of any size then holds for each sequence. A value that is made
// of ragged tensors carries the name of cu in its type.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

namespace {

bool isFloating(ElementType type) {
  return type == ElementType::F32 || type == ElementType::F16 ||
         type == ElementType::BF16;
}

bool isOffsets(const ProgramArgument &argument) {
  return argument.kind == ArgumentKind::Tensor &&
         argument.type.element == ElementType::I32 && argument.type.rank() == 1;
}

/// The axis of the tokens where nothing else says it: channels are behind it
/// in tensors of floats, nothing is behind it in tables.
ScalarRef usualTokens(const TensorType &type) {
  bool hasChannels = isFloating(type.element) && type.rank() >= 2;
  return type.shape[type.rank() - (hasChannels ? 2 : 1)];
}

} // namespace

/// The argument that `ragged(...)` names: i32 with one axis, one entry more
/// than there are sequences. Null after an error, or one before.
const ProgramArgument *Checker::findOffsets(const ast::Type &type) {
  std::vector<std::string> names;
  const ProgramArgument *offsets = nullptr;
  for (const ProgramArgument &argument : kernel.arguments) {
    names.push_back(argument.name);
    if (argument.name == type.ragged.text)
      offsets = &argument;
  }
  if (!offsets) {
    error(type.ragged.range,
          fmt::format("expected an argument with the offsets of the sequences, "
                      "but there is no '{}'{}",
                      type.ragged.text, didYouMean(type.ragged.text, names)));
    return nullptr;
  }
  if (offsets->type.shape.empty() || !offsets->type.shape[0])
    return nullptr; // refused already
  if (isOffsets(*offsets))
    return offsets;
  error(type.ragged.range,
        fmt::format("expected offsets of type i32[B + 1], but '{}' is {}",
                    offsets->name, toString(offsets->type)));
  return nullptr;
}

/// Why this type has no tokens that are cut; empty where it has.
std::string Checker::raggedProblem(const TensorType &type,
                                   const ScalarRef &tokens,
                                   const std::string &offsets) const {
  if (tokens->kind != ScalarKind::Dimension)
    return fmt::format("expected the tokens that '{}' cuts to be a dimension "
                       "bound at launch, but got {}",
                       offsets, toString(tokens));
  int axes = 0, place = -1;
  for (int axis = 0; axis < type.rank(); ++axis)
    if (equivalent(type.shape[axis], tokens)) {
      ++axes;
      place = axis;
    }
  if (axes != 1)
    return fmt::format("expected one axis {}, the tokens that '{}' cuts, but "
                       "got {}",
                       toString(tokens), offsets, toString(type));
  if (place > 1)
    return fmt::format("expected at most heads before the tokens that '{}' "
                       "cuts, as sequences are in the place of batch entries, "
                       "but got {}",
                       offsets, toString(type));
  return {};
}

/// Marks all that `offsets` cuts. `cuts`: which argument cuts a dimension.
void Checker::cutTokens(const ast::Kernel &text, const ProgramArgument &offsets,
                        std::map<std::string, std::string> &cuts) {
  std::vector<size_t> cut;
  for (size_t k = 0; k < text.arguments.size(); ++k)
    if (text.arguments[k].type.ragged.text == offsets.name &&
        kernel.arguments[k].kind == ArgumentKind::Tensor &&
        kernel.arguments[k].type.rank() > 0)
      cut.push_back(k);
  // The tensor with most axes knows best.
  auto rankOf = [&](size_t k) {
    const TensorType &type = kernel.arguments[k].type;
    return isFloating(type.element) ? type.rank() : 0;
  };
  size_t best = cut[0];
  for (size_t k : cut)
    if (rankOf(k) > rankOf(best))
      best = k;
  const ScalarRef tokens = usualTokens(kernel.arguments[best].type);
  for (size_t k : cut) {
    TensorType &type = kernel.arguments[k].type;
    const ast::Type &spelt = text.arguments[k].type;
    std::string problem = raggedProblem(type, tokens, offsets.name);
    if (problem.empty()) {
      auto [other, isNew] = cuts.try_emplace(tokens->name, offsets.name);
      if (!isNew && other->second != offsets.name)
        problem = fmt::format("expected another dimension for the tokens that "
                              "'{}' cuts: '{}' cuts {} already",
                              offsets.name, other->second, tokens->name);
    }
    if (!problem.empty()) {
      error(spelt.range, std::move(problem));
      continue;
    }
    type.offsets = offsets.name;
    for (int axis = 0; axis < type.rank(); ++axis)
      if (equivalent(type.shape[axis], tokens))
        type.tokenAxis = axis;
    for (ProgramValue &value : kernel.values)
      if (value.op == TensorOp::Argument &&
          value.argument == static_cast<int>(k))
        value.types[0] = type;
  }
}

void Checker::checkRagged(const ast::Kernel &text) {
  std::vector<std::string> known;
  std::map<std::string, std::string> cuts;
  for (size_t k = 0; k < text.arguments.size(); ++k) {
    const ast::Type &type = text.arguments[k].type;
    if (type.ragged.empty())
      continue;
    const ProgramArgument *offsets = findOffsets(type);
    if (!offsets)
      continue;
    if (kernel.arguments[k].kind != ArgumentKind::Tensor) {
      error(type.range, "expected a tensor before 'ragged'");
      continue;
    }
    for (const ast::Argument &other : text.arguments)
      if (other.name.text == offsets->name && !other.type.ragged.empty()) {
        error(other.type.ragged.range, "expected offsets of sequences that are "
                                       "not ragged themselves");
        return;
      }
    if (std::find(known.begin(), known.end(), offsets->name) == known.end() &&
        kernel.arguments[k].type.rank() > 0) {
      known.push_back(offsets->name);
      cutTokens(text, *offsets, cuts);
    }
  }
}

ScalarRef Checker::sequencesOf(const std::string &offsets) const {
  for (const ProgramArgument &argument : kernel.arguments) {
    if (offsets.empty() || argument.name != offsets)
      continue;
    const ScalarRef &entries = argument.type.shape[0];
    bool isSum =
        entries->kind == ScalarKind::Add && entries->operands[1]->isConstant(1);
    return isSum ? entries->operands[0] : entries - constantInt(1);
  }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Attends
//===----------------------------------------------------------------------===//

/// The sequences of an attend: queries and keys are both ragged, or neither is.
bool Checker::raggedSizes(const Value &q, const Value &k, const Value &v,
                          const ast::Expr &expr, AttendSizes &sizes) {
  const TensorType &query = typeOf(q), &key = typeOf(k), &value = typeOf(v);
  if (key.offsets != value.offsets) {
    error(expr.operand(2).range,
          fmt::format("expected values of the same sequences as the keys, {}, "
                      "but got {}",
                      toString(key), toString(value)));
    return false;
  }
  if (query.isRagged() != key.isRagged()) {
    error(expr.operand(1).range,
          fmt::format("expected queries and keys that are both ragged, or "
                      "neither, but got {} and {}",
                      toString(query), toString(key)));
    return false;
  }
  if (!query.isRagged())
    return true;
  for (auto [type, place] :
       {std::pair(&query, 0), std::pair(&key, 1), std::pair(&value, 2)})
    if (type->tokenAxis != type->rank() - 2) {
      error(expr.operand(place).range,
            fmt::format("expected sequences along the tokens, the axis before "
                        "the last, but got {}",
                        toString(*type)));
      return false;
    }
  sizes.sequences = sequencesOf(query.offsets);
  sizes.queryOffsets = query.offsets;
  sizes.keyOffsets = key.offsets;
  return agree(sizes.sequences, sequencesOf(key.offsets), "sequences",
               "the queries", expr.operand(1).range);
}

/// True after an error.
bool Checker::refuseRagged(std::initializer_list<const Value *> values,
                           std::string_view what, ast::SourceRange range) {
  for (const Value *value : values)
    if (typeOf(*value).isRagged()) {
      error(range, fmt::format("{} over ragged tokens is not supported yet; "
                               "attend(q, k, v, P), merge and rows are",
                               what));
      return true;
    }
  return false;
}

/// A table with an entry a token has to be cut as the tokens are; others are
/// indexed by positions in a sequence.
bool Checker::tableFitsSequences(int table, const AttendSizes &sizes,
                                 ast::SourceRange range) {
  const TensorType &type = kernel.values[table].types[0];
  if (type.isRagged()) {
    if (type.offsets == sizes.queryOffsets || type.offsets == sizes.keyOffsets)
      return true;
    error(range, fmt::format("expected a table {}, as the attend is, but got "
                             "{}",
                             sizes.sequences
                                 ? fmt::format("ragged({})", sizes.queryOffsets)
                                 : "that is not ragged",
                             toString(type)));
    return false;
  }
  if (!sizes.sequences)
    return true;
  for (const ScalarRef &axis : type.shape)
    for (auto [tokens, offsets] : {std::pair(sizes.queries, sizes.queryOffsets),
                                   std::pair(sizes.keys, sizes.keyOffsets)})
      if (tokens && equivalent(axis, tokens)) {
        error(range, fmt::format("expected 'ragged({})' on a table with an "
                                 "entry for each of the {} tokens, but got "
                                 "{}; a table that is not ragged is indexed "
                                 "by positions in a sequence",
                                 offsets, toString(axis), toString(type)));
        return false;
      }
  return true;
}

/// In a pattern N and M are those of one sequence; the dimensions of the
/// arguments are not.
bool Checker::speaksOfSequences(const ScalarRef &scalar,
                                const AttendSizes &sizes,
                                ast::SourceRange range) {
  if (!sizes.sequences || !scalar)
    return true;
  std::string found;
  walk(scalar, [&](const Scalar &node) {
    if (node.kind == ScalarKind::Dimension &&
        (node.name == sizes.queries->name || node.name == sizes.keys->name))
      found = node.name;
  });
  if (found.empty())
    return true;
  error(range, fmt::format("expected N or M, the tokens of one sequence, but "
                           "got '{}', those of all of them",
                           found));
  return false;
}

bool Checker::speaksOfSequences(const Pattern &pattern,
                                const AttendSizes &sizes,
                                ast::SourceRange range) {
  if (!sizes.sequences)
    return true;
  const char *what = nullptr;
  if (pattern.kind == PatternKind::OnGrid)
    what = "a grid";
  if (pattern.kind == PatternKind::InOrder)
    what = "an order";
  if (pattern.kind == PatternKind::RandomBlocks)
    what = "random blocks";
  if (what) {
    error({pattern.offset, pattern.offset + 1},
          fmt::format("{} of ragged tokens: not supported yet, as each "
                      "sequence has its own size; patterns without grids, "
                      "orders and random blocks are",
                      what));
    return false;
  }
  bool ok = speaksOfSequences(pattern.predicate, sizes, range);
  for (const ScalarRef &scalar : pattern.scalars)
    ok = ok && speaksOfSequences(scalar, sizes, range);
  for (const PatternRef &child : pattern.children)
    ok = ok && speaksOfSequences(*child, sizes, range);
  return ok;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// The sequences of a step's result. Only steps that work on each token by
/// itself have one: others would mix tokens of neighbouring sequences.
bool Checker::raggedStep(const Step &step,
                         const std::vector<TensorType> &operands,
                         const std::vector<int64_t> &integers,
                         ast::SourceRange range,
                         const std::vector<ast::SourceRange> &places,
                         TensorType &result) {
  result.offsets.clear();
  result.tokenAxis = -1;
  auto first =
      std::find_if(operands.begin(), operands.end(),
                   [](const TensorType &type) { return type.isRagged(); });
  if (first == operands.end())
    return true;
  auto fromRight = [](const TensorType &type) {
    return type.rank() - 1 - type.tokenAxis;
  };
  int tokens = fromRight(*first);
  const ScalarRef size = first->shape[first->tokenAxis];
  bool isSlice = std::string_view(step.name) == "slice";
  bool isProduct = std::string_view(step.name) == "matmul";
  bool ofRows = std::string_view(step.name) == "softmax";
  bool keeps = step.reads == StepReads::Slot && !(ofRows && tokens == 0);
  if (isSlice)
    keeps = integers[0] != first->tokenAxis;
  if (isProduct)
    keeps = first == operands.begin() && tokens == 1 && !operands[1].isRagged();
  if (!keeps) {
    error(range, fmt::format("step '{}' of {} would mix tokens of different "
                             "sequences; over ragged tokens supported are "
                             "elementwise steps, softmax along channels and "
                             "matmul(x, w) by weights",
                             step.name, toString(*first)));
    return false;
  }
  for (size_t k = 0; k < operands.size() && !isSlice && !isProduct; ++k) {
    const TensorType &type = operands[k];
    bool hasTokens = type.rank() > tokens &&
                     !type.shape[type.rank() - 1 - tokens]->isConstant(1);
    if (type.isRagged()
            ? type.offsets == first->offsets && fromRight(type) == tokens
            : !hasTokens)
      continue;
    error(places[k], fmt::format("expected tokens of the same sequences, "
                                 "ragged({}), but got {}",
                                 first->offsets, toString(type)));
    return false;
  }
  result.offsets = first->offsets;
  result.tokenAxis = isSlice
                         ? first->tokenAxis - (integers[0] < first->tokenAxis)
                         : result.rank() - 1 - tokens;
  return true;
}

} // namespace effattn::checking

//===- Text.cpp - the text of grown patterns ------------------------------===//

#include "Grown.h"

#include <fmt/format.h>

namespace effattn::test {

namespace {

struct FormInfo {
  TermType type;
  /// $k: child k; #k: number k; @Y, @X: the grid of the world.
  const char *text;
};

const FormInfo &infoOf(Form form) {
  constexpr TermType P = TermType::Pattern, C = TermType::Condition,
                     I = TermType::Integer;
  static const std::map<Form, FormInfo> table = {
      {Form::All, {P, "all"}},
      {Form::None, {P, "none"}},
      {Form::Causal, {P, "causal"}},
      {Form::Window, {P, "window(#0, #1)"}},
      {Form::Dilated, {P, "window(#0, #1, dilation=#2)"}},
      {Form::WindowAt, {P, "window(P, #0)"}},
      {Form::Stride, {P, "stride(#0)"}},
      {Form::SameBlock, {P, "same_block(#0, back=#1, ahead=#2)"}},
      {Form::Prefix, {P, "prefix(#0)"}},
      {Form::PrefixAt, {P, "prefix(P)"}},
      {Form::Segments, {P, "segments(t)"}},
      {Form::SegmentsByHead, {P, "segments(u)"}},
      {Form::Blocks, {P, "blocks(bm, #0)"}},
      {Form::RandomBlocks, {P, "random_blocks(#0, #1, #2)"}},
      {Form::RandomOutside, {P, "random_blocks(#0, #1, #2, outside=$0)"}},
      {Form::Queries, {P, "queries(f)"}},
      {Form::Keys, {P, "keys(g)"}},
      {Form::KeysWhere, {P, "keys({ j : j mod #0 == #1 })"}},
      {Form::Comprehension, {P, "{ (i, j) : $0 }"}},
      {Form::HeadComprehension, {P, "{ (h, i, j) : $0 }"}},
      {Form::Grid, {P, "on grid(Y, X) { (i, j) : $0 }"}},
      {Form::ConstantGrid, {P, "on grid(@Y, @X) { (i, j) : $0 }"}},
      {Form::Sorted, {P, "in_order(sort(s), $0)"}},
      {Form::Permuted, {P, "in_order(pm, $0)"}},
      {Form::Raster, {P, "in_order(block_raster(Y, X, #0, #1), $0)"}},
      {Form::ColumnMajor, {P, "in_order(column_major(Y, X), $0)"}},
      {Form::Heads, {P, "heads(0..1: $0, 1..2: $1)"}},
      {Form::Union, {P, "($0 | $1)"}},
      {Form::Intersection, {P, "($0 & $1)"}},
      {Form::Difference, {P, "($0 - $1)"}},
      {Form::Complement, {P, "!$0"}},
      {Form::True, {C, "true"}},
      {Form::False, {C, "false"}},
      {Form::Compare, {C, "($0 ? $1)"}},
      {Form::Between, {C, "(#0 <= $0 < #1)"}},
      {Form::And, {C, "($0 and $1)"}},
      {Form::Or, {C, "($0 or $1)"}},
      {Form::Not, {C, "(not $0)"}},
      {Form::Exists, {C, "(exists x#0 in #1..#2 : $0)"}},
      {Form::IfCondition, {C, "(if $0 then $1 else $2)"}},
      {Form::LetCondition, {C, "(let x#0 = $0 ; $1)"}},
      {Form::InKeys, {C, "(j in g)"}},
      {Form::InQueries, {C, "(i in f)"}},
      {Form::EqualLabels, {C, "(t[i] == t[j])"}},
      {Form::LabelIs, {C, "(t[$0] == #0)"}},
      {Form::Bit, {C, "bm[$0, $1]"}},
      {Form::Constant, {I, "#0"}},
      {Form::I, {I, "i"}},
      {Form::J, {I, "j"}},
      {Form::SizeN, {I, "N"}},
      {Form::SizeM, {I, "M"}},
      {Form::ArgumentP, {I, "P"}},
      {Form::Bound, {I, "x#0"}},
      {Form::Add, {I, "($0 + $1)"}},
      {Form::Sub, {I, "($0 - $1)"}},
      {Form::Times, {I, "(#0 * $0)"}},
      {Form::Div, {I, "($0 div #0)"}},
      {Form::Mod, {I, "($0 mod #0)"}},
      {Form::Min, {I, "min($0, $1)"}},
      {Form::Max, {I, "max($0, $1)"}},
      {Form::Abs, {I, "abs($0)"}},
      {Form::IfInteger, {I, "(if $0 then $1 else $2)"}},
      {Form::Label, {I, "t[$0]"}},
      {Form::Start, {I, "st[$0]"}},
      {Form::End, {I, "en[$0]"}},
      {Form::Head, {I, "h"}},
      {Form::IY, {I, "i.y"}},
      {Form::IX, {I, "i.x"}},
      {Form::JY, {I, "j.y"}},
      {Form::JX, {I, "j.x"}},
  };
  return table.at(form);
}

const char *const comparisons[] = {"<", "<=", ">", ">=", "==", "!="};

/// Whether the text has `name` as a word.
bool mentions(const std::string &text, const std::string &name) {
  auto isWord = [](char c) { return std::isalnum(c) || c == '_'; };
  for (size_t at = text.find(name); at != std::string::npos;
       at = text.find(name, at + 1)) {
    bool begins = at == 0 || (!isWord(text[at - 1]) && text[at - 1] != '.');
    size_t end = at + name.size();
    if (begins && (end == text.size() || !isWord(text[end])))
      return true;
  }
  return false;
}

} // namespace

TermType typeOf(Form form) { return infoOf(form).type; }

std::string toString(const Term &term, const World &world) {
  std::string result;
  for (const char *c = infoOf(term.form).text; *c; ++c)
    switch (*c) {
    case '$':
      result += toString(term.kids.at(*++c - '0'), world);
      break;
    case '#':
      result += std::to_string(term.ints.at(*++c - '0'));
      break;
    case '@':
      result += std::to_string(*++c == 'Y' ? world.Y : world.X);
      break;
    case '?':
      result += comparisons[term.ints.at(0)];
      break;
    default:
      result += *c;
    }
  return result;
}

std::string kernelText(const Term &pattern, const World &world) {
  std::string text = toString(pattern, world);
  std::string arguments;
  const std::pair<const char *, std::string> tables[] = {
      {"P", "i64"},
      {"Y", "i64"},
      {"X", "i64"},
      {"t", fmt::format("i32[{}]", World::tableLength)},
      {"u", fmt::format("i32[{}, {}]", World::heads, World::tableLength)},
      {"st", fmt::format("i32[{}]", World::tableLength)},
      {"en", fmt::format("i32[{}]", World::tableLength)},
      {"s", "i32[N]"},
      {"pm", "i32[N]"},
      {"bm", fmt::format("bool[{0}, {0}]", World::blocks)},
      {"g", "index[G] in M"},
      {"f", "index[F] in N"}};
  for (const auto &[name, type] : tables)
    if (mentions(text, name))
      arguments += fmt::format(", {}: {}", name, type);
  return fmt::format(
      "kernel grown(q: f32[1, {0}, N, 16], k: f32[1, {0}, M, 16], "
      "v: f32[1, {0}, M, 16]{1}) -> f32[1, {0}, N, 16] {{\n"
      "  return attend(q, k, v, {2})\n}}\n",
      World::heads, arguments, text);
}

reference::Inputs World::inputs() const {
  reference::Inputs inputs;
  inputs.dimensions = {{"N", N},
                       {"M", M},
                       {"G", int64_t(keys.size())},
                       {"F", int64_t(queries.size())}};
  inputs.scalars = {{"P", double(P)}, {"Y", double(Y)}, {"X", double(X)}};
  auto add = [&](const char *name, std::vector<int64_t> shape,
                 const std::vector<int64_t> &values) {
    inputs.tensors[name] = {shape, {values.begin(), values.end()}};
  };
  add("t", {tableLength}, t);
  add("u", {heads, tableLength}, u);
  add("st", {tableLength}, st);
  add("en", {tableLength}, en);
  add("s", {N}, s);
  add("pm", {N}, pm);
  add("bm", {blocks, blocks}, bm);
  add("g", {int64_t(keys.size())}, keys);
  add("f", {int64_t(queries.size())}, queries);
  return inputs;
}

} // namespace effattn::test

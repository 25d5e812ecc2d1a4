//===- AstToRunNest.cpp - isl's syntax trees as run nests -----------------===//
//
// isl's tree lists each column by a statement S(column) under loops and
// conditions. The innermost loop over a column that is linear in the iterator,
// column = a * iterator + b, is a run:
//   for (c = lo; c < hi; c += inc) S(a*c + b)
//   -> first a*lo + b, step a*inc, count (hi - lo + inc - 1) div inc
// Any other statement is a run of one column. On a grid a statement has the
// coordinates of the column, S(y, x), and the column is X*y + x: its factor is
// the sum of those of the coordinates times their strides. A loop over runs
// that follow each other without a gap, such as whole lines, is one run.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Runs.h"

#include <cstring>
#include <map>

namespace effattn {

namespace {

/// Sizes are below 2^31 (the runtime checks them): with factors below 2^31 and
/// terms below 2^61, sums and products fit 64 bits.
constexpr int64_t largestFactor = int64_t(1) << 31;
constexpr int64_t largestTerm = int64_t(1) << 61;

std::shared_ptr<RunNest> makeNest(RunNest::Kind kind) {
  auto nest = std::make_shared<RunNest>();
  nest->kind = kind;
  return nest;
}

/// a where expression = a * name + (something without name); null where it is
/// not of this form.
ScalarRef coefficient(const ScalarRef &expression, const std::string &name) {
  const Scalar &node = *expression;
  auto of = [&](int k) { return coefficient(node.operands[k], name); };
  switch (node.kind) {
  case ScalarKind::Variable:
    return constantInt(node.name == name);
  case ScalarKind::Add:
  case ScalarKind::Sub: {
    ScalarRef a = of(0), b = of(1);
    return a && b ? binary(node.kind, a, b) : nullptr;
  }
  case ScalarKind::Neg: {
    ScalarRef a = of(0);
    return a ? unary(ScalarKind::Neg, a) : nullptr;
  }
  case ScalarKind::Mul: {
    ScalarRef a = of(0), b = of(1);
    if (a && b && b->isConstant(0))
      return a * node.operands[1];
    return a && b && a->isConstant(0) ? node.operands[0] * b : nullptr;
  }
  default:
    return usesVariable(expression, name) ? nullptr : constantInt(0);
  }
}

class Converter {
public:
  explicit Converter(const Space &space) : space(space) {}
  RunNestRef nest(isl_ast_node *tree);
  ScalarRef scalar(isl_ast_expr *expression);

private:
  RunNestRef block(isl_ast_node *tree);
  RunNestRef branch(isl_ast_node *tree);
  RunNestRef loop(isl_ast_node *tree);
  RunNestRef statement(isl_ast_node *tree);
  ScalarRef integer(isl_ast_expr *expression);
  ScalarRef operation(isl_ast_expr *expression);
  std::vector<ScalarRef> column(isl_ast_node *statement);
  RunNestRef runOf(const std::vector<ScalarRef> &column,
                   const std::string &iterator, const ScalarRef &lower,
                   const ScalarRef &step, const ScalarRef &count);

  const Space &space;
  /// Iterators of loops that run once.
  std::map<std::string, ScalarRef> fixed;
};

using Expr = Isl<isl_ast_expr>;
using Node = Isl<isl_ast_node>;

std::string nameOf(isl_ast_expr *expression) {
  Isl<isl_id> id(isl_ast_expr_get_id(expression));
  const char *name = id ? isl_id_get_name(id.get()) : nullptr;
  return name ? name : "";
}

ScalarRef Converter::scalar(isl_ast_expr *expression) {
  switch (isl_ast_expr_get_type(expression)) {
  case isl_ast_expr_int:
    return integer(expression);
  case isl_ast_expr_id: {
    std::string name = nameOf(expression);
    auto found = fixed.find(name);
    return found != fixed.end() ? found->second : variable(name);
  }
  case isl_ast_expr_op:
    return operation(expression);
  default:
    return nullptr;
  }
}

ScalarRef Converter::integer(isl_ast_expr *expression) {
  std::optional<int64_t> value =
      toInteger(IslVal(isl_ast_expr_get_val(expression)));
  if (!value || *value > largestTerm || *value < -largestTerm)
    return nullptr;
  return constantInt(*value);
}

bool factorFits(const ScalarRef &a) {
  return !a->isConstant() ||
         (a->integer < largestFactor && a->integer > -largestFactor);
}

ScalarRef Converter::operation(isl_ast_expr *expression) {
  isl_ast_expr_op_type op = isl_ast_expr_op_get_type(expression);
  std::vector<ScalarRef> args;
  int count = isl_ast_expr_op_get_n_arg(expression);
  for (int k = 0; k < count; ++k) {
    Expr arg(isl_ast_expr_op_get_arg(expression, k));
    args.push_back(scalar(arg.get()));
    if (!args.back())
      return nullptr;
  }
  auto fold = [&](ScalarKind kind) {
    ScalarRef result = args.at(0);
    for (size_t k = 1; k < args.size(); ++k)
      result = binary(kind, result, args[k]);
    return result;
  };
  switch (op) {
  case isl_ast_expr_op_and:
  case isl_ast_expr_op_and_then:
    return fold(ScalarKind::And);
  case isl_ast_expr_op_or:
  case isl_ast_expr_op_or_else:
    return fold(ScalarKind::Or);
  case isl_ast_expr_op_min:
    return fold(ScalarKind::Min);
  case isl_ast_expr_op_max:
    return fold(ScalarKind::Max);
  case isl_ast_expr_op_minus:
    return unary(ScalarKind::Neg, args[0]);
  case isl_ast_expr_op_add:
    return fold(ScalarKind::Add);
  case isl_ast_expr_op_sub:
    return fold(ScalarKind::Sub);
  case isl_ast_expr_op_mul:
    if (!factorFits(args[0]) || !factorFits(args[1]))
      return nullptr;
    return fold(ScalarKind::Mul);
  // Exact, of a dividend that is not negative, or rounding down: all floor.
  case isl_ast_expr_op_div:
  case isl_ast_expr_op_pdiv_q:
  case isl_ast_expr_op_fdiv_q:
    return fold(ScalarKind::FloorDiv);
  // Of a dividend that is not negative, or only compared with 0.
  case isl_ast_expr_op_pdiv_r:
  case isl_ast_expr_op_zdiv_r:
    return fold(ScalarKind::Mod);
  case isl_ast_expr_op_cond:
  case isl_ast_expr_op_select:
    return select(args[0], args[1], args[2]);
  case isl_ast_expr_op_eq:
    return equal(args[0], args[1]);
  case isl_ast_expr_op_le:
    return args[0] <= args[1];
  case isl_ast_expr_op_lt:
    return args[0] < args[1];
  case isl_ast_expr_op_ge:
    return args[1] <= args[0];
  case isl_ast_expr_op_gt:
    return args[1] < args[0];
  default:
    return nullptr;
  }
}

RunNestRef Converter::nest(isl_ast_node *tree) {
  switch (isl_ast_node_get_type(tree)) {
  case isl_ast_node_block:
    return block(tree);
  case isl_ast_node_if:
    return branch(tree);
  case isl_ast_node_for:
    return loop(tree);
  case isl_ast_node_user:
    return statement(tree);
  default:
    return nullptr;
  }
}

RunNestRef Converter::block(isl_ast_node *tree) {
  Isl<isl_ast_node_list> list(isl_ast_node_block_get_children(tree));
  auto result = makeNest(RunNest::Kind::Block);
  int count = isl_ast_node_list_n_ast_node(list.get());
  for (int k = 0; k < count; ++k) {
    Node child(isl_ast_node_list_get_ast_node(list.get(), k));
    RunNestRef converted = nest(child.get());
    if (!converted)
      return nullptr;
    result->children.push_back(std::move(converted));
  }
  return result;
}

RunNestRef Converter::branch(isl_ast_node *tree) {
  Expr condition(isl_ast_node_if_get_cond(tree));
  Node then(isl_ast_node_if_get_then_node(tree));
  auto result = makeNest(RunNest::Kind::If);
  result->condition = scalar(condition.get());
  result->children.push_back(nest(then.get()));
  if (isl_ast_node_if_has_else_node(tree) == isl_bool_true) {
    Node otherwise(isl_ast_node_if_get_else_node(tree));
    result->children.push_back(nest(otherwise.get()));
  }
  if (!result->condition)
    return nullptr;
  for (const RunNestRef &child : result->children)
    if (!child)
      return nullptr;
  if (result->condition->isConstant(1))
    return result->children[0];
  return result;
}

RunNestRef Converter::loop(isl_ast_node *tree) {
  Expr iterator(isl_ast_node_for_get_iterator(tree));
  Expr first(isl_ast_node_for_get_init(tree));
  Node body(isl_ast_node_for_get_body(tree));
  std::string name = nameOf(iterator.get());
  ScalarRef lower = scalar(first.get());
  if (!lower || name.empty())
    return nullptr;
  if (isl_ast_node_for_is_degenerate(tree) == isl_bool_true) {
    fixed[name] = lower;
    RunNestRef once = nest(body.get());
    fixed.erase(name);
    return once;
  }
  Expr condition(isl_ast_node_for_get_cond(tree));
  Expr increment(isl_ast_node_for_get_inc(tree));
  Expr bound(isl_ast_expr_op_get_arg(condition.get(), 1));
  isl_ast_expr_op_type op = isl_ast_expr_op_get_type(condition.get());
  ScalarRef end = scalar(bound.get()), step = scalar(increment.get());
  if (!end || !step || !step->isConstant() || step->integer < 1 ||
      (op != isl_ast_expr_op_le && op != isl_ast_expr_op_lt))
    return nullptr;
  if (op == isl_ast_expr_op_le)
    end = end + constantInt(1);

  ScalarRef count =
      floorDiv(end - lower + constantInt(step->integer - 1), step);
  if (isl_ast_node_get_type(body.get()) == isl_ast_node_user)
    if (RunNestRef run = runOf(column(body.get()), name, lower, step, count))
      return run;
  auto result = makeNest(RunNest::Kind::For);
  result->iterator = name;
  result->first = lower;
  result->end = end;
  result->step = step;
  result->children.push_back(nest(body.get()));
  return result->children[0] ? joinRuns(result) : nullptr;
}

/// The columns for each value of the iterator, where they are a run: each
/// coordinate is linear in it, and none of them falls.
RunNestRef Converter::runOf(const std::vector<ScalarRef> &column,
                            const std::string &iterator, const ScalarRef &lower,
                            const ScalarRef &step, const ScalarRef &count) {
  std::vector<ScalarRef> factors, first;
  bool moves = false;
  for (const ScalarRef &coordinate : column) {
    factors.push_back(coefficient(coordinate, iterator));
    if (!factors.back() || !factors.back()->isConstant() ||
        factors.back()->integer < 0)
      return nullptr;
    moves |= factors.back()->integer > 0;
    first.push_back(substitute(coordinate, iterator, lower));
  }
  if (!moves)
    return nullptr; // or there is no column
  auto run = makeNest(RunNest::Kind::Run);
  run->first = space.raw(first);
  run->step = space.raw(factors) * step;
  run->count = count;
  return run;
}

RunNestRef Converter::statement(isl_ast_node *tree) {
  auto run = makeNest(RunNest::Kind::Run);
  std::vector<ScalarRef> coordinates = column(tree);
  if (coordinates.empty())
    return nullptr;
  run->first = space.raw(coordinates);
  run->step = run->count = constantInt(1);
  return run;
}

/// The arguments of S(...): a call whose argument 0 is the name. Empty where
/// they cannot be had.
std::vector<ScalarRef> Converter::column(isl_ast_node *statement) {
  Expr call(isl_ast_node_user_get_expr(statement));
  auto rank = static_cast<int>(space.rank());
  if (!call || isl_ast_expr_op_get_n_arg(call.get()) != rank + 1)
    return {};
  std::vector<ScalarRef> coordinates;
  for (int k = 0; k < rank; ++k) {
    Expr argument(isl_ast_expr_op_get_arg(call.get(), k + 1));
    coordinates.push_back(scalar(argument.get()));
    if (!coordinates.back())
      return {};
  }
  return coordinates;
}

} // namespace

namespace {

/// Sums and products of extents and positive numbers are positive.
bool isPositive(const ScalarRef &factor) {
  if (factor->isConstant())
    return factor->integer > 0;
  if (factor->kind == ScalarKind::Add || factor->kind == ScalarKind::Mul)
    return isPositive(factor->operands[0]) && isPositive(factor->operands[1]);
  return factor->kind == ScalarKind::Variable;
}

} // namespace

/// for (c = lo; c < hi; ++c) run(first = n*c + b, step = 1, count = n)
/// -> run(first = n*lo + b, step = 1, count = n * (hi - lo))
/// for (c = lo; c < hi; c += s) run(first = n*c + b, step, count = 1)
/// -> run(first = n*lo + b, step = n*s, count = ceil((hi - lo) / s))
RunNestRef joinRuns(RunNestRef loop) {
  const RunNest &body = *loop->children[0];
  if (body.kind != RunNest::Kind::Run)
    return loop;
  ScalarRef factor = coefficient(body.first, loop->iterator);
  if (!factor || usesVariable(body.count, loop->iterator))
    return loop;
  bool isSingle = body.count->isConstant(1) && isPositive(factor);
  bool hasNoGap = loop->step->isConstant(1) && body.step->isConstant(1) &&
                  equivalent(factor, body.count);
  if (!isSingle && !hasNoGap)
    return loop;
  auto run = makeNest(RunNest::Kind::Run);
  run->first = substitute(body.first, loop->iterator, loop->first);
  run->step = hasNoGap ? body.step : factor * loop->step;
  // A loop that does not begin has no run: its count is not positive.
  ScalarRef length = loop->end - loop->first;
  if (hasNoGap)
    run->count = body.count * length;
  else
    run->count =
        floorDiv(length + constantInt(loop->step->integer - 1), loop->step);
  return run;
}

RunNestRef toRunNest(isl_ast_node *tree, const Space &space) {
  return tree ? Converter(space).nest(tree) : nullptr;
}

ScalarRef toScalar(isl_ast_expr *expression) {
  Space flat;
  return expression ? Converter(flat).scalar(expression) : nullptr;
}

} // namespace effattn

//===- ToIsl.cpp - scalar expressions as isl sets -------------------------===//
#include "lib/Analysis/ToIsl.h"

#include <isl/local_space.h>

#include <fmt/format.h>

#include <algorithm>

namespace effattn {

ToIsl::ToIsl(const IslContext &context, const Parameters &parameters,
             const Space &space)
    : context(context), parameters(parameters), space(space),
      universe(
          parseSet(context, fmt::format("{} -> {{ [{}] }}", parameters.isl(),
                                        space.pairNames()))) {}

AnalysisFailure ToIsl::failure() const {
  return problem ? *problem : context.failure();
}

std::nullptr_t ToIsl::fail(const ScalarRef &construct, std::string reason) {
  if (!problem)
    problem = AnalysisFailure{toString(construct), std::move(reason), true};
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Bool expressions
//===----------------------------------------------------------------------===//

IslSet ToIsl::set(const ScalarRef &expression, bool negated) {
  auto key = std::make_pair(expression.get(), negated);
  if (auto found = sets.find(key); found != sets.end())
    return found->second;
  IslSet result = problem ? IslSet() : makeSet(expression, negated);
  kept.push_back(expression);
  sets[key] = result;
  return result;
}

/// Negation is pushed to the leaves: complements of unions are costly.
IslSet ToIsl::makeSet(const ScalarRef &expression, bool negated) {
  const Scalar &node = *expression;
  auto operand = [&](int k, bool flipped) {
    return set(node.operands[k], flipped);
  };
  switch (node.kind) {
  case ScalarKind::Constant:
    return (node.integer != 0) != negated
               ? universe
               : IslSet(isl_set_empty(isl_set_get_space(universe.get())));
  case ScalarKind::Not:
    return set(node.operands[0], !negated);
  case ScalarKind::And:
  case ScalarKind::Or:
    if ((node.kind == ScalarKind::And) != negated)
      return intersect(operand(0, negated), operand(1, negated));
    return coalesce(unite(operand(0, negated), operand(1, negated)));
  case ScalarKind::Select:
    return coalesce(unite(intersect(operand(0, false), operand(1, negated)),
                          intersect(operand(0, true), operand(2, negated))));
  case ScalarKind::Exists: {
    IslSet some = quantified(expression);
    return negated ? IslSet(isl_set_complement(some.release())) : some;
  }
  case ScalarKind::Equal:
  case ScalarKind::NotEqual:
    if (node.operands[0]->type == ScalarType::Bool)
      return boolEquality(node, (node.kind == ScalarKind::Equal) != negated);
    return comparison(node, negated);
  case ScalarKind::Less:
  case ScalarKind::LessEqual:
    return comparison(node, negated);
  default:
    return IslSet(fail(expression, "not a condition that exact analysis "
                                   "supports; comparisons of integers, and, "
                                   "or, not, if and exists are"));
  }
}

/// Raw indices of a grid whose extents are not constant compare as their
/// coordinates do, one after the other.
IslSet ToIsl::inOrder(const OrderTest &test, bool negated) {
  std::string equal, above, below;
  for (size_t axis = 0; axis < space.rank(); ++axis) {
    const std::string &i = space.rows[axis], &j = space.columns[axis];
    const char *sign = axis > 0 ? " or " : "";
    below += fmt::format("{}({}{} < {})", sign, equal, i, j);
    above += fmt::format("{}({}{} > {})", sign, equal, i, j);
    equal += fmt::format("{} = {} and ", i, j);
  }
  std::string any = "1 = 0";
  if (test.below != negated)
    any += " or " + below;
  if (test.same != negated)
    any += " or (" + equal + "0 = 0)";
  if (test.above != negated)
    any += " or " + above;
  return coalesce(
      parseSet(context, fmt::format("{} -> {{ [{}] : {} }}", parameters.isl(),
                                    space.pairNames(), any)));
}

IslSet ToIsl::comparison(const Scalar &node, bool negated) {
  if (!space.isLinear())
    if (auto test = orderTest(node))
      return inOrder(*test, negated);
  IslPwAff a = function(node.operands[0]), b = function(node.operands[1]);
  isl_pw_aff *left = a.release(), *right = b.release();
  switch (node.kind) {
  case ScalarKind::Less:
    return IslSet(negated ? isl_pw_aff_ge_set(left, right)
                          : isl_pw_aff_lt_set(left, right));
  case ScalarKind::LessEqual:
    return IslSet(negated ? isl_pw_aff_gt_set(left, right)
                          : isl_pw_aff_le_set(left, right));
  default:
    return IslSet((node.kind == ScalarKind::Equal) != negated
                      ? isl_pw_aff_eq_set(left, right)
                      : isl_pw_aff_ne_set(left, right));
  }
}

IslSet ToIsl::boolEquality(const Scalar &node, bool equal) {
  const ScalarRef &a = node.operands[0], &b = node.operands[1];
  return coalesce(unite(intersect(set(a, false), set(b, !equal)),
                        intersect(set(a, true), set(b, equal))));
}

/// Some s with lower <= s < upper and the body: s is a parameter while the
/// body is built, and projected out afterwards.
IslSet ToIsl::quantified(const ScalarRef &expression) {
  const Scalar &node = *expression;
  Isl<isl_id> id(isl_id_alloc(context.get(), node.name.c_str(), nullptr));
  bound[node.name] = id;
  IslPwAff lower = function(node.operands[0]);
  IslPwAff upper = function(node.operands[1]);
  IslSet body = set(node.operands[2]);
  IslPwAff s(isl_pw_aff_param_on_domain_id(universe.copy(), id.copy()));
  IslSet inside =
      intersect(IslSet(isl_pw_aff_le_set(lower.release(), s.copy())),
                IslSet(isl_pw_aff_lt_set(s.copy(), upper.release())));
  bound.erase(node.name);
  inside = intersect(std::move(inside), std::move(body));
  return coalesce(
      IslSet(isl_set_project_out_param_id(inside.release(), id.release())));
}

//===----------------------------------------------------------------------===//
// Int expressions
//===----------------------------------------------------------------------===//

IslPwAff ToIsl::function(const ScalarRef &expression) {
  if (auto found = functions.find(expression.get()); found != functions.end())
    return found->second;
  IslPwAff result = problem ? IslPwAff() : makeFunction(expression);
  kept.push_back(expression);
  functions[expression.get()] = result;
  return result;
}

IslPwAff ToIsl::makeFunction(const ScalarRef &expression) {
  const Scalar &node = *expression;
  if (node.type != ScalarType::Int)
    return IslPwAff(fail(expression,
                         "real numbers in a pattern are not supported; use "
                         "integers, or put the condition into the score"));
  auto operand = [&](int k) { return function(node.operands[k]).release(); };
  switch (node.kind) {
  case ScalarKind::Constant:
  case ScalarKind::Variable:
  case ScalarKind::Dimension:
  case ScalarKind::Argument:
  case ScalarKind::Lookup:
    return leaf(expression);
  case ScalarKind::Add:
    return IslPwAff(isl_pw_aff_add(operand(0), operand(1)));
  case ScalarKind::Sub:
    return IslPwAff(isl_pw_aff_sub(operand(0), operand(1)));
  case ScalarKind::Neg:
    return IslPwAff(isl_pw_aff_neg(operand(0)));
  case ScalarKind::Min:
    return IslPwAff(isl_pw_aff_min(operand(0), operand(1)));
  case ScalarKind::Max:
    return IslPwAff(isl_pw_aff_max(operand(0), operand(1)));
  case ScalarKind::Abs: {
    IslPwAff a = function(node.operands[0]);
    return IslPwAff(isl_pw_aff_max(a.copy(), isl_pw_aff_neg(a.copy())));
  }
  case ScalarKind::Mul:
    return product(expression);
  case ScalarKind::FloorDiv:
  case ScalarKind::CeilDiv:
  case ScalarKind::Mod:
    return division(expression);
  case ScalarKind::Select:
    return choice(node);
  default:
    return IslPwAff(fail(expression, "not an integer expression that exact "
                                     "analysis supports"));
  }
}

IslPwAff ToIsl::constant(int64_t value) {
  return IslPwAff(isl_pw_aff_val_on_domain(
      universe.copy(), isl_val_int_from_si(context.get(), value)));
}

IslPwAff ToIsl::leaf(const ScalarRef &expression) {
  const Scalar &node = *expression;
  if (node.kind == ScalarKind::Constant)
    return constant(node.integer);
  auto axis = [&](isl_dim_type type, unsigned position) {
    isl_local_space *all =
        isl_local_space_from_space(isl_set_get_space(universe.get()));
    return IslPwAff(
        isl_pw_aff_from_aff(isl_aff_var_on_domain(all, type, position)));
  };
  if (node.kind == ScalarKind::Variable) {
    if (node.name == "i" || node.name == "j")
      return raw(node.name == "j");
    if (auto found = bound.find(node.name); found != bound.end())
      return IslPwAff(
          isl_pw_aff_param_on_domain_id(universe.copy(), found->second.copy()));
    for (size_t k = 0; space.isGrid() && k < space.rank(); ++k)
      for (const auto *names : {&space.rows, &space.columns}) {
        const std::string &own = (*names)[k];
        if (node.name == std::string{own[0], '.', own[1]})
          return axis(isl_dim_set,
                      k + (names == &space.rows ? 0 : space.rank()));
      }
  }
  if (std::optional<int> position = parameters.find(node))
    return axis(isl_dim_param, *position);
  if (node.kind == ScalarKind::Lookup)
    return IslPwAff(fail(expression, "a table look-up that exact analysis has "
                                     "no form for"));
  if (node.name.find('.') != std::string::npos)
    return IslPwAff(fail(expression, "not a coordinate of the pattern's grid"));
  return IslPwAff(fail(expression, "not known where the pattern is planned; i, "
                                   "j, b, h, N, M, q0, dimensions and integer "
                                   "arguments are"));
}

/// i, or X*iy + ix.
IslPwAff ToIsl::raw(bool column) {
  if (!space.isLinear())
    return IslPwAff(fail(variable(column ? "j" : "i"),
                         "the raw index on a grid whose extents are not "
                         "constant is not affine; use coordinates, or make the "
                         "extents `param`s"));
  isl_local_space *all =
      isl_local_space_from_space(isl_set_get_space(universe.get()));
  isl_aff *sum = isl_aff_zero_on_domain(all);
  int64_t stride = 1;
  for (size_t k = space.rank(); k-- > 0;) {
    sum = isl_aff_add_coefficient_val(
        sum, isl_dim_in, static_cast<int>(k + (column ? space.rank() : 0)),
        isl_val_int_from_si(context.get(), stride));
    if (k > 0)
      stride *= space.extents[k]->integer;
  }
  return IslPwAff(isl_pw_aff_from_aff(sum));
}

IslPwAff ToIsl::product(const ScalarRef &expression) {
  ScalarRef a = expression->operands[0], b = expression->operands[1];
  if (a->isConstant())
    std::swap(a, b);
  if (!b->isConstant())
    return IslPwAff(fail(expression,
                         "a product of two quantities that are not known when "
                         "compiling is not affine; make one factor a `param`"));
  return IslPwAff(isl_pw_aff_scale_val(
      function(a).release(), isl_val_int_from_si(context.get(), b->integer)));
}

/// floor(a / c), ceil(a / c) = -floor(-a / c), a mod c = a - c * floor(a / c).
IslPwAff ToIsl::division(const ScalarRef &expression) {
  const ScalarRef &divisor = expression->operands[1];
  if (!divisor->isConstant())
    return IslPwAff(fail(expression,
                         "division by a quantity that is not known when "
                         "compiling is not affine; make the divisor a "
                         "`param`"));
  if (divisor->integer <= 0)
    return IslPwAff(fail(expression, "expected a positive divisor, but got " +
                                         std::to_string(divisor->integer)));
  IslPwAff a = function(expression->operands[0]);
  isl_val *c = isl_val_int_from_si(context.get(), divisor->integer);
  if (expression->kind == ScalarKind::Mod)
    return IslPwAff(isl_pw_aff_mod_val(a.release(), c));
  isl_pw_aff *quotient = isl_pw_aff_scale_down_val(a.release(), c);
  return IslPwAff(expression->kind == ScalarKind::FloorDiv
                      ? isl_pw_aff_floor(quotient)
                      : isl_pw_aff_ceil(quotient));
}

IslPwAff ToIsl::choice(const Scalar &node) {
  IslPwAff then(
      isl_pw_aff_intersect_domain(function(node.operands[1]).release(),
                                  set(node.operands[0], false).release()));
  IslPwAff otherwise(
      isl_pw_aff_intersect_domain(function(node.operands[2]).release(),
                                  set(node.operands[0], true).release()));
  return IslPwAff(isl_pw_aff_union_add(then.release(), otherwise.release()));
}

} // namespace effattn

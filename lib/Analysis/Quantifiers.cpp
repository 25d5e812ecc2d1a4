//===- Quantifiers.cpp - `exists` as arithmetic ---------------------------===//
//
// What the bound variable does not occur in is a number of its own, a parameter
// of the set of all values of these numbers for which the body holds for some
// value in the range. isl projects the variable out; what it leaves are unions
// of conjunctions of linear constraints over the parameters and quotients of
// them, rounded down.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Quantifiers.h"

#include "lib/Analysis/ToIsl.h"

#include <fmt/format.h>

namespace effattn {

namespace {

/// The numbers that the body of an `exists` is about.
class Outer {
public:
  /// The body over arguments x0, x1, ... in place of these numbers.
  ScalarRef named(const ScalarRef &node, const std::string &bound) {
    if (!usesVariable(node, bound)) {
      if (node->isConstant())
        return node;
      if (node->type == ScalarType::Bool) // as 0 or 1
        return equal(number(select(node, constantInt(1), constantInt(0))),
                     constantInt(1));
      return node->type == ScalarType::Int ? number(node) : node;
    }
    if (node->operands.empty())
      return node;
    auto result = std::make_shared<Scalar>(*node);
    for (ScalarRef &operand : result->operands)
      operand = named(operand, bound);
    return result;
  }

  ScalarRef value(const std::string &name) const {
    return values.at(std::stoul(name.substr(1)));
  }

private:
  ScalarRef number(const ScalarRef &node) {
    size_t k = 0;
    while (k < values.size() && !equivalent(values[k], node))
      ++k;
    if (k == values.size())
      values.push_back(node);
    return argument(fmt::format("x{}", k), ScalarType::Int);
  }

  std::vector<ScalarRef> values;
};

class FromIsl {
public:
  FromIsl(const Parameters &parameters, const Outer &outer)
      : parameters(parameters), outer(outer) {}

  /// Null where a number does not fit 64 bits, or isl fails.
  ScalarRef set(const IslSet &set) {
    result = constantBool(false);
    bool done =
        isl_set_foreach_basic_set(set.get(), addBasicSet, this) == isl_stat_ok;
    return done ? result : nullptr;
  }

private:
  static isl_stat addBasicSet(isl_basic_set *basic, void *self) {
    auto &from = *static_cast<FromIsl *>(self);
    Isl<isl_basic_set> owned(basic);
    from.all = constantBool(true);
    isl_stat status =
        isl_basic_set_foreach_constraint(owned.get(), addConstraint, self);
    if (status == isl_stat_ok)
      from.result = logicalOr(from.result, from.all);
    return status;
  }

  static isl_stat addConstraint(isl_constraint *constraint, void *self) {
    auto &from = *static_cast<FromIsl *>(self);
    Isl<isl_constraint> owned(constraint);
    bool isEqual = isl_constraint_is_equality(owned.get()) == isl_bool_true;
    ScalarRef value =
        from.affine(Isl<isl_aff>(isl_constraint_get_aff(owned.get())));
    ScalarRef zero = constantInt(0);
    if (!value)
      return isl_stat_error;
    from.all =
        logicalAnd(from.all, isEqual ? equal(value, zero) : zero <= value);
    return isl_stat_ok;
  }

  /// floor(sum / denominator).
  ScalarRef affine(const Isl<isl_aff> &aff) {
    IslVal denominator(isl_aff_get_denominator_val(aff.get()));
    auto whole = [&](isl_val *value) {
      return toInteger(IslVal(isl_val_mul(value, denominator.copy())));
    };
    auto constant = whole(isl_aff_get_constant_val(aff.get()));
    ScalarRef sum = constant ? constantInt(*constant) : nullptr;
    auto add = [&](isl_dim_type type, int place, auto &&term) {
      auto factor = whole(isl_aff_get_coefficient_val(aff.get(), type, place));
      if (!factor || !sum || *factor == 0) {
        sum = factor ? sum : nullptr;
        return;
      }
      ScalarRef value = term(place);
      sum = value ? sum + constantInt(*factor) * value : nullptr;
    };
    int numbers = isl_aff_dim(aff.get(), isl_dim_param);
    for (int k = 0; k < numbers; ++k)
      add(isl_dim_param, k, [&](int place) {
        const ScalarRef &parameter = parameters.list()[place].value;
        return parameter->kind == ScalarKind::Argument
                   ? outer.value(parameter->name)
                   : nullptr;
      });
    int quotients = isl_aff_dim(aff.get(), isl_dim_div);
    for (int k = 0; k < quotients; ++k)
      add(isl_dim_div, k, [&](int place) {
        return affine(Isl<isl_aff>(isl_aff_get_div(aff.get(), place)));
      });
    auto divisor = toInteger(denominator);
    if (!sum || !divisor || *divisor < 1)
      return nullptr;
    return *divisor == 1 ? sum : floorDiv(sum, constantInt(*divisor));
  }

  const Parameters &parameters;
  const Outer &outer;
  ScalarRef result, all;
};

/// Null where it stays.
ScalarRef eliminated(const ScalarRef &node, uint64_t maxOperations) {
  Outer outer;
  auto some = std::make_shared<Scalar>(*node);
  some->operands[2] = outer.named(node->operands[2], node->name);
  Parameters parameters({some}, /*withQ0=*/false);
  IslContext context(maxOperations);
  Space space;
  ToIsl toIsl(context, parameters, space);
  IslSet set = toIsl.set(some);
  set = IslSet(isl_set_params(set.release()));
  set = coalesce(IslSet(isl_set_compute_divs(set.release())));
  if (!set)
    return nullptr;
  return FromIsl(parameters, outer).set(set);
}

} // namespace

ScalarRef withoutExists(const ScalarRef &predicate, int64_t most,
                        uint64_t maxOperations) {
  return rewrite(predicate, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind != ScalarKind::Exists)
      return nullptr;
    const ScalarRef &low = node->operands[0], &high = node->operands[1];
    if (!low->isConstant() || !high->isConstant() ||
        __int128(high->integer) - low->integer <= most)
      return nullptr;
    return eliminated(node, maxOperations);
  });
}

} // namespace effattn

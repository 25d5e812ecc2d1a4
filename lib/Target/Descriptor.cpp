//===- Descriptor.cpp - effattn_kernel as an LLVM constant ----------------===//

#include "lib/Target/Descriptor.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"

#include <fmt/format.h>

using namespace llvm;

namespace effattn {

DescriptorTypes::DescriptorTypes(LLVMContext &context) {
  Type *u32 = Type::getInt32Ty(context), *i64 = Type::getInt64Ty(context);
  Type *pointer = PointerType::getUnqual(context);
  auto make = [&](std::initializer_list<Type *> fields) {
    return StructType::get(context, ArrayRef<Type *>(fields));
  };
  expression = make({u32, pointer});
  argument = make({pointer, u32, u32, u32, u32, pointer, expression, u32, u32});
  require = make({expression, pointer});
  planTable = make({pointer, u32, u32, pointer, pointer});
  relation =
      make({u32, u32, pointer, pointer, pointer, u32, u32, pointer, pointer});
  attendCase = make({pointer, pointer, pointer});
  attendCode = make({u32, u32, u32, u32, u32, u32, pointer, pointer, pointer,
                     pointer, pointer, pointer, pointer});
  attend =
      make({pointer, u32,     u32, u32,     u32,     u32, u32,     u32, u32,
            u32,     u32,     u32, i64,     i64,     u32, pointer, u32, u32,
            pointer, pointer, u32, pointer, pointer, u32, pointer});
  draw = make({pointer, i64, i64, i64, u32, pointer, pointer, pointer});
  stepCode = make({u32, pointer});
  step = make({pointer, u32, u32, u32, pointer});
  kernel = make({u32, u32, pointer, pointer, u32,     u32,    pointer,
                 u32, u32, pointer, u32,     pointer, u32,    u32,
                 u32, u32, pointer, pointer, pointer, pointer});
}

namespace {

class Builder {
public:
  Builder(Module &module, const LoweredKernel &kernel,
          const ObjectOptions &options)
      : module(module), kernel(kernel), options(options),
        context(module.getContext()), types(context) {}

  GlobalVariable *build();
  std::string error;

private:
  Constant *u32(uint64_t value) {
    return ConstantInt::get(Type::getInt32Ty(context), value);
  }
  Constant *i64(int64_t value) {
    return ConstantInt::get(Type::getInt64Ty(context), value,
                            /*IsSigned=*/true);
  }
  Constant *null() {
    return ConstantPointerNull::get(PointerType::getUnqual(context));
  }
  Constant *constant(Constant *initial) {
    auto *global =
        new GlobalVariable(module, initial->getType(), /*isConstant=*/true,
                           GlobalValue::PrivateLinkage, initial);
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }
  Constant *text(const std::string &text) {
    return constant(ConstantDataArray::getString(context, text));
  }
  /// Address of an array; null where it is empty.
  Constant *array(Type *element, ArrayRef<Constant *> elements) {
    if (elements.empty())
      return null();
    return constant(
        ConstantArray::get(ArrayType::get(element, elements.size()), elements));
  }

  /// A planner function, which this module defines; null for none.
  Constant *planner(const std::string &symbol) {
    if (symbol.empty())
      return null();
    Function *function = module.getFunction(symbol);
    if (function && !function->isDeclaration())
      return function;
    error = fmt::format("the lowered module lacks the function {}", symbol);
    return null();
  }
  /// An array of planner functions.
  Constant *planners(const std::vector<std::string> &symbols) {
    std::vector<Constant *> functions;
    for (const std::string &symbol : symbols)
      functions.push_back(planner(symbol));
    return array(PointerType::getUnqual(context), functions);
  }
  /// A Halide function, which another object of the artefact defines.
  Constant *code(const std::string &symbol) {
    Type *argument = PointerType::getUnqual(context);
    auto *type = FunctionType::get(Type::getInt32Ty(context), argument,
                                   /*isVarArg=*/false);
    auto *function =
        cast<Function>(module.getOrInsertFunction(symbol, type).getCallee());
    function->setVisibility(GlobalValue::HiddenVisibility);
    return function;
  }

  Constant *expression(const ScalarRef &scalar, const std::string &owner);
  Constant *argument(const LoweredArgument &argument, bool written);
  Constant *arguments();
  Constant *require(const LoweredRequire &require);
  /// Without a target: what planning needs of it.
  Constant *attendCode(const LoweredAttend &attend, const TargetCode *target);
  Constant *relation(const LoweredRelation &relation);
  Constant *attend(const LoweredAttend &attend, ArrayRef<Constant *> codes);
  Constant *attend(const LoweredAttend &attend);
  Constant *draw(const LoweredDraw &draw);
  Constant *step(const LoweredStep &step);

  Module &module;
  const LoweredKernel &kernel;
  const ObjectOptions &options;
  LLVMContext &context;
  DescriptorTypes types;
};

Constant *Builder::expression(const ScalarRef &scalar,
                              const std::string &owner) {
  std::vector<int64_t> words;
  if (scalar) {
    auto encoded = encodeExpression(scalar, kernel);
    if (!encoded)
      error = fmt::format("not supported yet: {} in {}: only integer "
                          "expressions of dimensions and i64 arguments",
                          toString(scalar), owner);
    else
      words = std::move(*encoded);
  }
  Constant *code = null();
  if (!words.empty())
    code = constant(ConstantDataArray::get(
        context, ArrayRef<uint64_t>(reinterpret_cast<uint64_t *>(words.data()),
                                    words.size())));
  return ConstantStruct::get(types.expression, u32(words.size()), code);
}

Constant *Builder::argument(const LoweredArgument &argument, bool written) {
  std::string owner = fmt::format("the shape of '{}'", argument.name);
  std::vector<Constant *> shape;
  for (const ScalarRef &size : argument.type.shape)
    shape.push_back(expression(size, owner));
  uint32_t kind = argument.kind == ArgumentKind::Tensor   ? EFFATTN_TENSOR
                  : argument.kind == ArgumentKind::Scalar ? EFFATTN_SCALAR
                                                          : EFFATTN_INDEX_SET;
  return ConstantStruct::get(
      types.argument, text(argument.name), u32(kind),
      u32(static_cast<uint32_t>(argument.type.element)), u32(shape.size()),
      u32(written), array(types.expression, shape),
      expression(argument.bound,
                 fmt::format("the bound of '{}'", argument.name)),
      u32(static_cast<uint32_t>(argument.offsets + 1)),
      u32(argument.offsets < 0 ? 0 : argument.tokenAxis));
}

Constant *Builder::arguments() {
  std::vector<Constant *> all;
  for (const LoweredArgument &one : kernel.arguments)
    all.push_back(argument(one, false));
  for (const LoweredArgument &one : kernel.results)
    all.push_back(argument(one, true));
  return array(types.argument, all);
}

Constant *Builder::require(const LoweredRequire &require) {
  return ConstantStruct::get(types.require,
                             expression(require.condition, "require"),
                             text(require.message));
}

uint32_t rowOrder(RowOrder order) {
  switch (order) {
  case RowOrder::Contiguous:
    return EFFATTN_ROWS_CONTIGUOUS;
  case RowOrder::Residues:
  case RowOrder::Grid:
    return EFFATTN_ROWS_LISTED;
  case RowOrder::ByLabel:
    return EFFATTN_ROWS_BY_LABEL;
  }
  return EFFATTN_ROWS_CONTIGUOUS;
}

Constant *Builder::attendCode(const LoweredAttend &attend,
                              const TargetCode *target) {
  std::vector<Constant *> cases;
  for (const LoweredCase &one : attend.cases)
    cases.push_back(ConstantStruct::get(types.attendCase, planner(one.tileFull),
                                        planner(one.tilePartial),
                                        planner(one.row)));
  auto symbol = [&](const char *part, bool onDevices) {
    return target && (onDevices || !target->device)
               ? code(fmt::format("{}_{}_{}", attend.spec.name, target->suffix,
                                  part))
               : null();
  };
  return ConstantStruct::get(
      types.attendCode, u32(target ? target->target : 0), u32(attend.tileRows),
      u32(target ? target->columnUnroll : 1),
      u32(target ? target->columnChunk : 1), u32(rowOrder(attend.order)),
      u32(attend.orderRelation), planner(attend.tileCount),
      planner(attend.tileRowList), array(types.attendCase, cases),
      symbol("pack", false), symbol("tile", true), symbol("select", false),
      symbol("finish", false));
}

Constant *Builder::relation(const LoweredRelation &relation) {
  uint32_t kind = EFFATTN_RELATION_UNKNOWN;
  if (relation.kind == LoweredRelation::Kind::Labels)
    kind = EFFATTN_RELATION_LABELS;
  else if (relation.kind == LoweredRelation::Kind::Bitmap)
    kind = EFFATTN_RELATION_BITMAP;
  else if (relation.kind == LoweredRelation::Kind::Compared)
    kind = EFFATTN_RELATION_COMPARED;
  return ConstantStruct::get(types.relation, u32(kind), u32(relation.labels),
                             planner(relation.row), planner(relation.column),
                             planner(relation.test), u32(relation.rising),
                             u32(relation.falling), planner(relation.rowEnd),
                             planner(relation.columnEnd));
}

Constant *Builder::attend(const LoweredAttend &attend) {
  std::vector<Constant *> codes;
  for (const TargetCode &target : options.codes)
    codes.push_back(attendCode(attend, &target));
  return this->attend(attend, codes);
}

Constant *Builder::attend(const LoweredAttend &attend,
                          ArrayRef<Constant *> codes) {
  const AttendSpec &spec = attend.spec;
  std::vector<Constant *> relations;
  for (const LoweredRelation &one : attend.relations)
    relations.push_back(relation(one));
  return ConstantStruct::get(
      types.attend, text(attend.source), u32(spec.headDim), u32(spec.valueDim),
      u32(spec.integers.size()), u32(spec.floats.size()), u32(spec.keySets),
      u32(spec.querySets), u32(spec.tables.size()), u32(attend.scoresCanVanish),
      u32(attend.permuted), u32(attend.planByBatch), u32(attend.planByHead),
      i64(attend.headBegin), i64(attend.headEnd), u32(attend.extras.size()),
      planners(attend.extras), u32(attend.keyConditions.size()),
      u32(attend.queryConditions.size()), planners(attend.keyConditions),
      planners(attend.queryConditions), u32(relations.size()),
      array(types.relation, relations), planner(attend.start),
      u32(codes.size()), array(types.attendCode, codes));
}

Constant *Builder::draw(const LoweredDraw &draw) {
  Constant *outside = null();
  if (draw.outside)
    outside = constant(
        attend(*draw.outside, attendCode(*draw.outside, /*target=*/nullptr)));
  return ConstantStruct::get(types.draw, text(draw.source), i64(draw.size),
                             i64(draw.count), i64(draw.seed),
                             u32(draw.integers), planner(draw.touched), outside,
                             planner(draw.pair));
}

Constant *Builder::step(const LoweredStep &step) {
  std::vector<Constant *> codes;
  for (const TargetCode &target : options.codes)
    codes.push_back(ConstantStruct::get(
        types.stepCode, u32(target.target),
        code(fmt::format("{}_{}", step.spec.name, target.suffix))));
  return ConstantStruct::get(
      types.step, text(step.spec.step), u32(step.spec.operands.size()),
      u32(step.parallelAxis), u32(codes.size()), array(types.stepCode, codes));
}

GlobalVariable *Builder::build() {
  std::vector<Constant *> dimensions, requires_, attends, steps, draws;
  for (const std::string &name : kernel.dimensions)
    dimensions.push_back(text(name));
  for (const LoweredRequire &one : kernel.requires_)
    requires_.push_back(require(one));
  for (const LoweredAttend &one : kernel.attends)
    attends.push_back(attend(one));
  for (const LoweredStep &one : kernel.steps)
    steps.push_back(step(one));
  for (const LoweredDraw &one : kernel.draws)
    draws.push_back(draw(one));
  const StructLayout *layout =
      module.getDataLayout().getStructLayout(types.kernel);
  Constant *initial = ConstantStruct::get(
      types.kernel, u32(EFFATTN_ABI_VERSION), u32(layout->getSizeInBytes()),
      text(kernel.name), text(options.compiler), u32(options.targetKind),
      u32(dimensions.size()),
      array(PointerType::getUnqual(context), dimensions),
      u32(kernel.arguments.size()), u32(kernel.results.size()), arguments(),
      u32(requires_.size()), array(types.require, requires_), u32(kernel.slots),
      u32(attends.size()), u32(steps.size()), u32(draws.size()),
      array(types.attend, attends), array(types.step, steps),
      array(types.draw, draws), planner(kernel.host));
  if (!error.empty())
    return nullptr;
  std::string symbol = options.descriptor(kernel.name);
  if (module.getNamedValue(symbol)) {
    error = fmt::format("two kernels need the symbol {}", symbol);
    return nullptr;
  }
  return new GlobalVariable(module, types.kernel, /*isConstant=*/true,
                            GlobalValue::ExternalLinkage, initial, symbol);
}

} // namespace

GlobalVariable *addDescriptor(Module &module, const LoweredKernel &kernel,
                              const ObjectOptions &options,
                              std::string &error) {
  Builder builder(module, kernel, options);
  GlobalVariable *descriptor = builder.build();
  error = builder.error;
  return descriptor;
}

} // namespace effattn

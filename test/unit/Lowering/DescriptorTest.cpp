//===- DescriptorTest.cpp - the LLVM descriptor and kernel.h --------------===//

#include "lib/Target/Descriptor.h"
#include "lib/Target/Object.h"

#include "mlir/IR/Builders.h"
#include "mlir/Parser/Parser.h"

#include "Jit.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Object/ObjectFile.h"

#include <cstddef>
#include <cstring>

using namespace effattn;
using namespace effattn::test;

namespace {

/// The data layout that emitElf() compiles for.
llvm::DataLayout layout() {
  return llvm::DataLayout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-"
                          "i128:128-f80:128-n8:16:32:64-S128");
}

void expectLayout(llvm::StructType *type, size_t size,
                  std::vector<size_t> offsets) {
  llvm::DataLayout data = layout();
  const llvm::StructLayout *fields = data.getStructLayout(type);
  EXPECT_EQ(fields->getSizeInBytes(), size);
  ASSERT_EQ(type->getNumElements(), offsets.size());
  for (size_t k = 0; k < offsets.size(); ++k)
    EXPECT_EQ(fields->getElementOffset(k), offsets[k]) << "field " << k;
}

#define AT(Struct, Field) offsetof(Struct, Field)

TEST(Descriptor, LayoutIsThatOfTheHeader) {
  llvm::LLVMContext context;
  DescriptorTypes types(context);
  using E = effattn_expression;
  expectLayout(types.expression, sizeof(E), {AT(E, length), AT(E, code)});
  using A = effattn_argument;
  expectLayout(types.argument, sizeof(A),
               {AT(A, name), AT(A, kind), AT(A, element), AT(A, rank),
                AT(A, written), AT(A, shape), AT(A, bound), AT(A, ragged),
                AT(A, token_axis)});
  using R = effattn_require;
  expectLayout(types.require, sizeof(R), {AT(R, condition), AT(R, message)});
  using L = effattn_plan_table;
  expectLayout(
      types.planTable, sizeof(L),
      {AT(L, data), AT(L, element), AT(L, rank), AT(L, shape), AT(L, stride)});
  using X = effattn_relation;
  expectLayout(types.relation, sizeof(X),
               {AT(X, kind), AT(X, labels), AT(X, row), AT(X, column),
                AT(X, test), AT(X, rising), AT(X, falling), AT(X, row_end),
                AT(X, column_end)});
  using C = effattn_case;
  expectLayout(types.attendCase, sizeof(C),
               {AT(C, tile_full), AT(C, tile_partial), AT(C, row)});
  using O = effattn_attend_code;
  expectLayout(types.attendCode, sizeof(O),
               {AT(O, target), AT(O, tile_rows), AT(O, column_unroll),
                AT(O, column_chunk), AT(O, row_order), AT(O, order_relation),
                AT(O, tile_count), AT(O, tile_row_list), AT(O, cases),
                AT(O, pack), AT(O, tile), AT(O, tile_select), AT(O, finish)});
  using T = effattn_attend;
  expectLayout(
      types.attend, sizeof(T),
      {AT(T, name),          AT(T, head_dim),        AT(T, value_dim),
       AT(T, integers),      AT(T, floats),          AT(T, key_sets),
       AT(T, query_sets),    AT(T, tables),          AT(T, scores_can_vanish),
       AT(T, permuted),      AT(T, plan_by_batch),   AT(T, plan_by_head),
       AT(T, head_begin),    AT(T, head_end),        AT(T, extras),
       AT(T, extra),         AT(T, key_conditions),  AT(T, query_conditions),
       AT(T, key_condition), AT(T, query_condition), AT(T, relations),
       AT(T, relation),      AT(T, start),           AT(T, codes),
       AT(T, code)});
  using D = effattn_draw;
  expectLayout(types.draw, sizeof(D),
               {AT(D, name), AT(D, size), AT(D, count), AT(D, seed),
                AT(D, integers), AT(D, touched), AT(D, outside), AT(D, pair)});
  using P = effattn_step_code;
  expectLayout(types.stepCode, sizeof(P), {AT(P, target), AT(P, run)});
  using S = effattn_step;
  expectLayout(types.step, sizeof(S),
               {AT(S, name), AT(S, operands), AT(S, parallel_axis),
                AT(S, codes), AT(S, code)});
  using K = effattn_kernel;
  expectLayout(types.kernel, sizeof(K),
               {AT(K, abi_version),
                AT(K, size),
                AT(K, name),
                AT(K, compiler),
                AT(K, target_kind),
                AT(K, dimensions),
                AT(K, dimension_names),
                AT(K, arguments),
                AT(K, results),
                AT(K, argument),
                AT(K, requires_count),
                AT(K, require),
                AT(K, slots),
                AT(K, attends),
                AT(K, steps),
                AT(K, draws),
                AT(K, attend),
                AT(K, step),
                AT(K, draw),
                AT(K, host)});
}

/// A kernel with one of everything; its code is two functions of its own.
LoweredProgram makeProgram(mlir::MLIRContext &context) {
  LoweredProgram program;
  program.module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    func.func @runs(%p: !llvm.ptr, %t: i64, %r: !llvm.ptr, %c: i64) -> i64 {
      return %t : i64
    }
    func.func @tiles(%p: !llvm.ptr) -> i64 {
      %0 = arith.constant 17 : i64
      return %0 : i64
    }
    func.func @list(%p: !llvm.ptr, %t: i64, %r: !llvm.ptr) -> i32 {
      %0 = arith.constant 3 : i32
      return %0 : i32
    }
    func.func @value(%p: !llvm.ptr, %t: !llvm.ptr, %a: i64, %b: i64,
                     %m: !llvm.ptr) -> i64 {
      %0 = arith.subi %a, %b : i64
      return %0 : i64
    }
    func.func @host(%l: !llvm.ptr, %d: !llvm.ptr, %i: !llvm.ptr,
                    %f: !llvm.ptr) -> i32 {
      %0 = arith.constant 41 : i32
      return %0 : i32
    }
  )",
                                                           &context);
  LoweredKernel kernel;
  kernel.name = "sample";
  kernel.host = "host";
  kernel.dimensions = {"N", "M"};
  ScalarRef n = dimension("N"), m = dimension("M");
  kernel.arguments = {
      {"q", ArgumentKind::Tensor, {ElementType::F32, {n, constantInt(64)}}, {}},
      {"tau", ArgumentKind::Scalar, {ElementType::F32, {}}, {}},
      {"P", ArgumentKind::Scalar, {ElementType::I64, {}}, {}},
      {"g", ArgumentKind::IndexSet, {ElementType::I32, {m}}, n}};
  kernel.results = {{"result",
                     ArgumentKind::Tensor,
                     {ElementType::F32,
                      {binary(ScalarKind::CeilDiv, n, constantInt(64)), n + m}},
                     {}}};
  kernel.requires_ = {{constantInt(0) <= argument("P", ScalarType::Int),
                       "P must not be negative"}};
  LoweredAttend attend;
  attend.spec.name = "sample_attend0";
  attend.spec.headDim = 64;
  attend.spec.valueDim = 32;
  attend.spec.keySets = 1;
  attend.spec.integers = {"N", "M", "q0"};
  attend.spec.floats = {"scale"};
  attend.source = "sample.attn:3";
  attend.tileRows = 16;
  attend.cases = {{"runs", "", "runs"}, {"runs", "runs", "runs"}};
  attend.order = RowOrder::Residues;
  attend.tileCount = "tiles";
  attend.tileRowList = "list";
  attend.permuted = attend.planByHead = true;
  attend.headBegin = 2;
  attend.headEnd = 6;
  attend.extras = {"value"};
  attend.keyConditions = {"value", "value"};
  attend.relations = {{LoweredRelation::Kind::Labels, 3, "value", "value", "",
                       0, 0, "value", ""},
                      {LoweredRelation::Kind::Compared, 2, "value", "value",
                       "value", 1, 2, "", ""}};
  kernel.attends.push_back(attend);
  // One that is as plain as can be.
  LoweredAttend plain;
  plain.spec = attend.spec;
  plain.spec.keySets = 0;
  plain.source = "sample.attn:4";
  plain.tileRows = 16;
  plain.cases = {{"runs", "", "runs"}};
  kernel.attends.push_back(plain);
  kernel.draws = {{"sample.attn:5", 64, 3, -7, 4, "runs", {}, ""},
                  {"sample.attn:6", 32, 2, 1, 3, "", plain, "value"}};
  kernel.slots = 6;
  program.kernels.push_back(kernel);
  return program;
}

ObjectOptions makeOptions() {
  ObjectOptions options;
  options.codes = {{EFFATTN_TARGET_X86_64_V3, "v3", 4, 384, false},
                   {EFFATTN_TARGET_X86_64_V4, "v4", 8, 512, false}};
  options.descriptor = [](const std::string &name) { return name + "_kernel"; };
  options.compiler = "effattn test";
  return options;
}

int called(void **) { return 0; }

TEST(Descriptor, ReadsBackThroughTheHeader) {
  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(mlirContext);
  LoweredProgram program = makeProgram(mlirContext);
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto context = std::make_unique<llvm::LLVMContext>();
  std::string error;
  auto module = makeLlvmModule(program, makeOptions(), *context, error);
  ASSERT_TRUE(module) << error;
  auto jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  llvm::orc::SymbolMap externals;
  for (const char *isa : {"v3", "v4"})
    for (const char *part : {"pack", "tile", "select", "finish"})
      externals[jit->mangleAndIntern(std::string("sample_attend0_") + isa +
                                     "_" + part)] = {
          llvm::orc::ExecutorAddr::fromPtr(called),
          llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  llvm::cantFail(jit->getMainJITDylib().define(
      llvm::orc::absoluteSymbols(std::move(externals))));
  llvm::cantFail(jit->addIRModule(
      llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
  const auto *kernel = llvm::cantFail(jit->lookup("sample_kernel"))
                           .toPtr<const effattn_kernel *>();
  EXPECT_EQ(kernel->abi_version, EFFATTN_ABI_VERSION);
  EXPECT_EQ(kernel->size, sizeof(effattn_kernel));
  EXPECT_STREQ(kernel->name, "sample");
  EXPECT_STREQ(kernel->compiler, "effattn test");
  ASSERT_EQ(kernel->dimensions, 2u);
  EXPECT_STREQ(kernel->dimension_names[1], "M");
  ASSERT_EQ(kernel->arguments, 4u);
  ASSERT_EQ(kernel->results, 1u);
  EXPECT_EQ(kernel->slots, 6u);
  EXPECT_EQ(kernel->host(nullptr, nullptr, nullptr, nullptr), 41);

  const effattn_argument &query = kernel->argument[0];
  EXPECT_STREQ(query.name, "q");
  EXPECT_EQ(query.rank, 2u);
  EXPECT_EQ(query.written, 0u);
  EXPECT_EQ(query.bound.length, 0u);
  ASSERT_EQ(query.shape[0].length, 2u);
  EXPECT_EQ(query.shape[0].code[0], EFFATTN_OP_DIMENSION);
  EXPECT_EQ(query.shape[0].code[1], 0);
  EXPECT_EQ(query.shape[1].code[1], 64);
  EXPECT_EQ(kernel->argument[1].kind, uint32_t(EFFATTN_SCALAR));
  EXPECT_EQ(kernel->argument[1].element, uint32_t(EFFATTN_F32));
  EXPECT_EQ(kernel->argument[3].kind, uint32_t(EFFATTN_INDEX_SET));
  EXPECT_EQ(kernel->argument[3].bound.length, 2u);
  const effattn_argument &result = kernel->argument[4];
  EXPECT_EQ(result.written, 1u);
  ASSERT_EQ(result.shape[0].length, 5u); // N, 64, ceildiv
  EXPECT_EQ(result.shape[0].code[4], EFFATTN_OP_CEILDIV);
  EXPECT_EQ(result.shape[1].code[4], EFFATTN_OP_ADD);

  ASSERT_EQ(kernel->requires_count, 1u);
  EXPECT_STREQ(kernel->require[0].message, "P must not be negative");
  // P is the second scalar argument.
  ASSERT_EQ(kernel->require[0].condition.length, 5u);
  EXPECT_EQ(kernel->require[0].condition.code[2], EFFATTN_OP_SCALAR);
  EXPECT_EQ(kernel->require[0].condition.code[3], 1);
  EXPECT_EQ(kernel->require[0].condition.code[4], EFFATTN_OP_LESS_EQUAL);

  ASSERT_EQ(kernel->attends, 2u);
  const effattn_attend &attend = kernel->attend[0];
  EXPECT_STREQ(attend.name, "sample.attn:3");
  EXPECT_EQ(attend.head_dim, 64u);
  EXPECT_EQ(attend.value_dim, 32u);
  EXPECT_EQ(attend.integers, 3u);
  EXPECT_EQ(attend.key_sets, 1u);
  ASSERT_EQ(attend.codes, 2u);
  const effattn_attend_code &code = attend.code[1];
  EXPECT_EQ(code.target, uint32_t(EFFATTN_TARGET_X86_64_V4));
  EXPECT_EQ(code.tile_rows, 16u);
  EXPECT_EQ(code.column_unroll, 8u);
  EXPECT_EQ(code.column_chunk, 512u);
  EXPECT_EQ(code.cases[0].tile_partial, nullptr);
  EXPECT_EQ(code.cases[1].tile_partial(nullptr, 9, nullptr, 0), 9);
  EXPECT_EQ(code.tile_select, called);
  EXPECT_EQ(code.row_order, uint32_t(EFFATTN_ROWS_LISTED));
  EXPECT_EQ(code.tile_count(nullptr), 17);
  EXPECT_EQ(code.tile_row_list(nullptr, 0, nullptr), 3);
  EXPECT_EQ(attend.permuted, 1u);
  EXPECT_EQ(attend.plan_by_batch, 0u);
  EXPECT_EQ(attend.plan_by_head, 1u);
  EXPECT_EQ(attend.head_begin, 2);
  EXPECT_EQ(attend.head_end, 6);
  ASSERT_EQ(attend.extras, 1u);
  EXPECT_EQ(attend.extra[0](nullptr, nullptr, 9, 4, nullptr), 5);
  ASSERT_EQ(attend.key_conditions, 2u);
  EXPECT_EQ(attend.key_condition[1](nullptr, nullptr, 9, 4, nullptr), 5);
  EXPECT_EQ(attend.query_conditions, 0u);
  EXPECT_EQ(attend.query_condition, nullptr);
  ASSERT_EQ(attend.relations, 2u);
  EXPECT_EQ(attend.relation[0].kind, uint32_t(EFFATTN_RELATION_LABELS));
  EXPECT_EQ(attend.relation[0].labels, 3u);
  EXPECT_NE(attend.relation[0].row, nullptr);
  EXPECT_EQ(attend.relation[0].test, nullptr);
  EXPECT_NE(attend.relation[0].row_end, nullptr);
  EXPECT_EQ(attend.relation[0].column_end, nullptr);
  EXPECT_EQ(attend.relation[1].kind, uint32_t(EFFATTN_RELATION_COMPARED));
  EXPECT_EQ(attend.relation[1].labels, 2u);
  EXPECT_NE(attend.relation[1].test, nullptr);
  EXPECT_EQ(attend.relation[1].rising, 1u);
  EXPECT_EQ(attend.relation[1].falling, 2u);
  const effattn_attend &plain = kernel->attend[1];
  EXPECT_EQ(plain.permuted + plain.plan_by_batch + plain.plan_by_head, 0u);
  EXPECT_EQ(plain.head_end, 0);
  EXPECT_EQ(plain.relation, nullptr);
  EXPECT_EQ(plain.code[0].row_order, uint32_t(EFFATTN_ROWS_CONTIGUOUS));
  EXPECT_EQ(plain.code[0].tile_count, nullptr);
  // The code is that of the first.
  EXPECT_EQ(plain.code[1].tile, code.tile);
  ASSERT_EQ(kernel->draws, 2u);
  EXPECT_STREQ(kernel->draw[0].name, "sample.attn:5");
  EXPECT_EQ(kernel->draw[0].size, 64);
  EXPECT_EQ(kernel->draw[0].count, 3);
  EXPECT_EQ(kernel->draw[0].seed, -7);
  EXPECT_EQ(kernel->draw[0].integers, 4u);
  EXPECT_EQ(kernel->draw[0].touched(nullptr, 9, nullptr, 0), 9);
  EXPECT_EQ(kernel->draw[0].outside, nullptr);
  EXPECT_EQ(kernel->draw[1].touched, nullptr);
  const effattn_attend *outside = kernel->draw[1].outside;
  ASSERT_NE(outside, nullptr);
  ASSERT_EQ(outside->codes, 1u);
  EXPECT_EQ(outside->code[0].tile_rows, 16u);
  EXPECT_EQ(outside->code[0].tile, nullptr);
  EXPECT_NE(outside->code[0].cases[0].row, nullptr);
  EXPECT_NE(kernel->draw[1].pair, nullptr);
  EXPECT_EQ(kernel->step, nullptr);
}

TEST(Descriptor, ObjectShowsNothingElse) {
  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(mlirContext);
  LoweredProgram program = makeProgram(mlirContext);
  std::vector<char> bytes;
  std::string error;
  ASSERT_TRUE(emitObject(program, makeOptions(), bytes, error)) << error;
  auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(bytes.data(), bytes.size()), "")));
  std::vector<std::string> defined;
  for (const llvm::object::SymbolRef &symbol : object->symbols()) {
    uint32_t flags = llvm::cantFail(symbol.getFlags());
    if ((flags & llvm::object::SymbolRef::SF_Global) &&
        !(flags & llvm::object::SymbolRef::SF_Undefined))
      defined.push_back(llvm::cantFail(symbol.getName()).str());
  }
  EXPECT_EQ(defined, std::vector<std::string>{"sample_kernel"});
}

TEST(Descriptor, RefusesWhatTheRuntimeCannotEvaluate) {
  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(mlirContext);
  LoweredProgram program = makeProgram(mlirContext);
  program.kernels[0].requires_[0].condition =
      constantFloat(0) < argument("tau", ScalarType::Float);
  std::vector<char> bytes;
  std::string error;
  EXPECT_FALSE(emitObject(program, makeOptions(), bytes, error));
  EXPECT_NE(error.find("not supported yet"), std::string::npos) << error;
}

} // namespace

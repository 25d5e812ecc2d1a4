//===- PlanProbe.cpp - the plans of a launch that runs nothing ------------===//

#include "lib/Driver/PlanProbe.h"

#include "lib/Driver/ProbeLaunch.h"
#include "lib/Driver/TargetPlan.h"
#include "lib/Lowering/Lowered.h"
#include "lib/Target/Object.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

namespace effattn {

//===----------------------------------------------------------------------===//
// Attends
//===----------------------------------------------------------------------===//

ProbedTile ProbedAttend::tile(size_t index) const {
  const TileRange &range = tiles[index];
  ProbedTile tile;
  tile.rows = llvm::ArrayRef(rows).slice(range.firstRow, range.rows);
  if (!rowSets.empty())
    tile.rowSets = llvm::ArrayRef(rowSets).slice(range.firstRow, range.rows);
  tile.full = llvm::ArrayRef(runs).slice(range.firstRun, range.fullRuns);
  tile.partial = llvm::ArrayRef(runs).slice(range.firstRun + range.fullRuns,
                                            range.partialRuns);
  return tile;
}

int64_t ProbedAttend::fullPairs() const {
  int64_t columns = 0;
  for (const TileRange &range : tiles)
    for (int64_t k = 0; k < range.fullRuns; ++k)
      columns += runs[range.firstRun + k].count;
  return columns * tileRows;
}

int64_t ProbedAttend::partialPairs() const {
  int64_t columns = 0;
  for (const ProbedRun &run : runs)
    columns += run.count;
  return columns * tileRows - fullPairs();
}

reference::Environment ProbedAttend::environment() const {
  reference::Environment result;
  result.dimensions = dimensions;
  result.arguments = scalars;
  for (const auto &[name, value] : integers) {
    result.variables[name] = static_cast<double>(value);
    result.dimensions.try_emplace(name, value);
    result.arguments.try_emplace(name, static_cast<double>(value));
  }
  result.variables["b"] = static_cast<double>(batch);
  result.variables["h"] = static_cast<double>(head);
  result.table = [tables = tables, batch = batch, head = head](
                     int number, const std::vector<int64_t> &indices) {
    const reference::Tensor &table = *tables.at(number);
    // Axes that are not indexed are the first ones: batch and head, or head.
    size_t missing = table.shape.size() - indices.size();
    int64_t offset = 0;
    for (size_t axis = 0; axis < table.shape.size(); ++axis) {
      int64_t most = std::max<int64_t>(table.shape[axis] - 1, 0);
      int64_t index = axis >= missing       ? indices[axis - missing]
                      : axis + 1 == missing ? head
                                            : batch;
      offset = offset * table.shape[axis] + std::clamp<int64_t>(index, 0, most);
    }
    return table.data.empty() ? 0 : table.data[offset];
  };
  return result;
}

namespace {

std::string bitName(const char *what, int number) {
  return std::string(what) + "$" + std::to_string(number);
}

/// Index sets are bits that the plan gives with a row and a column.
ScalarRef setsAsVariables(const ScalarRef &predicate) {
  return rewrite(predicate, [](const ScalarRef &node) -> ScalarRef {
    if (node->kind == ScalarKind::KeyInSet)
      return variable(bitName("key", node->table), ScalarType::Bool);
    if (node->kind == ScalarKind::QueryInSet)
      return variable(bitName("query", node->table), ScalarType::Bool);
    return nullptr;
  });
}

} // namespace

PairTest::PairTest(const ProbedAttend &attend)
    : environment(attend.environment()) {
  i = &environment.variables["i"];
  j = &environment.variables["j"];
  if (!attend.predicate)
    return;
  auto collect = [&](ScalarKind kind, const char *what,
                     std::vector<double *> &bits) {
    walk(attend.predicate, [&](const Scalar &node) {
      if (node.kind != kind)
        return;
      if (bits.size() <= static_cast<size_t>(node.table))
        bits.resize(node.table + 1);
      bits[node.table] = &environment.variables[bitName(what, node.table)];
    });
  };
  collect(ScalarKind::KeyInSet, "key", columnBits);
  collect(ScalarKind::QueryInSet, "query", rowBits);
  evaluator = std::make_unique<reference::Evaluator>(
      setsAsVariables(attend.predicate), environment);
}

bool PairTest::operator()(int64_t row, int64_t column, uint32_t rowSets,
                          uint32_t columnSets) {
  if (!evaluator)
    return true;
  *i = static_cast<double>(row);
  *j = static_cast<double>(column);
  for (size_t k = 0; k < rowBits.size(); ++k)
    if (rowBits[k])
      *rowBits[k] = rowSets >> k & 1;
  for (size_t k = 0; k < columnBits.size(); ++k)
    if (columnBits[k])
      *columnBits[k] = columnSets >> k & 1;
  return evaluator->value() != 0;
}

//===----------------------------------------------------------------------===//
// The host program in this process
//===----------------------------------------------------------------------===//

namespace {

/// Stands where a kernel would be: nothing calls it.
int noKernel(void **) { return -1; }

/// Defines what the host object refers to: the host functions of ProbeLaunch,
/// the C library, and a place for each kernel that was not compiled.
class Externals : public llvm::orc::DefinitionGenerator {
public:
  llvm::Error
  tryToGenerate(llvm::orc::LookupState &, llvm::orc::LookupKind,
                llvm::orc::JITDylib &library, llvm::orc::JITDylibLookupFlags,
                const llvm::orc::SymbolLookupSet &symbols) override {
    llvm::orc::SymbolMap found;
    for (const auto &[symbol, flags] : symbols) {
      void *address = probeHostFunction(*symbol);
      if (!address)
        address = reinterpret_cast<void *>(&noKernel);
      found[symbol] = {llvm::orc::ExecutorAddr::fromPtr(address),
                       llvm::JITSymbolFlags::Exported |
                           llvm::JITSymbolFlags::Callable};
    }
    return library.define(llvm::orc::absoluteSymbols(std::move(found)));
  }
};

/// Descriptors have the names of their kernels, behind a prefix.
std::string descriptorName(const std::string &kernel) {
  return "effattn_probe_" + kernel;
}

ObjectOptions objectOptions(const TargetPlan &plan) {
  ObjectOptions options;
  for (const CodePlan &code : plan.codes)
    options.codes.push_back(code.code);
  options.targetKind = plan.kind;
  options.compiler = "probe";
  options.descriptor = descriptorName;
  return options;
}

llvm::Error addProgram(llvm::orc::LLJIT &jit, const TargetPlan &plan,
                       LoweredProgram &lowered, bool optimise) {
  std::string problem;
  auto failed = [&] {
    return llvm::createStringError(std::errc::invalid_argument, "%s",
                                   problem.c_str());
  };
  if (optimise) {
    std::vector<char> bytes;
    if (!emitObject(lowered, objectOptions(plan), bytes, problem))
      return failed();
    return jit.addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(
        {bytes.data(), bytes.size()}, "probe"));
  }
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module = makeLlvmModule(lowered, objectOptions(plan), *context, problem);
  if (!module)
    return failed();
  return jit.addIRModule(
      llvm::orc::ThreadSafeModule(std::move(module), std::move(context)));
}

llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> makeJit() {
  static bool ready = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)ready;
  auto machine = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!machine)
    return machine.takeError();
  machine->setCodeGenOptLevel(llvm::CodeGenOptLevel::None);
  auto jit = llvm::orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(*machine))
                 .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                 .create();
  if (jit)
    (*jit)->getMainJITDylib().addGenerator(std::make_unique<Externals>());
  return jit;
}

} // namespace

struct PlanProbe::State {
  std::shared_ptr<Program> program;
  std::vector<ProbeKernel> kernels;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  ProbeContext context;

  llvm::Error load(const TargetPlan &plan, LoweredProgram &lowered,
                   bool optimise);
};

llvm::Error PlanProbe::State::load(const TargetPlan &plan,
                                   LoweredProgram &lowered, bool optimise) {
  auto made = makeJit();
  if (!made)
    return made.takeError();
  jit = std::move(*made);
  for (const LoweredKernel &kernel : lowered.kernels) {
    ProbeKernel &each = kernels.emplace_back();
    for (const LoweredAttend &attend : kernel.attends)
      each.attends.push_back({attend.spec, attend.source});
  }
  if (auto error = addProgram(*jit, plan, lowered, optimise))
    return error;
  for (size_t k = 0; k < kernels.size(); ++k) {
    auto address = jit->lookup(descriptorName(lowered.kernels[k].name));
    if (!address)
      return address.takeError();
    kernels[k].take(*address->toPtr<const effattn_kernel *>());
    // The last code is the best one.
    kernels[k].target = plan.codes.back().code.target;
  }
  return llvm::Error::success();
}

PlanProbe::PlanProbe() : state(std::make_unique<State>()) {}
PlanProbe::~PlanProbe() = default;

std::unique_ptr<PlanProbe> PlanProbe::make(llvm::SourceMgr &sources,
                                           CompileOptions options,
                                           llvm::raw_ostream &errors,
                                           bool optimise) {
  std::unique_ptr<PlanProbe> probe(new PlanProbe);
  options.stop = Stage::Codegen;
  options.codegen = [&](const TargetPlan &plan, LoweredProgram &lowered) {
    auto error = probe->state->load(plan, lowered, optimise);
    if (!error)
      return true;
    errors << options.file << ": error: " << llvm::toString(std::move(error))
           << "\n";
    return false;
  };
  Compilation compilation = compile(sources, options, errors);
  if (!compilation.ok)
    return nullptr;
  probe->state->program = compilation.program;
  return probe;
}

const Program &PlanProbe::program() const { return *state->program; }

llvm::Expected<std::vector<ProbedAttend>>
PlanProbe::plan(size_t kernel, const reference::Inputs &inputs, int64_t batch,
                int64_t head) {
  ProbeLaunch launch(state->program->kernels.at(kernel),
                     state->kernels.at(kernel), inputs, batch, head);
  return launch.run(state->context);
}

} // namespace effattn

//===- GpuRuntime.cpp - device code that is part of the runtime -----------===//

#include "lib/Schedule/GpuRuntime.h"
#include "lib/Schedule/Emit.h"
#include "lib/Schedule/GpuAttend.h"
#include "lib/Schedule/GpuMath.h"
#include "lib/Schedule/Math.h"
#include "lib/Schedule/ScalarToHalide.h"

#include "runtime/src/gpu_words.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <array>
#include <deque>

namespace effattn {

using namespace Halide;

namespace {

/// A block takes 64 x 256 elements: grids of 65535 blocks reach 2^30, and 64
/// threads are what every device has.
constexpr int threads = 64, elementsOfThread = 256;
constexpr int elementsOfBlock = threads * elementsOfThread;

/// An element of a flat buffer that the runtime knows to be inside.
Expr element(const ImageParam &buffer, const Expr &place) {
  return Internal::Call::make(
      buffer.parameter(),
      {unsafe_promise_clamped(place, 0, buffer.dim(0).extent() - 1)});
}

/// One thread an element of [0, count), in place: result(place) = value, where
/// both are expressions of `nth`.
class Scatter {
public:
  explicit Scatter(Type type)
      : type(type),
        domain(0, elementsOfThread, 0, threads, 0,
               (count + (elementsOfBlock - 1)) / elementsOfBlock, "domain") {}

  /// Neighbouring threads take neighbouring elements.
  Expr at() const {
    return (domain.z * elementsOfThread + domain.x) * threads + domain.y;
  }
  Expr old(const Expr &place) { return result(clamped(place)); }

  void start() { result(x) = undef(type); }
  void define(const Expr &place, const Expr &value) {
    domain.where(at() < count);
    result(clamped(place)) = value;
    result.update()
        .allow_race_conditions() // places are distinct
        .gpu_blocks(domain.z)
        .gpu_threads(domain.y);
    result.output_buffer().dim(0).set_min(0);
  }

  Param<int> count{"count"};
  Func result{"result"};

private:
  Expr clamped(const Expr &place) {
    return unsafe_promise_clamped(place, 0,
                                  result.output_buffer().dim(0).extent() - 1);
  }

  Type type;
  Var x{"x"};
  RDom domain;
};

/// Elements of 32 bits, whatever they mean. Strides of 0 fill.
KernelFunction copy(const std::string &symbol) {
  ImageParam from(Int(32), 1, "from"), words(Int(32), 1, "words");
  Scatter scatter(Int(32));
  scatter.start();
  Expr rest = scatter.at(), source = 0, target = 0;
  for (int axis = 0; axis < 6; ++axis) {
    Expr size = element(words, EFFATTN_GPU_COPY_SHAPE + axis);
    Expr index = rest % size;
    rest = rest / size;
    source += index * element(words, EFFATTN_GPU_COPY_FROM + axis);
    target += index * element(words, EFFATTN_GPU_COPY_TO + axis);
  }
  scatter.define(target, element(from, source));
  for (ImageParam *buffer : {&from, &words})
    buffer->dim(0).set_min(0);
  return {symbol, Pipeline(scatter.result), {from, words, scatter.count}};
}

/// The weights of two parts of one softmax, and its LSE:
///   LSE = log(e^l1 + e^l2), w = e^(l - LSE); a part with l = -inf is empty.
struct Weights {
  Expr first, second, lse;
  Expr hasFirst, hasSecond;

  Weights(const Expr &l1, const Expr &l2)
      : hasFirst(notMinusInfinity(l1)), hasSecond(notMinusInfinity(l2)) {
    Expr maximum = select(!hasFirst, l2, !hasSecond, l1, max(l1, l2));
    auto part = [&](const Expr &has, const Expr &l, const Expr &by) {
      return select(has, expNonPositive(l - by), 0.0f);
    };
    Expr sum = part(hasFirst, l1, maximum) + part(hasSecond, l2, maximum);
    lse =
        select(hasFirst || hasSecond, maximum + logFloat(sum), minusInfinity());
    first = part(hasFirst, l1, lse);
    second = part(hasSecond, l2, lse);
  }
};

struct MergePlaces {
  std::array<Expr, 4> at; ///< result, its LSE, part, its LSE
  Expr channel;

  MergePlaces(const ImageParam &words, const Expr &nth, bool channels) {
    Expr row = nth;
    channel = 0;
    if (channels) {
      Expr count = element(words, EFFATTN_GPU_MERGE_CHANNELS);
      channel = nth % count;
      row = nth / count;
    }
    Expr tokens = element(words, EFFATTN_GPU_MERGE_TOKENS);
    Expr heads = element(words, EFFATTN_GPU_MERGE_HEADS);
    Expr token = row % tokens, head = row / tokens % heads,
         batch = row / tokens / heads;
    for (int k = 0; k < 4; ++k) {
      int place = EFFATTN_GPU_MERGE_OUTPUT + 3 * k;
      at[k] = token * element(words, place) + head * element(words, place + 1) +
              batch * element(words, place + 2);
    }
  }
};

/// O of one more part into the result, whose LSE is not yet updated.
KernelFunction merge(const std::string &symbol) {
  ImageParam lse(Float(32), 1, "lse"), part(Float(32), 1, "part"),
      partLse(Float(32), 1, "part_lse"), words(Int(32), 1, "words");
  Scatter scatter(Float(32));
  scatter.start();
  MergePlaces places(words, scatter.at(), true);
  Weights weights(element(lse, places.at[1]), element(partLse, places.at[3]));
  Expr place = places.at[0] + places.channel;
  Expr value =
      select(weights.hasFirst, weights.first * scatter.old(place), 0.0f) +
      select(weights.hasSecond,
             weights.second * element(part, places.at[2] + places.channel),
             0.0f);
  scatter.define(place, value);
  for (ImageParam *buffer : {&lse, &part, &partLse, &words})
    buffer->dim(0).set_min(0);
  return {symbol,
          Pipeline(scatter.result),
          {lse, part, partLse, words, scatter.count}};
}

/// LSE of one more part into the result's.
KernelFunction mergeLse(const std::string &symbol) {
  ImageParam partLse(Float(32), 1, "part_lse"), words(Int(32), 1, "words");
  Scatter scatter(Float(32));
  scatter.start();
  MergePlaces places(words, scatter.at(), false);
  Weights weights(scatter.old(places.at[1]), element(partLse, places.at[3]));
  scatter.define(places.at[1], weights.lse);
  for (ImageParam *buffer : {&partLse, &words})
    buffer->dim(0).set_min(0);
  return {symbol, Pipeline(scatter.result), {partLse, words, scatter.count}};
}

} // namespace

std::vector<KernelObject> compileDeviceKernels(const std::string &name,
                                               const std::string &halideTarget,
                                               ScheduleFailure *failure) {
  std::vector<KernelObject> objects;
  guarded("device kernels", failure, [&] {
    auto symbol = [&](const char *what) {
      return fmt::format("effattn_gpu_{}_{}", what, name);
    };
    for (const KernelFunction &function :
         {copy(symbol("copy")), merge(symbol("merge")),
          mergeLse(symbol("merge_lse"))})
      objects.push_back(
          emitObject(function.symbol, {function},
                     deviceTarget(halideTarget, /*uses64=*/false)));
  });
  return objects;
}

KernelObject compileDeviceRuntime(ScheduleFailure *failure) {
  KernelObject object;
  guarded("device runtime", failure, [&] {
    llvm::SmallString<128> path;
    if (llvm::sys::fs::createTemporaryFile("effattn", "o", path))
      throw ScheduleError{"cannot make a temporary file"};
    llvm::FileRemover remover(path);
    compile_standalone_runtime(std::string(path.str()),
                               Target("x86-64-linux-vulkan-cuda-user_context"));
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer)
      throw ScheduleError{"cannot read a temporary file"};
    object.bytes.assign((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
  });
  return object;
}

void makeHalidePrivate(KernelObject &object, ScheduleFailure *failure) {
  guarded("symbols", failure, [&] {
    auto check = [](llvm::Error error) {
      if (error)
        throw ScheduleError{llvm::toString(std::move(error))};
    };
    auto file = llvm::object::ObjectFile::createObjectFile(
        {{object.bytes.data(), object.bytes.size()}, "object"});
    check(file.takeError());
    llvm::objcopy::ConfigManager config;
    std::deque<std::string> names; // the configuration refers to them
    for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
      auto name = symbol.getName();
      check(name.takeError());
      auto flags = symbol.getFlags();
      check(flags.takeError());
      bool ours = name->starts_with("effattn_") || name->empty();
      bool defined = (*flags & llvm::object::SymbolRef::SF_Global) &&
                     !(*flags & llvm::object::SymbolRef::SF_Undefined);
      if (!ours &&
          (name->starts_with("halide_") || (defined && object.symbols.empty())))
        config.Common.SymbolsToRename[names.emplace_back(name->str())] =
            names.emplace_back("effattn_" + name->str());
    }
    llvm::SmallVector<char, 0> renamed;
    llvm::raw_svector_ostream out(renamed);
    check(llvm::objcopy::executeObjcopyOnBinary(config, **file, out));
    object.bytes.assign(renamed.begin(), renamed.end());
  });
}

} // namespace effattn

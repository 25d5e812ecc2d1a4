//===- Rename.cpp - private names for Halide's runtime --------------------===//

#include "lib/Driver/Rename.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/raw_ostream.h"

namespace effattn {

llvm::Error makeHalideSymbolsPrivate(KernelObject &object) {
  llvm::MemoryBufferRef bytes({object.bytes.data(), object.bytes.size()},
                              "kernel");
  auto file = llvm::object::ObjectFile::createObjectFile(bytes);
  if (!file)
    return file.takeError();
  llvm::BumpPtrAllocator memory;
  llvm::StringSaver names(memory);
  llvm::objcopy::ConfigManager config;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    auto name = symbol.getName();
    if (!name)
      return name.takeError();
    if (name->starts_with("halide_"))
      config.Common.SymbolsToRename[names.save(*name)] =
          names.save("effattn_" + *name);
  }
  if (config.Common.SymbolsToRename.empty())
    return llvm::Error::success();
  llvm::SmallVector<char, 0> renamed;
  llvm::raw_svector_ostream out(renamed);
  if (auto error = llvm::objcopy::executeObjcopyOnBinary(config, **file, out))
    return error;
  object.bytes.assign(renamed.begin(), renamed.end());
  return llvm::Error::success();
}

} // namespace effattn

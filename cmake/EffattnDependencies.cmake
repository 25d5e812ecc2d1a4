# Where scripts/setup puts what Debian does not package: a Python environment
# that holds Halide (headers, library and CMake package) and a recent CMake.
set(EFFATTN_DEPS ${PROJECT_SOURCE_DIR}/.deps/venv CACHE PATH
    "Python environment with the halide package")
file(GLOB halide_root ${EFFATTN_DEPS}/lib/python3*/site-packages/halide)
list(APPEND CMAKE_PREFIX_PATH ${halide_root} ${halide_root}/lib64/cmake
     ${halide_root}/lib/cmake /usr/lib/llvm-22)
set(EFFATTN_HALIDE_ROOT ${halide_root} CACHE INTERNAL "")

find_package(MLIR REQUIRED CONFIG)
find_package(Halide REQUIRED COMPONENTS Halide shared)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET cairo)
find_package(Threads REQUIRED)

find_path(ISL_INCLUDE_DIR isl/set.h REQUIRED)
find_library(ISL_LIBRARY isl REQUIRED)
add_library(isl::isl INTERFACE IMPORTED)
target_include_directories(isl::isl INTERFACE ${ISL_INCLUDE_DIR})
target_link_libraries(isl::isl INTERFACE ${ISL_LIBRARY})
# libLLVM defines the same functions (its polyhedral optimiser has an isl of its
# own, another version): whatever order the libraries come in, ours is first.
target_link_options(isl::isl INTERFACE
  "LINKER:--push-state,--no-as-needed,${ISL_LIBRARY},--pop-state")

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(llvm_definitions NATIVE_COMMAND ${LLVM_DEFINITIONS})
add_definitions(${llvm_definitions})

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
if(EXISTS /usr/lib/llvm-22/bin/ld.lld)
  add_link_options(-B/usr/lib/llvm-22/bin -fuse-ld=lld)
endif()

# effattn_add_kernel(target FILE [TARGETS cpu|vulkan|cuda...] [SET name=value...]
#                    [OPTIONS ...])
#
# Compiles the pattern file when it changes, adds the generated header's folder
# to the include path of `target`, and links the kernels and the runtime that
# they need: #include "longformer.h" after
#   effattn_add_kernel(app patterns/longformer.attn)
function(effattn_add_kernel target file)
  cmake_parse_arguments(arg "" "" "TARGETS;SET;OPTIONS" ${ARGN})
  if(NOT TARGET ${target})
    message(FATAL_ERROR "effattn_add_kernel: there is no target '${target}'")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "effattn_add_kernel: expected TARGETS, SET or OPTIONS, "
                        "but got '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT arg_TARGETS)
    set(arg_TARGETS cpu)
  endif()
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
             NORMALIZE OUTPUT_VARIABLE source)
  cmake_path(GET source STEM stem)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/effattn/${target})
  set(sets ${arg_SET})
  list(TRANSFORM sets PREPEND "--set=")
  list(JOIN arg_TARGETS "," targets)
  add_custom_command(
    OUTPUT ${folder}/${stem}.a ${folder}/${stem}.h ${folder}/${stem}.json
    COMMAND effattn::effattn-compile ${source} -o ${folder}
            --target=${targets} ${sets} ${arg_OPTIONS}
    DEPENDS ${source} effattn::effattn-compile
    COMMENT "Compiling attention kernels of ${stem}.attn"
    VERBATIM)
  add_custom_target(${target}_${stem}_kernels DEPENDS ${folder}/${stem}.a)
  add_dependencies(${target} ${target}_${stem}_kernels)
  target_include_directories(${target} PRIVATE ${folder})
  if(arg_TARGETS STREQUAL cpu)
    set(runtime effattn::runtime)
  else()
    set(runtime effattn::runtime_gpu)
  endif()
  target_link_libraries(${target} PRIVATE ${folder}/${stem}.a ${runtime})
endfunction()

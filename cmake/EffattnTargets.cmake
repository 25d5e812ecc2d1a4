# effattn_library(NAME sources... [LINK libraries...]): a library of the
# compiler, static, with the warnings that all of our code builds with.
function(effattn_library name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter -Wno-restrict)
  target_link_libraries(${name} PUBLIC ${arg_LINK})
endfunction()

# effattn_tool(NAME sources... [LINK libraries...]): a program in bin/.
function(effattn_tool name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter -Wno-restrict)
  target_link_libraries(${name} PRIVATE ${arg_LINK})
endfunction()

# effattn_unittest(NAME sources... [LINK libraries...]): a GoogleTest program,
# one CTest test for the whole of it.
function(effattn_unittest name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter -Wno-restrict)
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest
                                        GTest::gtest_main Threads::Threads)
  add_test(NAME unit/${name} COMMAND ${name})
  set_tests_properties(unit/${name} PROPERTIES LABELS unit)
endfunction()

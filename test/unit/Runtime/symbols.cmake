# What the runtime's archive refers to and defines:
#   cmake -DNM=nm -DARCHIVE=libeffattn_runtime.a -P symbols.cmake
# It must not be able to end the process, print, or throw, and every global name
# is ours, so that an application with a Halide of its own keeps it apart.
cmake_minimum_required(VERSION 3.28)
execute_process(COMMAND ${NM} -g ${ARCHIVE} OUTPUT_VARIABLE listing
                RESULT_VARIABLE result ERROR_QUIET)
if(result OR NOT listing MATCHES "effattn_launch_kernel")
  message(FATAL_ERROR "cannot list the symbols of ${ARCHIVE}")
endif()
set(forbidden abort exit _exit quick_exit __assert_fail raise kill longjmp
    printf puts putchar perror fprintf fputs vprintf vfprintf stderr stdout
    __printf_chk __fprintf_chk _Unwind_Resume __cxa_throw)
string(REPLACE "\n" ";" lines "${listing}")
set(wrong "")
foreach(line ${lines})
  if(line MATCHES "^ *[Uw] (.*)$")
    if(CMAKE_MATCH_1 IN_LIST forbidden)
      string(APPEND wrong "\n  refers to ${CMAKE_MATCH_1}")
    endif()
  elseif(line MATCHES "^[0-9a-f]+ [A-Z] (.*)$")
    set(name ${CMAKE_MATCH_1})
    if(NOT name MATCHES "^(effattn_|__|\\.|asan\\.|DW\\.)")
      string(APPEND wrong "\n  defines ${name}")
    endif()
  endif()
endforeach()
if(wrong)
  message(FATAL_ERROR "${ARCHIVE}:${wrong}")
endif()

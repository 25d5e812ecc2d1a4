# The install tree: bin/, include/effattn, lib/, lib/cmake/effattn.
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_LIBDIR lib)
include(GNUInstallDirs)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/runtime/include/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT effattnTargets NAMESPACE effattn::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/effattn)
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/effattnConfig.cmake.in
  ${PROJECT_BINARY_DIR}/effattnConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/effattn)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/effattnConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/effattnConfig.cmake
              ${PROJECT_BINARY_DIR}/effattnConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/EffattnAddKernel.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/effattn)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/effattn)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/patterns
        DESTINATION ${CMAKE_INSTALL_DATADIR}/effattn)
# The runtime's header needs DLPack's: one file, installed beside it.
find_path(DLPACK_INCLUDE_DIR dlpack/dlpack.h REQUIRED)
install(FILES ${DLPACK_INCLUDE_DIR}/dlpack/dlpack.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dlpack)
# The compiler's own library that Debian does not package.
install(IMPORTED_RUNTIME_ARTIFACTS Halide::Halide
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

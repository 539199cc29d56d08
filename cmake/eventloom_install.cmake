# `cmake --install` and, with it, `find_package(eventloom)`.
include(CMakePackageConfigHelpers)

install(EXPORT eventloom NAMESPACE eventloom:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/eventloom
    FILE eventloomTargets.cmake)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/eventloomConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/eventloomConfig.cmake ${CMAKE_BINARY_DIR}/eventloomConfigVersion.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/eventloom)

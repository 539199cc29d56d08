# A room of the house: MODULE/include is public and installed; MODULE/internal is for the other rooms and the tests, and
# MODULE/src for the room alone.
#
#     eventloom_module(storage USES eventloom::framework leveldb::leveldb)
#
# eventloom_MODULE_internal has the internal headers of a room and of those that it uses.

# Compiler flags of everything that is built here; an installed Eventloom passes none of them on.
add_library(eventloom_flags INTERFACE)
target_compile_options(eventloom_flags INTERFACE -Wall -Wextra -Wpedantic $<$<BOOL:${EVENTLOOM_WERROR}>:-Werror>
    # GCC 12 sees overlaps and overflows where strings are added (GCC bugs 105651 and 105329).
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-subobject-linkage>"
    -fstack-protector-strong -D_GLIBCXX_ASSERTIONS $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
if(EVENTLOOM_SANITIZE STREQUAL "address")
    target_compile_options(eventloom_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(eventloom_flags INTERFACE -fsanitize=address,undefined)
elseif(EVENTLOOM_SANITIZE STREQUAL "thread")
    target_compile_options(eventloom_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(eventloom_flags INTERFACE -fsanitize=thread)
endif()
if(EVENTLOOM_COVERAGE)
    target_compile_options(eventloom_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(eventloom_flags INTERFACE --coverage)
endif()

function(eventloom_module name)
    cmake_parse_arguments(PARSE_ARGV 1 module "" "" "USES")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/src/*.cpp)
    add_library(eventloom_${name} STATIC ${sources})
    add_library(eventloom::${name} ALIAS eventloom_${name})
    set_target_properties(eventloom_${name} PROPERTIES EXPORT_NAME ${name})
    target_compile_features(eventloom_${name} PUBLIC cxx_std_20)
    target_include_directories(eventloom_${name}
        PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/${name}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
        PRIVATE ${CMAKE_SOURCE_DIR}/${name}/src)
    add_library(eventloom_${name}_internal INTERFACE)
    if(EXISTS ${CMAKE_SOURCE_DIR}/${name}/internal)
        target_include_directories(eventloom_${name}_internal INTERFACE ${CMAKE_SOURCE_DIR}/${name}/internal)
    endif()
    set(used_rooms ${module_USES})
    list(FILTER used_rooms INCLUDE REGEX "^eventloom::")
    list(TRANSFORM used_rooms REPLACE "^eventloom::(.*)$" "eventloom_\\1_internal")
    target_link_libraries(eventloom_${name}_internal INTERFACE ${used_rooms})
    target_link_libraries(eventloom_${name} PUBLIC ${module_USES}
        PRIVATE fmt::fmt $<BUILD_INTERFACE:eventloom_flags> $<BUILD_INTERFACE:eventloom_${name}_internal>)
    install(TARGETS eventloom_${name} EXPORT eventloom)
    install(DIRECTORY ${CMAKE_SOURCE_DIR}/${name}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

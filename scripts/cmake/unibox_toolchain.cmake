# Compiler settings, warnings, sanitizers, precompiled headers and the third-party packages.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(UNIBOX_TESTS "Build the tests" ON)
option(UNIBOX_GRPC "Build what needs gRPC (off for the thread sanitizer: Debian's gRPC is not instrumented)" ON)
option(UNIBOX_WERROR "Treat warnings as errors" OFF)
set(UNIBOX_SANITIZE "" CACHE STRING "Sanitizers, as given to -fsanitize=")

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE}
    )
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()
if(UNIBOX_SANITIZE)
    # GCC 12 sees uninitialised variants where the sanitizers instrument their destruction.
    add_compile_options(-fsanitize=${UNIBOX_SANITIZE} -fno-omit-frame-pointer
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    add_link_options(-fsanitize=${UNIBOX_SANITIZE})
    if(UNIBOX_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # By this macro protobuf's maps have two members more (google/protobuf/map_field.h), which Debian's libprotobuf does not
        # know of: reflection over a map crashed. libstdc++ is told by its own.
        add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
    endif()
endif()

# What tests are compiled without: checks of each member that they touch take a quarter of their compiler's time, and find nothing that
# the address sanitizer or the product's own files, which have them, would not.
if(UNIBOX_SANITIZE MATCHES "undefined")
    set(UNIBOX_TEST_OPTIONS -fno-sanitize=null,alignment,object-size,vptr)
endif()

# Some packages ask for these and some do not; a precompiled header serves only those that were compiled alike.
add_compile_options(-pthread)
add_compile_definitions(_FILE_OFFSET_BITS=64)

add_library(unibox_warnings INTERFACE)
target_compile_options(unibox_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
    -Woverloaded-virtual -Wimplicit-fallthrough -Wextra-semi
    $<$<BOOL:${UNIBOX_WERROR}>:-Werror>
)

# In every precompiled header: only the standard library, so nothing leaks between floors.
set(UNIBOX_PCH
    <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <functional> <map>
    <memory> <mutex> <optional> <set> <span> <string> <string_view> <thread> <unordered_map>
    <unordered_set> <utility> <variant> <vector>
)

# unibox_precompiled(name HEADER...): a precompiled header of the above and HEADERs, made once for all targets that use it: a copy
# for each target took 90 MB of disk a target.
function(unibox_precompiled name)
    file(CONFIGURE OUTPUT ${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE unibox_warnings)
    target_precompile_headers(${name} PRIVATE ${UNIBOX_PCH} ${ARGN})
endfunction()
unibox_precompiled(unibox_pch)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
if(UNIBOX_GRPC)
    find_package(gRPC CONFIG REQUIRED)
endif()
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(LIBNATS REQUIRED IMPORTED_TARGET libnats)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(LIBSODIUM REQUIRED IMPORTED_TARGET libsodium)

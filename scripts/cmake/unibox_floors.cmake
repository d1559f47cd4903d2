# Targets of the project: unibox_library, unibox_service, unibox_test. Each library stands on a floor and
# may use strictly lower floors only (docs/architecture.md), and what is kept for certain services is linked
# by these alone; a violation stops the configuration.

define_property(TARGET PROPERTY UNIBOX_FLOOR BRIEF_DOCS "Floor of a library" FULL_DOCS "See docs/architecture.md")
define_property(TARGET PROPERTY UNIBOX_SERVICES BRIEF_DOCS "The only services that may link a library"
    FULL_DOCS "See docs/architecture.md")

# Whatever links a library that is kept for services must be one of them: so nothing hands it on to others either.
function(unibox_check_dependencies target floor)
    foreach(dependency IN LISTS ARGN)
        get_target_property(services unibox_${dependency} UNIBOX_SERVICES)
        if(services AND NOT target IN_LIST services)
            message(FATAL_ERROR "layering: ${target} must not link ${dependency}, which is kept for ${services}")
        endif()
        get_target_property(below unibox_${dependency} UNIBOX_FLOOR)
        if(NOT below LESS floor)
            message(FATAL_ERROR
                "layering: ${target} (floor ${floor}) must not depend on ${dependency} (floor ${below})")
        endif()
    endforeach()
endfunction()

# unibox_common_settings(target [precompiled header]): unibox_pch, or one that unibox_precompiled made.
function(unibox_common_settings target)
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/libs)
    target_link_libraries(${target} PRIVATE unibox_warnings)
    if(ARGC EQUAL 1)
        target_precompile_headers(${target} REUSE_FROM unibox_pch)
    else()
        target_precompile_headers(${target} REUSE_FROM ${ARGV1})
    endif()
endfunction()

# unibox_library(name FLOOR n SOURCES ... [SERVICES the only services that may link it] [DEPS lower libraries]
#                [PUBLIC third parties] [PRIVATE third parties] [PRECOMPILED its precompiled header])
# Headers are included as "folder/header.hpp", from libs/.
function(unibox_library name)
    cmake_parse_arguments(ARG "" "FLOOR;PRECOMPILED" "SOURCES;SERVICES;DEPS;PUBLIC;PRIVATE" ${ARGN})
    unibox_check_dependencies(${name} ${ARG_FLOOR} ${ARG_DEPS})
    add_library(unibox_${name} STATIC ${ARG_SOURCES})
    add_library(unibox::${name} ALIAS unibox_${name})
    set_target_properties(unibox_${name} PROPERTIES UNIBOX_FLOOR ${ARG_FLOOR} UNIBOX_SERVICES "${ARG_SERVICES}")
    unibox_common_settings(unibox_${name} ${ARG_PRECOMPILED})
    list(TRANSFORM ARG_DEPS PREPEND unibox::)
    target_link_libraries(unibox_${name} PUBLIC ${ARG_DEPS} ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# unibox_service(name SOURCES ... [GRPC_SOURCES ...] DEPS ... [PRIVATE third parties]): everything but main.cpp is a library,
# unibox_svc_<name>, which tests link; main.cpp makes the executable <name>. Without gRPC a service that has GRPC_SOURCES is
# the library of its other sources alone.
function(unibox_service name)
    cmake_parse_arguments(ARG "" "" "SOURCES;GRPC_SOURCES;DEPS;PRIVATE" ${ARGN})
    unibox_check_dependencies(${name} 5 ${ARG_DEPS})
    list(TRANSFORM ARG_DEPS PREPEND unibox::)
    if(UNIBOX_GRPC)
        list(APPEND ARG_SOURCES ${ARG_GRPC_SOURCES})
    endif()
    add_library(unibox_svc_${name} STATIC ${ARG_SOURCES})
    set_target_properties(unibox_svc_${name} PROPERTIES UNIBOX_FLOOR 5)
    unibox_common_settings(unibox_svc_${name})
    target_include_directories(unibox_svc_${name} PUBLIC ${CMAKE_SOURCE_DIR}/services)
    target_link_libraries(unibox_svc_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE})
    if(ARG_GRPC_SOURCES AND NOT UNIBOX_GRPC)
        return()
    endif()
    add_executable(${name} main.cpp)
    unibox_common_settings(${name})
    target_link_libraries(${name} PRIVATE unibox_svc_${name})
    install(TARGETS ${name} RUNTIME)
endfunction()

# unibox_use_jemalloc(executable): glibc's malloc is slow where one thread allocates what another frees, which is how requests
# pass through a service. Sanitizers bring their own allocator.
function(unibox_use_jemalloc name)
    if(UNIBOX_SANITIZE)
        return()
    endif()
    find_library(UNIBOX_JEMALLOC jemalloc REQUIRED)
    target_link_libraries(${name} PRIVATE ${UNIBOX_JEMALLOC})
endfunction()

# unibox_is_complete(result name TARGET...): whether all targets exist. Without gRPC some do not, and what needs them is left
# out; otherwise a missing one is a mistake that would make a test vanish.
function(unibox_is_complete result name)
    set(${result} TRUE PARENT_SCOPE)
    foreach(dependency IN LISTS ARGN)
        if(TARGET ${dependency})
            continue()
        elseif(UNIBOX_GRPC)
            message(FATAL_ERROR "${name} needs the target ${dependency}, which does not exist")
        endif()
        message(STATUS "${name} is left out: ${dependency} is not built without gRPC")
        set(${result} FALSE PARENT_SCOPE)
    endforeach()
endfunction()

# unibox_test_program(name [precompiled header]): what unibox_test and unibox_bench have in common: the executable, of what they
# parsed into ARG_.
macro(unibox_test_program name)
    add_executable(${name} ${ARG_SOURCES})
    if(ARG_PROGRAMS)
        add_dependencies(${name} ${ARG_PROGRAMS})
    endif()
    unibox_common_settings(${name} ${ARGN})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_options(${name} PRIVATE ${UNIBOX_TEST_OPTIONS})
    target_compile_definitions(${name} PRIVATE
        UNIBOX_SOURCE_DIR="${CMAKE_SOURCE_DIR}" UNIBOX_BINARY_DIR="${CMAKE_BINARY_DIR}")
    target_link_libraries(${name} PRIVATE ${ARG_DEPS} ${ARG_PRIVATE})
endmacro()

# unibox_test(name LABEL unit|pg|nats|redis|net|e2e|fault|slow SOURCES ... DEPS ... [PRIVATE ...] [PROGRAMS ...]): one Catch2 executable,
# one CTest test that carries the label. DEPS are unibox libraries or service libraries (svc_<service>); PROGRAMS are executables
# that the test starts from the build's bin folder.
function(unibox_test name)
    cmake_parse_arguments(ARG "" "LABEL;TIMEOUT_S" "SOURCES;DEPS;PRIVATE;PROGRAMS" ${ARGN})
    list(TRANSFORM ARG_DEPS PREPEND unibox_)
    unibox_is_complete(is_complete ${name} ${ARG_DEPS} ${ARG_PROGRAMS})
    if(NOT is_complete)
        return()
    endif()
    unibox_test_program(${name} unibox_test_pch)
    target_link_libraries(${name} PRIVATE unibox_test_support unibox_test_main)
    if(NOT ARG_TIMEOUT_S)
        set(ARG_TIMEOUT_S 120)
    endif()
    add_test(NAME ${name} COMMAND ${name} --durations no)
    set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT_S})
    if(ARG_LABEL MATCHES "^(unit|pg|nats|redis|net)$")
        add_dependencies(sanitized_tests ${name})
    endif()
    if(ARG_LABEL MATCHES "^(e2e|fault|slow)$")  # Whole stacks, with time limits: nothing else runs beside them.
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()

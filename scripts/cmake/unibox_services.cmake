# unibox_services: the names in scripts/services.txt, in its order.

set(service_list ${CMAKE_SOURCE_DIR}/scripts/services.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${service_list})
file(STRINGS ${service_list} unibox_services REGEX "^[^#]")
list(TRANSFORM unibox_services REPLACE " .*" "")

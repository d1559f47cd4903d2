// The compiled part of Asio, once for the whole product.
// clang-format off
#include <utility>

#include <boost/asio/impl/src.hpp>
// clang-format on

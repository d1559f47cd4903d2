// The one include of Boost.Asio: everything else includes this header.
//
// Boost 1.74's awaitable.hpp uses std::exchange without including <utility>, so <utility> comes
// first. The defines that belong to Asio are set by the CMake target `async`, and its code is
// compiled once, in asio_impl.cpp. The header costs seconds: include it in .cpp files.
// Thread safety: as Asio documents for each type; an io_context is run by one thread here.
#pragma once

// <utility> must stay first.
// clang-format off
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
// clang-format on

namespace unibox::async {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = boost::asio::ip::tcp;

}  // namespace unibox::async

// A command under way. Thread safety: made by any thread, then the I/O thread's.
#pragma once

#include "base/clock.hpp"
#include "redis/client.hpp"
#include "redis/detail/window.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace unibox::redis::detail {

struct Request;
using RequestPtr = std::unique_ptr<Request>;
// The requests that wait, by the time that ends it.
using Deadlines = std::multimap<SteadyTime, Request*>;

inline constexpr int kRedirectsMax = 5;

struct Request {
    Request(std::string encoded, Client::Done on_done, Place taken = {})
        : bytes(std::move(encoded)), done(std::move(on_done)), place(std::move(taken)) {}

    std::string bytes;
    Client::Done done;  // Empty once it ran: what is still to come is dropped.
    Place place;
    std::optional<std::uint16_t> slot;
    std::shared_ptr<const ScriptText> script;  // Null once its source was sent.
    bool is_own = false;                       // Of this library: not counted.
    SteadyTime begun{};
    SteadyTime deadline{};
    std::optional<Deadlines::iterator> waiting;  // Kept by the desk.
    int redirects_left = kRedirectsMax;
    bool is_asking = false;  // Goes behind an ASKING to the node that takes its slot over.
    bool asking_unanswered = false;
    bool is_written = false;  // At least to the buffer that goes to the socket.
};

}  // namespace unibox::redis::detail

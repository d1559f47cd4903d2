// The body of an answer that is made while it is sent: chunked, or up to the end of the connection
// for HTTP/1.0.
//
// A handler makes a BodyStream, answers with Begin, and writes from wherever the bytes come from.
// Between producer and kernel no more than `held_bytes_max` bytes are held. The client is cut off
// when it takes nothing for the server's write_timeout_ms; so it is when the producer writes
// nothing for handler_timeout_ms, or dies without Finish: a body that is cut short never looks
// whole. The stream counts as a request in flight to its end.
// Thread safety: any thread; pieces of several threads are not mixed.
#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace unibox::http {

namespace detail {
class BodyQueue;
}

class BodyStream {
public:
    enum class Outcome {
        kTaken,
        kFull,  // Nothing of it was taken: again after `on_change`.
        kGone,  // Nobody reads any more, or only the head was asked for: stop.
    };

    // `on_change` is called after a kFull once half of the room is free again, and once when the
    // client has gone, from the net thread (or the thread that dropped the answer), under no lock:
    // it must not block. As the stream may die meanwhile, it owns what it touches.
    BodyStream(std::size_t held_bytes_max, std::function<void()> on_change);
    ~BodyStream();
    BodyStream(const BodyStream&) = delete;
    BodyStream& operator=(const BodyStream&) = delete;

    // The answer that this is the body of. Once.
    Response Begin(int status, std::string content_type);
    // All of `bytes` or nothing. A piece that is larger than held_bytes_max is taken when nothing
    // is held.
    Outcome Write(std::string_view bytes);
    // Nothing comes any more. Idempotent.
    void Finish();

private:
    const std::shared_ptr<detail::BodyQueue> queue_;
};

}  // namespace unibox::http

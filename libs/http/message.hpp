// What a server's handler gets and gives, and what the client returns.
// Thread safety: values; of a Request only `abandoned` changes after its handler was called.
#pragma once

#include "base/status.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unibox::http {

class Session;
namespace detail {
class BodyReader;
}

struct Header {
    std::string name;
    std::string value;
};

// One field of a request head; the views point into Request::head.
struct HeaderView {
    std::string_view name;
    std::string_view value;  // Without surrounding blanks.
};

// A complete request: its head passed the strict checks of request_head.hpp and its body is whole.
struct Request {
    Request() = default;
    Request(const Request&) = delete;  // The views point into `head`.
    Request& operator=(const Request&) = delete;

    // Value of the first field of that name, whatever the case of its letters.
    std::optional<std::string_view> Find(std::string_view name) const;

    // Nobody waits for the answer any more: the client has closed the connection or its own side of
    // it, or the answer is out. What has not begun by then need not. Any thread.
    bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }
    // The server's.
    void Abandon() { abandoned_.store(true, std::memory_order_relaxed); }

    std::string_view method;  // Case-sensitive, as sent: "POST".
    std::string_view target;  // As sent: a path or an http URL and, if any, "?" and query.
    std::string_view path;    // As sent, not decoded; begins with "/", or is the "*" of OPTIONS.
    std::string_view query;   // As sent, without the "?"; may be empty.
    // The protocol that the client would rather speak on this connection, as sent ("websocket");
    // empty unless it may be taken at its word: a GET of HTTP/1.1 without body that names the
    // upgrade in Connection too.
    std::string_view upgrade;
    std::vector<HeaderView> headers;
    std::string body;            // Decoded from chunks; the client's bytes otherwise.
    std::string remote_address;  // The peer's IP address, without port.
    std::string head;            // Request line and fields, as received.
    std::string traceparent;     // The client's if valid, else a new one; never empty.

private:
    std::atomic<bool> abandoned_{false};
};

struct Response {
    int status = 200;
    std::string content_type;  // Empty: no Content-Type field.
    std::string body;
    std::vector<Header> headers;  // Not Content-Length, Connection, Date: the server writes them.
    // At most one of these two takes the place of `body`.
    std::shared_ptr<Session> session = nullptr;  // Takes the connection over: session.hpp.
    std::shared_ptr<detail::BodyReader> streamed_body = nullptr;  // Of BodyStream::Begin.

    Response&& WithHeader(std::string name, std::string value) &&;
    // Value of the first field of that name, whatever the case of its letters.
    std::optional<std::string_view> Find(std::string_view name) const;
};

// Standard reason phrase, for example "Not Found"; "Unknown" for numbers without one.
std::string_view ReasonPhrase(int status);

}  // namespace unibox::http

// A plain blocking HTTP/1.1 client for tools and tests: http:// only, no redirects, no proxies.
// Thread safety: a Client belongs to one thread at a time; Send is free.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::http {

// One kept-alive connection; connects when needed, and again after the server closed it.
class Client {
public:
    static constexpr std::size_t kResponseBytesMax = 64 << 20;

    // `address` is host:port.
    explicit Client(std::string address);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // `target` is path and query. Host, Content-Length and Connection are added. The answer, with
    // whatever status, or UNAVAILABLE (no connection, broken answer) or DEADLINE_EXCEEDED. A
    // request on a kept connection that the server closed meanwhile is sent once more, on a new
    // one.
    Result<Response> Send(
        std::string_view method,
        std::string_view target,
        const std::vector<Header>& headers,
        std::string_view body,
        Millis timeout
    );

private:
    struct Connection;
    std::string address_;
    std::unique_ptr<Connection> connection_;
};

// One request on a connection of its own. `url` is http://host[:port]/path?query;
// INVALID_ARGUMENT for any other.
Result<Response> Send(
    std::string_view method,
    std::string_view url,
    const std::vector<Header>& headers,
    std::string_view body,
    Millis timeout
);

}  // namespace unibox::http

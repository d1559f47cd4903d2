#include "http/client.hpp"

#include "base/strings.hpp"

// <utility> must stay first.
// clang-format off
#include "async/asio.hpp"
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
// clang-format on

namespace unibox::http {
namespace {

namespace beast = boost::beast;
using async::error_code;
using async::tcp;

struct Url {
    std::string address;  // host:port
    std::string target;
};

Result<Url> ParseUrl(std::string_view url) {
    constexpr std::string_view kScheme = "http://";
    if (!url.starts_with(kScheme)) {
        return InvalidArgument("only http:// URLs are understood").WithField("url");
    }
    url.remove_prefix(kScheme.size());
    const std::size_t slash = std::min(url.find_first_of("/?"), url.size());
    Url parsed{std::string(url.substr(0, slash)), std::string(url.substr(slash))};
    if (parsed.address.empty() || parsed.address.find('@') != std::string::npos) {
        return InvalidArgument("the URL has no host, or credentials").WithField("url");
    }
    if (parsed.address.find(':', parsed.address.rfind(']') + 1) == std::string::npos) {
        parsed.address += ":80";
    }
    if (parsed.target.empty() || parsed.target.front() != '/') parsed.target.insert(0, "/");
    return parsed;
}

Status Failure(const error_code& error, std::string_view what) {
    const std::string message = std::string(what) + ": " + error.message();
    if (error == beast::error::timeout) return DeadlineExceeded(message);
    return Unavailable(message);
}

Response ToResponse(beast::http::response<beast::http::string_body>&& answer) {
    Response response;
    response.status = static_cast<int>(answer.result_int());
    for (const auto& field : answer) {
        std::string name(field.name_string());
        std::string value(field.value());
        if (EqualsIgnoreCaseAscii(name, "Content-Type")) response.content_type = value;
        response.headers.push_back({std::move(name), std::move(value)});
    }
    response.body = std::move(answer.body());
    return response;
}

}  // namespace

// Asynchronous underneath, because only then Beast's streams keep deadlines.
struct Client::Connection {
    async::asio::io_context loop{1};
    beast::tcp_stream stream{loop};
    beast::flat_buffer buffer;

    // Runs the one operation that was started and returns its outcome.
    error_code Run(const std::optional<error_code>& outcome) {
        loop.restart();
        loop.run();
        return outcome.value_or(beast::error::timeout);
    }

    Status Connect(const std::string& address, Millis timeout) {
        const std::size_t colon = address.rfind(':');
        if (colon == std::string::npos) return InvalidArgument("address must be host:port");
        std::string host = address.substr(0, colon);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        error_code error;
        tcp::resolver resolver(loop);
        const auto endpoints = resolver.resolve(host, address.substr(colon + 1), error);
        if (error) return Failure(error, "cannot resolve " + address);
        std::optional<error_code> outcome;
        stream.expires_after(timeout);
        stream.async_connect(endpoints, [&](error_code e, const tcp::endpoint&) { outcome = e; });
        error = Run(outcome);
        if (error) return Failure(error, "cannot connect to " + address);
        stream.socket().set_option(tcp::no_delay(true), error);
        return {};
    }

    // `answered` tells whether any byte of an answer came.
    Result<Response> Exchange(
        const beast::http::request<beast::http::string_body>& request,
        Millis timeout,
        bool* answered,
        bool* keep_alive
    ) {
        std::optional<error_code> outcome;
        stream.expires_after(timeout);
        beast::http::async_write(stream, request, [&](error_code e, std::size_t) { outcome = e; });
        error_code error = Run(outcome);
        // A server may answer and close before it has read everything (413): try to read.
        if (error == beast::error::timeout) return Failure(error, "sending");
        beast::http::response_parser<beast::http::string_body> parser;
        parser.body_limit(kResponseBytesMax);
        parser.skip(request.method() == beast::http::verb::head);
        outcome.reset();
        // The head by itself: read in one go, 1.74 forgets the limit of a declared length.
        beast::http::async_read_header(stream, buffer, parser, [&](error_code e, std::size_t) {
            outcome = e;
        });
        error = Run(outcome);
        if (!error && !parser.is_done()) {
            outcome.reset();
            beast::http::async_read(stream, buffer, parser, [&](error_code e, std::size_t) {
                outcome = e;
            });
            error = Run(outcome);
        }
        *answered = parser.is_header_done() || buffer.size() > 0;
        if (error) return Failure(error, "receiving");
        *keep_alive = parser.keep_alive();
        return ToResponse(parser.release());
    }
};

Client::Client(std::string address) : address_(std::move(address)) {}
Client::~Client() = default;

Result<Response> Client::Send(
    std::string_view method,
    std::string_view target,
    const std::vector<Header>& headers,
    std::string_view body,
    Millis timeout
) {
    beast::http::request<beast::http::string_body> request;
    request.version(11);
    request.method_string(beast::string_view(method.data(), method.size()));
    request.target(beast::string_view(target.data(), target.size()));
    request.set(beast::http::field::host, address_);
    for (const Header& header : headers) request.insert(header.name, header.value);
    request.body() = body;
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
        request.content_length(body.size());
    }
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const auto left = [deadline] {
        const auto now = std::chrono::steady_clock::now();
        return std::max(Millis(1), std::chrono::duration_cast<Millis>(deadline - now));
    };
    while (true) {
        const bool kept = connection_ != nullptr;
        if (!kept) {
            connection_ = std::make_unique<Connection>();
            if (Status status = connection_->Connect(address_, left()); !status.ok()) {
                connection_.reset();
                return status;
            }
        }
        bool answered = false;
        bool keep_alive = false;
        auto response = connection_->Exchange(request, left(), &answered, &keep_alive);
        if (!response.ok() || !keep_alive) connection_.reset();
        const bool again = kept && !answered && response.status().code() == Code::kUnavailable;
        if (response.ok() || !again) return response;
    }
}

Result<Response> Send(
    std::string_view method,
    std::string_view url,
    const std::vector<Header>& headers,
    std::string_view body,
    Millis timeout
) {
    UNIBOX_ASSIGN_OR_RETURN(const Url parsed, ParseUrl(url));
    Client client(parsed.address);
    std::vector<Header> with_close = headers;
    with_close.push_back({"Connection", "close"});
    return client.Send(method, parsed.target, with_close, body, timeout);
}

}  // namespace unibox::http

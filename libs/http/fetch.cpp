#include "http/fetch.hpp"

#include "base/strings.hpp"

// <utility> must stay first.
// clang-format off
#include "async/asio.hpp"
#include <boost/beast/http.hpp>
// clang-format on

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace unibox::http {
namespace {

namespace beast = boost::beast;
using async::error_code;
using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::size_t kHeadBytesMax = 16 << 10;
constexpr std::size_t kWireBytesPerByteMax = 8;
constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::uint16_t kWebPorts[] = {443, 8443, 80, 8080};

Status WrongUrl(std::string message) {
    return InvalidArgument(std::move(message)).WithField("url");
}

bool IsPlainUrlText(std::string_view url) {
    return std::all_of(url.begin(), url.end(), [](char c) {
        return c > ' ' && c < 0x7F && c != '\\' && c != '#' && c != '"' && c != '<' && c != '>';
    });
}

// host, host:port, [v6], [v6]:port
Status ParseAuthority(std::string_view authority, FetchUrl* url) {
    if (authority.find('@') != std::string_view::npos) {
        return WrongUrl("the URL has credentials: leave them out");
    }
    const bool bracketed = authority.starts_with('[');
    const std::size_t host_end =
        bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
    if (host_end == std::string_view::npos) return WrongUrl("the URL has half an IPv6 address");
    url->host = authority.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
    std::string_view rest = authority.substr(bracketed ? host_end + 1 : host_end);
    if (url->host.empty() || url->host.find('%') != std::string::npos) {
        return WrongUrl("the URL has no host");
    }
    if (rest.empty()) return {};
    const auto number = rest.front() == ':' ? ParseInt64(rest.substr(1)) : std::nullopt;
    if (!number || *number < 1 || *number > 65'535) return WrongUrl("the URL has no right port");
    url->port = static_cast<std::uint16_t>(*number);
    return {};
}

Status FeedAll(Parser& parser, std::string* pending) {
    while (!pending->empty() && !parser.is_done()) {
        error_code error;
        const std::size_t taken = parser.put(async::asio::buffer(*pending), error);
        pending->erase(0, taken);
        if (error == beast::http::error::need_more) return {};
        // Not before the head is done: an eager parser of 1.74 goes on behind a head whose length
        // is over the limit, as if it were within it.
        if (parser.is_header_done()) parser.eager(true);
        if (error == beast::http::error::body_limit)
            return ResourceExhausted("the body is too large");
        if (error) return Unavailable("a broken answer: " + error.message());
        if (taken == 0) return {};
    }
    return {};
}

Result<Response> ReadAnswer(net::Outgoing& peer, std::size_t body_bytes_max) {
    Parser parser;
    parser.body_limit(body_bytes_max);
    parser.header_limit(kHeadBytesMax);
    std::string pending;
    std::array<char, kReadBytes> buffer{};
    // Chunks may be small and have names: the parser counts what is in them alone.
    std::size_t left = kHeadBytesMax + kWireBytesPerByteMax * body_bytes_max;
    while (!parser.is_done()) {
        UNIBOX_ASSIGN_OR_RETURN(const std::size_t count, peer.Read(buffer));
        if (count > left) return ResourceExhausted("the body is too large");
        left -= count;
        if (count == 0) {
            error_code error;
            if (parser.got_some()) parser.put_eof(error);
            if (error || !parser.is_done()) return Unavailable("the answer ends too early");
            break;
        }
        pending.append(buffer.data(), count);
        UNIBOX_RETURN_IF_ERROR(FeedAll(parser, &pending));
    }
    Response response;
    auto answer = parser.release();
    response.status = static_cast<int>(answer.result_int());
    for (const auto& field : answer) {
        response.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    response.body = std::move(answer.body());
    return response;
}

// The first of the addresses that can be connected to.
Result<std::unique_ptr<net::Outgoing>> ConnectToAny(
    const std::vector<std::string>& addresses, std::uint16_t port, SteadyTime deadline
) {
    constexpr std::size_t kTriedMax = 4;
    Result<std::unique_ptr<net::Outgoing>> connected;
    for (std::size_t i = 0; i < std::min(addresses.size(), kTriedMax); ++i) {
        connected = net::Outgoing::Connect(addresses[i], port, deadline);
        if (connected.ok()) break;
    }
    return connected;
}

}  // namespace

Result<FetchUrl> ParseFetchUrl(std::string_view url, const FetchRules& rules) {
    constexpr std::string_view kHttps = "https://";
    constexpr std::string_view kHttp = "http://";
    if (url.size() > kUrlBytesMax) return WrongUrl("the URL is longer than 2,048 bytes");
    if (!IsPlainUrlText(url)) return WrongUrl("the URL has characters that must be escaped");
    FetchUrl parsed;
    parsed.tls = url.starts_with(kHttps);
    if (!parsed.tls && !(rules.plain_allowed && url.starts_with(kHttp))) {
        return WrongUrl("the URL must begin with https://");
    }
    url.remove_prefix(parsed.tls ? kHttps.size() : kHttp.size());
    const std::size_t end = std::min(url.find_first_of("/?"), url.size());
    parsed.port = parsed.tls ? 443 : 80;
    parsed.authority = url.substr(0, end);
    UNIBOX_RETURN_IF_ERROR(ParseAuthority(url.substr(0, end), &parsed));
    const auto* port = std::find(std::begin(kWebPorts), std::end(kWebPorts), parsed.port);
    if (rules.reach == net::Reach::kPublic && port == std::end(kWebPorts)) {
        return WrongUrl("the port of the URL must be 443, 8443, 80 or 8080");
    }
    parsed.target = url.substr(end);
    if (!parsed.target.starts_with('/')) parsed.target.insert(0, "/");
    return parsed;
}

Result<Response> Fetch(std::string_view url, const FetchRules& rules) {
    UNIBOX_ASSIGN_OR_RETURN(const FetchUrl parsed, ParseFetchUrl(url, rules));
    UNIBOX_ASSIGN_OR_RETURN(const auto addresses, net::Resolve(parsed.host, rules.reach));
    const SteadyTime deadline = std::chrono::steady_clock::now() + rules.timeout;
    UNIBOX_ASSIGN_OR_RETURN(const auto peer, ConnectToAny(addresses, parsed.port, deadline));
    if (parsed.tls) peer->StartTls(rules.tls, parsed.host);
    UNIBOX_RETURN_IF_ERROR(peer->Write(
        "GET " + parsed.target + " HTTP/1.1\r\nHost: " + parsed.authority +
        "\r\nAccept: */*\r\nUser-Agent: unibox\r\nConnection: close\r\n\r\n"
    ));
    return ReadAnswer(*peer, rules.body_bytes_max);
}

}  // namespace unibox::http

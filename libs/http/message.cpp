#include "http/message.hpp"

#include "base/strings.hpp"

namespace unibox::http {
namespace {

constexpr std::pair<int, std::string_view> kReasonPhrases[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

}  // namespace

std::optional<std::string_view> Request::Find(std::string_view name) const {
    for (const HeaderView& header : headers) {
        if (EqualsIgnoreCaseAscii(header.name, name)) return header.value;
    }
    return std::nullopt;
}

Response&& Response::WithHeader(std::string name, std::string value) && {
    headers.push_back({std::move(name), std::move(value)});
    return std::move(*this);
}

std::optional<std::string_view> Response::Find(std::string_view name) const {
    if (EqualsIgnoreCaseAscii(name, "Content-Type") && !content_type.empty()) return content_type;
    for (const Header& header : headers) {
        if (EqualsIgnoreCaseAscii(header.name, name)) return header.value;
    }
    return std::nullopt;
}

std::string_view ReasonPhrase(int status) {
    for (const auto& [known, phrase] : kReasonPhrases) {
        if (known == status) return phrase;
    }
    return "Unknown";
}

}  // namespace unibox::http

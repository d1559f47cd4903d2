#include "http/gzip.hpp"

#include "base/strings.hpp"

#include <zlib.h>

#include <optional>
#include <string>

namespace unibox::http {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib's: the largest window, in gzip's frame.
constexpr int kMemoryLevel = 8;

// "q=0", "q=0.000": whatever else there is means some wish.
bool IsRefused(std::string_view parameter) {
    const std::string text = ToLowerAscii(parameter);
    if (!text.starts_with("q=0")) return false;
    return text.find_first_not_of("0.", 2) == std::string::npos;
}

struct Coding {
    std::string name;  // lower case
    bool accepted = true;
};

Coding CodingOf(std::string_view element) {
    Coding coding;
    const auto parts = Split(element, ';');
    coding.name = ToLowerAscii(TrimSpace(parts.front()));
    for (std::size_t i = 1; i < parts.size(); ++i) {
        if (IsRefused(TrimSpace(parts[i]))) coding.accepted = false;
    }
    return coding;
}

// Nothing if it does not get smaller.
std::optional<std::string> Packed(const std::string& body) {
    z_stream stream{};
    const int begun = deflateInit2(
        &stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY
    );
    if (begun != Z_OK) return {};  // No memory: then it goes out as it is.
    std::string packed(body.size() - 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const bool fits = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return fits ? std::optional(std::move(packed)) : std::nullopt;
}

void Weaken(Response* response) {
    for (Header& header : response->headers) {
        const bool is_strong =
            EqualsIgnoreCaseAscii(header.name, "ETag") && header.value.starts_with('"');
        if (is_strong) header.value.insert(0, "W/");
    }
}

std::string JoinedAcceptEncoding(const Request& request) {
    std::string joined;
    for (const HeaderView& header : request.headers) {
        if (!EqualsIgnoreCaseAscii(header.name, "accept-encoding")) continue;
        joined.append(joined.empty() ? "" : ",").append(header.value);
    }
    return joined;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
    std::optional<bool> named;
    bool any = false;
    for (const std::string_view element : Split(accept_encoding, ',')) {
        const Coding coding = CodingOf(element);
        if (coding.name == "gzip" || coding.name == "x-gzip") named = coding.accepted;
        if (coding.name == "*") any = coding.accepted;
    }
    return named.value_or(any);
}

void PackBody(const Request& request, Response* response) {
    const bool is_packable = response->body.size() >= kGzipBytesMin &&
                             response->session == nullptr && response->streamed_body == nullptr &&
                             !response->Find("Content-Encoding");
    if (!is_packable) return;
    response->headers.push_back({"Vary", "Accept-Encoding"});
    if (!AcceptsGzip(JoinedAcceptEncoding(request))) return;
    auto packed = Packed(response->body);
    if (!packed) return;
    response->body = std::move(*packed);
    response->headers.push_back({"Content-Encoding", "gzip"});
    Weaken(response);
}

}  // namespace unibox::http

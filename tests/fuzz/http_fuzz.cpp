// Any bytes from a connection: the head is read the same at once or in pieces, never with two ways
// to find the end of the body, and a chunked body does not depend on how it was cut.
#include "base/assert.hpp"
#include "http/chunked.hpp"
#include "http/request_head.hpp"

#include <cstddef>
#include <cstdint>

namespace unibox::http {
namespace {

constexpr std::size_t kBodyBytesMax = 4'096;

struct Decoded {
    ChunkedDecoder::State state = ChunkedDecoder::State::kMore;
    std::string body;
    std::size_t consumed = 0;
    bool operator==(const Decoded&) const = default;
};

Decoded Decode(std::string_view bytes, std::size_t piece_bytes) {
    ChunkedDecoder decoder;
    Decoded decoded;
    while (decoded.state == ChunkedDecoder::State::kMore && decoded.consumed < bytes.size()) {
        std::size_t consumed = 0;
        const auto piece = bytes.substr(decoded.consumed, piece_bytes);
        decoded.state = decoder.Feed(piece, kBodyBytesMax, &decoded.body, &consumed);
        if (decoded.state == ChunkedDecoder::State::kMore) {
            UNIBOX_ASSERT(consumed == piece.size());
        }
        decoded.consumed += consumed;
        UNIBOX_ASSERT(decoded.body.size() <= kBodyBytesMax);
    }
    return decoded;
}

void CheckBody(std::string_view bytes) {
    const Decoded whole = Decode(bytes, bytes.size() + 1);
    const Decoded pieces = Decode(bytes, 1);
    UNIBOX_ASSERT(whole.state == pieces.state);
    if (whole.state == ChunkedDecoder::State::kDone) UNIBOX_ASSERT(whole == pieces);
}

void Run(std::string_view bytes) {
    const HeadLimits limits;
    HeadError error{0, {}};
    const std::size_t head_bytes = FindHeadEnd(bytes, limits, &error);
    UNIBOX_ASSERT(head_bytes <= bytes.size() && head_bytes <= limits.head_bytes_max);
    if (head_bytes == 0) return;
    Request request;
    request.head = bytes.substr(0, head_bytes);
    Framing framing;
    if (ParseHead(limits, &request, &framing)) return;
    UNIBOX_ASSERT(!request.method.empty() && request.path.starts_with('/'));
    UNIBOX_ASSERT(request.headers.size() <= limits.header_count_max);
    UNIBOX_ASSERT(!(framing.chunked && framing.has_length));
    if (framing.chunked) CheckBody(bytes.substr(head_bytes));
}

}  // namespace
}  // namespace unibox::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    unibox::http::Run({reinterpret_cast<const char*>(data), size});
    return 0;
}

// Decodes a chunked body piece by piece, as strictly as request_head.hpp reads heads.
// Limits: a size line of kLineBytesMax, kOverheadBytesMax of extensions and trailers in all.
// Thread safety: one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::http {

class ChunkedDecoder {
public:
    static constexpr std::size_t kLineBytesMax = 1024;
    static constexpr std::size_t kOverheadBytesMax = 16 << 10;

    enum class State { kMore, kDone, kBroken, kTooLarge };

    // Reads from the front of `input` and appends data to `body`, never more than `body_bytes_max`
    // in all. `consumed` = bytes used; after kDone the rest belongs to the next request. After
    // kBroken or kTooLarge the connection cannot be used any more.
    State Feed(
        std::string_view input, std::size_t body_bytes_max, std::string* body, std::size_t* consumed
    );

private:
    enum class Step { kSizeLine, kData, kDataEnd, kTrailer };

    // Takes bytes up to and with the next CRLF into line_; false: not complete yet or broken_.
    bool TakeLine(std::string_view* input);
    State ReadSizeLine(std::size_t body_bytes_max, std::size_t body_bytes);

    Step step_ = Step::kSizeLine;
    std::uint64_t chunk_bytes_left_ = 0;
    std::string line_;
    std::size_t overhead_bytes_ = 0;
    bool broken_ = false;
};

}  // namespace unibox::http

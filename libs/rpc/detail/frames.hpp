// HTTP/2 frames (RFC 9113, 4.1) of one direction of a connection, split as they pass by.
// Thread safety: one owner.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::rpc::detail {

enum class FrameType : std::uint8_t {
    kData = 0,
    kHeaders = 1,
    kPriority = 2,
    kRstStream = 3,
    kSettings = 4,
    kPing = 6,
    kGoAway = 7,
    kContinuation = 9,
};
constexpr std::uint8_t kAck = 0x1;         // SETTINGS, PING
constexpr std::uint8_t kEndStream = 0x1;   // DATA, HEADERS
constexpr std::uint8_t kEndHeaders = 0x4;  // HEADERS, CONTINUATION

enum class ErrorCode : std::uint32_t {
    kProtocolError = 0x1,
    kCancel = 0x8,
    kEnhanceYourCalm = 0xb,
};

struct FrameHead {
    static constexpr std::size_t kBytes = 9;

    std::uint32_t payload_bytes = 0;
    FrameType type = FrameType::kData;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
};

class FrameSplitter {
public:
    // Takes bytes from the front of `data`: of a payload, which it appends to `out`, or of a head,
    // which it keeps. True once a whole head is there: then PassHead must follow.
    bool Take(std::string_view& data, std::string* out);
    const FrameHead& head() const { return head_; }
    void PassHead(std::string* out);

    // Whether what was passed on so far ends with a whole frame.
    bool PassedWholeFrames() const { return payload_bytes_left_ == 0; }
    // Whether what was taken so far ends with a whole frame.
    bool TookWholeFrames() const { return head_bytes_ == 0 && payload_bytes_left_ == 0; }

private:
    std::array<char, FrameHead::kBytes> bytes_{};
    std::size_t head_bytes_ = 0;
    std::uint32_t payload_bytes_left_ = 0;
    FrameHead head_;
};

void AppendRstStream(std::uint32_t stream, ErrorCode error, std::string* out);
// `text`: for people, at most 200 bytes.
void AppendGoAway(
    std::uint32_t last_stream, ErrorCode error, std::string_view text, std::string* out
);

}  // namespace unibox::rpc::detail

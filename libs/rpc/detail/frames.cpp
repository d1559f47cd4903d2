#include "rpc/detail/frames.hpp"

#include <algorithm>

namespace unibox::rpc::detail {
namespace {

constexpr std::uint32_t kStreamMask = 0x7fffffff;

std::uint32_t Number(const char* bytes, std::size_t count) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        number = number << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return number;
}

void AppendNumber(std::uint32_t number, std::size_t count, std::string* out) {
    for (std::size_t i = count; i-- > 0;) out->push_back(static_cast<char>(number >> (8 * i)));
}

void AppendHead(std::size_t payload_bytes, FrameType type, std::uint32_t stream, std::string* out) {
    AppendNumber(static_cast<std::uint32_t>(payload_bytes), 3, out);
    out->push_back(static_cast<char>(type));
    out->push_back(0);
    AppendNumber(stream, 4, out);
}

}  // namespace

bool FrameSplitter::Take(std::string_view& data, std::string* out) {
    if (payload_bytes_left_ > 0) {
        const std::size_t size = std::min<std::size_t>(payload_bytes_left_, data.size());
        out->append(data.substr(0, size));
        data.remove_prefix(size);
        payload_bytes_left_ -= static_cast<std::uint32_t>(size);
        return false;
    }
    const std::size_t size = std::min(bytes_.size() - head_bytes_, data.size());
    std::copy_n(data.begin(), size, bytes_.begin() + static_cast<std::ptrdiff_t>(head_bytes_));
    data.remove_prefix(size);
    head_bytes_ += size;
    if (head_bytes_ < bytes_.size()) return false;
    head_.payload_bytes = Number(bytes_.data(), 3);
    head_.type = static_cast<FrameType>(bytes_[3]);
    head_.flags = static_cast<std::uint8_t>(bytes_[4]);
    head_.stream = Number(bytes_.data() + 5, 4) & kStreamMask;
    return true;
}

void FrameSplitter::PassHead(std::string* out) {
    out->append(bytes_.data(), bytes_.size());
    head_bytes_ = 0;
    payload_bytes_left_ = head_.payload_bytes;
}

void AppendRstStream(std::uint32_t stream, ErrorCode error, std::string* out) {
    AppendHead(4, FrameType::kRstStream, stream, out);
    AppendNumber(static_cast<std::uint32_t>(error), 4, out);
}

void AppendGoAway(
    std::uint32_t last_stream, ErrorCode error, std::string_view text, std::string* out
) {
    constexpr std::size_t kTextBytesMax = 200;
    text = text.substr(0, kTextBytesMax);
    AppendHead(8 + text.size(), FrameType::kGoAway, 0, out);
    AppendNumber(last_stream, 4, out);
    AppendNumber(static_cast<std::uint32_t>(error), 4, out);
    out->append(text);
}

}  // namespace unibox::rpc::detail

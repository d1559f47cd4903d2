#include "http/chunked.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"

#include <algorithm>

namespace unibox::http {
namespace {

constexpr std::size_t kSizeDigitsMax = 15;

bool HasControlCharacter(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

// A trailer is read and dropped, but one that would frame or route, or is folded, shows an attack
// (RFC 9110, 6.5.1).
bool IsTrailer(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view name = line.substr(0, colon);
    for (const char* forbidden : {"content-length", "transfer-encoding", "host"}) {
        if (EqualsIgnoreCaseAscii(name, forbidden)) return false;
    }
    return name.find_first_of(" \t") == std::string_view::npos && !HasControlCharacter(line);
}

}  // namespace

bool ChunkedDecoder::TakeLine(std::string_view* input) {
    const std::size_t lf = input->find('\n');
    const std::size_t take = lf == std::string_view::npos ? input->size() : lf + 1;
    if (line_.size() + take > kLineBytesMax) {
        broken_ = true;
        return false;
    }
    line_.append(input->substr(0, take));
    input->remove_prefix(take);
    if (lf == std::string_view::npos) return false;
    broken_ = line_.size() < 2 || line_[line_.size() - 2] != '\r';
    if (broken_) return false;
    line_.resize(line_.size() - 2);
    return true;
}

ChunkedDecoder::State ChunkedDecoder::ReadSizeLine(
    std::size_t body_bytes_max, std::size_t body_bytes
) {
    std::size_t digits = 0;
    std::uint64_t size = 0;
    while (digits < line_.size() && HexDigitValue(line_[digits]) >= 0) {
        if (digits == kSizeDigitsMax) return State::kBroken;
        size = size * 16 + static_cast<std::uint64_t>(HexDigitValue(line_[digits]));
        ++digits;
    }
    if (digits == 0) return State::kBroken;
    const std::string_view extension = std::string_view(line_).substr(digits);
    if (!extension.empty() && (extension.front() != ';' || HasControlCharacter(extension))) {
        return State::kBroken;
    }
    overhead_bytes_ += extension.size();
    if (overhead_bytes_ > kOverheadBytesMax) return State::kBroken;
    if (size > body_bytes_max || body_bytes > body_bytes_max - size) return State::kTooLarge;
    chunk_bytes_left_ = size;
    step_ = size == 0 ? Step::kTrailer : Step::kData;
    line_.clear();
    return State::kMore;
}

ChunkedDecoder::State ChunkedDecoder::Feed(
    std::string_view input, std::size_t body_bytes_max, std::string* body, std::size_t* consumed
) {
    const std::size_t input_bytes = input.size();
    const auto finish = [&](State state) {
        *consumed = input_bytes - input.size();
        return state;
    };
    while (!input.empty()) {
        if (step_ == Step::kData) {
            const std::size_t take = std::min<std::uint64_t>(chunk_bytes_left_, input.size());
            body->append(input.substr(0, take));
            input.remove_prefix(take);
            chunk_bytes_left_ -= take;
            if (chunk_bytes_left_ == 0) step_ = Step::kDataEnd;
            continue;
        }
        if (!TakeLine(&input)) return finish(broken_ ? State::kBroken : State::kMore);
        if (step_ == Step::kDataEnd) {
            if (!line_.empty()) return finish(State::kBroken);
            step_ = Step::kSizeLine;
        } else if (step_ == Step::kSizeLine) {
            const State state = ReadSizeLine(body_bytes_max, body->size());
            if (state != State::kMore) return finish(state);
        } else {
            if (line_.empty()) return finish(State::kDone);
            overhead_bytes_ += line_.size();
            if (!IsTrailer(line_) || overhead_bytes_ > kOverheadBytesMax) {
                return finish(State::kBroken);
            }
            line_.clear();
        }
    }
    return finish(State::kMore);
}

}  // namespace unibox::http

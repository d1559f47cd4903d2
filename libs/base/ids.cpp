#include "base/ids.hpp"

#include "base/assert.hpp"
#include "base/encoding.hpp"

#include <sys/random.h>

#include <cstdlib>

namespace unibox {
namespace {

bool IsDashPosition(std::size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

std::string Uuid::ToString() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t at = 0;
    for (const std::uint8_t byte : bytes) {
        if (IsDashPosition(at)) ++at;
        text[at++] = kDigits[byte >> 4];
        text[at++] = kDigits[byte & 15];
    }
    return text;
}

std::string Uuid::ToBytes() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<Uuid> Uuid::Parse(std::string_view text) {
    const auto malformed = [] {
        return InvalidArgument("not a UUID (8-4-4-4-12 hexadecimal digits)");
    };
    if (text.size() != 36) return malformed();
    Uuid id;
    std::size_t digit_count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (IsDashPosition(i)) {
            if (text[i] != '-') return malformed();
            continue;
        }
        const int digit = HexDigitValue(text[i]);
        if (digit < 0) return malformed();
        auto& byte = id.bytes[digit_count++ / 2];
        byte = static_cast<std::uint8_t>((byte << 4) | digit);
    }
    return id;
}

Result<Uuid> Uuid::FromBytes(std::string_view bytes) {
    Uuid id;
    if (bytes.size() != id.bytes.size()) return InvalidArgument("an id must have 16 bytes");
    std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
    return id;
}

Uuid NewUuidV7(std::int64_t unix_ms) {
    std::array<std::uint8_t, 10> entropy;
    UNIBOX_ASSERT(
        getrandom(entropy.data(), entropy.size(), 0) == static_cast<ssize_t>(entropy.size())
    );
    return DeterministicUuidV7(unix_ms, entropy);
}

Uuid DeterministicUuidV7(std::int64_t unix_ms, std::span<const std::uint8_t> entropy) {
    UNIBOX_ASSERT(entropy.size() >= 10);
    Uuid id;
    for (std::size_t i = 0; i < 6; ++i) {
        id.bytes[i] =
            static_cast<std::uint8_t>(static_cast<std::uint64_t>(unix_ms) >> (40 - 8 * i));
    }
    std::memcpy(id.bytes.data() + 6, entropy.data(), 10);
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0F));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

std::int64_t UuidV7Millis(const Uuid& id) {
    std::int64_t unix_ms = 0;
    for (std::size_t i = 0; i < 6; ++i) unix_ms = (unix_ms << 8) | id.bytes[i];
    return unix_ms;
}

}  // namespace unibox

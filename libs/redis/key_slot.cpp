#include "redis/key_slot.hpp"

#include <array>

namespace unibox::redis {
namespace {

constexpr std::uint16_t kPolynomial = 0x1021;

constexpr std::array<std::uint16_t, 256> MakeTable() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned crc = byte << 8;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ kPolynomial : crc << 1;
        }
        table[byte] = static_cast<std::uint16_t>(crc);
    }
    return table;
}

std::uint16_t Crc16(std::string_view bytes) {
    static constexpr auto kTable = MakeTable();
    unsigned crc = 0;
    for (const char byte : bytes) {
        crc = (crc << 8) ^ kTable[((crc >> 8) ^ static_cast<unsigned char>(byte)) & 0xFFU];
    }
    return static_cast<std::uint16_t>(crc);
}

std::string_view HashedPart(std::string_view key) {
    const std::size_t open = key.find('{');
    if (open == std::string_view::npos) return key;
    const std::size_t close = key.find('}', open + 1);
    if (close == std::string_view::npos || close == open + 1) return key;
    return key.substr(open + 1, close - open - 1);
}

}  // namespace

std::uint16_t SlotOfKey(std::string_view key) {
    return Crc16(HashedPart(key)) % kSlotCount;
}

}  // namespace unibox::redis

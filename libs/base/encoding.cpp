#include "base/encoding.hpp"

#include <array>
#include <cstdint>

namespace unibox {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64UrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Values = std::array<int, 256>;

// The value of each character in `alphabet`; -1 for all others.
constexpr Values ValuesIn(std::string_view alphabet) {
    Values values{};
    for (int& value : values) value = -1;
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
    }
    return values;
}
constexpr Values kBase64Values = ValuesIn(kBase64Alphabet);
constexpr Values kBase64UrlValues = ValuesIn(kBase64UrlAlphabet);

constexpr Values HexValues() {
    Values values = ValuesIn(kHexDigits);
    for (int i = 10; i < 16; ++i) values[static_cast<std::size_t>('A' + i - 10)] = i;
    return values;
}
constexpr Values kHexValues = HexValues();

std::string EncodeBase64(std::string_view bytes, std::string_view alphabet) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) {
            text += alphabet[bits >> (bit_count - 6) & 63];
        }
    }
    if (bit_count > 0) text += alphabet[bits << (6 - bit_count) & 63];
    return text;
}

struct DecodedBase64 {
    std::string bytes;
    std::uint32_t rest = 0;  // the bits after the last byte
};

std::optional<DecodedBase64> DecodeBase64(std::string_view text, const Values& values) {
    if (text.size() % 4 == 1) return std::nullopt;
    DecodedBase64 decoded;
    decoded.bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const char c : text) {
        const int value = values[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if ((bit_count += 6) >= 8) {
            bit_count -= 8;
            decoded.bytes += static_cast<char>(bits >> bit_count & 255);
        }
    }
    decoded.rest = bits & ((1U << bit_count) - 1);
    return decoded;
}

}  // namespace

int HexDigitValue(char digit) {
    return kHexValues[static_cast<unsigned char>(digit)];
}

std::string HexEncode(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kHexDigits[byte >> 4];
        text += kHexDigits[byte & 15];
    }
    return text;
}

std::optional<std::string> HexDecode(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = HexDigitValue(text[i]);
        const int low = HexDigitValue(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
}

std::string Base64Encode(std::string_view bytes) {
    std::string text = EncodeBase64(bytes, kBase64Alphabet);
    while (text.size() % 4 != 0) text += '=';
    return text;
}

std::optional<std::string> Base64Decode(std::string_view text) {
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    auto decoded = DecodeBase64(text, kBase64Values);
    if (!decoded) return std::nullopt;
    return std::move(decoded->bytes);
}

std::string Base64UrlEncode(std::string_view bytes) {
    return EncodeBase64(bytes, kBase64UrlAlphabet);
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
    auto decoded = DecodeBase64(text, kBase64UrlValues);
    if (!decoded || decoded->rest != 0) return std::nullopt;
    return std::move(decoded->bytes);
}

std::optional<std::string> PercentDecode(std::string_view text, Plus plus, BrokenEscape broken) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i] == '+' && plus == Plus::kSpace ? ' ' : text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? HexDigitValue(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? HexDigitValue(text[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            decoded += static_cast<char>(high << 4 | low);
            i += 2;
        } else if (broken == BrokenEscape::kLiteral) {
            decoded += '%';
        } else {
            return std::nullopt;
        }
    }
    return decoded;
}

}  // namespace unibox

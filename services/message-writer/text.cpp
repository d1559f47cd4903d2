#include "message-writer/text.hpp"

#include <cstdint>
#include <cstring>

namespace unibox::writer {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kDeletedPreview = "[deleted]";

// Length in bytes of the well-formed code point at `text[0]`, 0 if there is none (RFC 3629, table
// 3-7 of Unicode).
std::size_t CodePointLength(std::string_view text) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    const unsigned second = byte(1);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F);
        return !bad && continues(1) && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool bad = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
        return !bad && continues(1) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

enum class Class { kVisible, kSpace, kLineEnd };

Class ClassOf(std::string_view code_point) {
    if (code_point.size() == 1) {
        const auto c = static_cast<unsigned char>(code_point[0]);
        if (c == ' ') return Class::kSpace;
        return c < 0x20 || c == 0x7F ? Class::kLineEnd : Class::kVisible;
    }
    // U+0080…U+009F (C1 controls, next line among them), U+2028 and U+2029.
    if (code_point.size() == 2 && code_point[0] == '\xC2') {
        return static_cast<unsigned char>(code_point[1]) < 0xA0 ? Class::kLineEnd : Class::kVisible;
    }
    const bool separator = code_point == "\xE2\x80\xA8" || code_point == "\xE2\x80\xA9";
    return separator ? Class::kLineEnd : Class::kVisible;
}

std::string_view AttachmentWord(v1::AttachmentType type) {
    switch (type) {
        case v1::ATTACHMENT_TYPE_IMAGE:
            return "[image]";
        case v1::ATTACHMENT_TYPE_VIDEO:
            return "[video]";
        case v1::ATTACHMENT_TYPE_AUDIO:
            return "[audio]";
        case v1::ATTACHMENT_TYPE_VOICE:
            return "[voice]";
        case v1::ATTACHMENT_TYPE_FILE:
            return "[file]";
        case v1::ATTACHMENT_TYPE_STICKER:
            return "[sticker]";
        case v1::ATTACHMENT_TYPE_LOCATION:
            return "[location]";
        case v1::ATTACHMENT_TYPE_CONTACT:
            return "[contact]";
        case v1::ATTACHMENT_TYPE_LINK:
            return "[link]";
        default:
            return "[attachment]";
    }
}

// How many bytes from the start, in steps of 8, are ASCII without U+0000: most text is, and this is
// the hottest loop of Decide.
std::size_t PlainAsciiPrefix(std::string_view text) {
    constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
    constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
    std::size_t length = 0;
    while (text.size() - length >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + length, sizeof word);
        // A byte of 0 borrows from its high bit; a byte of 0x80 or more has it set already.
        if ((((word - kOnes) | word) & kHighBits) != 0) break;
        length += sizeof word;
    }
    return length;
}

// How many characters from the start a preview takes over as they are: ASCII that is neither blank
// nor control, with single blanks between, at most kPreviewCharsMax.
std::size_t VisibleAsciiPrefix(std::string_view text) {
    std::size_t visible_end = 0;
    for (std::size_t i = 0; i < text.size() && i < kPreviewCharsMax; ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == ' ' && visible_end == i && i > 0) continue;
        if (c <= ' ' || c >= 0x7F) break;
        visible_end = i + 1;
    }
    return visible_end;
}

}  // namespace

bool IsStorableText(std::string_view text) {
    while (!text.empty()) {
        text.remove_prefix(PlainAsciiPrefix(text));
        if (text.empty()) break;
        const std::size_t length = CodePointLength(text);
        if (length == 0 || text[0] == '\0') return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string StorableText(std::string_view text) {
    if (IsStorableText(text)) return std::string(text);
    std::string storable;
    storable.reserve(text.size() + 16);
    while (!text.empty()) {
        const std::size_t length = CodePointLength(text);
        const bool good = length > 0 && text[0] != '\0';
        storable += good ? text.substr(0, length) : kReplacement;
        text.remove_prefix(good ? length : 1);
    }
    return storable;
}

std::string_view FirstChars(std::string_view text, std::size_t chars_max) {
    if (text.size() <= chars_max) return text;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < chars_max && bytes < text.size(); ++i) {
        bytes += std::max<std::size_t>(CodePointLength(text.substr(bytes)), 1);
    }
    return text.substr(0, bytes);
}

std::string OneLine(std::string_view text) {
    std::string line;
    std::size_t char_count = 0;
    std::size_t space_count = 0;  // Seen but not yet written.
    bool line_end = false;
    if (const std::size_t plain = VisibleAsciiPrefix(text); plain > 0) {
        line = text.substr(0, plain);
        char_count = plain;
        text.remove_prefix(plain);
    }
    while (!text.empty() && char_count < kPreviewCharsMax) {
        const std::string_view code_point =
            text.substr(0, std::max<std::size_t>(CodePointLength(text), 1));
        text.remove_prefix(code_point.size());
        const Class kind = ClassOf(code_point);
        if (kind != Class::kVisible) {
            ++space_count;
            line_end = line_end || kind == Class::kLineEnd;
            continue;
        }
        if (line_end) space_count = 1;
        if (line.empty()) space_count = 0;
        if (char_count + space_count >= kPreviewCharsMax) break;
        line.append(space_count, ' ');
        line += code_point;
        char_count += space_count + 1;
        space_count = 0;
        line_end = false;
    }
    return line;
}

std::string PreviewOf(const domain::MessageRow& message) {
    if (message.deleted_at.has_value()) return std::string(kDeletedPreview);
    if (std::string line = OneLine(message.body); !line.empty()) return line;
    if (message.attachments.empty()) return OneLine(message.payload);
    const v1::Attachment& attachment = message.attachments.front();
    std::string line(AttachmentWord(attachment.type()));
    if (!attachment.name().empty()) line += " " + StorableText(attachment.name());
    return OneLine(line);
}

}  // namespace unibox::writer

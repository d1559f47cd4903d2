#include "decide/text.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace unibox::decide {
namespace {

constexpr std::string_view kDeletedPreview = "[deleted]";

enum class Class { kVisible, kSpace, kLineEnd };

Class ClassOf(std::string_view character) {
    if (character == " ") return Class::kSpace;
    return IsControlCharacter(character) ? Class::kLineEnd : Class::kVisible;
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
            text.substr(0, std::max<std::size_t>(Utf8SequenceLength(text), 1));
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
    if (const std::string& name = message.message_template.name(); !name.empty()) {
        return OneLine("[template] " + CleanText(name));
    }
    if (message.attachments.empty()) return OneLine(message.payload);
    const v1::Attachment& attachment = message.attachments.front();
    std::string line(AttachmentWord(attachment.type()));
    if (!attachment.name().empty()) line += " " + CleanText(attachment.name());
    return OneLine(line);
}

}  // namespace unibox::decide

#include "decide/check_text.hpp"

#include "base/utf8.hpp"

namespace unibox::decide {
namespace {

constexpr std::size_t kIdBytes = 16;

}  // namespace

Status Wrong(std::string_view field, std::string_view message) {
    return InvalidArgument(std::string(field) + " " + std::string(message))
        .WithReason("VALUE_INVALID")
        .WithField(field);
}

Status CheckText(std::string_view field, const std::string& text, std::size_t bytes_max) {
    if (text.size() > bytes_max) {
        return Wrong(
            field,
            "must have at most " + std::to_string(bytes_max) + " bytes, has " +
                std::to_string(text.size())
        );
    }
    if (!IsCleanText(text)) return Wrong(field, "must be UTF-8 without NUL");
    return {};
}

Status CheckName(std::string_view field, const std::string& text, std::size_t bytes_max) {
    if (text.empty()) return Wrong(field, "must not be empty");
    return CheckText(field, text, bytes_max);
}

Status CheckCount(std::string_view field, int count, std::size_t count_max) {
    if (static_cast<std::size_t>(count) <= count_max) return {};
    return Wrong(
        field,
        "must have at most " + std::to_string(count_max) + " entries, has " + std::to_string(count)
    );
}

Status CheckId(std::string_view field, const std::string& bytes) {
    if (bytes.size() == kIdBytes) return {};
    return Wrong(field, "must have 16 bytes, has " + std::to_string(bytes.size()));
}

std::string Element(std::string_view field, int index) {
    return std::string(field) + "[" + std::to_string(index) + "]";
}

}  // namespace unibox::decide

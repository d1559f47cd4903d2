#include "channels/form.hpp"

#include "base/encoding.hpp"

#include <algorithm>

namespace unibox::channels {
namespace {

// Twilio signs what it sent, broken escapes and all.
std::string Decode(std::string_view text) {
    return *PercentDecode(text, Plus::kSpace, BrokenEscape::kLiteral);
}

}  // namespace

Result<FormFields> ParseForm(std::string_view text) {
    FormFields fields;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view field = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (field.empty()) continue;
        if (fields.size() == kFormFieldCountMax)
            return ResourceExhausted("a form has more than 1000 fields");
        const std::size_t equals = field.find('=');
        const std::string_view value =
            equals == field.npos ? std::string_view() : field.substr(equals + 1);
        fields.emplace_back(Decode(field.substr(0, equals)), Decode(value));
    }
    return fields;
}

std::optional<std::string_view> FindField(const FormFields& fields, std::string_view name) {
    for (const auto& [field_name, value] : fields) {
        if (field_name == name) return value;
    }
    return std::nullopt;
}

}  // namespace unibox::channels

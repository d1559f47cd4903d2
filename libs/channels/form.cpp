#include "channels/form.hpp"

#include "base/strings.hpp"

#include <algorithm>

namespace unibox::channels {
namespace {

std::string Decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && text.size() - i > 2) {
            if (const auto byte = HexDecode(text.substr(i + 1, 2))) {
                decoded += *byte;
                i += 2;
                continue;
            }
        }
        decoded += text[i] == '+' ? ' ' : text[i];
    }
    return decoded;
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

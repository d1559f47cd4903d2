#include "config/describe.hpp"

#include <fmt/format.h>

namespace unibox::config {
namespace {

std::string Quote(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string RealText(double real) {
    std::string text = fmt::format("{}", real);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";  // TOML: else an integer.
    return text;
}

std::string EscapeCell(std::string text) {
    for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
        text.insert(at, "\\");
    }
    return text;
}

}  // namespace

std::string ValueText(const Field& field, const Value& value) {
    switch (value.index()) {
        case 0:
            return std::get<bool>(value) ? "true" : "false";
        case 1:
            return std::to_string(std::get<std::int64_t>(value));
        case 2:
            return RealText(std::get<double>(value));
        case 3: {
            const std::string& text = std::get<std::string>(value);
            return Quote(field.mask != nullptr ? field.mask(text) : text);
        }
        default:
            break;
    }
    std::string out = "[";
    for (const std::string& text : std::get<TextList>(value)) {
        if (out.size() > 1) out += ", ";
        out += Quote(text);
    }
    return out + "]";
}

std::string Print(const FieldTable& table) {
    std::string out;
    std::string section;
    for (const Field& field : table.fields()) {
        if (field.section != section) {
            section = field.section;
            out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section);
        }
        out += fmt::format("# {}", field.description);
        if (!field.unit.empty()) out += fmt::format(" Unit: {}.", field.unit);
        if (!field.check.rule.empty()) out += fmt::format(" Must be {}.", field.check.rule);
        out += fmt::format(" From: {}.\n", SourceName(field.source));
        out += fmt::format("{} = {}\n", field.name, ValueText(field, field.get()));
    }
    return out;
}

std::string Document(const FieldTable& table, std::string_view service) {
    std::string out = fmt::format("## {}\n", service);
    std::string section;
    for (const Field& field : table.fields()) {
        if (field.section != section) {
            section = field.section;
            out += fmt::format("\n### {} `[{}]`\n\n", service, section);
            if (const auto text = table.DescriptionOf(section); !text.empty()) {
                out += fmt::format("{}\n\n", text);
            }
            out += "| setting | variable | default | unit | must be | meaning |\n";
            out += "|---|---|---|---|---|---|\n";
        }
        out += fmt::format(
            "| `{}` | `{}` | `{}` | {} | {} | {} |\n",
            field.name,
            field.EnvironmentName(),
            EscapeCell(ValueText(field, field.default_value)),
            field.unit,
            EscapeCell(field.check.rule),
            EscapeCell(field.description)
        );
    }
    return out;
}

}  // namespace unibox::config

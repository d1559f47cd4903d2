#include "uniboxctl/table.hpp"

#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "base/utf8.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>

namespace unibox::ctl {
namespace {

std::string TextOf(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "yes" : "no";
    if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{:.1f}", *real);
    if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) {
        return fmt::format("{}", fmt::join(*list, " "));
    }
    if (const auto* json = std::get_if<Json>(&cell)) return json->text == "null" ? "" : json->text;
    return std::to_string(std::get<std::int64_t>(cell));
}

bool IsNumber(const Cell& cell) {
    return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell);
}

nlohmann::ordered_json JsonOf(const Cell& cell) {
    using nlohmann::ordered_json;
    const auto to_json = [](const auto& value) -> ordered_json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Json>) {
            auto parsed = ordered_json::parse(value.text, nullptr, false);
            return parsed.is_discarded() ? ordered_json(value.text) : parsed;
        } else {
            return value;
        }
    };
    return std::visit(to_json, cell);
}

// Code points, close enough to columns of a terminal.
std::size_t WidthOf(const std::string& text) {
    std::size_t width = 0;
    for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    return width;
}

// Whether a terminal shows the UTF-8 sequence and does nothing else: no C0, DEL or C1 control.
bool IsHarmless(std::string_view sequence) {
    if (sequence.size() == 1) return sequence[0] >= 0x20 && sequence[0] != 0x7F;
    return !sequence.starts_with('\xC2') || static_cast<unsigned char>(sequence[1]) >= 0xA0;
}

// `keep` stays, other control characters and what is no UTF-8 become `replace(byte)`.
template <typename Replace>
std::string Printable(std::string_view text, std::string_view keep, Replace replace) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = Utf8SequenceLength(text);
        const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
        const bool kept = keep.find(text.front()) != keep.npos;
        if (kept || (length > 0 && IsHarmless(sequence))) {
            out += sequence;
        } else {
            for (const char byte : sequence) out += replace(static_cast<unsigned char>(byte));
        }
        text.remove_prefix(sequence.size());
    }
    return out;
}

std::string InTable(const std::string& text) {
    return Printable(text, "", [](unsigned char) { return std::string(" "); });
}

std::string InLines(const std::string& text) {
    return Printable(text, "\n\t", [](unsigned char byte) {
        return fmt::format("\\x{:02x}", byte);
    });
}

bool IsUtf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = Utf8SequenceLength(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string Heading(std::string name) {
    std::replace(name.begin(), name.end(), '_', ' ');
    return ToUpperAscii(name);
}

std::string Padded(const std::string& text, std::size_t width, bool to_the_right) {
    const std::string blanks(width - std::min(width, WidthOf(text)), ' ');
    return to_the_right ? blanks + text : text + blanks;
}

void TrimRight(std::string& line) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
}

}  // namespace

Table::Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}

void Table::Add(std::vector<Cell> row) {
    UNIBOX_ASSERT(row.size() == columns_.size());
    rows_.push_back(std::move(row));
}

std::string Table::ToText() const {
    std::vector<std::vector<std::string>> lines(1);
    for (const std::string& column : columns_) lines[0].push_back(Heading(column));
    for (const auto& row : rows_) {
        auto& line = lines.emplace_back();
        for (const Cell& cell : row) line.push_back(InTable(TextOf(cell)));
    }
    std::vector<std::size_t> widths(columns_.size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            widths[i] = std::max(widths[i], WidthOf(line[i]));
        }
    }
    std::string text;
    for (const auto& line : lines) {
        std::string out;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const bool number = !rows_.empty() && IsNumber(rows_[0][i]);
            out += (i == 0 ? "" : "  ") + Padded(line[i], widths[i], number);
        }
        TrimRight(out);
        text += out + "\n";
    }
    return text;
}

Answer& Answer::Add(std::string name, Table table) {
    parts_.emplace_back(std::move(name), std::move(table));
    return *this;
}

Answer& Answer::Add(std::string name, Cell value) {
    parts_.emplace_back(std::move(name), std::move(value));
    return *this;
}

Answer& Answer::AddBytes(std::string name, std::string bytes) {
    parts_.emplace_back(std::move(name), Bytes{std::move(bytes)});
    return *this;
}

std::string Answer::ToText() const {
    std::string text;
    for (const auto& [name, part] : parts_) {
        if (const auto* table = std::get_if<Table>(&part)) {
            if (parts_.size() > 1) text += (text.empty() ? "" : "\n") + Heading(name) + "\n";
            text += table->size() == 0 ? "(none)\n" : table->ToText();
        } else {
            std::string label = name;
            std::replace(label.begin(), label.end(), '_', ' ');
            const auto* bytes = std::get_if<Bytes>(&part);
            const std::string value = bytes ? bytes->value : TextOf(std::get<Cell>(part));
            text += label + ": " + InLines(value) + "\n";
        }
    }
    return text;
}

std::string Answer::ToJson() const {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, part] : parts_) {
        if (const auto* cell = std::get_if<Cell>(&part)) {
            object[name] = JsonOf(*cell);
            continue;
        }
        if (const auto* bytes = std::get_if<Bytes>(&part)) {
            if (IsUtf8(bytes->value)) {
                object[name] = bytes->value;
            } else {
                object[name + "_base64"] = Base64Encode(bytes->value);
            }
            continue;
        }
        const auto* table = std::get_if<Table>(&part);
        auto rows = nlohmann::ordered_json::array();
        for (const auto& row : table->rows()) {
            nlohmann::ordered_json entry;
            for (std::size_t i = 0; i < row.size(); ++i)
                entry[table->columns()[i]] = JsonOf(row[i]);
            rows.push_back(std::move(entry));
        }
        object[name] = std::move(rows);
    }
    using nlohmann::ordered_json;
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string TimeText(std::int64_t unix_ms) {
    if (unix_ms == 0) return "";
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(seconds));
}

}  // namespace unibox::ctl

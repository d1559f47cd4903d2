// What a verb prints: tables for people, JSON for programs.
// Thread safety: values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace unibox::ctl {

// A JSON text that is a value of its own in JSON; null is shown to people as nothing.
struct Json {
    std::string text;
    bool operator==(const Json&) const = default;
};

// A list is an array in JSON and is shown to people with blanks between.
using Cell = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>, Json>;

class Table {
public:
    // snake_case column names: JSON keys as they are, headings in capitals with blanks.
    explicit Table(std::vector<std::string> columns);

    // One cell for each column.
    void Add(std::vector<Cell> row);
    std::size_t size() const { return rows_.size(); }
    const std::vector<std::string>& columns() const { return columns_; }
    const std::vector<std::vector<Cell>>& rows() const { return rows_; }

    // Aligned columns, numbers to the right, a line for each row; control characters become blanks.
    std::string ToText() const;

private:
    std::vector<std::string> columns_;
    std::vector<std::vector<Cell>> rows_;
};

// An answer of several parts: named tables and single values, in order.
class Answer {
public:
    Answer& Add(std::string name, Table table);
    // Shown to people as "name: value"; control characters but line ends and tabs as \xNN.
    Answer& Add(std::string name, Cell value);
    // Bytes from outside: in JSON as `name`, or as `name`_base64 when they are no UTF-8.
    Answer& AddBytes(std::string name, std::string bytes);

    std::string ToText() const;
    // One object; a table is an array of objects.
    std::string ToJson() const;

private:
    struct Bytes {
        std::string value;
    };
    std::vector<std::pair<std::string, std::variant<Table, Cell, Bytes>>> parts_;
};

// "2026-11-22 18:05:03" in UTC; "" for 0.
std::string TimeText(std::int64_t unix_ms);

}  // namespace unibox::ctl

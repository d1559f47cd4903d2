// The result of a statement.
//
// Reading a column as another type than PostgreSQL sent, beyond the last row or column, or a NULL
// through an accessor that cannot return one is a fault of the program and aborts. Columns are
// counted from 0. Views (Text, Bytes) live as long as the Rows that they came from. Thread safety:
// const methods from any thread.
#pragma once

#include "base/ids.hpp"
#include "pg/values.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

namespace unibox::pg {

class Row {
public:
    bool IsNull(int column) const;
    std::int64_t Int64(int column) const;  // bigint, int or smallint
    std::int32_t Int32(int column) const;  // int or smallint
    std::int16_t Int16(int column) const;  // smallint
    bool Bool(int column) const;
    double Double(int column) const;              // float8
    std::string_view Text(int column) const;      // text, varchar, name, json, unknown
    std::string_view GetBytes(int column) const;  // bytea
    Uuid GetUuid(int column) const;
    TenantId Tenant(int column) const { return TenantId{Int64(column)}; }
    template <typename Id>
    Id GetId(int column) const {
        return Id{GetUuid(column)};
    }                                         // row.GetId<ChannelId>(0)
    TimestampMs Timestamp(int column) const;  // timestamptz
    // The same, exactly, in microseconds since 1970; a finite one.
    std::int64_t UnixMicros(int column) const;
    // A one-dimensional array without NULL elements: text[] or bytea[].
    std::vector<std::string> TextArray(int column) const;
    std::vector<Uuid> UuidArray(int column) const;

    std::optional<std::int64_t> OptionalInt64(int column) const;
    std::optional<std::string> OptionalText(int column) const;
    std::optional<Uuid> OptionalUuid(int column) const;
    std::optional<TimestampMs> OptionalTimestamp(int column) const;

private:
    friend class Rows;
    Row(const pg_result* result, int row) : result_(result), row_(row) {}
    std::string_view Raw(int column) const;
    unsigned Type(int column) const;

    const pg_result* result_;
    int row_;
};

class Rows {
public:
    Rows() = default;  // No rows, no command.

    int size() const;
    bool empty() const { return size() == 0; }
    int column_count() const;
    Row operator[](int row) const;
    // For example "COMMIT", "INSERT 0 5".
    std::string_view command_tag() const;
    // Rows inserted, updated, deleted or selected.
    std::int64_t affected() const;

    class Iterator {
    public:
        Iterator(const Rows* rows, int row) : rows_(rows), row_(row) {}
        Row operator*() const { return (*rows_)[row_]; }
        Iterator& operator++() {
            ++row_;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return row_ != other.row_; }

    private:
        const Rows* rows_;
        int row_;
    };
    Iterator begin() const { return {this, 0}; }
    Iterator end() const { return {this, size()}; }

    // Takes ownership of a libpq result; for the connection only.
    explicit Rows(pg_result* result);

private:
    std::shared_ptr<pg_result> result_;
};

}  // namespace unibox::pg

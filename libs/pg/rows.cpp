#include "pg/rows.hpp"

#include "base/assert.hpp"
#include "base/strings.hpp"

#include <libpq-fe.h>

#include <bit>

namespace unibox::pg {
namespace {

constexpr std::int64_t kPgEpochUnixMs = 946'684'800'000;
constexpr unsigned kBool = 16, kBytea = 17, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23,
                   kText = 25, kJson = 114, kFloat8 = 701, kUnknown = 705, kBpchar = 1042,
                   kVarchar = 1043, kTimestamptz = 1184, kUuid = 2950;

std::uint64_t ReadBigEndian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = (value << 8U) | static_cast<unsigned char>(byte);
    return value;
}

std::int32_t ReadInt32(std::string_view bytes) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(ReadBigEndian(bytes)));
}

Uuid ReadUuid(std::string_view bytes) {
    UNIBOX_ASSERT(bytes.size() == 16);
    Uuid id;
    for (std::size_t i = 0; i < 16; ++i) id.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
    return id;
}

// Takes `size` bytes off the front.
std::string_view Take(std::string_view& rest, std::size_t size) {
    UNIBOX_ASSERT(rest.size() >= size);
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
}

// The elements of a one-dimensional array in binary format.
std::vector<std::string_view> ArrayElements(
    std::string_view raw, std::initializer_list<unsigned> types
) {
    const std::int32_t dimensions = ReadInt32(Take(raw, 4));
    Take(raw, 4);  // Whether there are NULLs: each says it itself.
    const auto type = static_cast<unsigned>(ReadInt32(Take(raw, 4)));
    UNIBOX_ASSERT(std::find(types.begin(), types.end(), type) != types.end());
    if (dimensions == 0) return {};
    UNIBOX_ASSERT(dimensions == 1);
    const std::int32_t count = ReadInt32(Take(raw, 4));
    Take(raw, 4);  // Lower bound.
    std::vector<std::string_view> elements;
    elements.reserve(static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) {
        const std::int32_t length = ReadInt32(Take(raw, 4));
        UNIBOX_ASSERT(length >= 0);  // NULL elements have no place in our tables.
        elements.push_back(Take(raw, static_cast<std::size_t>(length)));
    }
    return elements;
}

}  // namespace

unsigned Row::Type(int column) const {
    return PQftype(result_, column);
}

bool Row::IsNull(int column) const {
    UNIBOX_ASSERT(column >= 0 && column < PQnfields(result_));
    return PQgetisnull(result_, row_, column) == 1;
}

std::string_view Row::Raw(int column) const {
    UNIBOX_ASSERT(!IsNull(column));
    return {
        PQgetvalue(result_, row_, column),
        static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

std::int64_t Row::Int64(int column) const {
    if (Type(column) != kInt8) return Int32(column);
    return static_cast<std::int64_t>(ReadBigEndian(Raw(column)));
}

std::int32_t Row::Int32(int column) const {
    if (Type(column) != kInt4) return Int16(column);
    return ReadInt32(Raw(column));
}

std::int16_t Row::Int16(int column) const {
    UNIBOX_ASSERT(Type(column) == kInt2);
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(ReadBigEndian(Raw(column))));
}

bool Row::Bool(int column) const {
    UNIBOX_ASSERT(Type(column) == kBool);
    return Raw(column) != std::string_view("\0", 1);
}

double Row::Double(int column) const {
    UNIBOX_ASSERT(Type(column) == kFloat8);
    return std::bit_cast<double>(ReadBigEndian(Raw(column)));
}

std::string_view Row::Text(int column) const {
    const unsigned type = Type(column);
    UNIBOX_ASSERT(
        type == kText || type == kVarchar || type == kName || type == kJson || type == kBpchar ||
        type == kUnknown
    );
    return Raw(column);
}

std::string_view Row::GetBytes(int column) const {
    UNIBOX_ASSERT(Type(column) == kBytea);
    return Raw(column);
}

Uuid Row::GetUuid(int column) const {
    UNIBOX_ASSERT(Type(column) == kUuid);
    return ReadUuid(Raw(column));
}

TimestampMs Row::Timestamp(int column) const {
    UNIBOX_ASSERT(Type(column) == kTimestamptz);
    const auto micros = static_cast<std::int64_t>(ReadBigEndian(Raw(column)));
    if (micros == kInfinity.unix_ms) return kInfinity;
    if (micros == kMinusInfinity.unix_ms) return kMinusInfinity;
    const std::int64_t ms = micros / 1000 - (micros % 1000 < 0 ? 1 : 0);  // Rounded down.
    return {ms + kPgEpochUnixMs};
}

std::int64_t Row::UnixMicros(int column) const {
    UNIBOX_ASSERT(Type(column) == kTimestamptz);
    return static_cast<std::int64_t>(ReadBigEndian(Raw(column))) + kPgEpochUnixMs * 1000;
}

std::vector<std::string> Row::TextArray(int column) const {
    std::vector<std::string> values;
    for (const std::string_view element : ArrayElements(Raw(column), {kText, kBytea})) {
        values.emplace_back(element);
    }
    return values;
}

std::vector<Uuid> Row::UuidArray(int column) const {
    std::vector<Uuid> values;
    for (const std::string_view element : ArrayElements(Raw(column), {kUuid})) {
        values.push_back(ReadUuid(element));
    }
    return values;
}

std::optional<std::int64_t> Row::OptionalInt64(int column) const {
    return IsNull(column) ? std::nullopt : std::optional(Int64(column));
}
std::optional<std::string> Row::OptionalText(int column) const {
    return IsNull(column) ? std::nullopt : std::optional(std::string(Text(column)));
}
std::optional<Uuid> Row::OptionalUuid(int column) const {
    return IsNull(column) ? std::nullopt : std::optional(GetUuid(column));
}
std::optional<TimestampMs> Row::OptionalTimestamp(int column) const {
    return IsNull(column) ? std::nullopt : std::optional(Timestamp(column));
}

Rows::Rows(pg_result* result) : result_(result, PQclear) {}

int Rows::size() const {
    return result_ ? PQntuples(result_.get()) : 0;
}
int Rows::column_count() const {
    return result_ ? PQnfields(result_.get()) : 0;
}

Row Rows::operator[](int row) const {
    UNIBOX_ASSERT(row >= 0 && row < size());
    return {result_.get(), row};
}

std::string_view Rows::command_tag() const {
    return result_ ? std::string_view(PQcmdStatus(result_.get())) : std::string_view();
}

std::int64_t Rows::affected() const {
    return result_ ? ParseInt64(PQcmdTuples(result_.get())).value_or(0) : 0;
}

}  // namespace unibox::pg

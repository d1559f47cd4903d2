#include "pg/params.hpp"

#include <array>
#include <bit>

namespace unibox::pg {
namespace {

constexpr std::int64_t kPgEpochUnixMs = 946'684'800'000;  // 2000-01-01 00:00 UTC

template <typename Unsigned>
void AppendBigEndian(std::string& out, Unsigned value) {
    std::array<char, sizeof value> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(value >> (8 * (bytes.size() - 1 - i)) & 0xFF);
    }
    out.append(bytes.data(), bytes.size());
}

}  // namespace

namespace detail {

void AppendInt16(std::string& out, std::int16_t value) {
    AppendBigEndian(out, static_cast<std::uint16_t>(value));
}
void AppendInt32(std::string& out, std::int32_t value) {
    AppendBigEndian(out, static_cast<std::uint32_t>(value));
}
void AppendInt64(std::string& out, std::int64_t value) {
    AppendBigEndian(out, static_cast<std::uint64_t>(value));
}

void Codec<double>::Append(std::string& out, double value) {
    AppendBigEndian(out, std::bit_cast<std::uint64_t>(value));
}

std::int64_t ToPgMicros(TimestampMs value) {
    constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max();
    if (value == kInfinity) return kLimit;
    if (value == kMinusInfinity) return std::numeric_limits<std::int64_t>::min();
    // Beyond what microseconds can hold: next to infinity, which PostgreSQL refuses as out of
    // range.
    if (value.unix_ms > kLimit / 1000) return kLimit - 1;
    if (value.unix_ms < -kLimit / 1000 + kPgEpochUnixMs) return -kLimit;
    return (value.unix_ms - kPgEpochUnixMs) * 1000;
}

}  // namespace detail

Params& Params::End(unsigned type, std::size_t start) {
    values_.push_back({type, start, static_cast<std::int64_t>(data_.size() - start)});
    return *this;
}

Params& Params::AddNull(unsigned type) {
    values_.push_back({type, data_.size(), -1});
    return *this;
}

void Params::ArrayHeader(bool has_null, unsigned element_type, std::size_t count) {
    detail::AppendInt32(data_, count == 0 ? 0 : 1);
    detail::AppendInt32(data_, has_null ? 1 : 0);
    detail::AppendInt32(data_, static_cast<std::int32_t>(element_type));
    if (count == 0) return;
    detail::AppendInt32(data_, static_cast<std::int32_t>(count));
    detail::AppendInt32(data_, 1);  // Lower bound.
}

void Params::SetInt32(std::size_t position, std::int32_t value) {
    std::string bytes;
    detail::AppendInt32(bytes, value);
    data_.replace(position, 4, bytes);
}

Params::Wire Params::ToWire() const {
    Wire wire;
    wire.types.reserve(values_.size());
    wire.values.reserve(values_.size());
    wire.lengths.reserve(values_.size());
    for (const Value& value : values_) {
        wire.types.push_back(value.type);
        wire.values.push_back(value.length < 0 ? nullptr : data_.data() + value.start);
        wire.lengths.push_back(static_cast<int>(value.length < 0 ? 0 : value.length));
    }
    wire.formats.assign(values_.size(), 1);
    return wire;
}

std::vector<unsigned> Params::Types() const {
    std::vector<unsigned> types;
    types.reserve(values_.size());
    for (const Value& value : values_) types.push_back(value.type);
    return types;
}

}  // namespace unibox::pg

// Parameters of a statement, encoded in PostgreSQL's binary format with their types.
//
// The type of a parameter follows from the C++ type: std::int64_t bigint, std::int32_t int,
// std::int16_t smallint, bool boolean, double float8, strings text, Bytes bytea, Uuid and UuidId
// uuid, TenantId bigint, TimestampMs timestamptz. std::optional<T> is T or NULL. AddArray makes a
// one-dimensional array of the same. jsonb and others: pass text and cast in the SQL ($1::jsonb; $1
// is then declared text).
//
// Limits: 65,535 parameters (PostgreSQL); a value at most 1 GB. A timestamp outside of PostgreSQL's
// range is refused by the server (22008). Thread safety: one thread at a time.
#pragma once

#include "base/ids.hpp"
#include "pg/values.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace unibox::pg {

namespace detail {

void AppendInt16(std::string& out, std::int16_t value);
void AppendInt32(std::string& out, std::int32_t value);
void AppendInt64(std::string& out, std::int64_t value);
// Microseconds since 2000-01-01, infinities kept, out of range values kept out of range.
std::int64_t ToPgMicros(TimestampMs value);

template <typename T>
struct Codec;  // kOid, kArrayOid, Append(out, value)

template <>
struct Codec<std::int64_t> {
    static constexpr unsigned kOid = 20, kArrayOid = 1016;
    static void Append(std::string& out, std::int64_t value) { AppendInt64(out, value); }
};
template <>
struct Codec<std::int32_t> {
    static constexpr unsigned kOid = 23, kArrayOid = 1007;
    static void Append(std::string& out, std::int32_t value) { AppendInt32(out, value); }
};
template <>
struct Codec<std::int16_t> {
    static constexpr unsigned kOid = 21, kArrayOid = 1005;
    static void Append(std::string& out, std::int16_t value) { AppendInt16(out, value); }
};
template <>
struct Codec<bool> {
    static constexpr unsigned kOid = 16, kArrayOid = 1000;
    static void Append(std::string& out, bool value) { out.push_back(value ? '\1' : '\0'); }
};
template <>
struct Codec<double> {
    static constexpr unsigned kOid = 701, kArrayOid = 1022;
    static void Append(std::string& out, double value);
};
template <>
struct Codec<std::string_view> {
    static constexpr unsigned kOid = 25, kArrayOid = 1009;
    static void Append(std::string& out, std::string_view value) { out.append(value); }
};
template <>
struct Codec<std::string> : Codec<std::string_view> {};
template <>
struct Codec<const char*> : Codec<std::string_view> {};
template <>
struct Codec<char*> : Codec<std::string_view> {};  // What a string literal decays to.
template <>
struct Codec<Bytes> {
    static constexpr unsigned kOid = 17, kArrayOid = 1001;
    static void Append(std::string& out, Bytes value) { out.append(value.value); }
};
template <>
struct Codec<Uuid> {
    static constexpr unsigned kOid = 2950, kArrayOid = 2951;
    static void Append(std::string& out, const Uuid& value) {
        for (const std::uint8_t byte : value.bytes) out.push_back(static_cast<char>(byte));
    }
};
template <typename Tag>
struct Codec<UuidId<Tag>> : Codec<Uuid> {
    static void Append(std::string& out, const UuidId<Tag>& id) {
        Codec<Uuid>::Append(out, id.value);
    }
};
template <>
struct Codec<TenantId> : Codec<std::int64_t> {
    static void Append(std::string& out, TenantId id) { AppendInt64(out, id.value); }
};
template <>
struct Codec<TimestampMs> {
    static constexpr unsigned kOid = 1184, kArrayOid = 1185;
    static void Append(std::string& out, TimestampMs value) { AppendInt64(out, ToPgMicros(value)); }
};

}  // namespace detail

class Params {
public:
    Params() = default;
    // Params::Of(a, b, c) adds its arguments in order.
    template <typename... T>
    static Params Of(const T&... values) {
        Params params;
        (params.Add(values), ...);
        return params;
    }

    template <typename T>
    Params& Add(const T& value) {
        const std::size_t start = Begin();
        detail::Codec<std::decay_t<T>>::Append(data_, value);
        return End(detail::Codec<std::decay_t<T>>::kOid, start);
    }
    template <typename T>
    Params& Add(const std::optional<T>& value) {
        return value ? Add(*value) : AddNull(detail::Codec<T>::kOid);
    }

    template <typename T>
    Params& AddArray(std::span<const T> values) {
        return AppendArray<T>(values.size(), [&](std::size_t i) -> const T& { return values[i]; });
    }
    template <typename T>
    Params& AddArray(const std::vector<T>& values) {
        if constexpr (std::is_same_v<T, bool>) {
            return AppendArray<bool>(values.size(), [&](std::size_t i) { return bool{values[i]}; });
        } else {
            return AddArray(std::span<const T>(values));
        }
    }

    int size() const { return static_cast<int>(values_.size()); }
    // Bytes of all values.
    std::size_t bytes() const { return data_.size(); }

    // For the connection only: pointers are valid until the next Add.
    struct Wire {
        std::vector<unsigned> types;
        std::vector<const char*> values;
        std::vector<int> lengths;
        std::vector<int> formats;
    };
    Wire ToWire() const;
    std::vector<unsigned> Types() const;

private:
    struct Value {
        unsigned type;
        std::size_t start;
        std::int64_t length;  // -1 = NULL
    };

    std::size_t Begin() const { return data_.size(); }
    Params& End(unsigned type, std::size_t start);
    Params& AddNull(unsigned type);
    void ArrayHeader(bool has_null, unsigned element_type, std::size_t count);
    void SetInt32(std::size_t position, std::int32_t value);

    template <typename T>
    void AppendElement(const T& value) {
        const std::size_t length_at = data_.size();
        detail::AppendInt32(data_, 0);
        detail::Codec<std::decay_t<T>>::Append(data_, value);
        SetInt32(length_at, static_cast<std::int32_t>(data_.size() - length_at - 4));
    }
    template <typename T>
    void AppendElement(const std::optional<T>& value) {
        if (value) {
            AppendElement(*value);
        } else {
            detail::AppendInt32(data_, -1);
        }
    }
    template <typename T>
    struct Element {
        using Type = T;
        static constexpr bool kNullable = false;
    };
    template <typename T>
    struct Element<std::optional<T>> {
        using Type = T;
        static constexpr bool kNullable = true;
    };
    template <typename T, typename At>
    Params& AppendArray(std::size_t count, const At& at) {
        using ElementCodec = detail::Codec<typename Element<T>::Type>;
        const std::size_t start = Begin();
        ArrayHeader(Element<T>::kNullable, ElementCodec::kOid, count);
        for (std::size_t i = 0; i < count; ++i) AppendElement(at(i));
        return End(ElementCodec::kArrayOid, start);
    }

    std::string data_;
    std::vector<Value> values_;
};

}  // namespace unibox::pg

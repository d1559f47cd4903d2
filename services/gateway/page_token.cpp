#include "gateway/page_token.hpp"

#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "gateway/fields.hpp"

#include <algorithm>

namespace unibox::gateway {
namespace {

constexpr char kVersion = '\x01';
constexpr std::size_t kChecksumBytes = 12;
constexpr std::size_t kTokenBytesMax = 256;
constexpr std::size_t kUuidBytes = 16;
constexpr std::int64_t kYear0Us = -62'167'219'200'000'000;
constexpr std::int64_t kYear9999Us = 253'402'300'799'999'999;
constexpr std::int32_t kPageSizeDefault = 50;
constexpr std::int32_t kPageSizeMax = 100;

std::string Checksum(TenantId tenant, std::string_view list, std::string_view place) {
    std::string text = PackInt64(tenant.value) + PackInt64(static_cast<std::int64_t>(list.size()));
    text += list;
    text += place;
    return crypto::Sha256(text).substr(0, kChecksumBytes);
}

}  // namespace

Status PageTokenInvalid() {
    return InvalidArgument(
               "page_token must be the next_page_token of the page before, with the same filters"
    )
        .WithReason("PAGE_TOKEN_INVALID")
        .WithField("page_token");
}

std::string EncodePageToken(TenantId tenant, std::string_view list, std::string_view place) {
    std::string bytes(1, kVersion);
    bytes += Checksum(tenant, list, place);
    bytes += place;
    return Base64UrlEncode(bytes);
}

Result<std::string> DecodePageToken(
    TenantId tenant, std::string_view list, std::string_view token
) {
    if (token.size() > kTokenBytesMax) return PageTokenInvalid();
    const auto bytes = Base64UrlDecode(token);
    if (!bytes || bytes->size() <= 1 + kChecksumBytes || bytes->front() != kVersion)
        return PageTokenInvalid();
    const std::string_view view = *bytes;
    const std::string_view place = view.substr(1 + kChecksumBytes);
    if (view.substr(1, kChecksumBytes) != Checksum(tenant, list, place)) return PageTokenInvalid();
    return std::string(place);
}

std::string PackInt64(std::int64_t number) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) {
        bytes += static_cast<char>((static_cast<std::uint64_t>(number) >> shift) & 0xFFU);
    }
    return bytes;
}

std::int64_t UnpackInt64(std::string_view bytes) {
    UNIBOX_ASSERT(bytes.size() >= 8);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i)
        number = number << 8U | static_cast<unsigned char>(bytes[i]);
    return static_cast<std::int64_t>(number);
}

std::string PackTimePlace(const TimePlace& place) {
    return PackInt64(place.unix_us) + place.id.ToBytes();
}

Result<TimePlace> UnpackTimePlace(std::string_view bytes) {
    if (bytes.size() != 8 + kUuidBytes) return PageTokenInvalid();
    TimePlace place;
    place.unix_us = UnpackInt64(bytes);
    if (place.unix_us < kYear0Us || place.unix_us > kYear9999Us) return PageTokenInvalid();
    UNIBOX_ASSIGN_OR_RETURN(place.id, Uuid::FromBytes(bytes.substr(8)));
    return place;
}

Result<std::int32_t> PageSizeOf(std::int32_t asked) {
    if (asked == 0) return kPageSizeDefault;
    if (asked < 0) return WrongField("page_size", "0 (for 50) or more");
    return std::min(asked, kPageSizeMax);
}

}  // namespace unibox::gateway

#include "gateway/page_token.hpp"

#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "crypto/hash.hpp"

namespace unibox::gateway {
namespace {

constexpr char kVersion = '\x01';
constexpr std::size_t kChecksumBytes = 12;
constexpr std::size_t kTokenBytesMax = 256;

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

}  // namespace unibox::gateway

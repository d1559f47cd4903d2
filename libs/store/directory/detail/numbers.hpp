// Kinds of the directory and providers, as SQL numbers them. Private to store.
// Thread safety: constants and pure functions.
#pragma once

#include "store/directory/lookups.hpp"

#include <cstdint>

#define UNIBOX_KIND_API_KEY "1"
#define UNIBOX_KIND_TOKEN "2"
#define UNIBOX_KIND_ROUTE "3"
#define UNIBOX_KIND_SLUG "4"
#define UNIBOX_KIND_JWT_ISSUER "5"

namespace unibox::store::detail {

constexpr bool IsText(DirectoryKind kind, const char* digit) {
    return digit[0] - '0' == static_cast<int>(kind) && digit[1] == '\0';
}
static_assert(IsText(DirectoryKind::kApiKey, UNIBOX_KIND_API_KEY));
static_assert(IsText(DirectoryKind::kChannelToken, UNIBOX_KIND_TOKEN));
static_assert(IsText(DirectoryKind::kRoute, UNIBOX_KIND_ROUTE));
static_assert(IsText(DirectoryKind::kTenantSlug, UNIBOX_KIND_SLUG));
static_assert(IsText(DirectoryKind::kJwtIssuer, UNIBOX_KIND_JWT_ISSUER));

inline std::int16_t Number(v1::Provider provider) {
    return static_cast<std::int16_t>(provider);
}
inline v1::Provider ToProvider(std::int16_t number) {
    return static_cast<v1::Provider>(number);
}

}  // namespace unibox::store::detail

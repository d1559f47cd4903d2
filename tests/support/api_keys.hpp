// One API key as the directory has it, for tests that look at just one.
// Thread safety: pure functions.
#pragma once

#include "store/directory/lookups.hpp"

#include <string>

namespace unibox::test {

// `hash`: SHA-256 of the key. NOT_FOUND if there is none.
inline Result<domain::ApiKeyInfo> FindApiKey(pg::Pool& pool, const std::string& hash) {
    UNIBOX_ASSIGN_OR_RETURN(const auto found, store::FindApiKeys(pool, {hash}));
    const auto key = found.find(hash);
    if (key == found.end()) return NotFound("no such API key");
    return key->second;
}

}  // namespace unibox::test

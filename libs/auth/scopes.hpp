// What an API key may do, as words that tenants.yaml, the database and the API have in common. A
// word that is once given out keeps its meaning.
// Thread safety: constants.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace unibox::auth {

inline constexpr std::string_view kScopeInboxRead = "inbox:read";      // Reads the inbox.
inline constexpr std::string_view kScopeInboxWrite = "inbox:write";    // Works in it.
inline constexpr std::string_view kScopeIngestWrite = "ingest:write";  // IngestService.
inline constexpr std::string_view kScopeAdminRead = "admin:read";    // Reads how the tenant is set,
inline constexpr std::string_view kScopeAdminWrite = "admin:write";  // changes it,
// and what only the operator decides: plans, who is served by a provider app.
inline constexpr std::string_view kScopeOperatorWrite = "operator:write";

inline constexpr std::array kScopes = {
    kScopeInboxRead,
    kScopeInboxWrite,
    kScopeIngestWrite,
    kScopeAdminRead,
    kScopeAdminWrite,
    kScopeOperatorWrite};

inline bool IsScope(std::string_view word) {
    return std::find(kScopes.begin(), kScopes.end(), word) != kScopes.end();
}

// "inbox:read, inbox:write, …", for those who wrote another word.
inline std::string ScopeList() {
    std::string list;
    for (const std::string_view scope : kScopes) {
        list += list.empty() ? "" : ", ";
        list += scope;
    }
    return list;
}

}  // namespace unibox::auth

// tenants.yaml: what `uniboxctl apply` makes true. README.md shows every field.
// Thread safety: values; ReadTenantsFile reads files.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"
#include "unibox/v1/common.pb.h"
#include "uniboxctl/file_rows.hpp"
#include "uniboxctl/given.hpp"
#include "uniboxctl/mistakes.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ctl {

struct AppEntry : Entry {
    Given<std::string> provider;  // As in URLs.
    Given<Secret> secret;
    Given<Secret> verify_token;
};
struct ChannelEntry : Entry {
    Given<std::string> display_name;
    Given<v1::Provider> provider;
    Given<std::string> route;  // "": none.
    Given<std::string> app;    // "": none.
    Given<Secret> secret;
    Given<Secret> token;  // "": derived from the sealing key.
    Given<std::string> public_base_url;
    Given<std::int32_t> reopen_window_s;
    Given<std::vector<std::string>> members;  // Agents by external_id.
    Given<bool> disabled;
};
struct KeyEntry : Entry {
    Given<std::vector<std::string>> scopes;
    Given<Secret> key;
    Given<bool> revoked;
};
struct TenantEntry : Entry {
    Given<std::string> display_name;
    Given<std::int32_t> ingest_rate_per_s;
    Given<std::int32_t> ingest_burst;
    Given<std::string> api_limits;  // As domain::TenantLimits writes it; "": the settings'.
    Given<std::string> plan;
    Given<std::int32_t> retention_days;
    Given<bool> disabled;
    std::vector<ChannelEntry> channels;
    std::vector<KeyEntry> api_keys;
    OfEachRow<RowEntries> rows;

    // Whether what is stored must be read beyond channels and keys.
    bool says_rows() const;
};
struct TenantsFile {
    std::vector<AppEntry> apps;
    std::vector<TenantEntry> tenants;
};

inline constexpr std::size_t kTenantsFileBytesMax = 64 * 1024 * 1024;

// Adds what is wrong with the file by itself. *_file entries are relative to `folder`. An entry
// without a usable name is left out.
TenantsFile ParseTenantsFile(
    const std::string& text, const std::filesystem::path& folder, Mistakes& mistakes
);

}  // namespace unibox::ctl

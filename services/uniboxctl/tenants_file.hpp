// tenants.yaml: what `uniboxctl apply` makes true. README.md shows every field.
// Thread safety: values; ReadTenantsFile reads files.
#pragma once

#include "base/secret.hpp"
#include "base/status.hpp"
#include "unibox/v1/common.pb.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ctl {

struct AppEntry {
    std::string name;
    std::string provider;  // As in URLs.
    Secret secret;
    Secret verify_token;
};
struct ChannelEntry {
    std::string name;
    std::string display_name;
    v1::Provider provider = v1::PROVIDER_UNSPECIFIED;
    std::string route;
    std::string app;  // Empty: the one it has, or the only one there is.
    Secret secret;    // Empty: served through a provider app.
    Secret token;     // Empty: derived from the sealing key.
    std::string public_base_url;
    std::int32_t reopen_window_s = 604'800;
    bool disabled = false;
};
struct KeyEntry {
    std::string name;
    std::vector<std::string> scopes;
    Secret key;  // Empty: made when the key does not exist yet.
    bool revoked = false;
};
struct TenantEntry {
    std::string name;
    std::string display_name;
    std::int32_t ingest_rate_per_s = 200;
    std::int32_t ingest_burst = 1000;
    bool disabled = false;
    std::vector<ChannelEntry> channels;
    std::vector<KeyEntry> api_keys;
};
struct TenantsFile {
    std::vector<AppEntry> apps;
    std::vector<TenantEntry> tenants;
};

inline constexpr std::size_t kTenantsFileBytesMax = 16 * 1024 * 1024;

// INVALID_ARGUMENT lists the mistakes, each as "file:line: field: what is wrong", or says that the
// file cannot be read. *_file entries are relative to the folder of the file.
Result<TenantsFile> ReadTenantsFile(const std::filesystem::path& path);
// The same from text; `name` stands in messages, `folder` leads *_file entries.
Result<TenantsFile> ParseTenantsFile(
    const std::string& text, const std::string& name, const std::filesystem::path& folder
);

}  // namespace unibox::ctl

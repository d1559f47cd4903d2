// tenants.yaml of what is stored: the other way of tenants_file.hpp.
// Thread safety: values, a pure function.
#pragma once

#include "store/admin/session.hpp"

#include <string>
#include <vector>

namespace unibox::ctl {

// A file that the text refers to, and what belongs into it, sealed as it is stored.
struct SecretOfFile {
    std::string path;     // As the text has it.
    std::string sealed;   // For SealedBox::Open,
    std::string context;  // with this.
};
struct WrittenTenants {
    std::string yaml;
    std::vector<SecretOfFile> secrets;
};

// The same text for the same state, however it came about: everything is in the order of names,
// and what is empty is left out. Applied to a database without these tenants it makes the same
// state, but for ids and what is known only by its hash: API keys and channel tokens. Revoked keys
// are left out. `secrets_folder`: where the text looks for secrets. Tenants with rows and secrets;
// their apps are among `apps`.
WrittenTenants WriteTenantsYaml(
    std::vector<store::StoredTenant> tenants,
    const std::vector<store::StoredApp>& apps,
    const std::string& secrets_folder
);

}  // namespace unibox::ctl

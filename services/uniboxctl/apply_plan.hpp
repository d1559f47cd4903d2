// What `uniboxctl apply` has to write so that the file is true: a pure function of the file and of
// what is stored. Absent in the file: what is stored stays, and a new object gets the default.
// Thread safety: values; MakePlan is a function without state.
#pragma once

#include "crypto/sealed_box.hpp"
#include "store/admin/session.hpp"
#include "uniboxctl/mistakes.hpp"
#include "uniboxctl/table.hpp"
#include "uniboxctl/tenants_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace unibox::ctl {

// What the database has of what the file names.
struct Stored {
    std::unordered_map<std::string, store::StoredTenant> tenants;  // By slug.
    std::vector<store::StoredApp> apps;                            // All.
    // Who has the routes, tokens (by hash) and API keys (by hash) that the file names.
    std::map<store::RouteKey, store::Holder> routes;
    std::unordered_map<std::string, store::Holder> tokens;
    std::unordered_map<std::string, store::Holder> keys;
    // "tenant/channel" of a holder, for messages.
    std::function<std::string(const store::Holder&)> name_of;
};

struct FieldChange {
    std::string field;
    Cell old_value;  // "(secret)" for secrets.
    Cell new_value;  // "changed" for secrets.
};
void SetSecret(std::vector<FieldChange>& changes, std::string_view field);

struct AppPlan {
    const AppEntry* entry = nullptr;
    store::AppWrite write;
    store::Change secret = store::Change::kUnchanged;
    std::vector<FieldChange> fields;
};
struct ChannelPlan {
    const ChannelEntry* entry = nullptr;
    store::ChannelWrite write;
    store::Change secret = store::Change::kUnchanged;
    bool has_secret = false;  // Its own; without, it is served through an app.
    std::string token;        // Of its URL; "" = none, or only its hash is known.
    std::vector<FieldChange> fields;
};
struct KeyPlan {
    const KeyEntry* entry = nullptr;
    store::KeyWrite write;
    Secret made;  // The key, if it is made here.
    bool revoked = false;
    std::vector<FieldChange> fields;
};
template <class Message>
struct RowPlan {
    const RowEntry<Message>* entry = nullptr;
    store::RowWrite<store::SpecOf<Message>> write;
    Secret made;  // What signs, if it is made here.
    std::vector<FieldChange> fields;
};
template <class Message>
using RowPlans = std::vector<RowPlan<Message>>;
struct TenantPlan {
    const TenantEntry* entry = nullptr;
    store::TenantWrite write;
    std::vector<ChannelPlan> channels;
    std::vector<KeyPlan> keys;
    OfEachRow<RowPlans> rows;
    std::vector<store::MemberWrite> members;
    std::vector<FieldChange> fields;
};
struct Plan {
    std::vector<AppPlan> apps;
    std::vector<TenantPlan> tenants;
    std::vector<std::string> notes;  // For people: true, and worth a thought.

    bool changes_anything() const;
    std::size_t new_tenant_count() const;
    // New tenants, in their order.
    void SetNewTenantIds(const std::vector<TenantId>& ids);
};

// What must be looked up before MakePlan: `stored.tenants` must be there.
struct WantedKeys {
    std::vector<store::RouteKey> routes;
    std::vector<std::string> token_hashes;
    std::vector<std::string> key_hashes;
};
WantedKeys KeysOf(const TenantsFile& file, const Stored& stored);

// Adds what only the database knows to be wrong; with mistakes the plan must not be written. The
// plan points into `file`. `now_ms` (Unix, UTC) goes into new ids.
Plan MakePlan(
    const TenantsFile& file,
    const Stored& stored,
    const crypto::SealedBox& box,
    std::int64_t now_ms,
    Mistakes& mistakes
);

}  // namespace unibox::ctl

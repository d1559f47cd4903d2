#include "uniboxctl/apply_plan.hpp"

#include "auth/scopes.hpp"
#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "uniboxctl/planner.hpp"

#include <algorithm>

namespace unibox::ctl {
namespace {

const store::StoredChannel* FindChannel(
    const store::StoredTenant* tenant, const std::string& name
) {
    if (tenant == nullptr) return nullptr;
    for (const auto& channel : tenant->channels) {
        if (channel.spec.slug == name) return &channel;
    }
    return nullptr;
}

const store::StoredKey* FindKey(const store::StoredTenant* tenant, const std::string& name) {
    if (tenant == nullptr) return nullptr;
    for (const auto& key : tenant->keys) {
        if (key.spec.name == name) return &key;
    }
    return nullptr;
}

const store::StoredTenant* FindTenant(const Stored& stored, const std::string& name) {
    const auto found = stored.tenants.find(name);
    return found == stored.tenants.end() ? nullptr : &found->second;
}

bool Writes(const ChannelPlan& channel) {
    return channel.write.change != store::Change::kUnchanged || channel.write.secret.has_value();
}

}  // namespace

void SetSecret(std::vector<FieldChange>& changes, std::string_view field) {
    changes.push_back(
        {std::string(field), Cell(std::string("(secret)")), Cell(std::string("changed"))}
    );
}

store::Change ChangeOf(bool is_new, const std::vector<FieldChange>& changes) {
    if (is_new) return store::Change::kCreated;
    return changes.empty() ? store::Change::kUnchanged : store::Change::kUpdated;
}

bool Plan::changes_anything() const {
    const auto changed = [](const auto& part) {
        return part.write.change != store::Change::kUnchanged;
    };
    for (const AppPlan& app : apps) {
        if (changed(app) || app.write.secret) return true;
    }
    for (const TenantPlan& tenant : tenants) {
        if (changed(tenant) || std::any_of(tenant.keys.begin(), tenant.keys.end(), changed) ||
            std::any_of(tenant.channels.begin(), tenant.channels.end(), Writes) ||
            !tenant.members.empty()) {
            return true;
        }
        bool rows_change = false;
        ForEachRowKind(tenant.rows, [&](const auto& rows) {
            rows_change = rows_change || std::any_of(rows.begin(), rows.end(), changed);
        });
        if (rows_change) return true;
    }
    return false;
}

std::size_t Plan::new_tenant_count() const {
    return static_cast<std::size_t>(std::count_if(
        tenants.begin(),
        tenants.end(),
        [](const TenantPlan& tenant) { return tenant.write.change == store::Change::kCreated; }
    ));
}

void Plan::SetNewTenantIds(const std::vector<TenantId>& ids) {
    auto next = ids.begin();
    for (TenantPlan& tenant : tenants) {
        if (tenant.write.change != store::Change::kCreated) continue;
        UNIBOX_ASSERT(next != ids.end());
        tenant.write.tenant = *next++;
        for (ChannelPlan& channel : tenant.channels) channel.write.tenant = tenant.write.tenant;
        for (KeyPlan& key : tenant.keys) key.write.tenant = tenant.write.tenant;
        for (store::MemberWrite& member : tenant.members) member.tenant = tenant.write.tenant;
        ForEachRowKind(tenant.rows, [&](auto& rows) {
            for (auto& row : rows) row.write.tenant = tenant.write.tenant;
        });
    }
}

WantedKeys KeysOf(const TenantsFile& file, const Stored& stored) {
    WantedKeys wanted;
    for (const TenantEntry& tenant : file.tenants) {
        const store::StoredTenant* before = FindTenant(stored, tenant.name);
        for (const ChannelEntry& channel : tenant.channels) {
            const store::StoredChannel* known = FindChannel(before, channel.name);
            const v1::Provider provider =
                channel.provider.Or(known ? known->spec.provider : v1::PROVIDER_UNSPECIFIED);
            if (channel.route && !channel.route->empty()) {
                wanted.routes.push_back({provider, *channel.route});
            }
            if (channel.token && !channel.token->empty()) {
                wanted.token_hashes.push_back(crypto::Sha256(channel.token->Reveal()));
            }
        }
        for (const KeyEntry& key : tenant.api_keys) {
            if (key.key) wanted.key_hashes.push_back(crypto::Sha256(key.key->Reveal()));
        }
    }
    return wanted;
}

void Planner::PlanNewKey(KeyPlan& key) {
    const KeyEntry& entry = *key.entry;
    key.write.key_id = NewUuidV7(now_ms_);
    key.write.change = store::Change::kCreated;
    if (entry.revoked.Or(false)) {
        Mistake(entry, entry.revoked.line, "revoked", "there is no API key of this name");
        return;
    }
    if (!entry.scopes) {
        Mistake(entry, entry.line, "scopes", "is missing: some of " + auth::ScopeList());
    }
    key.write.spec.scopes = entry.scopes.Or({});
    if (!entry.key) key.made = crypto::NewApiKey();
    const Secret& text = entry.key ? *entry.key : key.made;
    key.write.spec.key_hash = crypto::Sha256(text.Reveal());
    if (!entry.key) return;
    const bool is_taken = !key_hashes_.insert(key.write.spec.key_hash).second ||
                          stored_.keys.contains(key.write.spec.key_hash);
    if (!is_taken) return;
    Mistake(
        entry,
        entry.key.line,
        "key",
        "is in use under another name or by another tenant: each needs its own"
    );
}

void Planner::PlanKnownKey(KeyPlan& key, const store::StoredKey& before) {
    const KeyEntry& entry = *key.entry;
    key.write.key_id = before.key_id;
    key.write.spec = before.spec;
    key.revoked = before.revoked;
    if (entry.key && crypto::Sha256(entry.key->Reveal()) != before.spec.key_hash) {
        const std::string_view text =
            "another key has this name: use a new name and revoke this one";
        Mistake(entry, entry.key.line, "key", text);
    }
    if (before.revoked && entry.revoked && !*entry.revoked) {
        const std::string_view text = "it was revoked, and stays so: make a key of another name";
        Mistake(entry, entry.revoked.line, "revoked", text);
    }
    if (entry.scopes) Set(key.fields, "scopes", key.write.spec.scopes, *entry.scopes);
    if (!before.revoked && entry.revoked.Or(false)) {
        key.write.revoke = true;
        Set(key.fields, "revoked", key.revoked, true);
    }
    key.write.change = ChangeOf(false, key.fields);
}

KeyPlan Planner::PlanKey(const KeyEntry& entry, const store::StoredKey* before) {
    KeyPlan key;
    key.entry = &entry;
    key.write.spec.name = entry.name;
    if (entry.has_mistakes) return key;
    if (before != nullptr) {
        PlanKnownKey(key, *before);
    } else {
        PlanNewKey(key);
    }
    return key;
}

TenantPlan Planner::PlanTenant(const TenantEntry& entry) {
    const store::StoredTenant* before = FindTenant(stored_, entry.name);
    TenantPlan tenant;
    tenant.entry = &entry;
    store::TenantSpec& spec = tenant.write.spec;
    if (before != nullptr) {
        tenant.write.tenant = before->tenant;
        tenant.write.before = before->spec;
        spec = before->spec;
    } else {
        spec.slug = entry.name;
        spec.name = entry.name;
    }
    std::vector<FieldChange>& fields = tenant.fields;
    if (entry.display_name) {
        const bool is_empty = entry.display_name->empty();
        Set(fields, "display_name", spec.name, is_empty ? entry.name : *entry.display_name);
    }
    Set(fields,
        "ingest_rate_per_s",
        spec.ingest_rate_per_s,
        entry.ingest_rate_per_s.Or(spec.ingest_rate_per_s));
    Set(fields, "ingest_burst", spec.ingest_burst, entry.ingest_burst.Or(spec.ingest_burst));
    Set(fields, "api_limits", spec.api_limits, entry.api_limits.Or(spec.api_limits));
    Set(fields, "plan", spec.plan, entry.plan.Or(spec.plan));
    Set(fields, "retention_days", spec.retention_days, entry.retention_days.Or(spec.retention_days)
    );
    Set(fields, "disabled", spec.disabled, entry.disabled.Or(spec.disabled));
    tenant.write.change = ChangeOf(before == nullptr, fields);
    for (const ChannelEntry& channel : entry.channels) {
        tenant.channels.push_back(PlanChannel(channel, FindChannel(before, channel.name)));
        tenant.channels.back().write.tenant = tenant.write.tenant;
    }
    for (const KeyEntry& key : entry.api_keys) {
        tenant.keys.push_back(PlanKey(key, FindKey(before, key.name)));
        tenant.keys.back().write.tenant = tenant.write.tenant;
    }
    PlanRows(tenant, before);
    PlanMembers(tenant, before);
    return tenant;
}

Plan Planner::Make() {
    PlanApps();
    for (const TenantEntry& entry : file_.tenants) plan_.tenants.push_back(PlanTenant(entry));
    CheckRoutes(plan_);
    CheckTokens(plan_);
    return std::move(plan_);
}

Plan MakePlan(
    const TenantsFile& file,
    const Stored& stored,
    const crypto::SealedBox& box,
    std::int64_t now_ms,
    Mistakes& mistakes
) {
    return Planner(file, stored, box, now_ms, mistakes).Make();
}

}  // namespace unibox::ctl

// The steps of MakePlan. Private to apply_plan*.cpp. Thread safety: one thread.
#pragma once

#include "domain/provider.hpp"
#include "uniboxctl/apply_plan.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace unibox::ctl {

class Planner {
public:
    Planner(
        const TenantsFile& file,
        const Stored& stored,
        const crypto::SealedBox& box,
        std::int64_t now_ms,
        Mistakes& mistakes
    )
        : file_(file), stored_(stored), box_(box), now_ms_(now_ms), mistakes_(mistakes) {}

    Plan Make();

private:
    // apply_plan_apps.cpp
    void PlanApps();
    AppPlan PlanApp(const AppEntry& entry, const store::StoredApp* before);
    void PlanVerifyToken(AppPlan& app, const store::StoredApp* before);
    void PlanAppSecret(AppPlan& app, const store::StoredApp* before);
    std::vector<std::string> AppsWith(
        const Secret& secret, const std::string& but_app, const std::string& provider
    ) const;
    bool Has(const store::StoredApp& app, const Secret& secret) const;

    // apply_plan_channels.cpp
    ChannelPlan PlanChannel(const ChannelEntry& entry, const store::StoredChannel* before);
    void PlanSettings(ChannelPlan& channel, const store::StoredChannel* before);
    void PlanApp(
        ChannelPlan& channel,
        const store::StoredChannel* before,
        const domain::ProviderTraits& provider
    );
    void PlanSecret(
        ChannelPlan& channel,
        const store::StoredChannel* before,
        const domain::ProviderTraits& provider
    );
    void PlanToken(ChannelPlan& channel, const store::StoredChannel* before);
    std::string AppName(const std::optional<Uuid>& app_id) const;
    std::vector<std::string> AppsOf(const domain::WebhookSource& source) const;
    // Whether another channel keeps the route or token: of the file after it was applied, or one
    // that the file does not name. Once all channels are planned.
    void CheckRoutes(const Plan& plan);
    void CheckTokens(const Plan& plan);

    // apply_plan_rows.cpp
    void PlanRows(TenantPlan& tenant, const store::StoredTenant* before);
    template <class Message>
    RowPlan<Message> PlanRow(
        const RowEntry<Message>& entry, const store::StoredRow<store::SpecOf<Message>>* before
    );
    template <class Message>
    void JudgeRow(const RowPlan<Message>& row, bool is_new);
    void PlanSecret(
        RowPlan<v1::WebhookEndpoint>& row,
        const store::StoredRow<store::WebhookEndpointSpec>* before
    );

    // apply_plan_members.cpp
    // Of teams and channels; everything else of the tenant is planned.
    void PlanMembers(TenantPlan& tenant, const store::StoredTenant* before);

    // apply_plan.cpp
    TenantPlan PlanTenant(const TenantEntry& entry);
    KeyPlan PlanKey(const KeyEntry& entry, const store::StoredKey* before);
    void PlanNewKey(KeyPlan& key);
    void PlanKnownKey(KeyPlan& key, const store::StoredKey& before);

    void Mistake(const Entry& entry, int line, std::string_view key, std::string_view text) {
        mistakes_.Add(line, entry.FieldOf(key), text);
    }

    const TenantsFile& file_;
    const Stored& stored_;
    const crypto::SealedBox& box_;
    std::int64_t now_ms_;
    Mistakes& mistakes_;
    Plan plan_;
    struct KnownApp {
        Uuid app_id;
        std::string provider;  // As in URLs.
    };
    std::map<std::string, KnownApp> apps_;  // By name: enabled ones, and those of the file.
    std::set<std::string> key_hashes_;      // Of the file.
};

// Notes the change of a field.
template <typename T>
void Set(std::vector<FieldChange>& changes, std::string_view field, T& stored, T value) {
    if (stored == value) return;
    changes.push_back({std::string(field), Cell(stored), Cell(value)});
    stored = std::move(value);
}
// From what was and what changed; a new object is kCreated.
store::Change ChangeOf(bool is_new, const std::vector<FieldChange>& changes);

}  // namespace unibox::ctl

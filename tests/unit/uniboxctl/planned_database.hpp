// A database in memory, for the rules of apply: what was planned is stored.
// Thread safety: one thread.
#pragma once

#include "crypto/sealed_box.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/apply_plan.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

namespace unibox::ctl {

inline crypto::SealedBox NewBox() {
    return crypto::SealedBox::FromKeyText(crypto::GenerateKeyFileText()).value();
}

struct PlannedDatabase {
    crypto::SealedBox box = NewBox();
    Stored stored{};
    std::filesystem::path folder = "/nowhere";

    Plan MakeOf(const std::string& yaml, Mistakes& mistakes) {
        file = ParseTenantsFile(yaml, folder, mistakes);
        stored.name_of = [](const store::Holder&) { return std::string("somebody/else"); };
        return MakePlan(file, stored, box, 1'700'000'000'000, mistakes);
    }
    Plan Good(const std::string& yaml) {
        Mistakes mistakes("t.yaml");
        Plan plan = MakeOf(yaml, mistakes);
        REQUIRE_OK(mistakes.ToStatus());
        return plan;
    }
    std::string MistakeOf(const std::string& yaml) {
        Mistakes mistakes("t.yaml");
        MakeOf(yaml, mistakes);
        CHECK(mistakes.ToStatus().code() == Code::kInvalidArgument);
        return mistakes.ToStatus().message();
    }
    void Apply(const std::string& yaml) {
        const Plan plan = Good(yaml);
        for (const AppPlan& app : plan.apps) Keep(app);
        for (const TenantPlan& tenant : plan.tenants) Keep(tenant);
    }
    void Keep(const AppPlan& app) {
        store::StoredApp row;
        for (const auto& known : stored.apps) {
            if (known.app_id == app.write.app_id) row = known;
        }
        std::erase_if(stored.apps, [&](const auto& known) { return known.app_id == row.app_id; });
        row.app_id = app.write.app_id;
        row.spec = app.write.spec;
        if (app.write.verify_token_sealed) row.verify_token_sealed = *app.write.verify_token_sealed;
        if (app.write.secret) {
            row.newest_fingerprint = app.write.secret->fingerprint;
            row.live_secrets.insert(row.live_secrets.begin(), *app.write.secret);
        }
        stored.apps.push_back(row);
    }
    void Keep(const TenantPlan& tenant) {
        store::StoredTenant& row = stored.tenants[tenant.entry->name];
        row.spec = tenant.write.spec;
        row.tenant = TenantId{static_cast<std::int64_t>(stored.tenants.size())};
        for (const ChannelPlan& channel : tenant.channels) {
            const store::ChannelWrite& write = channel.write;
            std::string fingerprint;
            std::string sealed;
            for (const auto& known : row.channels) {
                if (known.channel != write.channel) continue;
                fingerprint = known.newest_fingerprint;
                sealed = known.newest_sealed;
            }
            std::erase_if(row.channels, [&](const auto& known) {
                return known.channel == write.channel;
            });
            if (write.secret) {
                fingerprint = write.secret->fingerprint;
                sealed = write.secret->sealed;
            }
            row.channels.push_back({write.channel, write.spec, fingerprint, sealed});
            if (!write.spec.route_key.empty()) {
                stored.routes[{write.spec.provider, write.spec.route_key}] = {
                    row.tenant, write.channel.value};
            }
            if (write.spec.token_hash) {
                stored.tokens[*write.spec.token_hash] = {row.tenant, write.channel.value};
            }
        }
        for (const KeyPlan& key : tenant.keys) {
            std::erase_if(row.keys, [&](const auto& known) {
                return known.key_id == key.write.key_id;
            });
            row.keys.push_back({key.write.key_id, key.write.spec, key.revoked});
            stored.keys[key.write.spec.key_hash] = {row.tenant, key.write.key_id};
        }
        ForEachRowKind(tenant.rows, [&](const auto& plans) {
            for (const auto& plan : plans) Keep(plan.write, row.rows);
        });
        for (const store::MemberWrite& write : tenant.members) {
            auto& members =
                write.kind == store::GroupKind::kTeam ? row.team_members : row.channel_members;
            std::erase_if(members, [&](const store::Member& known) {
                return known.group == write.member.group && known.agent == write.member.agent;
            });
            if (!write.remove) members.push_back(write.member);
        }
    }
    template <class Spec>
    void Keep(const store::RowWrite<Spec>& write, store::StoredRows& rows) {
        auto& kept = rows.Of<Spec>();
        std::erase_if(kept, [&](const auto& known) { return known.id == write.id; });
        if (!write.remove) kept.push_back({write.id, write.spec, 0, {}});
    }

    TenantsFile file{};  // Of the last plan, which points into it.
};

}  // namespace unibox::ctl

// Provider apps: a part of MakePlan.
#include "uniboxctl/planner.hpp"

#include <fmt/format.h>

namespace unibox::ctl {

bool Planner::Has(const store::StoredApp& app, const Secret& secret) const {
    const std::string fingerprint = box_.Fingerprint(secret);
    for (const store::NewSecret& live : app.live_secrets) {
        if (live.fingerprint == fingerprint) return true;
        // The fingerprint is another one after the sealing key was rotated.
        const auto opened = box_.Open(live.sealed, "app:" + app.app_id.ToString());
        if (opened.ok() && opened->Reveal() == secret.Reveal()) return true;
    }
    return false;
}

// Other apps of the same provider whose webhooks this secret verifies too.
std::vector<std::string> Planner::AppsWith(
    const Secret& secret, const std::string& but_app, const std::string& provider
) const {
    std::set<std::string> names;
    for (const store::StoredApp& app : stored_.apps) {
        if (app.spec.slug == but_app || app.spec.provider != provider) continue;
        if (Has(app, secret)) names.insert(app.spec.slug);
    }
    for (const AppPlan& app : plan_.apps) {  // Those before it in the file.
        const AppEntry& entry = *app.entry;
        if (entry.name == but_app || app.write.spec.provider != provider) continue;
        if (entry.secret && entry.secret->Reveal() == secret.Reveal()) names.insert(entry.name);
    }
    return {names.begin(), names.end()};
}

void Planner::PlanVerifyToken(AppPlan& app, const store::StoredApp* before) {
    const AppEntry& entry = *app.entry;
    if (!entry.verify_token) {
        if (before == nullptr) {
            const std::string_view text = "is missing, and so is verify_token_file";
            Mistake(entry, entry.line, "verify_token", text);
        }
        return;
    }
    const std::string sealed_for = "app:" + app.write.app_id.ToString();
    if (before != nullptr) {
        const auto opened = box_.Open(before->verify_token_sealed, sealed_for);
        if (opened.ok() && opened->Reveal() == entry.verify_token->Reveal()) return;
        SetSecret(app.fields, "verify_token");
    }
    app.write.verify_token_sealed = box_.Seal(*entry.verify_token, sealed_for);
}

void Planner::PlanAppSecret(AppPlan& app, const store::StoredApp* before) {
    const AppEntry& entry = *app.entry;
    const bool has_one = before != nullptr && !before->newest_fingerprint.empty();
    if (!entry.secret) {
        if (!has_one) {
            Mistake(entry, entry.line, "secret", "is missing: the app secret, or secret_file");
        }
        return;
    }
    const auto twins = AppsWith(*entry.secret, entry.name, app.write.spec.provider);
    const std::string fingerprint = box_.Fingerprint(*entry.secret);
    const bool is_known = has_one && before->newest_fingerprint == fingerprint;
    if (!twins.empty()) {
        // Either could be taken for the sender of the other's webhooks.
        const std::string text = fmt::format(
            "the app {} has the same secret as {}: an app of the provider is written once here, "
            "under one name",
            entry.name,
            fmt::join(twins, ", ")
        );
        if (is_known) {
            plan_.notes.push_back("note: " + text);
        } else {
            Mistake(entry, entry.secret.line, "secret", text);
        }
    }
    if (is_known) return;
    app.secret = has_one ? store::Change::kUpdated : store::Change::kCreated;
    app.write.secret = store::NewSecret{
        box_.Seal(*entry.secret, "app:" + app.write.app_id.ToString()), fingerprint};
}

AppPlan Planner::PlanApp(const AppEntry& entry, const store::StoredApp* before) {
    AppPlan app;
    app.entry = &entry;
    app.write.app_id = before != nullptr ? before->app_id : NewUuidV7(now_ms_);
    app.write.spec.slug = entry.name;
    app.write.spec.provider = before != nullptr ? before->spec.provider : entry.provider.Or("");
    if (entry.has_mistakes) return app;
    if (app.write.spec.provider.empty()) {
        const auto text = fmt::format("is missing: {}", fmt::join(domain::SourcesWithApps(), ", "));
        Mistake(entry, entry.line, "provider", text);
    } else if (entry.provider && *entry.provider != app.write.spec.provider) {
        Mistake(entry, entry.provider.line, "provider", "is another one than the app has");
    }
    PlanVerifyToken(app, before);
    app.write.change = ChangeOf(before == nullptr, app.fields);
    PlanAppSecret(app, before);
    return app;
}

void Planner::PlanApps() {
    for (const store::StoredApp& app : stored_.apps) {
        if (app.disabled) continue;
        apps_.emplace(app.spec.slug, KnownApp{app.app_id, app.spec.provider});
    }
    for (const AppEntry& entry : file_.apps) {
        const store::StoredApp* before = nullptr;
        for (const store::StoredApp& app : stored_.apps) {
            if (app.spec.slug == entry.name) before = &app;
        }
        plan_.apps.push_back(PlanApp(entry, before));
        const store::AppWrite& write = plan_.apps.back().write;
        apps_.emplace(entry.name, KnownApp{write.app_id, write.spec.provider});
    }
}

}  // namespace unibox::ctl

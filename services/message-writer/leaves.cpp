#include "message-writer/leaves.hpp"

#include "obs/log.hpp"
#include "pg/sqlstate.hpp"

#include <map>

namespace unibox::writer {
namespace {

constexpr Millis kRefreshPause(500);
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

// By day, one time of it.
using Times = std::map<std::int64_t, std::int64_t>;

Times TimesOfNewMessages(const domain::Effects& effects) {
    Times times;
    for (const domain::MessageWrite& write : effects.messages) {
        const std::int64_t at = write.position.created_at;
        if (write.created) times.emplace(at / kDayMs, at);
    }
    return times;
}

Times TimesOfClosed(const domain::Effects& effects) {
    Times times;
    for (const domain::ConversationWrite& write : effects.conversations) {
        const std::int64_t at = write.counters.closed_at;
        const bool stays = !write.created && at == write.closed_at_before;
        if (at != domain::kInfinity && !stays) times.emplace(at / kDayMs, at);
    }
    return times;
}

Status NotServed(const Status& refused) {
    return Status(
               Code::kOutOfRange,
               "its message cannot be stored under its time (created_at, the provider's time "
               "within 7 days of receive_time_ms): " +
                   refused.message()
    )
        .WithReason(kTimeNotServed);
}

}  // namespace

Status Leaves::LookAgain() {
    looked_at_ = clock_.Steady();
    UNIBOX_ASSIGN_OR_RETURN(survey_, store::SurveyLeaves(pool_));
    return {};
}

void Leaves::Refresh() {
    if (survey_.detached.empty()) return;
    if (clock_.Steady() - looked_at_ < kRefreshPause) return;
    const Status status = LookAgain();
    if (status.ok()) return;
    obs::Log(obs::Level::kWarn, "time partitions cannot be looked at", {{"error", status}});
}

Status Leaves::Make(const domain::Effects& effects, const Status& missing) {
    metrics_.missing_periods.Add();
    Status later;
    Status not_served;
    const auto keep = [&](const Status& status) {
        if (status.ok()) return;
        if (status.code() == Code::kOutOfRange) {
            not_served = NotServed(status);
            return;
        }
        obs::Log(obs::Level::kWarn, "a time partition could not be made", {{"error", status}});
        if (pg::IsTransient(status)) later = status;
    };
    keep(store::EnsurePeriods(pool_).status());
    for (const auto& [day, at] : TimesOfNewMessages(effects)) {
        keep(store::EnsurePeriodFor(pool_, "messages", at).status());
    }
    for (const auto& [day, at] : TimesOfClosed(effects)) {
        keep(store::EnsurePeriodFor(pool_, "conversations", at).status());
    }
    keep(LookAgain());
    if (!not_served.ok()) return not_served;
    return later.ok() ? missing : later;
}

}  // namespace unibox::writer

#include "message-writer/snooze_alarm.hpp"

#include "async/periodic.hpp"
#include "obs/log.hpp"

#include <utility>

namespace unibox::writer {
namespace {

constexpr Millis kInterval(500);
constexpr Millis kClaim(5'000);     // Longer than a wake-up takes.
constexpr Millis kDeadline(4'000);  // Of a wake-up: within its claim.
constexpr int kUnderWayMax = 200;

}  // namespace

SnoozeAlarm::SnoozeAlarm(pg::Pool& pool, CommandLanes& lanes, const Clock& clock)
    : pool_(pool), lanes_(lanes), clock_(clock) {}

SnoozeAlarm::~SnoozeAlarm() {
    Stop();
}

void SnoozeAlarm::Start() {
    rounds_ = std::make_unique<async::Periodic>("snoozes", kInterval, [this] { Round(); });
}

void SnoozeAlarm::Stop() {
    if (rounds_) rounds_->Stop();
}

void SnoozeAlarm::Round() {
    const int room = kUnderWayMax - under_way_.load();
    if (room <= 0) return;
    const auto due = store::ClaimDueSnoozes(pool_, room, kClaim);
    if (!due.ok()) return;  // PostgreSQL is away: told by whoever needs it
    for (const store::DueSnooze& one : *due) Wake(one);
}

void SnoozeAlarm::Wake(const store::DueSnooze& due) {
    PendingCommand pending;
    v1::CommandHeader& header = *pending.command.mutable_header();
    const std::int64_t now_ms = clock_.UnixMillis();
    header.set_command_id(NewUuidV7(now_ms).ToBytes());
    header.set_tenant_id(due.conversation.tenant.value);
    header.set_conversation_id(due.conversation.conversation.value.ToBytes());
    header.mutable_actor()->set_kind(unibox::v1::ACTOR_KIND_SYSTEM);
    header.set_receive_time_ms(now_ms);
    pending.command.mutable_wake_up()->set_snooze_time_ms(due.snooze_time);
    pending.deadline = clock_.Steady() + kDeadline;
    ++under_way_;
    pending.done = [this](const CommandResult& result) {
        --under_way_;
        if (result.status.ok()) return;
        obs::Log(obs::Level::kWarn, "a snooze did not end", {{"error", result.status}});
    };
    lanes_.Submit(std::move(pending));
}

}  // namespace unibox::writer

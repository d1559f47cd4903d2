#include "message-writer/command_lane.hpp"

#include "base/clock_wait.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace unibox::writer {
namespace {

// Commands wake the lane; this is for what nobody tells (leases, rows to delete).
constexpr Millis kIdlePoll(50);

}  // namespace

Result<std::unique_ptr<CommandLane>> CommandLane::Create(
    LaneEnvironment& environment, std::size_t index
) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto session, pg::Session::Create(environment.config.postgres, environment.registry)
    );
    return std::unique_ptr<CommandLane>(new CommandLane(environment, index, std::move(session)));
}

CommandLane::CommandLane(
    LaneEnvironment& environment, std::size_t index, std::unique_ptr<pg::Session> session
)
    : env_(environment),
      index_(index),
      session_(std::move(session)),
      queue_(env_.config.commands.queue_count_max, env_.clock),
      slot_(env_),
      outbox_(env_.pool, env_.relays, env_.clock),
      committer_({
          .session = *session_,
          .pool = env_.pool,
          .lease = Millis(env_.config.ownership.lease_ms),
          .retry_max = Millis(env_.config.commands.retry_ms_max),
          .limits =
              {.message_count_per_minute_max = env_.config.commands.message_count_per_minute_max},
          .metrics = env_.metrics,
          .clock = env_.clock,
          .on_stage = env_.on_stage,
          .slot = [this] { return slot_.Get(); },
          .on_slot_lost = [this] { slot_.Lost(); },
          .on_outcome_unknown =
              [this] {
                  if (slot_.owned()) outbox_.NeedSweep(slot_.owned()->Shard());
              },
          // A lane that stops gives what it has taken one more try, and no more.
          .pause = [this](Millis wait) { return queue_.Pause(wait); },
          .publish = [this](CommittedOutbox rows) { Publish(std::move(rows)); },
          .acknowledged = outbox_.acknowledged(),
      }),
      thread_([this] { Run(); }) {}

CommandLane::~CommandLane() {
    Stop();
}

void CommandLane::Submit(PendingCommand command) {
    if (const Status refused = queue_.Push(command); !refused.ok()) {
        command.done({refused, "", ""});
    }
}

void CommandLane::Stop() {
    queue_.Close();
    if (thread_.joinable()) thread_.join();
}

void CommandLane::Run() {
    ::pthread_setname_np(::pthread_self(), ("commands-" + std::to_string(index_)).c_str());
    while (!queue_.is_closed() || queue_.count() > 0) {
        slot_.Keep();
        WaitForTurn();
        auto commands = queue_.Take(
            env_.config.commands.batch_count_max,
            env_.config.commands.batch_bytes_max,
            env_.clock.Steady() + kIdlePoll
        );
        const bool idle = commands.empty();
        if (!idle) {
            last_batch_ = env_.clock.Steady();
            under_way_ = commands.size();
            committer_.Commit(std::move(commands));
            under_way_ = 0;
        }
        KeepOutbox(idle);
    }
    KeepOutbox(true);
    // Not essential: the next owner publishes again what is left, under the same ids.
    outbox_.DeleteAcknowledged();
    slot_.ReleaseAll();
}

void CommandLane::WaitForTurn() {
    const SteadyTime turn = last_batch_ + Millis(env_.config.commands.interval_ms);
    const SteadyTime now = env_.clock.Steady();
    if (turn <= now) return;
    queue_.Pause(std::chrono::duration_cast<Millis>(turn - now) + Millis(1));
}

void CommandLane::Publish(CommittedOutbox rows) {
    for (const domain::ShardId shard : slot_.TakeAdopted()) outbox_.NeedSweep(shard);
    outbox_.Publish(std::move(rows));
}

void CommandLane::KeepOutbox(bool idle) {
    for (const domain::ShardId shard : slot_.TakeAdopted()) outbox_.NeedSweep(shard);
    const SteadyTime now = env_.clock.Steady();
    const bool all = now - last_sweep_ >= Millis(env_.config.outbox.sweep_interval_ms);
    if (all) last_sweep_ = now;
    std::vector<store::OwnedSlot> slots = slot_.adopted();
    if (slot_.owned()) slots.push_back(*slot_.owned());
    for (const store::OwnedSlot& slot : slots) {
        outbox_.Sweep(slot.Shard(), all);
        outbox_.Collect(slot.Shard());
    }
    if (!idle) {
        idle_since_ = {};
        return;
    }
    if (idle_since_ == SteadyTime{}) idle_since_ = now;
    if (now - idle_since_ < Millis(env_.config.outbox.idle_delete_ms)) return;
    idle_since_ = now;
    outbox_.DeleteAcknowledged();
    slot_.ReleaseEmptied();
}

}  // namespace unibox::writer

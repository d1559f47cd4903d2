#include "message-writer/keeper.hpp"

#include "async/periodic.hpp"
#include "message-writer/log_history.hpp"
#include "obs/log.hpp"
#include "store/schema/periods.hpp"
#include "store/writer/counts.hpp"
#include "store/writer/partitions.hpp"
#include "subjects/subjects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace unibox::writer {
namespace {

constexpr std::int64_t kCheckpointMsMax = 600'000;
constexpr std::int64_t kParkedPerRoundMax = 10'000;
constexpr std::int64_t kKeysPerPiece = 10'000;
constexpr int kKeyPiecesPerRoundMax = 200;
// A lane that adds to one of them meanwhile waits for the piece.
constexpr std::int64_t kCountsPerPiece = 500;
constexpr int kCountPiecesPerRoundMax = 400;
// A keeper that is silent for longer is frozen or gone: another writer takes over.
constexpr std::int64_t kSilentRoundsMax = 3;

// Remembers the first failure and goes on: one broken duty must not stop the others.
void RememberFirst(Status* first, Status next, std::string_view duty) {
    if (next.ok()) return;
    obs::Log(obs::Level::kWarn, "upkeep failed", {{"duty", duty}, {"error", next}});
    if (first->ok()) *first = std::move(next);
}

std::uint64_t BytesAt(const nats::StreamInfo& stream, std::int64_t percent) {
    return static_cast<std::uint64_t>(stream.bytes_max) / 100 * static_cast<std::uint64_t>(percent);
}

}  // namespace

bool IsTooFull(const nats::StreamInfo& stream, std::int64_t fill_percent_max) {
    return stream.bytes_max > 0 && stream.bytes > BytesAt(stream, fill_percent_max);
}

std::uint64_t PurgeBelow(
    const nats::StreamInfo& stream, const store::LogNeed& need, std::int64_t fill_percent_max
) {
    if (stream.messages == 0 || need.last_seq <= 0) return 0;
    const auto committed = static_cast<std::uint64_t>(need.last_seq);
    if (stream.last_seq < committed) return 0;  // not the stream that last_seq counts in
    auto below = static_cast<std::uint64_t>(std::max<std::int64_t>(need.old_seq, 0)) + 1;
    if (IsTooFull(stream, fill_percent_max)) {
        const std::uint64_t average = std::max<std::uint64_t>(1, stream.bytes / stream.messages);
        const std::uint64_t excess =
            (stream.bytes - BytesAt(stream, fill_percent_max)) / average + 1;
        below = std::max(below, stream.first_seq + excess);
    }
    below = std::min(below, committed);  // which stays: it tells whose history it is
    return below > stream.first_seq ? below : 0;
}

Result<std::unique_ptr<Keeper>> Keeper::Create(
    const Config& config,
    pg::Pool& pool,
    nats::Connection& connection,
    WriterMetrics& metrics,
    const Clock& clock
) {
    UNIBOX_ASSIGN_OR_RETURN(auto session, pg::Session::Create(config.postgres, metrics.registry));
    return std::unique_ptr<Keeper>(
        new Keeper(config, pool, connection, metrics, clock, std::move(session))
    );
}

Keeper::Keeper(
    const Config& config,
    pg::Pool& pool,
    nats::Connection& connection,
    WriterMetrics& metrics,
    const Clock& clock,
    std::unique_ptr<pg::Session> session
)
    : config_(config),
      pool_(pool),
      streams_(connection),
      metrics_(metrics),
      clock_(clock),
      session_(std::move(session)) {}

Keeper::~Keeper() {
    Stop();
}

void Keeper::Start() {
    rounds_ = std::make_unique<async::Periodic>(
        "keeper", Millis(config_.keeper.interval_ms), [this] { (void)Round(); }
    );
}

void Keeper::Stop() {
    if (rounds_) rounds_->Stop();
    session_->Disconnect();
}

void Keeper::Relieve() {
    relieve_ = true;
    rounds_->Wake();
}

Status Keeper::Round() {
    const SteadyTime now = clock_.Steady();
    const bool only_relief = relieve_.exchange(false) && now < next_full_round_;
    if (!only_relief) next_full_round_ = now + Millis(config_.keeper.interval_ms);
    const Result<bool> held =
        store::HoldUpkeepLock(*session_, kSilentRoundsMax * Millis(config_.keeper.interval_ms));
    if (!held.ok()) {
        obs::Log(obs::Level::kWarn, "upkeep has no database", {{"error", held.status()}});
        return held.status();
    }
    if (only_relief) return *held ? KeepLog() : Status();
    const auto ahead = store::PeriodsAhead(pool_);  // every writer's gauge tells the truth
    if (ahead.ok()) metrics_.periods_ahead.Set(*ahead);
    if (ahead.ok()) TellDetachedLeaves();
    if (!*held) {
        ForgetHorizons();
        return ahead.status();
    }
    Status first;
    RememberFirst(&first, KeepDatabase(), "database");
    RememberFirst(&first, KeepLog(), "log");
    return first;
}

void Keeper::TellDetachedLeaves() {
    const auto survey = store::SurveyLeaves(pool_);
    if (!survey.ok()) return;  // PostgreSQL is away: told by the duties
    const std::vector<std::string> names = survey->detached.Names();
    metrics_.detached_leaves.Set(static_cast<double>(names.size()));
    if (std::exchange(detached_leaves_, names) == names || names.empty()) return;
    obs::Log(
        obs::Level::kError,
        "time partitions are detached",
        {{"leaves", fmt::format("{}", fmt::join(names, ", "))}}
    );
}

Status Keeper::KeepDatabase() {
    Status first;
    const auto made = store::EnsurePeriods(pool_);
    RememberFirst(&first, made.status(), "periods");
    RememberFirst(&first, store::DropOldLeaves(pool_).status(), "old partitions");
    RememberFirst(
        &first, store::DropOldParkedEvents(pool_, kParkedPerRoundMax).status(), "parked events"
    );
    RememberFirst(&first, DropRequestKeys(), "request keys");
    RememberFirst(&first, FoldCounts(), "counts");
    return first;
}

// A day's keys of a large installation are many: in pieces, as many as a round may take.
Status Keeper::DropRequestKeys() {
    for (int piece = 0; piece < kKeyPiecesPerRoundMax; ++piece) {
        UNIBOX_ASSIGN_OR_RETURN(
            const std::int64_t dropped, store::DropOldRequestKeys(pool_, kKeysPerPiece)
        );
        if (dropped < kKeysPerPiece) break;
    }
    return {};
}

// Each row that was added to since the last round is folded once: what is counted meanwhile waits
// for the next one.
Status Keeper::FoldCounts() {
    for (int piece = 0; piece < kCountPiecesPerRoundMax; ++piece) {
        UNIBOX_ASSIGN_OR_RETURN(
            const std::int64_t folded, store::FoldCounts(pool_, kCountsPerPiece)
        );
        if (folded < kCountsPerPiece) break;
    }
    return {};
}

Status Keeper::KeepLog() {
    if (const SteadyTime now = clock_.Steady(); now >= next_checkpoint_) {
        UNIBOX_RETURN_IF_ERROR(store::TakeCheckpoint(pool_));
        const std::int64_t pause =
            std::min(kCheckpointMsMax, config_.keeper.keep_committed_ms / 10);
        next_checkpoint_ = now + Millis(pause);
    }
    UNIBOX_ASSIGN_OR_RETURN(
        const auto needs, store::ListLogNeeds(pool_, Millis(config_.keeper.keep_committed_ms))
    );
    Status first;
    for (const store::LogNeed& need : needs) {
        Status status = KeepPartitionLog(need);
        if (status.code() == Code::kNotFound) continue;  // drained and deleted generation
        RememberFirst(&first, std::move(status), "log of a partition");
    }
    return first;
}

Status Keeper::KeepPartitionLog(const store::LogNeed& need) {
    const std::string name = subjects::InStream(need.id.generation, need.id.partition);
    UNIBOX_ASSIGN_OR_RETURN(nats::StreamInfo info, streams_.Info(name));
    const store::LogPlace committed{need.stream_created_ms, need.last_seq, need.mark};
    UNIBOX_ASSIGN_OR_RETURN(const auto standing, CompareLog(streams_, info, committed));
    if (standing != LogStanding::kSame) return {};  // its owner deals with that
    const std::uint64_t below = PurgeBelow(info, need, config_.keeper.fill_percent_max);
    if (below > 0) {
        UNIBOX_RETURN_IF_ERROR(streams_.PurgeUpTo(name, below));
        metrics_.purged.Add(static_cast<double>(below - info.first_seq));
        info.first_seq = below;
    }
    const auto first_seq = static_cast<std::int64_t>(std::max<std::uint64_t>(info.first_seq, 1));
    UNIBOX_ASSIGN_OR_RETURN(const auto horizon, store::RestoreHorizon(pool_, need.id, first_seq));
    horizons_.insert(need.id.Shard());
    metrics_.RestoreHorizonSeconds(need.id.Shard())
        .Set(static_cast<double>(horizon.value_or(Millis(0)).count()) / 1000.0);
    return {};
}

// What another writer watches now is unknown here, and no number must pretend otherwise.
void Keeper::ForgetHorizons() {
    for (const domain::ShardId shard : horizons_) {
        metrics_.RestoreHorizonSeconds(shard).Set(std::numeric_limits<double>::quiet_NaN());
    }
    horizons_.clear();
}

}  // namespace unibox::writer

#include "message-writer/search_indexer.hpp"

#include "obs/log.hpp"

#include <chrono>
#include <utility>

namespace unibox::writer {
namespace {

// What nobody indexes for so long is walked through later instead of waiting.
constexpr Millis kPendingMax(7LL * 24 * 3600 * 1000);
constexpr Millis kTellInterval(5'000);
// An indexer that is silent for longer is frozen or gone: another writer takes over.
constexpr Millis kSilentMax(60'000);

}  // namespace

Result<std::unique_ptr<SearchIndexer>> SearchIndexer::Create(
    const Config& config, pg::Pool& pool, WriterMetrics& metrics, const Clock& clock
) {
    UNIBOX_ASSIGN_OR_RETURN(auto session, pg::Session::Create(config.postgres, metrics.registry));
    return std::unique_ptr<SearchIndexer>(
        new SearchIndexer(config, pool, metrics, clock, std::move(session))
    );
}

SearchIndexer::SearchIndexer(
    const Config& config,
    pg::Pool& pool,
    WriterMetrics& metrics,
    const Clock& clock,
    std::unique_ptr<pg::Session> session
)
    : settings_(config.search_index),
      pool_(pool),
      metrics_(metrics),
      clock_(clock),
      outage_("search is not kept up", clock),
      session_(std::move(session)) {}

SearchIndexer::~SearchIndexer() {
    Stop();
}

void SearchIndexer::Start() {
    rounds_ = std::make_unique<async::Periodic>(
        "search-index", Millis(settings_.interval_ms), [this] { Round(); }
    );
}

void SearchIndexer::Stop() {
    if (rounds_) {
        stopping_.release();
        rounds_->Stop();
        rounds_.reset();
    }
    session_->Disconnect();
}

void SearchIndexer::Round() {
    TellLag();
    if (!settings_.enabled) return;
    for (;;) {
        const SteadyTime began = clock_.Steady();
        if (!Step()) return;
        const auto took = std::chrono::duration_cast<Millis>(clock_.Steady() - began);
        if (!Rest(took)) return;
        TellLag();
    }
}

bool SearchIndexer::Step() {
    const store::SearchLimits limits{settings_.batch_count_max, kSilentMax};
    auto step = store::IndexChanged(*session_, limits);
    // What is new comes first; what was there before waits for a moment without.
    if (step.ok() && step->held && !step->more) step = store::IndexWalked(*session_, limits);
    if (!step.ok()) {
        outage_.Warn(step.status());
        return false;
    }
    metrics_.search_indexed.Add(static_cast<double>(step->indexed));
    return step->held && step->more;
}

bool SearchIndexer::Rest(Millis took) {
    const std::int64_t busy = settings_.busy_percent;
    if (!stopping_.try_acquire_for(took * (100 - busy) / busy)) return true;
    stopping_.release();
    return false;
}

// Every writer tells, so that it is told while none indexes.
void SearchIndexer::TellLag() {
    if (clock_.Steady() < next_told_) return;
    next_told_ = clock_.Steady() + kTellInterval;
    const auto lag = store::ReadSearchLag(pool_);
    if (!lag.ok()) return;  // PostgreSQL is away: told by whoever needs it
    metrics_.search_pending.Set(static_cast<double>(lag->pending_count));
    metrics_.search_lag_seconds.Set(static_cast<double>(lag->lag.count()) / 1000.0);
    metrics_.search_walking.Set(lag->walking ? 1 : 0);
    if (lag->lag < kPendingMax) return;
    const auto forgotten = store::ForgetOldSearchChanges(pool_, kPendingMax);
    if (!forgotten.ok()) return outage_.Warn(forgotten.status());
    if (!*forgotten) return;
    obs::Log(obs::Level::kWarn, "search is behind for days: it will look at everything anew");
}

}  // namespace unibox::writer

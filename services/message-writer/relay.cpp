#include "message-writer/relay.hpp"

#include "async/periodic.hpp"
#include "base/encoding.hpp"
#include "base/mutex.hpp"
#include "obs/log.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace unibox::writer {
namespace {

using store::OutboxId;

constexpr std::size_t kSendAtOnceMax = 256;  // Messages built while the lock is held.
constexpr Millis kWarnInterval{10'000};

// Appended to a serialised FeedEvent: of a field that comes twice the last one counts.
std::string EpochStamp(const std::string& epoch) {
    event::v1::FeedEvent stamp;
    stamp.set_feed_epoch(epoch);
    return stamp.SerializeAsString();
}

bool CanNeverBePublished(const Status& status) {
    return status.code() == Code::kInvalidArgument;
}

// Where the stream stored an event, by the latest ticket.
struct Place {
    std::uint64_t ticket = 0;
    std::uint64_t sequence = 0;
    auto operator<=>(const Place&) const = default;
};

// A row of the outbox until all of its events are acknowledged.
struct Row {
    OutboxId id;
    event::v1::OutboxBatch batch;
    int left_count = 0;
    std::size_t bytes = 0;
    SteadyTime offered_at;
    bool forgotten = false;
    Place last = {};
};
struct Event {
    std::shared_ptr<Row> row;
    int index = 0;
    const event::v1::OutboxEntry& entry() const { return row->batch.entries(index); }
    const std::string& ordering_key() const { return entry().ordering_key(); }
};
// The events of an ordering key behind the one that is on its way.
struct Queue {
    std::vector<Event> waiting;
    std::size_t next = 0;
};
struct Shard {
    std::map<std::int64_t, std::shared_ptr<Row>> rows;  // not yet acknowledged
    std::map<std::int64_t, Place> acknowledged;         // not yet taken
    std::unordered_map<std::string, Queue> queues;      // by ordering key
    // The oldest row that was refused: until it is offered again nothing younger is taken.
    std::optional<std::int64_t> refused_from;
};
struct Retry {
    SteadyTime due;
    Event event;
};
struct Sending {
    nats::Outgoing message;
    Event event;
    std::uint64_t ticket = 0;
};

}  // namespace

class Relay::Backlog : public std::enable_shared_from_this<Relay::Backlog> {
public:
    Backlog(
        nats::Publisher& publisher,
        const OutboxStream& to,
        const RelaySettings& settings,
        obs::Metrics& metrics,
        const Clock& clock,
        FeedGate* gate
    )
        : publisher_(publisher),
          clock_(clock),
          gate_(gate),
          to_(to),
          settings_(settings),
          metrics_(to.metrics(metrics)) {}

    void Start() {
        timer_.emplace("feed-retry", settings_.retry_wait, [this] { TryAgain(); });
    }
    void Stop();
    bool Publish(Rows rows);
    std::vector<OutboxId> TakeAcknowledged(domain::ShardId shard);
    bool Knows(const OutboxId& row) const;
    void Forget(domain::ShardId shard);
    void Pump();
    std::size_t count() const {
        const MutexLock lock(mutex_);
        return count_;
    }

private:
    bool Accept(const OutboxId& id, event::v1::OutboxBatch* batch) UNIBOX_REQUIRES(mutex_);
    void Enqueue(Shard* shard, Event event) UNIBOX_REQUIRES(mutex_);
    void EventDone(const Event& event) UNIBOX_REQUIRES(mutex_);
    void RowDone(Shard* shard, const Row& row) UNIBOX_REQUIRES(mutex_);
    void CountBacklog(std::ptrdiff_t by) UNIBOX_REQUIRES(mutex_);
    std::vector<Sending> TakeReady() UNIBOX_REQUIRES(mutex_);
    void Completed(const Event& event, std::uint64_t ticket, const Result<nats::PubAck>& result);
    void Stored(const Event& event, std::uint64_t ticket, const nats::PubAck& ack)
        UNIBOX_REQUIRES(mutex_);
    bool MayBeOf(const Event& event, const FeedGate::Ticket& ticket) const UNIBOX_REQUIRES(mutex_);
    void Failed(const Event& event, const Status& status) UNIBOX_REQUIRES(mutex_);
    void TryAgain();

    nats::Publisher& publisher_;
    const Clock& clock_;
    FeedGate* const gate_;
    const OutboxStream to_;
    const RelaySettings settings_;
    const RelayMetrics metrics_;

    mutable Mutex mutex_;
    bool stopping_ UNIBOX_GUARDED_BY(mutex_) = false;
    std::map<domain::ShardId, Shard> shards_ UNIBOX_GUARDED_BY(mutex_);
    // Nothing of their ordering keys is before them.
    std::deque<Event> ready_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<Retry> retry_ UNIBOX_GUARDED_BY(mutex_);
    std::size_t held_bytes_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::size_t count_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::size_t in_flight_count_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::size_t in_flight_bytes_ UNIBOX_GUARDED_BY(mutex_) = 0;
    SteadyTime warned_at_ UNIBOX_GUARDED_BY(mutex_);
    std::optional<async::Periodic> timer_;
};

void Relay::Backlog::Stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        ready_.clear();
        retry_.clear();
    }
    timer_->Stop();
}

bool Relay::Backlog::Publish(Rows rows) {
    bool all_accepted = true;
    {
        const MutexLock lock(mutex_);
        for (auto& row : rows) all_accepted = Accept(row.first, &row.second) && all_accepted;
    }
    Pump();
    return all_accepted;
}

bool Relay::Backlog::Accept(const OutboxId& id, event::v1::OutboxBatch* batch) {
    Shard& shard = shards_[id.shard];
    if (shard.rows.contains(id.id) || shard.acknowledged.contains(id.id)) return true;
    if (shard.refused_from && id.id > *shard.refused_from) return false;
    const std::size_t bytes = batch->ByteSizeLong();
    // A row that is larger than the limit alone is taken when nothing else is held.
    if (held_bytes_ > 0 && held_bytes_ + bytes > settings_.backlog_bytes_max) {
        shard.refused_from = id.id;
        return false;
    }
    shard.refused_from.reset();
    auto row = std::make_shared<Row>();
    row->id = id;
    row->batch = std::move(*batch);
    row->left_count = row->batch.entries_size();
    row->bytes = bytes;
    row->offered_at = clock_.Steady();
    shard.rows.emplace(id.id, row);
    held_bytes_ += bytes;
    CountBacklog(row->left_count);
    for (int i = 0; i < row->batch.entries_size(); ++i) Enqueue(&shard, {row, i});
    if (row->left_count == 0) RowDone(&shard, *row);
    return true;
}

void Relay::Backlog::Enqueue(Shard* shard, Event event) {
    if (!event.ordering_key().empty()) {
        const auto [queue, is_first] = shard->queues.try_emplace(event.ordering_key());
        if (!is_first) {
            queue->second.waiting.push_back(std::move(event));
            return;
        }
    }
    ready_.push_back(std::move(event));
}

std::vector<OutboxId> Relay::Backlog::TakeAcknowledged(domain::ShardId shard) {
    std::vector<OutboxId> taken;
    const MutexLock lock(mutex_);
    const auto at = shards_.find(shard);
    if (at == shards_.end()) return taken;
    taken.reserve(at->second.acknowledged.size());
    std::erase_if(at->second.acknowledged, [&](const auto& entry) {
        const auto& [id, place] = entry;
        if (gate_ != nullptr && !gate_->IsSafe(place.ticket, place.sequence)) return false;
        taken.push_back({shard, to_.target, id});
        return true;
    });
    return taken;
}

bool Relay::Backlog::Knows(const OutboxId& row) const {
    const MutexLock lock(mutex_);
    const auto at = shards_.find(row.shard);
    if (at == shards_.end()) return false;
    return at->second.rows.contains(row.id) || at->second.acknowledged.contains(row.id);
}

void Relay::Backlog::Forget(domain::ShardId shard) {
    const MutexLock lock(mutex_);
    const auto at = shards_.find(shard);
    if (at == shards_.end()) return;
    for (const auto& [id, row] : at->second.rows) {
        row->forgotten = true;
        held_bytes_ -= row->bytes;
        CountBacklog(-row->left_count);
    }
    shards_.erase(at);
}

void Relay::Backlog::Pump() {
    while (true) {
        std::vector<Sending> sendings;
        {
            const MutexLock lock(mutex_);
            sendings = TakeReady();
        }
        if (sendings.empty()) return;
        // Outside the lock: the publisher has one of its own. Two threads may pump at once, but
        // never two events of one ordering key.
        const SteadyTime deadline = clock_.Steady() + settings_.publish_deadline;
        for (Sending& sending : sendings) {
            publisher_.Publish(
                std::move(sending.message),
                deadline,
                [rows = shared_from_this(),
                 event = std::move(sending.event),
                 ticket = sending.ticket](const auto& result) {
                    rows->Completed(event, ticket, result);
                }
            );
        }
    }
}

std::vector<Sending> Relay::Backlog::TakeReady() {
    std::vector<Sending> sendings;
    const auto ticket = gate_ != nullptr ? gate_->Open() : FeedGate::Ticket{};
    if (!ticket) return sendings;  // Resume comes.
    while (!ready_.empty() && !stopping_ && sendings.size() < kSendAtOnceMax) {
        Event& event = ready_.front();
        if (event.row->forgotten) {
            ready_.pop_front();
            continue;
        }
        if (!MayBeOf(event, *ticket)) {
            gate_->Doubt(ticket->number);
            break;
        }
        const auto& entry = event.entry();
        const std::size_t bytes = entry.payload().size();
        const bool fits = in_flight_count_ < settings_.in_flight_msgs_max &&
                          in_flight_bytes_ + bytes <= settings_.in_flight_bytes_max;
        if (!fits && in_flight_count_ > 0) break;
        in_flight_bytes_ += bytes;
        ++in_flight_count_;
        nats::Outgoing message{
            entry.subject(),
            HexEncode(entry.event_id()),
            std::string(to_.stream),
            entry.payload(),
            ""};
        if (gate_ != nullptr && event.row->batch.feed_epoch() != ticket->epoch) {
            message.payload += EpochStamp(ticket->epoch);
        }
        sendings.push_back({std::move(message), std::move(event), ticket->number});
        ready_.pop_front();
    }
    return sendings;
}

// An epoch that is not the ticket's is older, if it was committed before the ticket's was read.
bool Relay::Backlog::MayBeOf(const Event& event, const FeedGate::Ticket& ticket) const {
    return gate_ == nullptr || event.row->offered_at < ticket.begun_at ||
           event.row->batch.feed_epoch() == ticket.epoch;
}

void Relay::Backlog::Stored(const Event& event, std::uint64_t ticket, const nats::PubAck& ack) {
    metrics_.published.Add();
    event.row->last = std::max(event.row->last, Place{ticket, ack.sequence});
    if (gate_ != nullptr) gate_->Acknowledged(ticket, ack, HexEncode(event.entry().event_id()));
    EventDone(event);
}

void Relay::Backlog::Completed(
    const Event& event, std::uint64_t ticket, const Result<nats::PubAck>& result
) {
    {
        const MutexLock lock(mutex_);
        --in_flight_count_;
        in_flight_bytes_ -= event.entry().payload().size();
        if (stopping_) return;
        if (result.ok()) {
            Stored(event, ticket, *result);
        } else {
            const bool odd = !CanNeverBePublished(result.status());
            if (gate_ != nullptr && odd) gate_->Doubt(ticket);
            Failed(event, result.status());
        }
    }
    Pump();
}

void Relay::Backlog::Failed(const Event& event, const Status& status) {
    if (CanNeverBePublished(status)) {
        metrics_.dropped.Add();
        obs::Log(
            obs::Level::kError,
            "an event can never be published and is passed over",
            {{"subject", event.entry().subject()}, {"error", status.ToString()}}
        );
        return EventDone(event);
    }
    if (event.row->forgotten) return;
    metrics_.retries.Add();
    const SteadyTime now = clock_.Steady();
    retry_.push_back({now + settings_.retry_wait, event});
    if (warned_at_ != SteadyTime{} && now - warned_at_ < kWarnInterval) return;
    warned_at_ = now;
    obs::Log(
        obs::Level::kWarn,
        "events wait for their stream",
        {{"stream", to_.stream},
         {"events", static_cast<std::int64_t>(count_)},
         {"error", status.ToString()}}
    );
}

// Acknowledged (or given up): the next event of its ordering key may go.
void Relay::Backlog::EventDone(const Event& event) {
    Row& row = *event.row;
    if (row.forgotten) return;
    Shard& shard = shards_.at(row.id.shard);
    if (const auto at = shard.queues.find(event.ordering_key()); at != shard.queues.end()) {
        Queue& queue = at->second;
        if (queue.next == queue.waiting.size()) {
            shard.queues.erase(at);
        } else {
            ready_.push_back(std::move(queue.waiting[queue.next++]));
        }
    }
    CountBacklog(-1);
    if (--row.left_count == 0) RowDone(&shard, row);
}

void Relay::Backlog::RowDone(Shard* shard, const Row& row) {
    held_bytes_ -= row.bytes;
    metrics_.delay.Observe(std::chrono::duration<double>(clock_.Steady() - row.offered_at).count());
    shard->acknowledged.emplace(row.id.id, row.last);
    shard->rows.erase(row.id.id);
}

void Relay::Backlog::CountBacklog(std::ptrdiff_t by) {
    count_ = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(count_) + by);
    metrics_.backlog.Set(static_cast<double>(count_));
}

void Relay::Backlog::TryAgain() {
    {
        const MutexLock lock(mutex_);
        const SteadyTime now = clock_.Steady();
        const auto waits = [&](const Retry& retry) { return retry.due > now; };
        const auto due = std::stable_partition(retry_.begin(), retry_.end(), waits);
        for (auto at = due; at != retry_.end(); ++at) ready_.push_back(std::move(at->event));
        retry_.erase(due, retry_.end());
    }
    Pump();
}

Relay::Relay(
    nats::Publisher& publisher,
    const OutboxStream& to,
    const RelaySettings& settings,
    obs::Metrics& metrics,
    const Clock& clock,
    FeedGate* gate
)
    : rows_(std::make_shared<Backlog>(publisher, to, settings, metrics, clock, gate)) {
    rows_->Start();
}

Relay::~Relay() {
    rows_->Stop();
}

bool Relay::Publish(Rows rows) {
    return rows_->Publish(std::move(rows));
}
void Relay::Resume() {
    rows_->Pump();
}
std::vector<OutboxId> Relay::TakeAcknowledged(domain::ShardId shard) {
    return rows_->TakeAcknowledged(shard);
}
bool Relay::Knows(const OutboxId& row) const {
    return rows_->Knows(row);
}
void Relay::Forget(domain::ShardId shard) {
    rows_->Forget(shard);
}
std::size_t Relay::backlog_count() const {
    return rows_->count();
}

}  // namespace unibox::writer

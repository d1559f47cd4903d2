#include "webhook-ingest/event_publisher.hpp"

#include "base/encoding.hpp"
#include "base/mutex.hpp"
#include "crypto/hash.hpp"
#include "domain/event_key.hpp"
#include "nats/reasons.hpp"
#include "subjects/subjects.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <unordered_map>
#include <utility>

namespace unibox::ingest {
namespace {

constexpr std::size_t kRawIdBytes = 16;

EventKey KeyOf(const event::v1::InboundEvent& event) {
    EventKey key;
    const std::size_t size = std::min(event.event_key().size(), key.value.bytes.size());
    std::copy_n(event.event_key().begin(), size, key.value.bytes.begin());
    return key;
}

// A repeated request is the same raw webhook: a retry within the window is stored once, and parts
// of two attempts belong together. A GET has everything in its query.
std::string RawId(const event::v1::RawWebhook& raw) {
    std::string identity;
    const auto add = [&identity](std::string_view part) {
        identity.append(std::to_string(part.size())).append(":").append(part);
    };
    add(raw.provider());
    add(raw.method());
    add(raw.path());
    add(raw.query());
    add(raw.webhook_id());
    add(raw.channel_id());
    for (const std::string& app_id : raw.app_ids()) add(app_id);
    add(crypto::Sha256(raw.body()));
    return crypto::Sha256(identity).substr(0, kRawIdBytes);
}

bool IsTooLarge(const Status& status) {
    return status.reason() == nats::kTooLarge;
}

// What can never be stored does not hold up what comes after it; anything else is sent again, and
// then what comes after it must still come after it.
bool EndsChain(const Status& status) {
    return !status.ok() && !IsTooLarge(status);
}

int PartitionOf(const event::v1::InboundEvent& event, const nats::Generation& log) {
    ChannelId channel;
    const std::string& id = event.channel_id();
    std::copy_n(
        id.begin(), std::min(id.size(), channel.value.bytes.size()), channel.value.bytes.begin()
    );
    return static_cast<int>(domain::PartitionOf(
        TenantId{event.tenant_id()},
        channel,
        event.thread_key(),
        static_cast<std::uint32_t>(log.partition_count)
    ));
}

nats::Outgoing ToMessage(
    const event::v1::InboundEvent& event, const nats::Generation& log, int partition
) {
    nats::Outgoing message;
    message.subject = subjects::InSubject(log.number, partition, TenantId{event.tenant_id()});
    message.msg_id = HexEncode(event.event_key());
    message.expected_stream = subjects::InStream(log.number, partition);
    message.payload = event.SerializeAsString();
    message.traceparent = event.traceparent();
    return message;
}

}  // namespace

// The events of one conversation, in order. Whoever took it out of `ready` alone touches it.
struct EventPublisher::Chain {
    std::vector<std::size_t> events;  // Places in Batch::events.
    std::size_t next = 0;
    int partition = 0;  // Of the log; of all of them.
};

// One call of Publish.
struct EventPublisher::Batch {
    Done done;
    SteadyTime deadline;
    nats::Generation log;
    std::vector<event::v1::InboundEvent> events;
    std::vector<Chain> chains;
    std::atomic<std::size_t> open_count{0};  // Of the chains.
    Mutex mutex;
    std::deque<std::size_t> ready UNIBOX_GUARDED_BY(mutex);  // Chains whose next event may be sent.
    bool pumping UNIBOX_GUARDED_BY(mutex) = true;            // Somebody will look at `ready`.
    Outcome outcome UNIBOX_GUARDED_BY(mutex);

    explicit Batch(std::vector<event::v1::InboundEvent> all) : events(std::move(all)) {}
    void MakeChains();
    // Nothing left and `is_last_look`: nobody pumps any more.
    std::optional<std::size_t> TakeReady(bool is_last_look);
    // True: the caller must pump.
    bool MakeReady(std::size_t chain);
};

void EventPublisher::Batch::MakeChains() {
    std::unordered_map<std::string, std::size_t> by_thread;
    const MutexLock lock(mutex);
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto& event = events[i];
        std::size_t chain = chains.size();
        if (events.size() > 1) {
            std::string thread = std::to_string(event.tenant_id()) + '/' + event.channel_id();
            thread += event.thread_key();
            chain = by_thread.try_emplace(std::move(thread), chain).first->second;
        }
        if (chain == chains.size()) {
            chains.push_back({{}, 0, PartitionOf(event, log)});
            ready.push_back(chain);
        }
        chains[chain].events.push_back(i);
    }
    open_count = chains.size();
}

std::optional<std::size_t> EventPublisher::Batch::TakeReady(bool is_last_look) {
    const MutexLock lock(mutex);
    if (ready.empty()) {
        if (is_last_look) pumping = false;
        return std::nullopt;
    }
    const std::size_t chain = ready.front();
    ready.pop_front();
    return chain;
}

bool EventPublisher::Batch::MakeReady(std::size_t chain) {
    const MutexLock lock(mutex);
    ready.push_back(chain);
    return !std::exchange(pumping, true);
}

EventPublisher::EventPublisher(
    nats::Publisher& publisher,
    IngestLog& log,
    LogHistory& history,
    EventWindow& window,
    obs::Metrics& metrics
)
    : publisher_(publisher),
      log_(log),
      history_(history),
      window_(window),
      gate_(metrics),
      stored_(metrics.GetCounter("unibox_ingest_events_total", "Events stored in the log.")),
      duplicates_(metrics.GetCounter(
          "unibox_ingest_duplicates_total", "Events that had been stored before."
      )),
      raw_stored_(metrics.GetCounter("unibox_ingest_raw_total", "Webhooks stored in UB_RAW.")) {}

void EventPublisher::Publish(
    std::vector<event::v1::InboundEvent> events, SteadyTime deadline, Done done
) {
    Outcome nothing;
    if (events.empty()) return done(nothing);
    const auto written = log_.written();
    if (!written.ok()) {
        nothing.status = written.status();
        return done(nothing);
    }
    const auto batch = std::make_shared<Batch>(std::move(events));
    batch->done = std::move(done);
    batch->deadline = deadline;
    batch->log = *written;
    batch->MakeChains();
    Pump(batch);
}

// The next event of each chain that is ready, at most as many as leave room in the publisher's
// window for others: a body of some megabytes can hold more. Their outcome makes chains ready
// again.
void EventPublisher::Pump(const BatchPtr& batch) {
    std::vector<std::size_t> chains;
    std::vector<nats::Outgoing> messages;
    while (messages.size() < kSliceCountMax) {
        const auto chain = batch->TakeReady(messages.empty());
        if (!chain) break;
        auto message = NextMessage(batch, *chain);
        if (!message) continue;
        chains.push_back(*chain);
        messages.push_back(std::move(*message));
    }
    if (messages.empty()) return;
    publisher_.PublishAll(
        std::move(messages),
        batch->deadline,
        [this, batch, chains = std::move(chains)](const std::vector<Result<nats::PubAck>>& results
        ) { OnResults(batch, chains, results); }
    );
}

// Nothing: the chain has come to its end, or waits for somebody who publishes the same event.
std::optional<nats::Outgoing> EventPublisher::NextMessage(
    const BatchPtr& batch, std::size_t chain_index
) {
    Chain& chain = batch->chains[chain_index];
    while (chain.next < chain.events.size()) {
        const event::v1::InboundEvent& event = batch->events[chain.events[chain.next]];
        ++chain.next;  // Before Take: the one who is joined may be done at once.
        const EventKey key = KeyOf(event);
        const auto claim = window_.Take(key, [this, batch, chain_index](const Status& outcome) {
            OnOthersOutcome(batch, chain_index, outcome);
        });
        if (claim == EventWindow::Claim::kJoined) return std::nullopt;
        Status refused;
        if (claim == EventWindow::Claim::kMine) {
            refused = gate_.Enter(chain.partition);
            if (refused.ok()) return ToMessage(event, batch->log, chain.partition);
            window_.Finish(key, refused);
        } else if (!history_.certain()) {
            refused = Unavailable("what was stored cannot be relied on: not connected to NATS")
                          .WithReason("NOT_CONNECTED");
        }
        Count(*batch, refused, refused.ok());
        if (!refused.ok()) break;
    }
    EndChain(*batch);
    return std::nullopt;
}

void EventPublisher::OnResults(
    const BatchPtr& batch,
    const std::vector<std::size_t>& chains,
    const std::vector<Result<nats::PubAck>>& results
) {
    std::size_t ended_count = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
        Settle(*batch, batch->chains[chains[i]], results[i]);
        if (EndsChain(results[i].status())) {
            ++ended_count;
        } else {
            (void)batch->MakeReady(chains[i]);  // This one pumps.
        }
    }
    Pump(batch);
    while (ended_count-- > 0) EndChain(*batch);
}

void EventPublisher::OnOthersOutcome(
    const BatchPtr& batch, std::size_t chain, const Status& outcome
) {
    Count(*batch, outcome, outcome.ok());
    if (EndsChain(outcome)) return EndChain(*batch);
    if (batch->MakeReady(chain)) Pump(batch);
}

void EventPublisher::Settle(Batch& batch, const Chain& chain, const Result<nats::PubAck>& result) {
    const Status& status = result.status();
    const bool duplicate = result.ok() && result->duplicate;
    if (result.ok()) history_.OnStored(*result);
    if (result.ok() && !duplicate) stored_.Add();
    const std::string& reason = status.reason();
    if (reason == nats::kNoStream || reason == nats::kWrongStream ||
        reason == nats::kStreamSealed) {
        log_.LookAgain();
    }
    if (reason == nats::kNoStream) {
        history_.OnNoStream(subjects::InStream(batch.log.number, chain.partition));
    }
    gate_.Leave(chain.partition, status);
    Count(batch, status, duplicate);
    window_.Finish(KeyOf(batch.events[chain.events[chain.next - 1]]), status);
}

void EventPublisher::Count(Batch& batch, const Status& status, bool duplicate) {
    const MutexLock lock(batch.mutex);
    if (duplicate) ++batch.outcome.duplicate_count;
    if (IsTooLarge(status)) {
        ++batch.outcome.too_large_count;
    } else if (!status.ok() && batch.outcome.status.ok()) {
        batch.outcome.status = status;
    }
}

void EventPublisher::EndChain(Batch& batch) {
    if (--batch.open_count > 0) return;
    Outcome outcome;
    {
        const MutexLock lock(batch.mutex);
        outcome = batch.outcome;
    }
    if (outcome.duplicate_count > 0) duplicates_.Add(outcome.duplicate_count);
    batch.done(outcome);
}

void EventPublisher::PublishRaw(event::v1::RawWebhook raw, SteadyTime deadline, Done done) {
    raw.set_id(RawId(raw));
    const std::string body = std::move(*raw.mutable_body());
    const std::size_t part_count =
        std::max<std::size_t>(1, (body.size() + kRawPartBytes - 1) / kRawPartBytes);
    if (part_count > 1) raw.set_part_count(static_cast<std::int32_t>(part_count));
    std::vector<nats::Outgoing> messages;
    for (std::size_t part = 0; part < part_count; ++part) {
        raw.set_part(static_cast<std::int32_t>(part));
        raw.set_body(body.substr(part * kRawPartBytes, kRawPartBytes));
        nats::Outgoing message;
        message.subject = subjects::RawSubject(raw.provider());
        message.msg_id =
            HexEncode(raw.id()) + "-" + std::to_string(part) + "-" + std::to_string(part_count);
        message.expected_stream = subjects::kRawStream;
        message.payload = raw.SerializeAsString();
        messages.push_back(std::move(message));
    }
    publisher_.PublishAll(
        std::move(messages),
        deadline,
        [this, done = std::move(done)](const std::vector<Result<nats::PubAck>>& results) {
            Outcome outcome;
            for (const auto& result : results) {
                if (!result.ok() && outcome.status.ok()) outcome.status = result.status();
            }
            if (outcome.status.ok()) raw_stored_.Add();
            done(outcome);
        }
    );
}

}  // namespace unibox::ingest

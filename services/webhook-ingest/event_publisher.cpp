#include "event_publisher.hpp"

#include "base/mutex.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "domain/event_key.hpp"
#include "wire/subjects.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>

namespace unibox::ingest {
namespace {

constexpr std::size_t kMsgIdBytes = 16;
constexpr std::size_t kSliceCountMax = 1'000;

EventKey KeyOf(const event::v1::InboundEvent& event) {
    EventKey key;
    const std::size_t size = std::min(event.event_key().size(), key.value.bytes.size());
    std::copy_n(event.event_key().begin(), size, key.value.bytes.begin());
    return key;
}

bool IsTooLarge(const Status& status) {
    return status.reason() == "TOO_LARGE";
}

}  // namespace

// One call of Publish: counts down what is not decided yet.
struct EventPublisher::Batch {
    Done done;
    SteadyTime deadline;
    std::vector<EventKey> mine;  // Keys of what this call publishes, in order.
    std::vector<nats::Outgoing> messages;
    std::size_t published_count = 0;  // Of the messages, from the first on.
    std::atomic<std::size_t> pending{1};
    Mutex mutex;
    Outcome outcome UNIBOX_GUARDED_BY(mutex);
};

EventPublisher::EventPublisher(
    nats::Publisher& publisher, IngestLog& log, EventWindow& window, obs::Metrics& metrics
)
    : publisher_(publisher),
      log_(log),
      window_(window),
      stored_(metrics.GetCounter("unibox_ingest_events_total", "Events stored in the log.")),
      duplicates_(metrics.GetCounter(
          "unibox_ingest_duplicates_total", "Events that had been stored before."
      )),
      raw_stored_(metrics.GetCounter("unibox_ingest_raw_total", "Webhooks stored in UB_RAW.")) {}

nats::Outgoing EventPublisher::ToMessage(
    const event::v1::InboundEvent& event, const nats::Generation& log
) const {
    const TenantId tenant{event.tenant_id()};
    ChannelId channel;
    const std::string& id = event.channel_id();
    std::copy_n(
        id.begin(), std::min(id.size(), channel.value.bytes.size()), channel.value.bytes.begin()
    );
    const int partition = static_cast<int>(domain::PartitionOf(
        tenant, channel, event.thread_key(), static_cast<std::uint32_t>(log.partition_count)
    ));
    nats::Outgoing message;
    message.subject = wire::InSubject(log.number, partition, tenant);
    message.msg_id = HexEncode(event.event_key());
    message.expected_stream = wire::InStream(log.number, partition);
    message.payload = event.SerializeAsString();
    message.traceparent = event.traceparent();
    return message;
}

void EventPublisher::Publish(
    const std::vector<event::v1::InboundEvent>& events, SteadyTime deadline, Done done
) {
    const auto written = log_.written();
    if (!written && !events.empty()) {
        Outcome outcome;
        outcome.status = Unavailable("the ingest log has no streams").WithReason("NO_STREAM");
        return done(outcome);
    }
    const auto batch = std::make_shared<Batch>();
    batch->done = std::move(done);
    batch->deadline = deadline;
    for (const event::v1::InboundEvent& event : events) {
        const EventKey key = KeyOf(event);
        ++batch->pending;
        const auto claim = window_.Take(key, [this, batch](const Status& status) {
            Count(*batch, status, status.ok());
            Leave(batch);
        });
        if (claim == EventWindow::Claim::kMine) {
            batch->mine.push_back(key);
            batch->messages.push_back(ToMessage(event, *written));
        } else if (claim == EventWindow::Claim::kStored) {
            Count(*batch, {}, true);
            --batch->pending;
        }
    }
    PublishSlice(batch);
    Leave(batch);
}

// A body of some megabytes can hold more events than the publisher's window: one slice after the
// other, so that it leaves room for others too.
void EventPublisher::PublishSlice(const std::shared_ptr<Batch>& batch) {
    const std::size_t first = batch->published_count;
    const std::size_t count = std::min(kSliceCountMax, batch->messages.size() - first);
    if (count == 0) return;
    batch->published_count += count;
    const auto begin = batch->messages.begin() + static_cast<std::ptrdiff_t>(first);
    publisher_.PublishAll(
        {std::make_move_iterator(begin),
         std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count))},
        batch->deadline,
        [this, batch, first](const std::vector<Result<nats::PubAck>>& results) {
            for (std::size_t i = 0; i < results.size(); ++i) {
                const bool duplicate = results[i].ok() && results[i]->duplicate;
                Settle(*batch, first + i, results[i].status(), duplicate);
            }
            PublishSlice(batch);
            for (std::size_t i = 0; i < results.size(); ++i) Leave(batch);
        }
    );
}

void EventPublisher::Settle(Batch& batch, std::size_t index, const Status& status, bool duplicate) {
    if (status.ok() && !duplicate) stored_.Add();
    const std::string& reason = status.reason();
    if (reason == "NO_STREAM" || reason == "WRONG_STREAM" || reason == "STREAM_SEALED") {
        log_.LookAgain();
    }
    Count(batch, status, duplicate);
    window_.Finish(batch.mine[index], status);
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

void EventPublisher::Leave(const std::shared_ptr<Batch>& batch) {
    if (--batch->pending > 0) return;
    Outcome outcome;
    {
        const MutexLock lock(batch->mutex);
        outcome = batch->outcome;
    }
    if (outcome.duplicate_count > 0) duplicates_.Add(outcome.duplicate_count);
    batch->done(outcome);
}

void EventPublisher::PublishRaw(const event::v1::RawWebhook& raw, SteadyTime deadline, Done done) {
    const std::size_t part_count =
        std::max<std::size_t>(1, (raw.body().size() + kRawPartBytes - 1) / kRawPartBytes);
    // A repeated POST is the same raw webhook: a retry within the window is stored once, and parts
    // of two attempts belong together.
    const std::string id =
        crypto::Sha256(raw.provider() + '\n' + raw.channel_id() + raw.app_id() + '\n' + raw.body())
            .substr(0, kMsgIdBytes);
    std::vector<nats::Outgoing> messages;
    for (std::size_t part = 0; part < part_count; ++part) {
        event::v1::RawWebhook piece;
        if (part_count == 1) {
            piece = raw;
        } else {
            piece.set_provider(raw.provider());
            piece.set_path(raw.path());
            piece.set_reason(raw.reason());
            piece.set_detail(raw.detail());
            piece.set_tenant_id(raw.tenant_id());
            piece.set_channel_id(raw.channel_id());
            piece.set_content_type(raw.content_type());
            piece.set_query(raw.query());
            piece.set_receive_time_ms(raw.receive_time_ms());
            piece.set_body(raw.body().substr(part * kRawPartBytes, kRawPartBytes));
            piece.set_part(static_cast<std::int32_t>(part));
            piece.set_part_count(static_cast<std::int32_t>(part_count));
        }
        piece.set_id(id);
        nats::Outgoing message;
        message.subject = wire::RawSubject(raw.provider());
        message.msg_id =
            HexEncode(id) + "-" + std::to_string(part) + "-" + std::to_string(part_count);
        message.expected_stream = wire::kRawStream;
        message.payload = piece.SerializeAsString();
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

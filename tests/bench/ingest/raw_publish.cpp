#include "bench/ingest/raw_publish.hpp"

#include "base/assert.hpp"
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "channels/adapter.hpp"
#include "channels/complete.hpp"
#include "domain/event_key.hpp"
#include "obs/trace_id.hpp"
#include "subjects/subjects.hpp"

#include <nats/nats.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace unibox::bench {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr int kGeneration = 1;
constexpr auto kTimeout = std::chrono::seconds(60);

Status Failed(natsStatus status, const char* what) {
    return Unavailable(std::string(what) + ": " + natsStatus_GetText(status));
}

class RawPublisherImpl final : public RawPublisher {
public:
    explicit RawPublisherImpl(std::size_t in_flight_max) : in_flight_max_(in_flight_max) {}
    ~RawPublisherImpl() override {
        jsCtx_Destroy(context_);
        natsConnection_Destroy(connection_);
    }
    RawPublisherImpl(const RawPublisherImpl&) = delete;
    RawPublisherImpl& operator=(const RawPublisherImpl&) = delete;

    Status Open(const std::string& url) {
        jsOptions options;
        jsOptions_Init(&options);
        options.PublishAsync.AckHandler = OnAnswer;
        options.PublishAsync.AckHandlerClosure = this;
        const natsStatus connected = natsConnection_ConnectTo(&connection_, url.c_str());
        if (connected != NATS_OK) return Failed(connected, "connect");
        const natsStatus made = natsConnection_JetStream(&context_, connection_, &options);
        return made == NATS_OK ? Status() : Failed(made, "JetStream context");
    }

    Result<LoadResult> Run(const std::vector<nats::Outgoing>& messages) override {
        stored_ = refused_ = 0;
        const Time start = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < messages.size(); ++i) {
            // An eighth at a time, so that the producer is not woken for every message.
            if (i - answered() >= in_flight_max_) {
                UNIBOX_RETURN_IF_ERROR(WaitForAnswers(
                    i - in_flight_max_ + std::max<std::size_t>(1, in_flight_max_ / 8)
                ));
            }
            UNIBOX_RETURN_IF_ERROR(Publish(messages[i]));
        }
        UNIBOX_RETURN_IF_ERROR(WaitForAnswers(messages.size()));
        LoadResult result;
        const auto took = std::chrono::steady_clock::now() - start;
        result.seconds = std::chrono::duration<double>(took).count();
        result.ok_count = static_cast<std::int64_t>(stored_);
        result.refused_count = static_cast<std::int64_t>(refused_);
        return result;
    }

private:
    static void OnAnswer(jsCtx*, natsMsg* message, jsPubAck*, jsPubAckErr* error, void* closure) {
        natsMsg_Destroy(message);
        static_cast<RawPublisherImpl*>(closure)->Count(error == nullptr);
    }

    std::size_t answered() const { return stored_ + refused_; }

    void Count(bool stored) {
        ++(stored ? stored_ : refused_);
        if (answered() < wanted_) return;
        const std::lock_guard lock(mutex_);
        changed_.notify_one();
    }

    Status WaitForAnswers(std::size_t count) {
        std::unique_lock lock(mutex_);
        wanted_ = count;
        const bool came = changed_.wait_for(lock, kTimeout, [&] { return answered() >= count; });
        wanted_ = SIZE_MAX;
        return came ? Status() : DeadlineExceeded("nats-server does not answer");
    }

    Status Publish(const nats::Outgoing& message) {
        natsMsg* made = nullptr;
        const int length = static_cast<int>(message.payload.size());
        natsStatus status =
            natsMsg_Create(&made, message.subject.c_str(), nullptr, message.payload.data(), length);
        if (status == NATS_OK) {
            status = natsMsgHeader_Set(made, "traceparent", message.traceparent.c_str());
        }
        jsPubOptions options;
        jsPubOptions_Init(&options);
        options.MsgId = message.msg_id.c_str();
        options.ExpectStream = message.expected_stream.c_str();
        if (status == NATS_OK) status = js_PublishMsgAsync(context_, &made, &options);
        natsMsg_Destroy(made);  // Null when it was taken.
        return status == NATS_OK ? Status() : Failed(status, "publish");
    }

    const std::size_t in_flight_max_;
    natsConnection* connection_ = nullptr;
    jsCtx* context_ = nullptr;
    std::atomic<std::size_t> stored_{0};
    std::atomic<std::size_t> refused_{0};
    std::atomic<std::size_t> wanted_{SIZE_MAX};
    std::mutex mutex_;
    std::condition_variable changed_;
};

}  // namespace

Result<std::unique_ptr<RawPublisher>> RawPublisher::Connect(
    const std::string& nats_url, std::size_t in_flight_max
) {
    auto publisher = std::make_unique<RawPublisherImpl>(in_flight_max);
    UNIBOX_RETURN_IF_ERROR(publisher->Open(nats_url));
    return std::unique_ptr<RawPublisher>(std::move(publisher));
}

nats::Outgoing EventOf(const std::string& body, int partition_count) {
    static const ChannelId kChannel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556666").value()};
    constexpr TenantId kTenant{1};
    channels::WebhookRequest request;
    request.method = "POST";
    request.body = body;
    request.content_type = "application/json";
    auto parsed = channels::FindAdapter("meta")->parse(request);
    UNIBOX_ASSERT(parsed.ok() && parsed->events.size() == 1);
    const auto event = channels::Complete(
        std::move(parsed->events.front()),
        kTenant,
        kChannel,
        SystemClock().UnixMillis(),
        obs::NewTraceparent()
    );
    const auto partition = static_cast<int>(domain::PartitionOf(
        kTenant, kChannel, event.thread_key(), static_cast<std::uint32_t>(partition_count)
    ));
    return {
        .subject = subjects::InSubject(kGeneration, partition, kTenant),
        .msg_id = HexEncode(event.event_key()),
        .expected_stream = subjects::InStream(kGeneration, partition),
        .payload = event.SerializeAsString(),
        .traceparent = event.traceparent()};
}

}  // namespace unibox::bench

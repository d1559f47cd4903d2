#include "uniboxctl/log_publisher.hpp"

#include "domain/event_key.hpp"
#include "nats/generations.hpp"
#include "nats/streams.hpp"
#include "store/streams/generations.hpp"
#include "subjects/subjects.hpp"
#include "uniboxctl/context.hpp"

#include <chrono>
#include <future>

namespace unibox::ctl {
namespace {

constexpr std::chrono::seconds kPublishDeadline{10};

}  // namespace

LogPublisher::LogPublisher(
    std::unique_ptr<nats::Publisher> publisher, int generation, int partition_count
)
    : publisher_(std::move(publisher)),
      generation_(generation),
      partition_count_(partition_count) {}

Result<std::unique_ptr<LogPublisher>> LogPublisher::Create(Context& context) {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context.Nats());
    nats::Streams streams(*connection);
    UNIBOX_ASSIGN_OR_RETURN(const auto infos, streams.List(subjects::kInStreamPrefix));
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * database, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto recorded, store::ListLogGenerations(*database));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto written, nats::WrittenGeneration(nats::FactsOf(infos, recorded))
    );
    UNIBOX_ASSIGN_OR_RETURN(
        auto publisher, nats::Publisher::Create(*connection, {}, context.metrics())
    );
    return std::unique_ptr<LogPublisher>(
        new LogPublisher(std::move(publisher), written.number, written.partition_count)
    );
}

Result<nats::PubAck> LogPublisher::Publish(
    const event::v1::InboundEvent& event, std::string msg_id
) {
    UNIBOX_ASSIGN_OR_RETURN(const Uuid channel, Uuid::FromBytes(event.channel_id()));
    const TenantId tenant{event.tenant_id()};
    const auto partition = static_cast<int>(domain::PartitionOf(
        tenant, ChannelId{channel}, event.thread_key(), static_cast<std::uint32_t>(partition_count_)
    ));
    nats::Outgoing message;
    message.subject = subjects::InSubject(generation_, partition, tenant);
    message.msg_id = std::move(msg_id);
    message.expected_stream = subjects::InStream(generation_, partition);
    message.payload = event.SerializeAsString();
    message.traceparent = event.traceparent();
    auto outcome = std::make_shared<std::promise<Result<nats::PubAck>>>();
    auto future = outcome->get_future();
    publisher_->Publish(
        std::move(message),
        std::chrono::steady_clock::now() + kPublishDeadline,
        [outcome](Result<nats::PubAck> ack) { outcome->set_value(std::move(ack)); }
    );
    return future.get();
}

}  // namespace unibox::ctl

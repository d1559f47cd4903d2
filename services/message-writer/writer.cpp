#include "message-writer/writer.hpp"

#include "store/schema/migrate.hpp"

#include <unistd.h>

namespace unibox::writer {
namespace {

std::string OwnerName(const OwnershipSettings& settings, const Clock& clock) {
    if (!settings.owner.empty()) return settings.owner;
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    // A process id can come back within a lease; its owner must not be taken for the old one.
    return std::string(host) + ":" + std::to_string(::getpid()) + ":" +
           NewUuidV7(clock.UnixMillis()).ToString().substr(24);
}

}  // namespace

Writer::Writer(const Config& config, obs::Metrics& registry, StageHook on_stage, const Clock& clock)
    : config_(config),
      registry_(registry),
      metrics_(registry),
      on_stage_(std::move(on_stage)),
      clock_(clock) {}

Writer::~Writer() {
    Stop();
}

Result<std::unique_ptr<Writer>> Writer::Create(
    const Config& config, obs::Metrics& registry, StageHook on_stage, const Clock& clock
) {
    if (config.ownership.tick_ms * 3 > config.ownership.lease_ms) {
        return InvalidArgument("ownership.tick_ms must be at most a third of ownership.lease_ms")
            .WithField("ownership.tick_ms");
    }
    std::unique_ptr<Writer> writer(new Writer(config, registry, std::move(on_stage), clock));
    UNIBOX_RETURN_IF_ERROR(writer->Build());
    return writer;
}

Status Writer::Build() {
    UNIBOX_ASSIGN_OR_RETURN(pool_, pg::Pool::Create(config_.postgres, registry_));
    UNIBOX_ASSIGN_OR_RETURN(
        connection_, nats::Connection::Connect(config_.nats, registry_, clock_)
    );
    feed_ = std::make_shared<FeedHistory>(*pool_, *connection_, registry_, clock_);
    const RelaySettings relaying{.publish_deadline = Millis(config_.outbox.publish_deadline_ms)};
    UNIBOX_ASSIGN_OR_RETURN(
        relays_,
        Relays::Create(*connection_, kOutboxStreams, relaying, registry_, clock_, feed_.get())
    );
    environment_ = std::make_unique<LaneEnvironment>(LaneEnvironment{
        .config = config_,
        .owner = OwnerName(config_.ownership, clock_),
        .pool = *pool_,
        .connection = *connection_,
        .relays = *relays_,
        .metrics = metrics_,
        .on_stage = on_stage_,
        .registry = registry_,
        .clock = clock_,
        .log_highs = log_highs_,
        .on_lost = [this] { partitions_->Wake(); },
        .on_log_full = [this] { keeper_->Relieve(); },
    });
    partitions_ = std::make_unique<PartitionOwner>(*environment_, lanes_);
    UNIBOX_ASSIGN_OR_RETURN(
        keeper_, Keeper::Create(config_, *pool_, *connection_, metrics_, clock_)
    );
    return {};
}

Status Writer::SchemaIsCurrent() {
    Status status = store::SchemaIsCurrent(*pool_);
    const bool away =
        status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
    return away ? Status() : status;
}

Status Writer::Start() {
    for (std::size_t i = 0; i < config_.batch.lanes; ++i) {
        UNIBOX_ASSIGN_OR_RETURN(auto lane, Lane::Create(*environment_, i));
        lanes_.push_back(std::move(lane));
    }
    UNIBOX_RETURN_IF_ERROR(feed_->Start([this] { relays_->Resume(); }));
    keeper_->Start();
    return partitions_->Start();
}

void Writer::Stop() {
    if (feed_) feed_->Mark();  // So that the lanes can still delete what is acknowledged.
    if (partitions_) partitions_->Stop();
    if (keeper_) keeper_->Stop();
    for (const auto& lane : lanes_) lane->Stop();
    if (feed_) feed_->Stop();
}

}  // namespace unibox::writer

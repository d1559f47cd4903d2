#include "redis/detail/sentinel_router.hpp"

#include "obs/log.hpp"

#include <algorithm>
#include <utility>

namespace unibox::redis::detail {

SentinelRouter::SentinelRouter(
    Surroundings& surroundings, Presence& presence, const Endpoints& endpoints
)
    : Router(surroundings, presence, endpoints), timer_(surroundings.loop) {}

void SentinelRouter::Start() {
    Greeting greeting;
    greeting.user = around_.settings.sentinel_user;
    greeting.password_file = around_.settings.sentinel_password_file;
    for (const Address& address : addresses_) {
        sentinels_.push_back(std::make_shared<Connection>(around_, address, greeting, *this));
        sentinels_.back()->Start();
    }
    Arm();
}

void SentinelRouter::Route(RequestPtr request) {
    if (!master_ || !master_->TrySend(request)) Refuse(std::move(request));
}

void SentinelRouter::Stop(const Status& why) {
    stopping_ = true;
    presence_.Set(false);
    timer_.cancel();
    for (const auto& sentinel : sentinels_) sentinel->Close(why);
    if (master_) master_->Close(why);
}

bool SentinelRouter::IsSentinel(const Connection& connection) const {
    return std::any_of(sentinels_.begin(), sentinels_.end(), [&](const auto& sentinel) {
        return sentinel.get() == &connection;
    });
}

void SentinelRouter::OnUp(Connection& connection) {
    if (!IsSentinel(connection)) return presence_.Set(true);
    if (!IsConnected()) Poll();
}

void SentinelRouter::OnDown(Connection& connection, const Status& why) {
    if (!IsConnected()) presence_.Note(why);
    if (IsSentinel(connection)) return;
    presence_.Set(IsConnected());
    Poll();
}

void SentinelRouter::Arm() {
    timer_.expires_after(Millis(around_.settings.topology_interval_ms));
    timer_.async_wait([this](async::error_code error) {
        if (error || stopping_) return;
        Poll();
        Arm();
    });
}

void SentinelRouter::Poll() {
    if (unanswered_count_ > 0 || stopping_) return;
    newest_.reset();
    const std::string question[] = {"SENTINEL", "MASTER", around_.settings.sentinel_master};
    for (const auto& sentinel : sentinels_) {
        if (!sentinel->ready()) continue;
        ++unanswered_count_;
        sentinel->Enqueue(Question(question, [this](const Result<Reply>& answer) {
            OnMaster(answer);
        }));
    }
}

void SentinelRouter::OnMaster(const Result<Reply>& answer) {
    const auto master = answer.ok() ? ParseMaster(*answer) : answer.status();
    if (!master.ok() && !IsConnected()) presence_.Note(master.status());
    const bool is_newer = master.ok() && (!newest_ || newest_->config_epoch < master->config_epoch);
    if (is_newer) newest_ = *master;
    if (--unanswered_count_ == 0 && newest_ && !stopping_) Follow();
}

void SentinelRouter::Follow() {
    const Address& address = newest_->address;
    // Only what was cut off knows older news; a master that answers is not left for that.
    if (IsConnected() && newest_->config_epoch < followed_epoch_) return;
    followed_epoch_ = newest_->config_epoch;
    if (!master_) {
        master_ = std::make_unique<Node>(around_, address, greeting_, *this);
    } else if (master_->address() != address) {
        obs::Log(
            obs::Level::kWarn,
            "redis has another master",
            {{"from", master_->address().text()}, {"to", address.text()}}
        );
        master_->Retarget(address);
        presence_.Set(false);
    }
}

}  // namespace unibox::redis::detail

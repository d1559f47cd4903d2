// All commands go to the master that the sentinels name. They are asked again and again, and at
// once when the connection to it breaks; of different answers the newest one counts (config-epoch),
// so that a sentinel that was cut off leads nobody back. The server named must say itself that it
// is the master. Thread safety: the I/O thread.
#pragma once

#include "redis/detail/node.hpp"
#include "redis/detail/router.hpp"
#include "redis/detail/topology.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace unibox::redis::detail {

class SentinelRouter final : public Router {
public:
    SentinelRouter(Surroundings& surroundings, Presence& presence, const Endpoints& endpoints);

    void Start() override;
    void Route(RequestPtr request) override;
    void Stop(const Status& why) override;
    void OnUp(Connection& connection) override;
    void OnDown(Connection& connection, const Status& why) override;

private:
    bool IsSentinel(const Connection& connection) const;
    bool IsConnected() const { return master_ && master_->ready(); }
    void Arm();
    // Asks all sentinels that are there, unless they are being asked.
    void Poll();
    void OnMaster(const Result<Reply>& answer);
    void Follow();

    std::vector<std::shared_ptr<Connection>> sentinels_;
    std::unique_ptr<Node> master_;
    async::asio::steady_timer timer_;
    int unanswered_count_ = 0;
    std::optional<Master> newest_;  // Of this round.
    std::int64_t followed_epoch_ = -1;
    bool stopping_ = false;
};

}  // namespace unibox::redis::detail

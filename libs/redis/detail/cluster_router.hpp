// Each command goes to the node that has its slot. The map of the slots comes from any node that
// answers; it is asked for again and again, when a connection breaks and when a node says that it
// is wrong (MOVED). Commands without a key go to any node. Thread safety: the I/O thread.
#pragma once

#include "redis/detail/node.hpp"
#include "redis/detail/router.hpp"
#include "redis/detail/topology.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

namespace unibox::redis::detail {

class ClusterRouter final : public Router {
public:
    ClusterRouter(Surroundings& surroundings, Presence& presence, const Endpoints& endpoints);

    void Start() override;
    void Route(RequestPtr request) override;
    void Stop(const Status& why) override;
    void OnUp(Connection& connection) override;
    void OnDown(Connection& connection, const Status& why) override;

protected:
    bool Redirect(const Connection& connection, RequestPtr& request, const Reply& error) override;

private:
    void AddSeeds();
    // Null: there are too many.
    Node* NodeAt(const Address& address);
    // The next one in turn that is there; null: none is.
    Node* AnyNode();
    void UpdatePresence();

    // Asks for the map at the latest after this time.
    void RefreshWithin(Millis wait);
    void Refresh();
    void OnMap(const Result<Reply>& answer, const Address& asked);
    void Use(const std::vector<SlotRange>& ranges);

    std::map<Address, std::unique_ptr<Node>> nodes_;
    std::vector<Node*> slots_;
    bool is_known_ = false;  // There was a map.
    bool is_asking_ = false;
    bool stopping_ = false;
    std::size_t turn_ = 0;
    async::asio::steady_timer timer_;
    SteadyTime refresh_at_ = SteadyTime::max();
};

}  // namespace unibox::redis::detail

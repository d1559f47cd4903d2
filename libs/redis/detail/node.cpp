#include "redis/detail/node.hpp"

#include <algorithm>
#include <utility>

namespace unibox::redis::detail {

Node::Node(
    Surroundings& surroundings,
    const Address& address,
    const Greeting& greeting,
    ConnectionOwner& owner
) {
    for (std::int64_t i = 0; i < surroundings.settings.connection_count; ++i) {
        connections_.push_back(std::make_shared<Connection>(surroundings, address, greeting, owner)
        );
        connections_.back()->Start();
    }
}

bool Node::ready() const {
    return std::any_of(connections_.begin(), connections_.end(), [](const auto& connection) {
        return connection->ready();
    });
}

bool Node::idle() const {
    return std::all_of(connections_.begin(), connections_.end(), [](const auto& connection) {
        return connection->idle();
    });
}

bool Node::TrySend(RequestPtr& request, IfAway if_away) {
    const std::size_t own = request->slot.value_or(0) % connections_.size();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        Connection& connection = *connections_[(own + i) % connections_.size()];
        if (!connection.ready()) continue;
        connection.Enqueue(std::move(request));
        return true;
    }
    Connection& first = *connections_[own];
    if (if_away == IfAway::kRefuse || !first.may_become_ready()) return false;
    first.Enqueue(std::move(request));
    return true;
}

void Node::Retarget(const Address& address) {
    for (const auto& connection : connections_) connection->Retarget(address);
}

void Node::Close(const Status& why) {
    for (const auto& connection : connections_) connection->Close(why);
}

}  // namespace unibox::redis::detail

// One server of Redis: the connections to it, of which each key has its own.
// Thread safety: the I/O thread.
#pragma once

#include "redis/detail/connection.hpp"

#include <memory>
#include <vector>

namespace unibox::redis::detail {

enum class IfAway { kRefuse, kAwaitFirstAttempt };

class Node {
public:
    Node(
        Surroundings& surroundings,
        const Address& address,
        const Greeting& greeting,
        ConnectionOwner& owner
    );

    const Address& address() const { return connections_.front()->address(); }
    bool ready() const;
    bool idle() const;  // Nothing is under way.

    // By the connection of its slot, or another one if that is away. Leaves the request where there
    // is none.
    bool TrySend(RequestPtr& request, IfAway if_away = IfAway::kRefuse);
    void Retarget(const Address& address);
    void Close(const Status& why);

private:
    std::vector<std::shared_ptr<Connection>> connections_;
};

}  // namespace unibox::redis::detail

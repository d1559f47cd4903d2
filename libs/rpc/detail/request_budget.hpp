// What the requests of all connections of a listener may hold in memory, and those of one client
// network.
// Thread safety: any thread.
#pragma once

#include "net/connection_counts.hpp"

#include <atomic>
#include <cstdint>

namespace unibox::rpc::detail {

class RequestBudget {
public:
    RequestBudget(std::int64_t bytes_max, std::int64_t per_client_bytes_max)
        : bytes_max_(bytes_max), per_client_bytes_max_(per_client_bytes_max) {}

    // False, and nothing is taken, if that would be too much.
    bool Take(net::Client& client, std::int64_t bytes) {
        const std::int64_t of_client = client.held_bytes.fetch_add(bytes) + bytes;
        const std::int64_t in_all = bytes_.fetch_add(bytes) + bytes;
        if (in_all <= bytes_max_ && of_client <= per_client_bytes_max_) return true;
        Give(client, bytes);
        return false;
    }
    // Does not touch a client that nothing is given back for: it may be gone.
    void Give(net::Client& client, std::int64_t bytes) {
        if (bytes == 0) return;
        client.held_bytes.fetch_sub(bytes);
        bytes_.fetch_sub(bytes);
    }
    std::int64_t bytes() const { return bytes_; }

private:
    const std::int64_t bytes_max_;
    const std::int64_t per_client_bytes_max_;
    std::atomic<std::int64_t> bytes_{0};
};

}  // namespace unibox::rpc::detail

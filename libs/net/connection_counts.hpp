// Counts the open connections of a listener, in all and by client network.
// Thread safety: any thread.
#pragma once

#include "base/mutex.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <unordered_map>

namespace unibox::net {

// What one client network (IPv4 /24, IPv6 /64) holds.
struct Client {
    std::uint64_t network = 0;                // NetworkOf its addresses.
    std::int64_t connection_count = 0;        // Guarded by ConnectionCounts's mutex.
    std::atomic<std::int64_t> held_bytes{0};  // Of its requests; counted by the connections.
};

// Why there is no place for a connection.
enum class NoPlace { kInAll, kOfClient };

class ConnectionCounts {
public:
    // `per_client_max` 0 = no such limit (behind a proxy).
    ConnectionCounts(std::int64_t count_max, std::int64_t per_client_max)
        : count_max_(count_max), per_client_max_(per_client_max) {}

    // Takes a place, or says why there is none (null). The client lives until its last place is
    // released.
    Client* Take(std::uint64_t client_network, NoPlace* why);
    void Release(Client& client);
    std::int64_t Count() const;
    // False if connections were left after `wait`.
    bool WaitUntilNone(std::chrono::milliseconds wait);

private:
    const std::int64_t count_max_;
    const std::int64_t per_client_max_;
    mutable Mutex mutex_;
    std::condition_variable_any none_left_;
    std::int64_t count_ UNIBOX_GUARDED_BY(mutex_) = 0;
    std::unordered_map<std::uint64_t, Client> clients_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::net

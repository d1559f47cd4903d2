#include "net/connection_counts.hpp"

namespace unibox::net {

Client* ConnectionCounts::Take(std::uint64_t client_network, NoPlace* why) {
    const MutexLock lock(mutex_);
    if (count_ >= count_max_) {
        *why = NoPlace::kInAll;
        return nullptr;
    }
    // Looked up first: one that is refused leaves no entry behind.
    const auto known = clients_.find(client_network);
    const std::int64_t held = known == clients_.end() ? 0 : known->second.connection_count;
    if (per_client_max_ > 0 && held >= per_client_max_) {
        *why = NoPlace::kOfClient;
        return nullptr;
    }
    Client& client = known == clients_.end() ? clients_[client_network] : known->second;
    client.network = client_network;
    ++client.connection_count;
    ++count_;
    return &client;
}

void ConnectionCounts::Release(Client& client) {
    const MutexLock lock(mutex_);
    if (--client.connection_count == 0) clients_.erase(std::uint64_t{client.network});
    if (--count_ == 0) none_left_.notify_all();
}

std::int64_t ConnectionCounts::Count() const {
    const MutexLock lock(mutex_);
    return count_;
}

bool ConnectionCounts::WaitUntilNone(std::chrono::milliseconds wait) {
    const auto until = std::chrono::steady_clock::now() + wait;
    const MutexLock lock(mutex_);
    while (count_ > 0) {
        if (none_left_.wait_until(mutex_, until) == std::cv_status::timeout) return count_ == 0;
    }
    return true;
}

}  // namespace unibox::net

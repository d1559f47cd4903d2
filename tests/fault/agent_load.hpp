// Agents who reply, each with a request id for each reply, and who ask again and again: after no
// answer until they have one, and also when they have one.
// Thread safety: Start and Stop from one thread; counts from any.
#pragma once

#include "base/mutex.hpp"
#include "http/client.hpp"
#include "support/ledger.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace unibox::test {

struct AgentLoadOptions {
    std::vector<std::string> gateway_addresses;  // asked in turn
    std::string api_key;
    std::vector<std::string> conversations;  // where they reply, in turn
    int agent_count = 8;
    int threads_each = 1;  // that ask the same, at once
    int replies_each = 125;
    int asks_each = 10;  // calls with one request id that are answered, for each reply
};

class AgentLoad {
public:
    explicit AgentLoad(AgentLoadOptions options) : options_(std::move(options)) {}
    ~AgentLoad() { Join(); }
    AgentLoad(const AgentLoad&) = delete;
    AgentLoad& operator=(const AgentLoad&) = delete;

    void Start();
    // When every reply was answered as often as it should be.
    void Join();

    std::int64_t answered_count() const { return answered_; }
    std::int64_t unanswered_count() const { return unanswered_; }
    // Answers that differ from the first one of their request id, or that no agent may get. After
    // Join().
    Complaints complaints() const;
    // The id of the message by request id. After Join().
    std::map<std::string, std::string> messages() const;

private:
    void Work(int agent, int thread);
    using Gateways = std::vector<std::unique_ptr<http::Client>>;

    // Until there is an answer, from the `first` gateway or the next ones.
    void Ask(
        Gateways& gateways,
        std::size_t first,
        const std::string& request_id,
        const std::string& conversation
    );
    void Note(const std::string& request_id, const http::Response& answer);
    void Complain(const std::string& what);

    const AgentLoadOptions options_;
    std::vector<std::thread> threads_;
    std::atomic<std::int64_t> answered_{0};
    std::atomic<std::int64_t> unanswered_{0};
    mutable Mutex mutex_;
    std::map<std::string, std::string> messages_ UNIBOX_GUARDED_BY(mutex_);
    Complaints complaints_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::test

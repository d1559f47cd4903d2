// A whole stack with many tenants, each with a WhatsApp number and an API key, whose customers have
// written: by signed webhooks, so that every row is what the product itself makes of them.
// What fails ends the program with the reason. Thread safety: one thread; what is const from any.
#pragma once

#include "support/stack.hpp"

#include <random>
#include <string>
#include <vector>

namespace unibox::bench {

struct InboxSize {
    int tenant_count = 100;
    int contact_count = 40;  // of each tenant; each has one conversation
    int message_count = 1;   // of each contact
};

// Where an agent works.
struct OpenConversation {
    int tenant = 0;  // counted from 0
    std::string id;
};

// What a process has used since it began; `name` is the program's.
struct ProcessCpu {
    std::string name;
    double seconds = 0;
};

// Words as people use them: the n-th of them is as frequent as log(1 + 1/n), and called wn.
std::string SomeWords(std::mt19937& random, int count);

class SeededStack {
public:
    // `options` without tenants. Returns when all is committed.
    SeededStack(test::StackOptions options, const InboxSize& size);

    test::Stack& stack() { return stack_; }
    int gateway_port() const;
    const std::vector<OpenConversation>& conversations() const { return conversations_; }
    int tenant_count() const { return size_.tenant_count; }

    // Waits until no event of the feed that a command made waits to be published.
    void AwaitFeed();
    // Waits until all that is written can be found.
    void AwaitSearch();

    // Complete HTTP requests: of a tenant's program, and of its provider about a message that one
    // of its contacts wrote now. No two webhooks have the same message id.
    std::string Get(int tenant, const std::string& target) const;
    // `request_id`: "" for none.
    std::string Reply(
        const OpenConversation& where, const std::string& text, const std::string& request_id
    ) const;
    std::string Webhook(int tenant, int contact, const std::string& text);

    // This process (it makes the load), then those of the stack, in an order that stays. Reaped
    // children of a process are counted, others only while they live.
    std::vector<ProcessCpu> CpuSeconds();

private:
    void Seed();
    void Send(const std::vector<std::string>& webhooks) const;
    void ReadConversations();

    InboxSize size_;
    std::vector<std::string> keys_;
    std::size_t gateway_count_;
    std::size_t writer_count_;
    test::Stack stack_;
    std::vector<OpenConversation> conversations_;
    std::int64_t serial_ = 0;  // of webhooks
};

}  // namespace unibox::bench

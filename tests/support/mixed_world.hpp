// Webhooks and commands in random interleavings: calls that repeat others with and without a
// request key, wrong versions, ids of other tenants, invalid ones, and time that passes.
//
// What is generated next depends on what the inbox has become, so an inbox of its own takes each
// step at once; another inbox can then be given the same steps in batches.
// Thread safety: one thread.
#pragma once

#include "support/command_builder.hpp"
#include "support/memory_inbox.hpp"
#include "support/random_world.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace unibox::test {

// One thing that happens: an input, or (without one) that the database's clock moves to `at`.
struct MixedStep {
    std::optional<domain::BatchItem> item;
    std::int64_t at = 0;
};

// The answers to the commands among the steps, by the number of the step.
using Answers = std::map<std::size_t, domain::CommandAnswer>;

class MixedWorld {
public:
    explicit MixedWorld(std::uint64_t seed);

    // What inboxes must know before the first step: channels, agents, teams, limits.
    MemoryInbox EmptyInbox() const { return empty_; }
    const std::vector<MixedStep>& Generate(std::size_t length);
    // The inbox that has taken each step by itself, and what it answered.
    const MemoryInbox& inbox() const { return inbox_; }
    const Answers& answers() const { return answers_; }
    World& world() { return world_; }

private:
    void AddCommand();
    void AddStep(domain::BatchItem item);
    void PassTime();
    writer::v1::Command NextCommand();
    domain::ConversationKey AConversation();
    // By the subject of the command.
    void Write(const domain::ConversationKey& key, CommandBuilder* to);
    void ChangeStatus(const domain::ConversationKey& key, CommandBuilder* to);
    void Sort(CommandBuilder* to);
    void Hand(CommandBuilder* to);
    void ChangeMessage(const domain::ConversationKey& key, CommandBuilder* to);
    void Wake(const domain::ConversationKey& key, CommandBuilder* to);
    writer::v1::Command NextContactCommand();
    ContactId AContact(TenantId tenant);
    // Header: by whom, when, with which version (`version`: the right one) and key.
    void Send(std::int64_t version, CommandBuilder* to);
    void Break(writer::v1::Command* command);

    World world_;
    MemoryInbox empty_;
    MemoryInbox inbox_;
    std::vector<MixedStep> steps_;
    Answers answers_;
    std::vector<writer::v1::Command> with_keys_;
    int serial_ = 0;
};

// Gives the steps to an inbox in batches of random sizes up to `batch_max`.
Answers RunMixed(
    const std::vector<MixedStep>& steps, std::size_t batch_max, World* world, MemoryInbox* inbox
);

}  // namespace unibox::test

// Random streams of events against the database in memory. A failing case prints its seed; put it
// into kFirstSeed to see that case alone first.
#include "decide/check_command.hpp"
#include "support/channel_event.hpp"
#include "support/inbox_invariants.hpp"
#include "support/memory_inbox.hpp"
#include "support/mixed_world.hpp"
#include "support/random_world.hpp"
#include "unibox/writer/v1/writer_service.pb.h"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace unibox::test {
namespace {

constexpr std::uint64_t kFirstSeed = 20260730;
constexpr int kCaseCount = 400;

// Calls `check` with one seed a case and says which seed fails.
template <typename AnyWorld = World, typename Check>
void ForManySeeds(const Check& check) {
    for (int i = 0; i < kCaseCount; ++i) {
        const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(i);
        std::string wrong;
        try {
            AnyWorld world(seed);
            wrong = check(&world);
        } catch (const std::exception& error) {
            wrong = error.what();
        }
        if (!wrong.empty()) FAIL("seed " << seed << ": " << wrong);
    }
    SUCCEED();
}

std::string ToText(const std::string& serialised_entry) {
    event::v1::OutboxEntry entry;
    event::v1::FeedEvent event;
    if (!entry.ParseFromString(serialised_entry) || !event.ParseFromString(entry.payload())) {
        return "unreadable";
    }
    return entry.subject() + "\n" + event.DebugString();
}

// "" or the first entry in which the feeds differ.
std::string FeedDifference(const MemoryInbox& a, const MemoryInbox& b) {
    const auto feed_a = a.FeedByShard();
    auto feed_b = b.FeedByShard();
    for (const auto& [shard, entries] : feed_a) {
        const auto& others = feed_b[shard];
        const std::size_t common = std::min(entries.size(), others.size());
        for (std::size_t i = 0; i < common; ++i) {
            if (ToText(entries[i]) == ToText(others[i])) continue;  // maps have no order in bytes
            return "one by one\n" + ToText(entries[i]) + "in batches\n" + ToText(others[i]);
        }
        if (entries.size() != others.size()) return "feeds of different length";
    }
    return feed_a.size() == feed_b.size() ? "" : "feeds of different shards";
}

template <typename Response>
std::string ResponseText(const std::string& bytes) {
    Response response;
    return response.ParseFromString(bytes) ? response.DebugString() : "unreadable";
}

std::string ToText(const MixedStep& step, const domain::CommandAnswer& answer) {
    writer::v1::KeptAnswer kept = answer.kept;
    kept.clear_response();
    const std::string text = kept.DebugString() + (answer.is_repetition ? "again\n" : "");
    const bool append = std::get<writer::v1::Command>(step.item->input).has_append();
    return text + (append ? ResponseText<writer::v1::AppendResponse>(answer.response)
                          : ResponseText<writer::v1::ApplyResponse>(answer.response));
}

// "" or the first command that was answered in another way.
std::string AnswerDifference(
    const std::vector<MixedStep>& steps, const Answers& a, const Answers& b
) {
    if (a.size() != b.size()) return "not as many answers";
    for (const auto& [number, answer] : a) {
        const auto other = b.find(number);
        if (other == b.end()) return "no answer to " + std::to_string(number);
        const std::string one = ToText(steps[number], answer);
        const std::string batched = ToText(steps[number], other->second);
        if (one != batched) return "one by one\n" + one + "in batches\n" + batched;
    }
    return "";
}

// Of each request key the first answer stands, byte for byte.
std::string WrongRepetitions(const std::vector<MixedStep>& steps, const Answers& answers) {
    std::map<std::string, std::pair<std::string, const domain::CommandAnswer*>> first;
    for (const auto& [number, answer] : answers) {
        const auto& command = std::get<writer::v1::Command>(steps[number].item->input);
        const auto& key = command.header().request_key();
        const bool come_again = answer.kept.code() == static_cast<int>(Code::kResourceExhausted);
        if (!command.header().has_request_key() || !decide::CheckCommand(command).ok()) continue;
        const auto [at, is_first] = first.try_emplace(key.key(), std::pair(key.digest(), &answer));
        if (is_first && come_again) first.erase(at);
        if (is_first) {
            if (answer.is_repetition) return "a first call is none";
            continue;
        }
        if (at->second.first != key.digest()) {
            if (answer.kept.reason() != "REQUEST_ID_REUSED") return "a key for another request";
            continue;
        }
        if (!answer.is_repetition) return "a repetition was done";
        const domain::CommandAnswer& stands = *at->second.second;
        const bool same = answer.response == stands.response &&
                          answer.kept.SerializeAsString() == stands.kept.SerializeAsString();
        if (!same) return "a repetition got another answer";
    }
    return "";
}

// The last state of every message by provider id, without what depends on the order of arrival.
std::map<std::string, std::string> Deliveries(const MemoryInbox& inbox) {
    std::map<std::string, std::string> states;
    for (const auto& [key, row] : inbox.messages) {
        const domain::MessageRow shown = inbox.AsShown(key);
        states[std::to_string(key.first.value) + row.channel.ToString() + row.provider_id] =
            std::to_string(shown.delivery_state) + shown.delivery_error;
    }
    return states;
}

}  // namespace

TEST_CASE("Decide: the cut into batches makes no difference", "[unit][decide]") {
    ForManySeeds([](World* world) -> std::string {
        const auto steps = world->Stream(10 + world->Below(50), true);
        MemoryInbox one_by_one, batched;
        Run(steps, 1, world, &one_by_one);
        Run(steps, 40, world, &batched);
        if (const std::string wrong = WhatIsWrong(one_by_one); !wrong.empty()) return wrong;
        if (const std::string wrong = WhatIsWrong(batched); !wrong.empty())
            return "batched: " + wrong;
        if (one_by_one.Dump() != batched.Dump()) {
            return "one by one\n" + one_by_one.Dump() + "in batches\n" + batched.Dump();
        }
        return FeedDifference(one_by_one, batched);
    });
}

TEST_CASE("Decide: a replay of any part of the stream changes nothing", "[unit][decide]") {
    ForManySeeds([](World* world) -> std::string {
        const auto steps = world->Stream(10 + world->Below(50), true);
        MemoryInbox inbox;
        Run(steps, 20, world, &inbox);
        const std::string before = inbox.Dump();
        const auto first = static_cast<std::ptrdiff_t>(world->Below(steps.size()));
        std::vector<Step> part(steps.begin() + first, steps.end());
        part.resize(1 + world->Below(part.size()));
        std::erase_if(part, [](const Step& step) { return step.close.has_value(); });
        if (world->OneIn(2)) world->Shuffle(&part);
        const std::size_t feed_size = inbox.outbox.size();
        Run(part, 20, world, &inbox);
        if (inbox.Dump() != before) return "before\n" + before + "after\n" + inbox.Dump();
        for (std::size_t i = feed_size; i < inbox.outbox.size(); ++i) {
            if (!inbox.outbox[i].entry.subject().ends_with(".typing_received"))
                return "an event again";
        }
        return "";
    });
}

TEST_CASE("Decide: receipts converge in whatever order they come", "[unit][decide]") {
    ForManySeeds([](World* world) -> std::string {
        auto steps = world->Stream(10 + world->Below(30), false);
        std::erase_if(steps, [](const Step& step) {
            return !step.event.has_message() && !step.event.has_receipt();
        });
        MemoryInbox inbox, shuffled;
        Run(steps, 10, world, &inbox);
        world->Shuffle(&steps);
        Run(steps, 10, world, &shuffled);
        if (const std::string wrong = WhatIsWrong(shuffled); !wrong.empty()) return wrong;
        if (Deliveries(inbox) != Deliveries(shuffled)) {
            return "in order\n" + inbox.Dump() + "shuffled\n" + shuffled.Dump();
        }
        return "";
    });
}

TEST_CASE("Decide: webhooks and commands in any order keep the inbox whole", "[unit][decide]") {
    int answer_count = 0, done_count = 0;
    ForManySeeds<MixedWorld>([&](MixedWorld* world) -> std::string {
        const auto& steps = world->Generate(20 + world->world().Below(100));
        if (std::string wrong = WhatIsWrong(world->inbox()); !wrong.empty()) return wrong;
        for (const auto& [number, answer] : world->answers()) {
            ++answer_count;
            done_count += answer.kept.code() == 0 ? 1 : 0;
        }
        return WrongRepetitions(steps, world->answers());
    });
    // The world is worth something: much is done, and much is refused.
    CHECK(done_count * 3 > answer_count);
    CHECK(done_count * 10 < answer_count * 9);
}

TEST_CASE("Decide: the cut makes no difference to commands either", "[unit][decide]") {
    ForManySeeds<MixedWorld>([](MixedWorld* world) -> std::string {
        const auto& steps = world->Generate(20 + world->world().Below(100));
        MemoryInbox batched = world->EmptyInbox();
        const Answers answers = RunMixed(steps, 30, &world->world(), &batched);
        if (world->inbox().Dump() != batched.Dump()) {
            return "one by one\n" + world->inbox().Dump() + "in batches\n" + batched.Dump();
        }
        std::string wrong = AnswerDifference(steps, world->answers(), answers);
        if (!wrong.empty()) return wrong;
        return FeedDifference(world->inbox(), batched);
    });
}

}  // namespace unibox::test

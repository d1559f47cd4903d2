#include "support/mixed_world.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace unibox::test {
namespace {

constexpr std::uint8_t kChannels[] = {1, 2};
constexpr std::uint8_t kAgents[] = {1, 2, 3, 9};  // 3 is disabled, nobody is 9
constexpr std::uint8_t kTeams[] = {1, 2, 9};      // 2 is disabled, none is 9

ChannelId ChannelOfNumber(std::uint8_t number) {
    return ChannelId{IdOfNumber(number)};
}

void AddPeople(TenantId tenant, MemoryInbox* inbox) {
    const auto agent = [&](std::uint8_t number, v1::AgentRole role) -> domain::AgentRow& {
        domain::AgentRow& row = inbox->agents[{tenant, AgentId{IdOfNumber(number)}}];
        row.name = "agent " + std::to_string(number);
        row.role = role;
        return row;
    };
    agent(1, v1::AGENT_ROLE_AGENT).channels = {ChannelOfNumber(1)};
    agent(2, v1::AGENT_ROLE_SUPERVISOR);
    agent(3, v1::AGENT_ROLE_ADMIN).disabled = true;
    inbox->teams[{tenant, TeamId{IdOfNumber(1)}}] = false;
    inbox->teams[{tenant, TeamId{IdOfNumber(2)}}] = true;
}

}  // namespace

MixedWorld::MixedWorld(std::uint64_t seed) : world_(seed) {
    if (world_.OneIn(3)) empty_.limits.message_count_per_minute_max = 4;
    for (const std::int64_t tenant : {7, 8}) {
        AddPeople(TenantId{tenant}, &empty_);
        for (const std::uint8_t number : kChannels) {
            auto& channel = empty_.channels[{TenantId{tenant}, ChannelOfNumber(number)}];
            channel.reopen_window_ms = world_.OneIn(4) ? 0 : 3 * kDay;
            if (number == 1) channel.reply_window_ms = kDay;
            channel.replies_after_window = world_.OneIn(4);
            channel.disabled = world_.OneIn(10);
        }
    }
    empty_.now_ms = world_.now_ms();
    inbox_ = empty_;
}

const std::vector<MixedStep>& MixedWorld::Generate(std::size_t length) {
    while (steps_.size() < length) {
        if (world_.OneIn(10)) {
            PassTime();
        } else if (inbox_.conversations.empty() || world_.OneIn(2)) {
            const auto event = world_.NextEvent();
            AddStep({ShardOf(event), event});
        } else {
            AddCommand();
        }
    }
    return steps_;
}

void MixedWorld::PassTime() {
    steps_.push_back({std::nullopt, world_.now_ms()});
    inbox_.now_ms = world_.now_ms();
}

void MixedWorld::AddStep(domain::BatchItem item) {
    auto effects = inbox_.CommitAll({item});
    if (!effects.answers.empty()) answers_.emplace(steps_.size(), effects.answers[0]);
    steps_.push_back({std::move(item), 0});
}

void MixedWorld::AddCommand() {
    if (!with_keys_.empty() && world_.OneIn(4)) {
        writer::v1::Command again = with_keys_[world_.Below(with_keys_.size())];
        if (world_.OneIn(4)) {
            const std::string other(32, 'x');
            again.mutable_header()->mutable_request_key()->set_digest(other);
        }
        return AddStep({kCommandShard, again});
    }
    const writer::v1::Command command =
        world_.OneIn(4) && !inbox_.contacts.empty() ? NextContactCommand() : NextCommand();
    if (command.header().has_request_key()) with_keys_.push_back(command);
    AddStep({kCommandShard, command});
}

domain::ConversationKey MixedWorld::AConversation() {
    const auto index = static_cast<std::ptrdiff_t>(world_.Below(inbox_.conversations.size()));
    domain::ConversationKey key = std::next(inbox_.conversations.begin(), index)->first;
    if (world_.OneIn(25)) key.tenant.value = 15 - key.tenant.value;  // the other one's
    if (world_.OneIn(40)) key.conversation.value = IdOfNumber(77);   // nobody's
    return key;
}

writer::v1::Command MixedWorld::NextCommand() {
    const domain::ConversationKey key = AConversation();
    CommandBuilder builder(key);
    switch (world_.Below(9)) {
        case 0:
        case 1:
        case 2:
            Write(key, &builder);
            break;
        case 3:
        case 4:
            ChangeStatus(key, &builder);
            break;
        case 5:
            Sort(&builder);
            break;
        case 6:
            Hand(&builder);
            break;
        case 7:
            ChangeMessage(key, &builder);
            break;
        default:
            Wake(key, &builder);
            break;
    }
    const auto counters = inbox_.counters.find(key);
    Send(counters == inbox_.counters.end() ? 1 : counters->second.version, &builder);
    if (world_.OneIn(30)) Break(&builder.command);
    return builder;
}

void MixedWorld::Write(const domain::ConversationKey& key, CommandBuilder* to) {
    const std::string text = "written " + std::to_string(++serial_);
    switch (world_.Below(6)) {
        case 0:
            to->Note(text);
            break;
        case 1:
            to->Append(v1::MESSAGE_KIND_ACTIVITY, text);
            break;
        case 2:
            to->Template(text);
            break;
        default:
            to->Text(text);
            break;
    }
    if (!world_.OneIn(4)) return;
    const auto counters = inbox_.counters.find(key);
    const std::int64_t last_seq = counters == inbox_.counters.end() ? 0 : counters->second.last_seq;
    to->ReplyTo(
        1 + static_cast<std::int64_t>(world_.Below(static_cast<std::size_t>(last_seq) + 1))
    );
}

void MixedWorld::ChangeStatus(const domain::ConversationKey& /*key*/, CommandBuilder* to) {
    const auto status = static_cast<v1::ConversationStatus>(1 + world_.Below(4));
    to->Status(status, world_.OneIn(4) ? "note " + std::to_string(++serial_) : "");
    if (status != v1::CONVERSATION_STATUS_SNOOZED || world_.OneIn(3)) return;
    const auto ahead = static_cast<std::int64_t>(world_.Below(60)) - 5;
    to->command.mutable_set_status()->set_snooze_time_ms(inbox_.now_ms + ahead * kSecond);
}

void MixedWorld::Sort(CommandBuilder* to) {
    const auto word = [&] { return "word" + std::to_string(world_.Below(3)); };
    switch (world_.Below(3)) {
        case 0:
            to->Priority(static_cast<v1::Priority>(world_.Below(5)));
            break;
        case 1:
            to->Labels({word(), word()}, {word()});
            break;
        default:
            to->Attributes({{word(), word()}, {word(), word()}}, {word()});
            break;
    }
}

void MixedWorld::Hand(CommandBuilder* to) {
    switch (world_.Below(4)) {
        case 0:
            to->Read();
            break;
        case 1:
            to->Unread();
            break;
        case 2:
            to->Muted(world_.OneIn(2));
            break;
        default: {
            std::optional<std::uint8_t> agent, team;
            if (!world_.OneIn(3)) agent = kAgents[world_.Below(std::size(kAgents))];
            if (!agent || world_.OneIn(3)) team = kTeams[world_.Below(std::size(kTeams))];
            if (agent && world_.OneIn(5)) agent = 0;
            to->Assign(agent, team);
            break;
        }
    }
}

// Mostly one of our own, often one of the last.
void MixedWorld::ChangeMessage(const domain::ConversationKey& key, CommandBuilder* to) {
    std::vector<std::int64_t> seqs = {1, 1'000};
    for (const auto& [position, row] : inbox_.messages) {
        if (position.first != key.tenant || position.second.conversation != key.conversation)
            continue;
        if (row.author.kind() != v1::ACTOR_KIND_UNSPECIFIED) seqs.push_back(position.second.seq);
    }
    const std::int64_t seq = seqs[world_.Below(seqs.size())];
    if (world_.OneIn(3)) {
        to->Delete(seq);
    } else {
        to->Edit(seq, "edit " + std::to_string(++serial_));
    }
}

void MixedWorld::Wake(const domain::ConversationKey& key, CommandBuilder* to) {
    to->WakeUp(inbox_.now_ms - kSecond);
    if (inbox_.snoozes.empty() || world_.OneIn(10)) return;
    const auto index = static_cast<std::ptrdiff_t>(world_.Below(inbox_.snoozes.size()));
    const auto& [asleep, time] = *std::next(inbox_.snoozes.begin(), index);
    to->WakeUp(time);
    auto& header = *to->command.mutable_header();
    if (asleep != key) header.set_conversation_id(asleep.conversation.value.ToBytes());
    header.set_tenant_id(asleep.tenant.value);
}

ContactId MixedWorld::AContact(TenantId tenant) {
    std::vector<ContactId> ids;
    for (const auto& [key, row] : inbox_.contacts) {
        if (key.tenant == tenant) ids.push_back(row.id);
    }
    if (ids.empty() || world_.OneIn(30)) return ContactId{IdOfNumber(77)};  // nobody's
    return ids[world_.Below(ids.size())];
}

// Three of the tenants' contacts are often merged before long, and blocked half of the time.
writer::v1::Command MixedWorld::NextContactCommand() {
    const TenantId tenant{world_.OneIn(3) ? 8 : 7};
    const ContactId contact =
        AContact(TenantId{world_.OneIn(25) ? 15 - tenant.value : tenant.value});
    CommandBuilder builder(tenant, contact);
    const auto word = [&] { return "word" + std::to_string(world_.Below(3)); };
    switch (world_.Below(6)) {
        case 0:
            builder.Name(world_.OneIn(3) ? "" : "called " + std::to_string(++serial_));
            break;
        case 1: {
            writer::v1::UpdateContact update;
            (*update.mutable_set())[word()] = word();
            *update.add_remove() = word();
            if (world_.OneIn(2)) update.set_phone("+49 " + std::to_string(++serial_));
            if (world_.OneIn(2)) update.set_email(world_.OneIn(2) ? "" : word() + "@example.org");
            builder.Contact(update);
            break;
        }
        case 2:
            builder.Merge(AContact(tenant));
            break;
        default:
            builder.Blocked(world_.OneIn(2));
            break;
    }
    std::int64_t version = 1;
    for (const auto& [key, row] : inbox_.contacts) {
        if (key.tenant == tenant && row.id == contact && row.version > 0) version = row.version;
    }
    Send(version, &builder);
    if (world_.OneIn(30)) Break(&builder.command);
    return builder;
}

void MixedWorld::Send(std::int64_t version, CommandBuilder* to) {
    to->At(inbox_.now_ms);
    if (world_.OneIn(5)) to->At(inbox_.now_ms + (world_.OneIn(2) ? 1 : -1) * 2 * kDay);
    if (world_.OneIn(3) && !to->command.has_wake_up()) to->By(AnAgent(2));
    if (world_.OneIn(6)) to->IfVersion(version + (world_.OneIn(2) ? 0 : 1));
    if (world_.OneIn(2)) {
        const std::string number = std::to_string(++serial_);
        to->Key("key " + number, "request " + number);
    }
}

void MixedWorld::Break(writer::v1::Command* command) {
    switch (world_.Below(3)) {
        case 0:
            command->mutable_header()->clear_command_id();
            break;
        case 1:
            command->clear_body();
            break;
        default:
            command->mutable_edit_message()->clear_text();
            break;
    }
}

Answers RunMixed(
    const std::vector<MixedStep>& steps, std::size_t batch_max, World* world, MemoryInbox* inbox
) {
    Answers answers;
    std::vector<domain::BatchItem> batch;
    std::vector<std::size_t> numbers;
    std::size_t size = 1 + world->Below(batch_max);
    const auto flush = [&] {
        if (batch.empty()) return;
        const auto effects = inbox->CommitAll(batch);
        for (const auto& answer : effects.answers) answers.emplace(numbers[answer.input], answer);
        batch.clear();
        numbers.clear();
        size = 1 + world->Below(batch_max);
    };
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!steps[i].item) {
            flush();
            inbox->now_ms = steps[i].at;
            continue;
        }
        batch.push_back(*steps[i].item);
        numbers.push_back(i);
        if (batch.size() >= size) flush();
    }
    flush();
    return answers;
}

}  // namespace unibox::test

#include "decide/working_state.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace unibox::decide {
namespace {

using domain::ConversationKey;
using domain::EventRef;
using domain::MessagePosition;

// Of a channel that the database does not know (any more).
constexpr domain::ChannelRow kUnknownChannel{
    .reopen_window_ms = 7LL * 24 * 3600 * 1000,
    .reply_window_ms = std::nullopt,
    .replies_after_window = false,
    .disabled = true};
// At most so much waits for one message, so that the message takes it all along in one transaction.
constexpr std::int64_t kParkedCountMax = 1'000;
constexpr std::int64_t kParkedBytesMax = 4LL * 1024 * 1024;

}  // namespace

WorkingState::WorkingState(domain::BatchState state, const DecideLimits& limits)
    : state_(std::move(state)), limits_(limits), feed_(state_.feed_epoch, state_.now_ms) {
    for (const auto& [key, row] : state_.contacts) {
        if (!row.moved) contacts_by_id_.emplace(ConversationContact{key.tenant, row.id}, &key);
    }
}

bool WorkingState::WasSeen(const EventRef& own) {
    const bool seen = IsKnown(own);
    if (seen) ++effects_.duplicate_count;
    return seen;
}

void WorkingState::Remember(const EventRef& own, const std::optional<MessagePosition>& position) {
    state_.refs.emplace(own, position);
    effects_.refs.push_back({own, position});
}

std::optional<MessagePosition> WorkingState::FindPosition(const EventRef& target) const {
    const auto at = state_.refs.find(target);
    return at != state_.refs.end() ? at->second : std::nullopt;
}

std::optional<MessagePosition> WorkingState::FindPosition(const domain::MessageRef& ref) const {
    const auto stored = state_.message_refs.find(ref);
    if (stored != state_.message_refs.end()) return stored->second;
    const MessagePosition first{ref.conversation.conversation, ref.seq, domain::kMinusInfinity};
    const auto made = messages_.lower_bound({ref.conversation.tenant, first});
    if (made == messages_.end() || made->first.first != ref.conversation.tenant) return {};
    const MessagePosition& position = made->first.second;
    const bool same = position.conversation == first.conversation && position.seq == ref.seq;
    return same ? std::optional(position) : std::nullopt;
}

const domain::ThreadRow* WorkingState::FindThread(const domain::ThreadKey& key) const {
    const auto at = state_.threads.find(key);
    return at != state_.threads.end() ? &at->second : nullptr;
}

const domain::AgentRow* WorkingState::FindAgent(TenantId tenant, const AgentId& agent) const {
    const auto at = state_.agents.find({tenant, agent});
    return at != state_.agents.end() ? &at->second : nullptr;
}

std::optional<bool> WorkingState::FindTeam(TenantId tenant, const TeamId& team) const {
    const auto at = state_.teams.find({tenant, team});
    return at != state_.teams.end() ? std::optional(at->second) : std::nullopt;
}

domain::ContactRow& WorkingState::ContactOf(const domain::ContactKey& key) {
    const auto at = state_.contacts.find(key);
    UNIBOX_ASSERT(at != state_.contacts.end());
    if (!at->second.moved) return at->second;
    return state_.contacts.at(*contacts_by_id_.at({key.tenant, at->second.id}));
}

const domain::ContactKey* WorkingState::FindContact(TenantId tenant, const ContactId& id) const {
    const auto at = contacts_by_id_.find({tenant, id});
    return at != contacts_by_id_.end() ? at->second : nullptr;
}

// In one batch one may be merged into what was merged before.
const domain::ContactRow& WorkingState::SurvivorOf(
    TenantId tenant, const domain::ContactRow& contact
) const {
    const domain::ContactRow* one = &contact;
    while (one->merged_into) {
        const domain::ContactKey* key = FindContact(tenant, *one->merged_into);
        if (key == nullptr) break;
        one = &state_.contacts.at(*key);
    }
    return *one;
}

bool WorkingState::IsBlocked(const domain::ContactKey& key) const {
    const auto at = state_.contacts.find(key);
    if (at == state_.contacts.end()) return false;
    const domain::ContactKey* own = FindContact(key.tenant, at->second.id);
    const domain::ContactRow& row = own != nullptr ? state_.contacts.at(*own) : at->second;
    return SurvivorOf(key.tenant, row).blocked_at.has_value();
}

std::vector<domain::ContactRow*> WorkingState::MergedInto(TenantId tenant, const ContactId& id) {
    std::vector<domain::ContactRow*> merged;
    for (auto& [key, row] : state_.contacts) {
        if (key.tenant == tenant && !row.moved && row.merged_into == id) merged.push_back(&row);
    }
    return merged;
}

domain::ThreadRow& WorkingState::ThreadOf(const domain::ThreadKey& key) {
    const auto at = state_.threads.find(key);
    UNIBOX_ASSERT(at != state_.threads.end());
    return at->second;
}

const domain::ChannelRow& WorkingState::ChannelOf(TenantId tenant, const ChannelId& channel) const {
    const auto at = state_.channels.find({tenant, channel});
    return at == state_.channels.end() ? kUnknownChannel : at->second;
}

WorkingConversation* WorkingState::FindConversation(const ConversationKey& key) {
    if (const auto at = conversations_.find(key); at != conversations_.end()) return &at->second;
    const auto row = state_.conversations.find(key);
    const auto counters = state_.counters.find(key);
    if (row == state_.conversations.end() || counters == state_.counters.end()) return nullptr;
    WorkingConversation& conversation = conversations_[key];
    conversation.write.key = key;
    conversation.write.row = std::move(row->second);
    conversation.write.counters = counters->second;
    conversation.write.closed_at_before = counters->second.closed_at;
    conversation.tallied_before = TalliedOf(conversation.write);
    if (const auto time = conversation.write.row.snooze_time) stored_snoozes_.emplace(key, *time);
    return &conversation;
}

WorkingMessage* WorkingState::FindMessage(const MessageKey& key) {
    if (const auto at = messages_.find(key); at != messages_.end()) return &at->second;
    auto node = state_.messages.extract(key);
    if (!node) return nullptr;
    domain::MessageWrite write;
    write.tenant = key.first;
    write.position = key.second;
    write.row = std::move(node.mapped());
    return &messages_.emplace(key, WorkingMessage{std::move(write), false}).first->second;
}

WorkingConversation& WorkingState::AddConversation(domain::ConversationWrite write) {
    WorkingConversation& conversation = conversations_[write.key];
    conversation.write = std::move(write);
    return conversation;
}

WorkingMessage& WorkingState::AddMessage(domain::MessageWrite write) {
    const MessageKey key{write.tenant, write.position};
    return messages_.emplace(key, WorkingMessage{std::move(write), true}).first->second;
}

ConversationView WorkingState::ViewOf(const WorkingConversation& conversation) const {
    const domain::ConversationWrite& write = conversation.write;
    const auto at = contacts_by_id_.find({write.key.tenant, write.row.contact});
    if (at == contacts_by_id_.end()) return {&write, nullptr, nullptr};
    const domain::ContactRow& contact =
        SurvivorOf(write.key.tenant, state_.contacts.at(*at->second));
    return {&write, FindContact(write.key.tenant, contact.id), &contact};
}

void WorkingState::Answer(domain::CommandAnswer answer) {
    answer.input = input_;
    answer_bytes_ += answer.response.size() + answer.kept.ByteSizeLong();
    effects_.answers.push_back(std::move(answer));
}

const domain::KeptRequest* WorkingState::FindKept(const domain::RequestKey& key) const {
    const auto at = state_.kept_requests.find(key);
    return at != state_.kept_requests.end() ? &at->second : nullptr;
}

void WorkingState::Keep(const domain::RequestKey& key, domain::KeptRequest kept) {
    answer_bytes_ += kept.answer.ByteSizeLong();
    effects_.request_keys.push_back({key, kept.digest, kept.answer});
    state_.kept_requests.emplace(key, std::move(kept));
}

void WorkingState::Park(const EventRef& target, domain::ParkedRow parked) {
    auto& waiting = parked_now_[target];
    const auto same = [&](const auto& row) { return row.event_key == parked.event_key; };
    if (std::any_of(waiting.begin(), waiting.end(), same)) return;
    const auto bytes = static_cast<std::int64_t>(parked.event.ByteSizeLong());
    domain::ParkedLoad& load = state_.parked_loads[target];
    if (load.count >= kParkedCountMax || load.bytes + bytes > kParkedBytesMax) {
        ++effects_.park_refused_count;
        return;
    }
    ++load.count;
    load.bytes += bytes;
    parked_bytes_ += static_cast<std::size_t>(bytes);
    waiting.push_back(std::move(parked));
}

std::vector<domain::ParkedRow> WorkingState::TakeParked(const EventRef& own) {
    std::vector<domain::ParkedRow> waiting;
    if (auto node = state_.parked.extract(own)) {
        waiting = std::move(node.mapped());
        for (const auto& row : waiting) effects_.unparks.emplace_back(own, row.event_key);
    }
    auto node = parked_now_.extract(own);
    if (!node) return waiting;
    std::set<EventKey> known;
    for (const auto& row : waiting) known.insert(row.event_key);
    for (auto& row : node.mapped()) {
        if (known.insert(row.event_key).second) waiting.push_back(std::move(row));
    }
    return waiting;
}

bool WorkingState::ParkedWereRead(const EventRef& own) const {
    return !state_.parked_unread.contains(own) || IsKnown(own);
}

bool WorkingState::ContentsWereRead(const EventRef& target) const {
    const auto position = FindPosition(target);
    return !position || ContentsWereRead(MessageKey{target.tenant, *position});
}

bool WorkingState::ContentsWereRead(const domain::MessageRef& ref) const {
    const auto position = FindPosition(ref);
    return !position || ContentsWereRead(MessageKey{ref.conversation.tenant, *position});
}

bool WorkingState::ContentsWereRead(const MessageKey& key) const {
    if (const auto at = messages_.find(key); at != messages_.end()) {
        return at->second.write.row.has_contents;
    }
    const auto at = state_.messages.find(key);
    return at == state_.messages.end() || at->second.has_contents;
}

// Of the whole batch what is left of it: a conversation may have gone to sleep and woken up in it.
void WorkingState::AddSnoozes() {
    for (const auto& [key, conversation] : conversations_) {
        const auto now = conversation.write.row.snooze_time;
        const auto stored = stored_snoozes_.find(key);
        const bool was_stored = stored != stored_snoozes_.end();
        if (now) woken_.erase({key, *now});
        if (was_stored && now != stored->second) woken_.emplace(key, stored->second);
        if (now && !(was_stored && now == stored->second)) {
            effects_.snoozes.push_back({key, *now, true});
        }
    }
    for (const auto& [key, time] : woken_) effects_.snoozes.push_back({key, time, false});
    const auto order = [](const domain::SnoozeWrite& write) {
        return std::tuple(write.conversation, write.snooze_time, write.added);
    };
    std::sort(effects_.snoozes.begin(), effects_.snoozes.end(), [&](const auto& a, const auto& b) {
        return order(a) < order(b);
    });
}

domain::Effects WorkingState::Finish(std::size_t input_count) && {
    effects_.input_count = input_count;
    AddSnoozes();
    for (auto& [key, row] : state_.contacts) {
        const bool by_command = commanded_contacts_.contains(&row);
        if (!by_command && !changed_contacts_.contains(&row)) continue;
        effects_.contacts.push_back({key, std::move(row), by_command});
    }
    for (auto& [key, row] : state_.threads) {
        if (changed_threads_.contains(&row)) effects_.threads.push_back({key, row});
    }
    for (auto& [key, conversation] : conversations_) {
        if (!conversation.changed) continue;
        AddDifference(
            conversation.tallied_before, TalliedOf(conversation.write), &effects_.tallies
        );
        effects_.conversations.push_back(std::move(conversation.write));
    }
    std::sort(
        effects_.conversations.begin(),
        effects_.conversations.end(),
        [](const auto& a, const auto& b) { return a.key < b.key; }
    );
    for (auto& [key, message] : messages_) {
        if (message.changed) effects_.messages.push_back(std::move(message.write));
    }
    for (auto& [target, waiting] : parked_now_) {
        for (auto& row : waiting) effects_.parks.push_back({target, std::move(row)});
    }
    effects_.outbox = std::move(feed_).Take();
    std::move(send_jobs_).Take(&effects_.outbox);
    return std::move(effects_);
}

}  // namespace unibox::decide

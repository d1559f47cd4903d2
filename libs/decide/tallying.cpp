#include "decide/tallying.hpp"

#include "domain/actor_columns.hpp"

#include <algorithm>

namespace unibox::decide {
namespace {

using domain::ConversationWrite;

std::optional<AgentId> AgentOf(const v1::Actor& actor) {
    if (actor.kind() != v1::ACTOR_KIND_AGENT) return std::nullopt;
    const auto id = domain::ColumnsOf(actor).id;
    return id ? std::optional(AgentId{*id}) : std::nullopt;
}

void Add(const domain::TallyKey& key, const domain::Tally& tally, domain::Tallies* to) {
    if (tally == domain::Tally{}) return;
    const auto [at, is_new] = to->try_emplace(key, tally);
    if (is_new) return;
    at->second += tally;
    if (at->second == domain::Tally{}) to->erase(at);
}

std::int64_t Between(std::int64_t from, std::int64_t to) {
    return std::max<std::int64_t>(to - from, 0);
}

// An answer to a customer that waits ends the waiting, whoever gives it.
void CountResponse(
    std::int64_t answered_at, const ConversationWrite& conversation, domain::Volume* volume
) {
    const auto since = conversation.row.waiting_since;
    if (!since) return;
    const std::int64_t waited = Between(*since, answered_at);
    ++volume->responses;
    volume->response_ms += waited;
    if (conversation.row.last_agent_at) return;
    ++volume->first_responses;
    volume->first_response_ms += waited;
}

std::int64_t domain::Volume::*OutboundOf(v1::ActorKind author) {
    switch (author) {
        case v1::ACTOR_KIND_AGENT:
            return &domain::Volume::agent_outbound;
        case v1::ACTOR_KIND_API_KEY:
        case v1::ACTOR_KIND_SYSTEM:
            return &domain::Volume::bot_outbound;
        default:
            return &domain::Volume::other_outbound;
    }
}

}  // namespace

std::optional<Tallied> TalliedOf(const ConversationWrite& conversation) {
    if (conversation.counters.closed_at != domain::kInfinity) return std::nullopt;
    const domain::ConversationRow& row = conversation.row;
    const std::int32_t unread = conversation.counters.unread_count;
    Tallied tallied;
    tallied.key = {conversation.key.tenant, row.channel, row.status, row.assignee, row.team};
    tallied.tally = {1, unread > 0 ? 1 : 0, unread, row.waiting_since ? 1 : 0};
    return tallied;
}

void AddDifference(
    const std::optional<Tallied>& before, const std::optional<Tallied>& after, domain::Tallies* to
) {
    if (before && after && before->key == after->key) {
        domain::Tally difference = after->tally;
        difference += -before->tally;
        return Add(after->key, difference, to);
    }
    if (before) Add(before->key, -before->tally, to);
    if (after) Add(after->key, after->tally, to);
}

void CountBegun(const ConversationWrite& conversation, domain::Volumes* volumes) {
    const domain::VolumeKey key{
        conversation.key.tenant,
        domain::HourOf(conversation.row.created_at),
        conversation.row.channel,
        std::nullopt};
    ++(*volumes)[key].begun;
}

void CountMessageVolume(
    const domain::MessageWrite& message,
    const ConversationWrite& conversation,
    domain::Volumes* volumes
) {
    if (message.row.direction == v1::DIRECTION_INTERNAL) return;
    const std::int64_t created_at = message.position.created_at;
    domain::VolumeKey key{
        message.tenant, domain::HourOf(created_at), conversation.row.channel, std::nullopt};
    if (message.row.direction == v1::DIRECTION_INBOUND) {
        ++(*volumes)[key].inbound;
        return;
    }
    key.agent = AgentOf(message.row.author);
    domain::Volume& volume = (*volumes)[key];
    ++(volume.*OutboundOf(message.row.author.kind()));
    CountResponse(created_at, conversation, &volume);
}

void CountClosing(
    const ConversationWrite& before,
    const ConversationWrite& after,
    const v1::Actor* actor,
    domain::Volumes* volumes
) {
    const std::int64_t closed_at = after.counters.closed_at;
    const bool was_open = before.counters.closed_at == domain::kInfinity;
    if (!was_open || closed_at == domain::kInfinity) return;
    const domain::VolumeKey key{
        after.key.tenant,
        domain::HourOf(closed_at),
        after.row.channel,
        actor != nullptr ? AgentOf(*actor) : std::nullopt};
    domain::Volume& volume = (*volumes)[key];
    ++volume.closed;
    volume.resolution_ms += Between(after.row.created_at, closed_at);
}

}  // namespace unibox::decide

#include "domain/timestamps.hpp"
#include "gateway/fields.hpp"
#include "gateway/inbox.hpp"
#include "gateway/page_token.hpp"
#include "gateway/viewer.hpp"
#include "store/inbox/conversation_audit.hpp"

#include <string>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::int64_t kUsPerMs = 1'000;

std::string ListName(const store::AuditQuery& query) {
    return "audit/" + query.conversation.ToString();
}

Result<store::AuditQuery> ToQuery(
    TenantId tenant, const v1::ListConversationAuditRequest& request
) {
    store::AuditQuery query;
    UNIBOX_ASSIGN_OR_RETURN(
        query.conversation, ParseId<ConversationId>("conversation_id", request.conversation_id())
    );
    UNIBOX_ASSIGN_OR_RETURN(query.count_max, PageSizeOf(request.page_size()));
    if (request.page_token().empty()) return query;
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string bytes, DecodePageToken(tenant, ListName(query), request.page_token())
    );
    UNIBOX_ASSIGN_OR_RETURN(const TimePlace place, UnpackTimePlace(bytes));
    query.after = store::AuditPosition{place.unix_us / kUsPerMs, place.id};
    return query;
}

v1::AuditedCommand ToProto(store::AuditedCommand& from) {
    v1::AuditedCommand to;
    to.set_command_id(from.position.command.ToString());
    *to.mutable_time() = domain::ToTimestamp(from.position.at_ms);
    *to.mutable_actor() = std::move(from.actor);
    to.set_action(std::move(from.action));
    to.mutable_changes()->Swap(from.changes.mutable_changes());
    return to;
}

}  // namespace

Status Inbox::ListAudit(
    const Caller& caller,
    const v1::ListConversationAuditRequest& request,
    v1::ListConversationAuditResponse& response
) const {
    const TenantId tenant = caller.principal.tenant;
    UNIBOX_ASSIGN_OR_RETURN(const auto query, ToQuery(tenant, request));
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto page = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::ListConversationAudit(
            pool, tenant, ViewerOf(caller.principal), query, deadline
        );
    });
    if (!page.ok()) return ReadFailed(page.status());
    std::size_t bytes = 0;
    for (store::AuditedCommand& command : page->commands) {
        const store::AuditPosition position = command.position;
        *response.add_commands() = ToProto(command);
        bytes += response.commands().rbegin()->ByteSizeLong();
        if (bytes >= page_bytes_max_ && &command != &page->commands.back()) page->next = position;
        if (bytes >= page_bytes_max_) break;
    }
    if (page->next) {
        const TimePlace place{page->next->at_ms * kUsPerMs, page->next->command};
        response.set_next_page_token(EncodePageToken(tenant, ListName(query), PackTimePlace(place))
        );
    }
    return {};
}

}  // namespace unibox::gateway

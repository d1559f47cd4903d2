#include "gateway/inbox.hpp"

#include "gateway/conversation_lists.hpp"
#include "gateway/fields.hpp"
#include "gateway/page_token.hpp"
#include "gateway/read_failure.hpp"
#include "gateway/viewer.hpp"
#include "store/inbox/lists.hpp"
#include "store/inbox/reads.hpp"
#include "store/inbox/views.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::int64_t kSeqMax = std::numeric_limits<std::int64_t>::max() - 1'000;

std::string ListName(const v1::ListMessagesRequest& request, const store::MessageQuery& query) {
    return "messages/" + query.conversation.ToString() + "/" + (query.oldest_first ? "1" : "0") +
           "/" + std::to_string(request.after_seq());
}

Result<store::MessageQuery> ToQuery(TenantId tenant, const v1::ListMessagesRequest& request) {
    store::MessageQuery query;
    UNIBOX_ASSIGN_OR_RETURN(
        query.conversation, ParseId<ConversationId>("conversation_id", request.conversation_id())
    );
    if (!v1::ListMessagesRequest::Order_IsValid(request.order())) {
        return WrongField("order", "a value of ListMessagesRequest.Order");
    }
    query.oldest_first = request.order() == v1::ListMessagesRequest::ORDER_OLDEST_FIRST;
    UNIBOX_ASSIGN_OR_RETURN(query.count_max, PageSizeOf(request.page_size()));
    if (request.after_seq() < 0) return WrongField("after_seq", "0 or more");
    query.seq_above = request.after_seq();
    if (request.page_token().empty()) return query;
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string place,
        DecodePageToken(tenant, ListName(request, query), request.page_token())
    );
    if (place.size() != 8) return PageTokenInvalid();
    const std::int64_t seq = UnpackInt64(place);
    if (seq < 0 || seq > kSeqMax) return PageTokenInvalid();
    if (query.oldest_first) {
        query.seq_above = seq;
    } else {
        query.seq_below = seq;
    }
    return query;
}

}  // namespace

Status Inbox::ReadFailed(const Status& status) const {
    return ReadFailure(status, outage_);
}

// A list by its view is two statements: the view's, then the list's.
Result<v1::ListConversationsRequest> Inbox::OfView(
    const Caller& caller, const v1::ListConversationsRequest& request
) const {
    if (request.view_id().empty()) return request;
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("view_id", request.view_id()));
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    const auth::Principal& principal = caller.principal;
    std::optional<AgentId> owner;
    if (principal.kind == auth::Principal::Kind::kAgent) owner = principal.agent;
    auto view = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::GetView(pool, principal.tenant, owner, id.value, deadline);
    });
    if (!view.ok()) return ReadFailed(view.status());
    return RequestOf(request, *view);
}

Status Inbox::ListConversations(
    const Caller& caller,
    const v1::ListConversationsRequest& request,
    v1::ListConversationsResponse& response
) const {
    const TenantId tenant = caller.principal.tenant;
    UNIBOX_ASSIGN_OR_RETURN(const auto whole, OfView(caller, request));
    UNIBOX_ASSIGN_OR_RETURN(auto list, ListOf(caller.principal, whole));
    list.query.bytes_max = page_bytes_max_;
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto page = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::ListConversations(
            pool, tenant, ViewerOf(caller.principal), list.query, deadline
        );
    });
    if (!page.ok()) return ReadFailed(page.status());
    for (v1::Conversation& conversation : page->conversations) {
        *response.add_conversations() = std::move(conversation);
    }
    if (page->next) response.set_next_page_token(NextPageToken(tenant, list, *page->next));
    return {};
}

Status Inbox::GetConversation(
    const Caller& caller, const v1::GetConversationRequest& request, v1::Conversation& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto id, ParseId<ConversationId>("conversation_id", request.conversation_id())
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto found = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::GetConversation(
            pool, caller.principal.tenant, ViewerOf(caller.principal), id, deadline
        );
    });
    if (!found.ok()) return ReadFailed(found.status());
    response = std::move(found).value();
    return {};
}

Status Inbox::ListMessages(
    const Caller& caller, const v1::ListMessagesRequest& request, v1::ListMessagesResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(auto query, ToQuery(caller.principal.tenant, request));
    query.bytes_max = page_bytes_max_;
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto page = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::ListMessages(
            pool, caller.principal.tenant, ViewerOf(caller.principal), query, deadline
        );
    });
    if (!page.ok()) return ReadFailed(page.status());
    for (v1::Message& message : page->messages) *response.add_messages() = std::move(message);
    if (page->more) {
        const std::int64_t last = response.messages(response.messages_size() - 1).seq();
        response.set_next_page_token(
            EncodePageToken(caller.principal.tenant, ListName(request, query), PackInt64(last))
        );
    }
    return {};
}

}  // namespace unibox::gateway

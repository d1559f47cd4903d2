#include "gateway/inbox.hpp"

#include "gateway/page_token.hpp"
#include "obs/log.hpp"
#include "store/inbox_reads.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::int32_t kPageSizeDefault = 50;
constexpr std::int32_t kPageSizeMax = 100;
constexpr std::size_t kUuidBytes = 16;

Status Wrong(std::string_view field, const std::string& must) {
    return InvalidArgument(std::string(field) + " must be " + must)
        .WithReason("value_invalid")
        .WithField(field);
}

Result<std::int32_t> PageSize(std::int32_t asked) {
    if (asked == 0) return kPageSizeDefault;
    if (asked < 1 || asked > kPageSizeMax) return Wrong("page_size", "1 to 100 (0 or absent: 50)");
    return asked;
}

template <typename Id>
Result<Id> ParseId(std::string_view field, const std::string& text) {
    const auto uuid = Uuid::Parse(text);
    if (!uuid.ok()) return Wrong(field, "a UUID");
    return Id{*uuid};
}

// Once a second at most: during an outage every call fails alike.
void LogReadFailure(const Status& status) {
    static std::atomic<std::int64_t> logged_at_s{-1};
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    const std::int64_t now_s = std::chrono::floor<std::chrono::seconds>(since_start).count();
    if (logged_at_s.exchange(now_s) == now_s) return;
    obs::Log(
        obs::Level::kWarn,
        "the database could not answer",
        {{"error", status}, {"sqlstate", status.reason()}}
    );
}

// What PostgreSQL cannot do now, in the words of our API. The SQLSTATE stays in our log alone.
Status ReadFailed(const Status& status) {
    if (status.code() == Code::kNotFound) return status;
    LogReadFailure(status);
    if (status.code() == Code::kResourceExhausted) {
        return ResourceExhausted("too many requests at once").WithReason("overloaded");
    }
    if (status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded ||
        status.code() == Code::kAborted) {
        return Unavailable("the database does not answer now").WithReason("database_unavailable");
    }
    return Internal(status.ToString());
}

std::string ListName(const store::ConversationQuery& query) {
    return "conversations/" + std::to_string(query.status) + "/" +
           (query.channel ? query.channel->ToString() : "") + "/" + (query.unread ? "1" : "0");
}

Result<store::ActivityPosition> ParsePosition(
    TenantId tenant, const std::string& list, const std::string& token
) {
    UNIBOX_ASSIGN_OR_RETURN(const std::string place, DecodePageToken(tenant, list, token));
    if (place.size() != 8 + kUuidBytes) return Wrong("page_token", "a token of this list");
    UNIBOX_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromBytes(std::string_view(place).substr(8)));
    return store::ActivityPosition{UnpackInt64(place), ConversationId{id}};
}

Result<store::ConversationQuery> ToQuery(
    TenantId tenant, const v1::ListConversationsRequest& request
) {
    store::ConversationQuery query;
    if (!v1::ConversationStatus_IsValid(request.status())) {
        return Wrong("status", "a value of ConversationStatus");
    }
    query.status = request.status();
    if (!request.channel_id().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            query.channel, ParseId<ChannelId>("channel_id", request.channel_id())
        );
    }
    query.unread = request.unread();
    UNIBOX_ASSIGN_OR_RETURN(query.count_max, PageSize(request.page_size()));
    if (!request.page_token().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            query.after, ParsePosition(tenant, ListName(query), request.page_token())
        );
    }
    return query;
}

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
        return Wrong("order", "a value of ListMessagesRequest.Order");
    }
    query.oldest_first = request.order() == v1::ListMessagesRequest::ORDER_OLDEST_FIRST;
    UNIBOX_ASSIGN_OR_RETURN(query.count_max, PageSize(request.page_size()));
    if (request.after_seq() < 0) return Wrong("after_seq", "0 or more");
    query.seq_above = request.after_seq();
    if (request.page_token().empty()) return query;
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string place,
        DecodePageToken(tenant, ListName(request, query), request.page_token())
    );
    if (place.size() != 8) return Wrong("page_token", "a token of this list");
    if (query.oldest_first) {
        query.seq_above = UnpackInt64(place);
    } else {
        query.seq_below = UnpackInt64(place);
    }
    return query;
}

}  // namespace

Status Inbox::ListConversations(
    const Principal& caller,
    const v1::ListConversationsRequest& request,
    v1::ListConversationsResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto query, ToQuery(caller.tenant, request));
    auto page = store::ListConversations(pool_, caller.tenant, query);
    if (!page.ok()) return ReadFailed(page.status());
    for (v1::Conversation& conversation : page->conversations) {
        *response.add_conversations() = std::move(conversation);
    }
    if (page->next) {
        const std::string place =
            PackInt64(page->next->last_activity_us) + page->next->conversation.value.ToBytes();
        response.set_next_page_token(EncodePageToken(caller.tenant, ListName(query), place));
    }
    return {};
}

Status Inbox::GetConversation(
    const Principal& caller, const v1::GetConversationRequest& request, v1::Conversation& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto id, ParseId<ConversationId>("conversation_id", request.conversation_id())
    );
    auto found = store::GetConversation(pool_, caller.tenant, id);
    if (!found.ok()) return ReadFailed(found.status());
    response = std::move(found).value();
    return {};
}

Status Inbox::ListMessages(
    const Principal& caller,
    const v1::ListMessagesRequest& request,
    v1::ListMessagesResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto query, ToQuery(caller.tenant, request));
    auto page = store::ListMessages(pool_, caller.tenant, query);
    if (!page.ok()) return ReadFailed(page.status());
    for (v1::Message& message : page->messages) *response.add_messages() = std::move(message);
    if (page->more) {
        const std::int64_t last = response.messages(response.messages_size() - 1).seq();
        response.set_next_page_token(
            EncodePageToken(caller.tenant, ListName(request, query), PackInt64(last))
        );
    }
    return {};
}

Status Inbox::GetContact(
    const Principal& caller, const v1::GetContactRequest& request, v1::Contact& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<ContactId>("contact_id", request.contact_id()));
    auto found = store::GetContact(pool_, caller.tenant, id);
    if (!found.ok()) return ReadFailed(found.status());
    response = std::move(found).value();
    return {};
}

}  // namespace unibox::gateway

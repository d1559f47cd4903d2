#include "gateway/conversation_lists.hpp"

#include "gateway/fields.hpp"
#include "gateway/page_token.hpp"

#include <string_view>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr int kChannelCountMax = 100;
constexpr int kLabelCountMax = 50;
constexpr std::size_t kLabelBytesMax = 64;

Status CheckCount(std::string_view field, int count, int count_max) {
    if (count <= count_max) return {};
    return WrongField(field, "a list of at most " + std::to_string(count_max));
}

Status ReadChannels(const v1::ConversationFilter& filter, store::ConversationFilter& out) {
    UNIBOX_RETURN_IF_ERROR(CheckCount("channel_ids", filter.channel_ids_size(), kChannelCountMax));
    for (const std::string& text : filter.channel_ids()) {
        UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<ChannelId>("channel_ids", text));
        out.channels.push_back(id);
    }
    return {};
}

Status ReadLabels(const v1::ConversationFilter& filter, store::ConversationFilter& out) {
    UNIBOX_RETURN_IF_ERROR(CheckCount("labels", filter.labels_size(), kLabelCountMax));
    for (const std::string& label : filter.labels()) {
        const bool is_label = !label.empty() && label.size() <= kLabelBytesMax &&
                              label.find('\0') == std::string::npos;
        if (!is_label) return WrongField("labels", "texts of 1 to 64 bytes");
        out.labels.push_back(label);
    }
    return {};
}

Status ReadAssignee(
    const auth::Principal& principal,
    const v1::ConversationFilter& filter,
    store::ConversationFilter& out
) {
    const std::string& text = filter.assignee();
    if (text.empty()) return {};
    if (text == "none") {
        out.unassigned = true;
        return {};
    }
    if (text == "me") {
        if (principal.kind == auth::Principal::Kind::kAgent) {
            out.assignee = principal.agent;
            return {};
        }
        return WrongField("assignee", "a UUID or none: an API key is no agent");
    }
    if (const auto id = Uuid::Parse(text); id.ok()) {
        out.assignee = AgentId{*id};
        return {};
    }
    return WrongField("assignee", "a UUID, me or none");
}

template <class Request>
v1::ConversationFilter FieldsOf(const Request& request) {
    v1::ConversationFilter filter;
    *filter.mutable_statuses() = request.statuses();
    *filter.mutable_channel_ids() = request.channel_ids();
    filter.set_unread(request.unread());
    filter.set_waiting(request.waiting());
    filter.set_assignee(request.assignee());
    filter.set_team_id(request.team_id());
    *filter.mutable_labels() = request.labels();
    *filter.mutable_priorities() = request.priorities();
    return filter;
}

// With what the older fields say.
Result<v1::ConversationFilter> FilterOf(const v1::ListConversationsRequest& request) {
    v1::ConversationFilter filter = FieldsOf(request);
    if (request.status() != v1::CONVERSATION_STATUS_UNSPECIFIED) {
        if (filter.statuses_size() > 0) return WrongField("status", "absent beside statuses");
        if (!v1::ConversationStatus_IsValid(request.status())) {
            return WrongField("status", "a value of ConversationStatus");
        }
        filter.add_statuses(request.status());
    }
    if (!request.channel_id().empty()) {
        if (filter.channel_ids_size() > 0) {
            return WrongField("channel_id", "absent beside channel_ids");
        }
        UNIBOX_RETURN_IF_ERROR(ParseId<ChannelId>("channel_id", request.channel_id()).status());
        filter.add_channel_ids(request.channel_id());
    }
    return filter;
}

Result<store::ListPosition> PositionOf(
    TenantId tenant, const std::string& list, const std::string& token
) {
    UNIBOX_ASSIGN_OR_RETURN(const std::string place, DecodePageToken(tenant, list, token));
    UNIBOX_ASSIGN_OR_RETURN(const TimePlace at, UnpackTimePlace(place));
    return store::ListPosition{at.unix_us, ConversationId{at.id}};
}

}  // namespace

Result<store::ConversationFilter> FilterOf(
    const auth::Principal& principal, const v1::ConversationFilter& filter
) {
    store::ConversationFilter out;
    for (const int status : filter.statuses()) {
        if (!v1::ConversationStatus_IsValid(status) || status == 0) {
            return WrongField("statuses", "OPEN, PENDING, SNOOZED or CLOSED");
        }
        out.statuses.push_back(static_cast<v1::ConversationStatus>(status));
    }
    for (const int priority : filter.priorities()) {
        if (!v1::Priority_IsValid(priority)) return WrongField("priorities", "values of Priority");
        out.priorities.push_back(static_cast<v1::Priority>(priority));
    }
    UNIBOX_RETURN_IF_ERROR(ReadChannels(filter, out));
    UNIBOX_RETURN_IF_ERROR(ReadLabels(filter, out));
    UNIBOX_RETURN_IF_ERROR(ReadAssignee(principal, filter, out));
    if (!filter.team_id().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(out.team, ParseId<TeamId>("team_id", filter.team_id()));
    }
    out.unread = filter.unread();
    out.waiting = filter.waiting();
    return out;
}

Result<ConversationList> ListOf(
    const auth::Principal& principal, const v1::ListConversationsRequest& request
) {
    UNIBOX_ASSIGN_OR_RETURN(auto filter, FilterOf(request));
    ConversationList list;
    UNIBOX_ASSIGN_OR_RETURN(list.query.filter, FilterOf(principal, filter));
    if (!v1::ConversationOrder_IsValid(request.order_by())) {
        return WrongField("order_by", "a value of ConversationOrder");
    }
    const bool by_waiting = request.order_by() == v1::CONVERSATION_ORDER_LONGEST_WAITING;
    if (by_waiting) list.query.order = store::ConversationOrder::kLongestWaiting;
    UNIBOX_ASSIGN_OR_RETURN(list.query.count_max, PageSizeOf(request.page_size()));
    // "me" is somebody else for everybody.
    if (list.query.filter.assignee) filter.set_assignee(list.query.filter.assignee->ToString());
    list.name = std::string("conversations/") + (by_waiting ? "waiting/" : "activity/") +
                filter.SerializeAsString();
    if (!request.page_token().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            list.query.after, PositionOf(principal.tenant, list.name, request.page_token())
        );
    }
    return list;
}

Result<v1::ListConversationsRequest> RequestOf(
    const v1::ListConversationsRequest& request, const v1::View& view
) {
    v1::ListConversationsRequest whole = request;
    whole.clear_page_size();
    whole.clear_page_token();
    whole.clear_consistency_token();
    whole.clear_view_id();
    if (whole.ByteSizeLong() > 0) {
        return WrongField("view_id", "absent beside other filters and an order");
    }
    const v1::ConversationFilter& filter = view.filter();
    *whole.mutable_statuses() = filter.statuses();
    *whole.mutable_channel_ids() = filter.channel_ids();
    whole.set_unread(filter.unread());
    whole.set_waiting(filter.waiting());
    whole.set_assignee(filter.assignee());
    whole.set_team_id(filter.team_id());
    *whole.mutable_labels() = filter.labels();
    *whole.mutable_priorities() = filter.priorities();
    whole.set_order_by(view.order_by());
    whole.set_page_size(request.page_size());
    whole.set_page_token(request.page_token());
    whole.set_consistency_token(request.consistency_token());
    return whole;
}

std::string NextPageToken(
    TenantId tenant, const ConversationList& list, const store::ListPosition& next
) {
    const std::string place = PackTimePlace({next.time_us, next.conversation.value});
    return EncodePageToken(tenant, list.name, place);
}

}  // namespace unibox::gateway

// What a request for a list of conversations asks for, checked, and the tokens of its pages.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "gateway/method.hpp"
#include "store/inbox/lists.hpp"
#include "unibox/v1/conversation_filter.pb.h"
#include "unibox/v1/inbox_service.pb.h"
#include "unibox/v1/view_service.pb.h"

#include <string>

namespace unibox::gateway {

// INVALID_ARGUMENT with the field as ListConversationsRequest calls it.
Result<store::ConversationFilter> FilterOf(
    const auth::Principal& principal, const v1::ConversationFilter& filter
);

struct ConversationList {
    store::ConversationQuery query;  // With the place that page_token tells.
    std::string name;                // What its tokens belong to: filter and order.
};
Result<ConversationList> ListOf(
    const auth::Principal& principal, const v1::ListConversationsRequest& request
);

// The same request with the filter and order of the view that it names, instead of its name.
// INVALID_ARGUMENT with the field if it has a filter or an order beside it.
Result<v1::ListConversationsRequest> RequestOf(
    const v1::ListConversationsRequest& request, const v1::View& view
);

// The token of the page behind that place.
std::string NextPageToken(
    TenantId tenant, const ConversationList& list, const store::ListPosition& next
);

}  // namespace unibox::gateway

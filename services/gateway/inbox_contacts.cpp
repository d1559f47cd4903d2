#include "gateway/fields.hpp"
#include "gateway/inbox.hpp"
#include "gateway/page_token.hpp"
#include "gateway/viewer.hpp"
#include "store/inbox/contacts.hpp"

#include <string>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::int64_t kUsPerMs = 1'000;
constexpr const char* kBlockedList = "contacts/blocked";

Result<store::BlockedQuery> ToQuery(
    TenantId tenant, const v1::ListBlockedContactsRequest& request
) {
    store::BlockedQuery query;
    UNIBOX_ASSIGN_OR_RETURN(query.count_max, PageSizeOf(request.page_size()));
    if (request.page_token().empty()) return query;
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string bytes, DecodePageToken(tenant, kBlockedList, request.page_token())
    );
    UNIBOX_ASSIGN_OR_RETURN(const TimePlace place, UnpackTimePlace(bytes));
    query.after = store::BlockedPosition{place.unix_us / kUsPerMs, ContactId{place.id}};
    return query;
}

}  // namespace

Status Inbox::GetContact(
    const Caller& caller, const v1::GetContactRequest& request, v1::Contact& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<ContactId>("contact_id", request.contact_id()));
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto found = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::GetContact(
            pool, caller.principal.tenant, ViewerOf(caller.principal), id, deadline
        );
    });
    if (!found.ok()) return ReadFailed(found.status());
    response = std::move(found).value();
    return {};
}

Status Inbox::ListBlockedContacts(
    const Caller& caller,
    const v1::ListBlockedContactsRequest& request,
    v1::ListBlockedContactsResponse& response
) const {
    const TenantId tenant = caller.principal.tenant;
    UNIBOX_ASSIGN_OR_RETURN(const auto query, ToQuery(tenant, request));
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto page = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::ListBlockedContacts(
            pool, tenant, ViewerOf(caller.principal), query, deadline
        );
    });
    if (!page.ok()) return ReadFailed(page.status());
    for (v1::Contact& contact : page->contacts) *response.add_contacts() = std::move(contact);
    if (page->next) {
        const TimePlace place{page->next->blocked_ms * kUsPerMs, page->next->contact.value};
        response.set_next_page_token(EncodePageToken(tenant, kBlockedList, PackTimePlace(place)));
    }
    return {};
}

}  // namespace unibox::gateway

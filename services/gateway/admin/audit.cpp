// Who changed what of the tenant's administration.
#include "store/admin/audit.hpp"

#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"
#include "gateway/page_token.hpp"

namespace unibox::gateway {
namespace {

constexpr std::size_t kWordBytesMax = 512;

Result<store::TenantAuditQuery> ToQuery(const v1::ListAdminAuditRequest& request) {
    store::TenantAuditQuery query;
    UNIBOX_RETURN_IF_ERROR(store::CheckText("kind", request.kind(), 0, kWordBytesMax));
    UNIBOX_RETURN_IF_ERROR(store::CheckText("actor", request.actor(), 0, kWordBytesMax));
    query.kind = request.kind();
    query.actor = request.actor();
    if (request.has_start_time()) {
        UNIBOX_ASSIGN_OR_RETURN(query.since_ms, UnixMillisOf("start_time", request.start_time()));
    }
    if (request.has_end_time()) {
        UNIBOX_ASSIGN_OR_RETURN(query.past_ms, UnixMillisOf("end_time", request.end_time()));
    }
    return query;
}

std::string ListName(const store::TenantAuditQuery& query) {
    return "admin_audit/" + std::to_string(query.since_ms) + "/" + std::to_string(query.past_ms) +
           "/" + query.kind + "/" + query.actor;
}

void Show(const store::AuditRow& row, v1::AdminAuditEntry* entry) {
    entry->set_id(row.id);
    *entry->mutable_time() = TimestampOf(row.at_ms);
    entry->set_actor(row.actor);
    entry->set_action(row.verb);
    entry->set_request_id(row.request_id);
    entry->set_kind(row.entry.kind);
    entry->set_object_id(row.entry.object);
    entry->set_object_name(row.name);
    entry->set_old_json(row.entry.old_json);
    entry->set_new_json(row.entry.new_json);
    entry->set_outcome(row.entry.outcome);
}

Status List(
    const AdminCall& call,
    const v1::ListAdminAuditRequest& request,
    v1::ListAdminAuditResponse& response
) {
    UNIBOX_ASSIGN_OR_RETURN(auto query, ToQuery(request));
    UNIBOX_ASSIGN_OR_RETURN(const std::int32_t page, PageSizeOf(request.page_size()));
    const std::string list = ListName(query);
    if (!request.page_token().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            const std::string place, DecodePageToken(call.tenant(), list, request.page_token())
        );
        if (place.size() != 8) return PageTokenInvalid();
        query.before_id = UnpackInt64(place);
    }
    query.count_max = page + 1;
    UNIBOX_ASSIGN_OR_RETURN(auto rows, store::ListTenantAudit(call.access(), call.tenant(), query));
    const bool has_more = rows.size() > static_cast<std::size_t>(page);
    if (has_more) rows.pop_back();
    for (const store::AuditRow& row : rows) Show(row, response.add_entries());
    if (has_more) {
        const std::string place = PackInt64(rows.back().id);
        response.set_next_page_token(EncodePageToken(call.tenant(), list, place));
    }
    return {};
}

}  // namespace

std::vector<Method> AuditMethods(const Admin& admin) {
    return {AdminRow("ListAdminAudit", auth::kScopeAdminRead, Repetition::kReads, admin, List)};
}

}  // namespace unibox::gateway

#include "gateway/views.hpp"

#include "base/utf8.hpp"
#include "gateway/admin/masks.hpp"
#include "gateway/conversation_lists.hpp"
#include "gateway/fields.hpp"
#include "gateway/read_failure.hpp"
#include "gateway/viewer.hpp"
#include "store/admin/views.hpp"
#include "store/inbox/views.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace unibox::gateway {
namespace {

constexpr std::size_t kNameBytesMax = 100;
constexpr std::int32_t kPositionMax = 1'000'000;
constexpr int kLooksMax = 10;
constexpr std::int32_t kLookedCountMax = 1'000;
constexpr std::array<std::string_view, 4> kSettable = {"name", "filter", "order_by", "position"};

std::optional<AgentId> OwnerOf(const auth::Principal& principal) {
    if (principal.kind == auth::Principal::Kind::kApiKey) return std::nullopt;
    return principal.agent;
}

// "me" is whoever looks at the view, and need not be who makes it.
Result<store::ConversationFilter> FilterOfView(
    const auth::Principal& principal, const v1::View& view
) {
    v1::ConversationFilter filter = view.filter();
    const bool is_key = principal.kind == auth::Principal::Kind::kApiKey;
    if (is_key && filter.assignee() == "me") filter.set_assignee("none");
    return FilterOf(principal, filter);
}

Status CheckView(const auth::Principal& principal, const v1::View& view) {
    const std::string& name = view.name();
    const bool is_name = !name.empty() && name.size() <= kNameBytesMax && CleanText(name) == name &&
                         name.find('\0') == std::string::npos;
    if (!is_name) return WrongField("view.name", "a text of 1 to 100 bytes");
    if (!v1::ConversationOrder_IsValid(view.order_by())) {
        return WrongField("view.order_by", "a value of ConversationOrder");
    }
    if (view.position() < 0 || view.position() > kPositionMax) {
        return WrongField("view.position", "0 to 1,000,000");
    }
    return WithFieldOf("view.filter", FilterOfView(principal, view).status());
}

// Shared ones are everybody's to read, and supervisors' and admins' to change.
Status MayChange(const auth::Principal& principal, const std::optional<AgentId>& owner) {
    if (owner) {
        if (owner == OwnerOf(principal)) return {};
        return NotFound("no such view").WithReason("VIEW_NOT_FOUND").WithField("view_id");
    }
    if (!ViewerOf(principal).member) return {};
    return Status(Code::kPermissionDenied, "shared views are changed by supervisors and admins")
        .WithReason("ROLE_FORBIDDEN");
}

// As a list of everybody's would be asked for; its filter as it is stored.
store::ConversationQuery QueryOf(store::ConversationFilter filter, const v1::View& view) {
    store::ConversationQuery query;
    query.filter = std::move(filter);
    if (view.order_by() == v1::CONVERSATION_ORDER_LONGEST_WAITING) {
        query.order = store::ConversationOrder::kLongestWaiting;
    }
    query.count_max = kLookedCountMax;
    return query;
}

class ViewCounter {
public:
    ViewCounter(pg::Pool& pool, const auth::Principal& principal, SteadyTime deadline)
        : pool_(pool), principal_(principal), deadline_(deadline) {}

    Status Count(const v1::View& view, v1::ViewCount* count) {
        count->set_view_id(view.id());
        // For a key nobody is "me": nothing of it is counted.
        const bool is_key = principal_.kind == auth::Principal::Kind::kApiKey;
        if (is_key && view.filter().assignee() == "me") {
            count->set_kind(v1::ViewCount::KIND_EXACT);
            return {};
        }
        UNIBOX_ASSIGN_OR_RETURN(auto filter, FilterOfView(principal_, view));
        const store::ConversationQuery query = QueryOf(std::move(filter), view);
        return store::TalliesTell(query) ? Tell(query, count) : Look(query, count);
    }

private:
    Status Tell(const store::ConversationQuery& query, v1::ViewCount* count) {
        if (!tallies_) {
            UNIBOX_ASSIGN_OR_RETURN(
                tallies_,
                store::ReadTallies(pool_, principal_.tenant, ViewerOf(principal_), deadline_)
            );
        }
        count->set_count(store::CountIn(*tallies_, query));
        count->set_kind(v1::ViewCount::KIND_EXACT);
        return {};
    }
    Status Look(const store::ConversationQuery& query, v1::ViewCount* count) {
        if (++looks_ > kLooksMax) return {};
        UNIBOX_ASSIGN_OR_RETURN(
            const auto looked,
            store::CountByLooking(pool_, principal_.tenant, ViewerOf(principal_), query, deadline_)
        );
        count->set_count(looked.count);
        count->set_kind(looked.is_all ? v1::ViewCount::KIND_LOOKED : v1::ViewCount::KIND_AT_LEAST);
        return {};
    }

    pg::Pool& pool_;
    const auth::Principal& principal_;
    const SteadyTime deadline_;
    std::optional<std::vector<store::TallyRow>> tallies_;
    int looks_ = 0;
};

Result<v1::CountViewsResponse> CountAll(
    pg::Pool& pool, const auth::Principal& principal, SteadyTime deadline
) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto views, store::ListViews(pool, principal.tenant, OwnerOf(principal), deadline)
    );
    ViewCounter counter(pool, principal, deadline);
    v1::CountViewsResponse response;
    for (const v1::View& view : views) {
        UNIBOX_RETURN_IF_ERROR(counter.Count(view, response.add_counts()));
    }
    return response;
}

}  // namespace

Status Views::ListViews(
    const Caller& caller, const v1::ListViewsRequest& request, v1::ListViewsResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    const auth::Principal& principal = caller.principal;
    auto views = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return store::ListViews(pool, principal.tenant, OwnerOf(principal), deadline);
    });
    if (!views.ok()) return ReadFailure(views.status(), outage_);
    for (v1::View& view : *views) *response.add_views() = std::move(view);
    return {};
}

Status Views::CountViews(
    const Caller& caller, const v1::CountViewsRequest& request, v1::CountViewsResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto token, ConsistencyTokenOf(request.consistency_token()));
    auto counts = reads_.Do(token, caller.call.deadline, [&](pg::Pool& pool, SteadyTime deadline) {
        return CountAll(pool, caller.principal, deadline);
    });
    if (!counts.ok()) return ReadFailure(counts.status(), outage_);
    response = std::move(counts).value();
    return {};
}

Status Views::CreateView(
    const Caller& caller, const v1::CreateViewRequest& request, v1::View& response
) const {
    const auth::Principal& principal = caller.principal;
    store::OwnedView wanted;
    wanted.view = request.view();
    if (!wanted.view.shared()) {
        wanted.owner = OwnerOf(principal);
        if (!wanted.owner) return WrongField("view.shared", "true: an API key has no own views");
    }
    UNIBOX_RETURN_IF_ERROR(MayChange(principal, wanted.owner));
    UNIBOX_RETURN_IF_ERROR(CheckView(principal, wanted.view));
    return admin_.Run(caller, "CreateView", false, [&](const AdminCall& call) -> Status {
        UNIBOX_ASSIGN_OR_RETURN(
            auto made, store::CreateView(call.access(), call.tenant(), call.NewId(), wanted)
        );
        response = std::move(made.view);
        return {};
    });
}

Status Views::UpdateView(
    const Caller& caller, const v1::UpdateViewRequest& request, v1::View& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("view.id", request.view().id()));
    const auto change = [&](store::OwnedView& owned) -> Status {
        UNIBOX_RETURN_IF_ERROR(MayChange(caller.principal, owned.owner));
        UNIBOX_RETURN_IF_ERROR(
            ApplyMask(request.view(), request.update_mask(), kSettable, &owned.view)
        );
        return CheckView(caller.principal, owned.view);
    };
    return admin_.Run(caller, "UpdateView", false, [&](const AdminCall& call) -> Status {
        UNIBOX_ASSIGN_OR_RETURN(
            auto changed, store::ChangeView(call.access(), call.tenant(), id.value, change)
        );
        response = std::move(changed.view);
        return {};
    });
}

Status Views::DeleteView(
    const Caller& caller, const v1::DeleteViewRequest& request, v1::DeleteViewResponse& response
) const {
    static_cast<void>(response);
    UNIBOX_ASSIGN_OR_RETURN(const auto id, ParseId<AgentId>("id", request.id()));
    const auto check = [&](const store::OwnedView& owned) {
        return MayChange(caller.principal, owned.owner);
    };
    return admin_.Run(caller, "DeleteView", false, [&](const AdminCall& call) {
        return store::RemoveView(call.access(), call.tenant(), id.value, check);
    });
}

}  // namespace unibox::gateway

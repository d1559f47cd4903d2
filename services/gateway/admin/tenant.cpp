// The tenant itself.
#include "domain/tenant_limits.hpp"
#include "gateway/admin/methods.hpp"
#include "gateway/admin/resource_rows.hpp"
#include "store/admin/objects.hpp"

#include <array>

namespace unibox::gateway {
namespace {

constexpr std::array<std::string_view, 2> kSettable = {"display_name", "retention_days"};
constexpr std::array<std::string_view, 4> kOperatorsSettable = {
    "plan", "ingest_rate_per_s", "ingest_burst", "api_limits"};

void Show(const store::TenantRow& row, v1::Tenant* tenant) {
    tenant->Clear();
    tenant->set_id(row.tenant.ToString());
    tenant->set_name(row.spec.slug);
    tenant->set_display_name(row.spec.name);
    tenant->set_plan(row.spec.plan);
    tenant->set_ingest_rate_per_s(row.spec.ingest_rate_per_s);
    tenant->set_ingest_burst(row.spec.ingest_burst);
    tenant->set_retention_days(row.spec.retention_days);
    tenant->set_api_limits(row.spec.api_limits);
    *tenant->mutable_create_time() = TimestampOf(row.created_at_ms);
    if (row.disabled_at_ms) *tenant->mutable_disable_time() = TimestampOf(*row.disabled_at_ms);
    SetEtag(tenant);
}

Status ToSpec(const v1::Tenant& tenant, store::TenantSpec* spec) {
    spec->name = OrName(tenant.display_name(), spec->slug);
    spec->plan = tenant.plan();
    spec->ingest_rate_per_s = tenant.ingest_rate_per_s();
    spec->ingest_burst = tenant.ingest_burst();
    spec->retention_days = tenant.retention_days();
    // In the one form that is stored, so that the same limits are never a change.
    const auto limits = domain::TenantLimits::Parse(tenant.api_limits());
    spec->api_limits = limits.ok() ? limits->ToText() : tenant.api_limits();
    return store::CheckSpec(*spec);
}

template <class Request>
Status UpdateFields(
    const AdminCall& call,
    const Request& request,
    std::span<const std::string_view> settable,
    v1::Tenant& response
) {
    const auto row =
        store::ChangeTenant(call.access(), call.tenant(), [&](store::TenantRow& stored) -> Status {
            v1::Tenant current;
            Show(stored, &current);
            UNIBOX_RETURN_IF_ERROR(CheckEtag(request.etag(), current.etag()));
            UNIBOX_RETURN_IF_ERROR(
                ApplyMask(request.tenant(), request.update_mask(), settable, &current)
            );
            return WithFieldOf("tenant", ToSpec(current, &stored.spec));
        });
    if (!row.ok()) return row.status();
    Show(*row, &response);
    return {};
}

Status Get(const AdminCall& call, const v1::GetTenantRequest&, v1::Tenant& response) {
    UNIBOX_ASSIGN_OR_RETURN(const auto row, store::GetTenant(call.access(), call.tenant()));
    Show(row, &response);
    return {};
}

Status Update(const AdminCall& call, const v1::UpdateTenantRequest& request, v1::Tenant& response) {
    return UpdateFields(call, request, kSettable, response);
}

Status UpdatePlan(
    const AdminCall& call, const v1::UpdateTenantPlanRequest& request, v1::Tenant& response
) {
    return UpdateFields(call, request, kOperatorsSettable, response);
}

}  // namespace

std::vector<Method> TenantMethods(const Admin& admin) {
    constexpr auto kSets = Repetition::kIdempotent;
    return {
        AdminRow("GetTenant", auth::kScopeAdminRead, Repetition::kReads, admin, Get),
        AdminRow("UpdateTenant", auth::kScopeAdminWrite, kSets, admin, Update),
        AdminRow("UpdateTenantPlan", auth::kScopeOperatorWrite, kSets, admin, UpdatePlan)};
}

}  // namespace unibox::gateway

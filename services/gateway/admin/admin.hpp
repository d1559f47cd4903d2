// What the use cases of unibox.v1.AdminService have in common: who acts, through which pool, what
// the caller may give away, and that services are told of what was changed.
//
// Thread safety: Admin from any thread; an AdminCall is one thread's. Each use case blocks for a
// few statements, little longer than its deadline.
#pragma once

#include "auth/roles.hpp"
#include "base/clock.hpp"
#include "base/status.hpp"
#include "crypto/sealed_box.hpp"
#include "gateway/method.hpp"
#include "obs/outage_log.hpp"
#include "pg/pool.hpp"
#include "store/admin/administration.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace unibox::gateway {

struct AdminParts {
    std::unique_ptr<pg::Pool> pool;                // Role ub_console. Null: no administration here.
    std::shared_ptr<const crypto::SealedBox> box;  // Null: secrets cannot be sealed.
    std::function<void()> tell;                    // That something was changed.
};

class AdminCall {
public:
    // `verb`: for the audit, the method's name. All must outlive the object.
    AdminCall(
        const AdminParts& parts, const Caller& caller, std::string_view verb, const Clock& clock
    )
        : parts_(parts), caller_(caller), verb_(verb), clock_(clock) {}

    TenantId tenant() const { return caller_.principal.tenant; }
    store::Administration access() const;
    Uuid NewId() const { return NewUuidV7(clock_.UnixMillis()); }
    bool May(std::string_view scope) const { return caller_.principal.May(scope); }
    // PERMISSION_DENIED, reason SCOPE_EXCEEDED: the caller has not all of them itself.
    Status MayGive(std::span<const std::string> scopes, std::string_view field) const;
    Status MayGive(auth::Role role, std::string_view field) const;
    // PERMISSION_DENIED, reason SCOPE_MISSING, unless the caller has operator:write.
    Status MayAsOperator(std::string_view field) const;
    // FAILED_PRECONDITION, reason SEALING_KEY_MISSING.
    Result<const crypto::SealedBox*> Box() const;

private:
    const AdminParts& parts_;
    const Caller& caller_;
    const std::string_view verb_;
    const Clock& clock_;
};

class Admin {
public:
    Admin(AdminParts parts, const Clock& clock)
        : parts_(std::move(parts)),
          clock_(clock),
          outage_("the database could not answer administration", clock) {}

    // `work` as `caller`; its errors in the words of our API. Tells of what it may have changed.
    Status Run(
        const Caller& caller,
        std::string_view verb,
        bool changes,
        const std::function<Status(const AdminCall&)>& work
    ) const;

private:
    Status Answered(const Status& status) const;

    const AdminParts parts_;
    const Clock& clock_;
    mutable obs::OutageLog outage_;
};

// A row of the table of methods. `admin` must outlive it.
template <class Request, class Response>
Method AdminRow(
    const char* short_name,
    std::string_view scope,
    Repetition repetition,
    const Admin& admin,
    Status (*use_case)(const AdminCall&, const Request&, Response&)
) {
    const bool changes = repetition != Repetition::kReads;
    auto method = MakeMethod<Request, Response>(
        std::string("unibox.v1.AdminService.") + short_name,
        scope,
        repetition,
        [&admin, short_name, changes, use_case](
            const Caller& caller, const Request& request, Response& response
        ) {
            return admin.Run(caller, short_name, changes, [&](const AdminCall& call) {
                return use_case(call, request, response);
            });
        }
    );
    method.waits_for = WaitsFor::kAdministration;
    return method;
}

}  // namespace unibox::gateway

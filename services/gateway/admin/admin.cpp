#include "gateway/admin/admin.hpp"

#include "auth/scopes.hpp"

#include <algorithm>

namespace unibox::gateway {
namespace {

constexpr std::size_t kSqlStateBytes = 5;

// "key crm": nobody can be called as an operator is, user@host.
std::string NameOf(const auth::Principal& principal) {
    const bool is_agent = principal.kind == auth::Principal::Kind::kAgent;
    return is_agent ? "agent " + principal.subject : "key " + principal.key_name;
}

// "00-<trace id>-…"
std::string TraceIdOf(const std::string& traceparent) {
    constexpr std::size_t kBegin = 3;
    constexpr std::size_t kLength = 32;
    return traceparent.size() < kBegin + kLength ? "" : traceparent.substr(kBegin, kLength);
}

// What a use case or store/admin says of the request, not the database of itself.
bool IsJudgement(const Status& status) {
    const std::string& reason = status.reason();
    const bool is_sqlstate =
        reason.size() == kSqlStateBytes && std::all_of(reason.begin(), reason.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        });
    if (is_sqlstate) return false;
    switch (status.code()) {
        case Code::kInvalidArgument:
        case Code::kNotFound:
        case Code::kAlreadyExists:
        case Code::kPermissionDenied:
        case Code::kFailedPrecondition:
        case Code::kAborted:
        case Code::kCancelled:
            return true;
        default:
            return false;
    }
}

Status ScopeExceeded(std::string_view field, std::string_view scope) {
    return Status(
               Code::kPermissionDenied,
               "nobody can give away what it may not itself: " + std::string(scope)
    )
        .WithReason("SCOPE_EXCEEDED")
        .WithField(field);
}

}  // namespace

store::Administration AdminCall::access() const {
    return {
        *parts_.pool,
        {NameOf(caller_.principal), std::string(verb_), TraceIdOf(caller_.call.traceparent)},
        caller_.call.deadline};
}

Status AdminCall::MayGive(std::span<const std::string> scopes, std::string_view field) const {
    for (const std::string& scope : scopes) {
        if (!auth::IsScope(scope)) {
            return InvalidArgument("unknown scope \"" + scope + "\"; known: " + auth::ScopeList())
                .WithReason("VALUE_INVALID")
                .WithField(field);
        }
        if (!May(scope)) return ScopeExceeded(field, scope);
    }
    return {};
}

Status AdminCall::MayGive(auth::Role role, std::string_view field) const {
    for (const std::string_view scope : auth::RowOf(role).scopes) {
        if (!May(scope)) return ScopeExceeded(field, scope);
    }
    return {};
}

Status AdminCall::MayAsOperator(std::string_view field) const {
    if (May(auth::kScopeOperatorWrite)) return {};
    return Status(Code::kPermissionDenied, "this is the operator's: scope operator:write")
        .WithReason("SCOPE_MISSING")
        .WithField(field);
}

Result<const crypto::SealedBox*> AdminCall::Box() const {
    if (parts_.box != nullptr) return parts_.box.get();
    return FailedPrecondition("gateway has no secrets.key_file to seal secrets with")
        .WithReason("SEALING_KEY_MISSING");
}

Status Admin::Run(
    const Caller& caller,
    std::string_view verb,
    bool changes,
    const std::function<Status(const AdminCall&)>& work
) const {
    if (parts_.pool == nullptr) {
        return FailedPrecondition("administration by API is off: console.url is not set")
            .WithReason("ADMINISTRATION_DISABLED");
    }
    const Status done = work(AdminCall(parts_, caller, verb, clock_));
    // What failed without a judgement may have been written all the same.
    if (changes && (done.ok() || !IsJudgement(done))) parts_.tell();
    return done.ok() ? done : Answered(done);
}

Status Admin::Answered(const Status& status) const {
    if (IsJudgement(status)) return status;
    outage_.Warn(status);
    switch (status.code()) {
        case Code::kUnavailable:
        case Code::kDeadlineExceeded:
        case Code::kAborted:
        case Code::kResourceExhausted:
            return Unavailable("the database does not answer now; repeat it")
                .WithReason("DATABASE_UNAVAILABLE");
        default:
            return Internal(status.ToString());
    }
}

}  // namespace unibox::gateway

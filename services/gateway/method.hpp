// One method of the API as a row of a table: what gRPC, HTTP, admission, metrics and the permission
// test know of it.
// Thread safety: values; a use case runs on many threads at once.
#pragma once

#include "auth/authenticator.hpp"
#include "base/status.hpp"
#include "domain/tenant_limits.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/method_service.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace unibox::gateway {

// What a use case may know of who calls, whatever the transport.
struct Caller {
    auth::Principal principal;
    const rpc::Call& call;  // What the use case does ends little later than its deadline.
};

// What the same call does when it comes again.
enum class Repetition {
    kReads,  // Changes nothing, the first time too: GET.
    kIdempotent,
    kOnceByRequestId,  // Changes nothing if it has a request_id, and the same as before.
    kActsAgain,
};

// Whom a use case waits for: each has threads of its own, so that one that is slow holds none of
// the others'.
enum class WaitsFor {
    kItsKind,         // What reads: PostgreSQL; what changes: message-writer.
    kAdministration,  // The database as ub_console.
    kSearch,          // The database, for longer than other reads.
};

struct Method {
    using Message = google::protobuf::Message;

    std::string name;  // "unibox.v1.InboxService.GetContact"
    std::string_view scope;
    Repetition repetition = Repetition::kActsAgain;
    WaitsFor waits_for = WaitsFor::kItsKind;
    std::function<Status(const Caller&, const Message&, Message&)> use_case;

    // Of its types.
    std::function<std::unique_ptr<Message>()> new_request;
    std::function<std::unique_ptr<Message>()> new_response;
    std::function<void(
        rpc::MethodService&, const google::protobuf::MethodDescriptor&, rpc::MethodService::Begin
    )>
        add_to;

    // "GetContact"
    std::string short_name() const { return name.substr(name.rfind('.') + 1); }
    // Which rate of the tenant it is counted under, by the names that methods have: of
    // AdminService; "Search…"; what reads; what changes.
    domain::LimitPolicy limit_class() const {
        if (name.find(".AdminService.") != std::string::npos) return domain::LimitPolicy::kAdmin;
        if (short_name().starts_with("Search")) return domain::LimitPolicy::kSearch;
        return repetition == Repetition::kReads ? domain::LimitPolicy::kRead
                                                : domain::LimitPolicy::kWrite;
    }
    // Null if no such method is compiled in.
    const google::protobuf::MethodDescriptor* descriptor() const {
        return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
    }
};

template <class Request, class Response, class UseCase>
Method MakeMethod(
    std::string name, std::string_view scope, Repetition repetition, UseCase use_case
) {
    using google::protobuf::Message;
    Method method;
    method.name = std::move(name);
    method.scope = scope;
    method.repetition = repetition;
    method.use_case = [use_case](const Caller& caller, const Message& in, Message& out) {
        return use_case(caller, static_cast<const Request&>(in), static_cast<Response&>(out));
    };
    method.new_request = [] { return std::make_unique<Request>(); };
    method.new_response = [] { return std::make_unique<Response>(); };
    method.add_to = [](rpc::MethodService& service,
                       const google::protobuf::MethodDescriptor& descriptor,
                       rpc::MethodService::Begin begin) {
        service.Add<Request, Response>(descriptor, std::move(begin));
    };
    return method;
}

// A row: `object`, which must outlive it, does what the method promises.
template <class Object, class Request, class Response>
Method Row(
    std::string name,
    std::string_view scope,
    Repetition repetition,
    const Object& object,
    Status (Object::*use_case)(const Caller&, const Request&, Response&) const
) {
    return MakeMethod<Request, Response>(
        std::move(name),
        scope,
        repetition,
        [&object, use_case](const Caller& caller, const Request& in, Response& out) {
            return (object.*use_case)(caller, in, out);
        }
    );
}
template <class Object, class Request, class Response>
Method Row(
    std::string name,
    std::string_view scope,
    Repetition repetition,
    Object& object,
    Status (Object::*use_case)(const Caller&, const Request&, Response&)
) {
    return MakeMethod<Request, Response>(
        std::move(name),
        scope,
        repetition,
        [&object, use_case](const Caller& caller, const Request& in, Response& out) {
            return (object.*use_case)(caller, in, out);
        }
    );
}

}  // namespace unibox::gateway

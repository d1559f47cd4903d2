#include "gateway/http_api.hpp"

#include "base/strings.hpp"
#include "http/problem.hpp"
#include "wire/json_transcoder.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace unibox::gateway {
namespace {

namespace pb = google::protobuf;

// A method of Inbox without its types.
struct Endpoint {
    std::function<std::unique_ptr<pb::Message>()> new_request;
    std::function<std::unique_ptr<pb::Message>()> new_response;
    std::function<Status(const auth::Principal&, SteadyTime, const pb::Message&, pb::Message&)> use_case;
};

template <class Request, class Response>
Endpoint MakeEndpoint(
    const Inbox& inbox,
    Status (Inbox::*use_case)(const auth::Principal&, SteadyTime, const Request&, Response&) const
) {
    return {
        [] { return std::make_unique<Request>(); },
        [] { return std::make_unique<Response>(); },
        [&inbox, use_case](
            const auth::Principal& caller, SteadyTime deadline, const pb::Message& in, pb::Message& out
        ) {
            return (inbox.*use_case)(
                caller, deadline, static_cast<const Request&>(in), static_cast<Response&>(out)
            );
        }};
}

std::map<std::string, Endpoint, std::less<>> Endpoints(const Inbox& inbox) {
    std::map<std::string, Endpoint, std::less<>> endpoints;
    endpoints.emplace("ListConversations", MakeEndpoint(inbox, &Inbox::ListConversations));
    endpoints.emplace("GetConversation", MakeEndpoint(inbox, &Inbox::GetConversation));
    endpoints.emplace("ListMessages", MakeEndpoint(inbox, &Inbox::ListMessages));
    endpoints.emplace("GetContact", MakeEndpoint(inbox, &Inbox::GetContact));
    return endpoints;
}

wire::PathValues ValuesOf(const wire::HttpBinding& binding, const http::PathParams& params) {
    wire::PathValues values;
    for (const std::string& name : binding.path_fields) {
        values.emplace_back(name, std::string(params.Get(name)));
    }
    return values;
}

// All fields of the name, as RFC 9110 joins them: two keys are no key.
std::string JoinedHeader(const http::Request& request, std::string_view name) {
    std::string joined;
    for (const http::HeaderView& header : request.headers) {
        if (!EqualsIgnoreCaseAscii(header.name, name)) continue;
        joined += joined.empty() ? "" : ", ";
        joined += header.value;
    }
    return joined;
}

rpc::Call CallOf(const std::shared_ptr<http::Request>& shared, const rpc::Calls& calls) {
    const http::Request& request = *shared;
    rpc::Call call;
    call.is_cancelled = [shared] { return shared->abandoned(); };
    call.authorization = JoinedHeader(request, "authorization");
    call.traceparent = request.traceparent;
    call.peer_address = request.remote_address;
    call.deadline = calls.DefaultDeadline();
    return call;
}

http::Response JsonResponse(std::string body) {
    http::Response response;
    response.content_type = "application/json";
    response.body = std::move(body);
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

// A request on its way through the pool.
struct Exchange {
    std::shared_ptr<http::Request> request;
    wire::PathValues path;
    http::Respond respond;
    std::string json;
};

class Handler {
public:
    Handler(wire::HttpBinding binding, Endpoint endpoint, Admission& admission)
        : binding_(std::move(binding)), endpoint_(std::move(endpoint)), admission_(admission) {}

    void Handle(
        std::shared_ptr<http::Request> request,
        const http::PathParams& params,
        http::Respond respond
    ) const {
        auto exchange = std::make_shared<Exchange>();
        exchange->request = std::move(request);
        exchange->path = ValuesOf(binding_, params);
        exchange->respond = std::move(respond);
        admission_.Run(
            std::string(binding_.method->name()),
            CallOf(exchange->request, admission_.calls()),
            [this, exchange](const rpc::Call& call, const auth::Principal& caller) {
                return Work(call, caller, *exchange);
            },
            [exchange](const Status& status) {
                exchange->respond(
                    status.ok() ? JsonResponse(std::move(exchange->json)) : ProblemOf(status)
                );
            }
        );
    }

private:
    Status Work(const rpc::Call& call, const auth::Principal& caller, Exchange& exchange) const {
        const auto in = endpoint_.new_request();
        const auto out = endpoint_.new_response();
        const http::Request& request = *exchange.request;
        UNIBOX_RETURN_IF_ERROR(
            wire::ToRequest(binding_, exchange.path, request.query, request.body, in.get())
        );
        UNIBOX_RETURN_IF_ERROR(endpoint_.use_case(caller, call.deadline, *in, *out));
        UNIBOX_ASSIGN_OR_RETURN(exchange.json, wire::ToJson(*out));
        return {};
    }

    const wire::HttpBinding binding_;
    const Endpoint endpoint_;
    Admission& admission_;
};

}  // namespace

Result<std::vector<http::Route>> HttpRoutes(const Inbox& inbox, Admission& admission) {
    const auto* service =
        v1::ListConversationsRequest::descriptor()->file()->FindServiceByName("InboxService");
    UNIBOX_ASSIGN_OR_RETURN(auto bindings, wire::HttpBindings(*service));
    const auto endpoints = Endpoints(inbox);
    std::vector<http::Route> routes;
    for (wire::HttpBinding& binding : bindings) {
        const auto endpoint = endpoints.find(binding.method->name());
        if (endpoint == endpoints.end()) return Internal("no use case: " + binding.method->name());
        http::Route route;
        route.method = binding.verb;
        route.pattern = binding.pattern;
        route.body_bytes_max = binding.body.empty() ? 0 : kHttpBodyBytesMax;
        const auto handler =
            std::make_shared<const Handler>(std::move(binding), endpoint->second, admission);
        route.handler = [handler](
                            std::shared_ptr<http::Request> request,
                            const http::PathParams& params,
                            http::Respond respond
                        ) { handler->Handle(std::move(request), params, std::move(respond)); };
        routes.push_back(std::move(route));
    }
    return routes;
}

http::Response ProblemOf(const Status& status) {
    http::Response response = http::ProblemOf(status, wire::JsonName(status.field()));
    if (status.code() == Code::kUnauthenticated) {
        response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"unibox\""});
    }
    return response;
}

}  // namespace unibox::gateway

#include "gateway/http_api.hpp"

#include "gateway/http_fields.hpp"
#include "http/gzip.hpp"
#include "http/problem.hpp"
#include "wire/json_transcoder.hpp"

#include <memory>
#include <string>
#include <utility>

namespace unibox::gateway {
namespace {

wire::PathValues ValuesOf(const wire::HttpBinding& binding, const http::PathParams& params) {
    wire::PathValues values;
    for (const std::string& name : binding.path_fields) {
        values.emplace_back(name, std::string(params.Get(name)));
    }
    return values;
}

rpc::Call CallOf(const std::shared_ptr<http::Request>& shared, const rpc::Calls& calls) {
    const http::Request& request = *shared;
    rpc::Call call;
    call.is_cancelled = [shared] { return shared->abandoned(); };
    call.authorization = JoinedHeader(request, "authorization");  // Two keys are no key.
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
    http::Response response;
    std::shared_ptr<rpc::AnswerFields> fields;
};

class Handler {
public:
    Handler(wire::HttpBinding binding, const Method& method, Admission& admission)
        : binding_(std::move(binding)), method_(method), admission_(admission) {}

    void Handle(
        std::shared_ptr<http::Request> request,
        const http::PathParams& params,
        http::Respond respond
    ) const {
        auto exchange = std::make_shared<Exchange>();
        exchange->request = std::move(request);
        exchange->path = ValuesOf(binding_, params);
        exchange->respond = std::move(respond);
        rpc::Call call = CallOf(exchange->request, admission_.calls());
        exchange->fields = call.answer_fields;
        admission_.Run(
            method_,
            std::move(call),
            [this, exchange](const Caller& caller) { return Work(caller, *exchange); },
            [exchange](const Status& status) { Finish(*exchange, status); }
        );
    }

private:
    static void Finish(Exchange& exchange, const Status& status) {
        auto response = status.ok() ? std::move(exchange.response) : ProblemOf(status);
        for (const auto& [name, value] : *exchange.fields)
            response.headers.push_back({name, value});
        exchange.respond(std::move(response));
    }

    Status Work(const Caller& caller, Exchange& exchange) const {
        const auto in = method_.new_request();
        const auto out = method_.new_response();
        const http::Request& request = *exchange.request;
        if (!binding_.body.empty()) UNIBOX_RETURN_IF_ERROR(CheckContentType(request));
        UNIBOX_RETURN_IF_ERROR(
            wire::ToRequest(binding_, exchange.path, request.query, request.body, in.get())
        );
        UNIBOX_RETURN_IF_ERROR(TakeHeaders(request, in.get()));
        UNIBOX_RETURN_IF_ERROR(method_.use_case(caller, *in, *out));
        UNIBOX_ASSIGN_OR_RETURN(std::string json, wire::ToJson(*out));
        exchange.response = JsonResponse(std::move(json));
        TellHeaders(*out, &exchange.response);
        if (method_.repetition == Repetition::kReads) AnswerIfNew(request, &exchange.response);
        http::PackBody(request, &exchange.response);
        return {};
    }

    const wire::HttpBinding binding_;
    const Method& method_;
    Admission& admission_;
};

}  // namespace

Result<std::vector<http::Route>> HttpRoutes(const MethodTable& methods, Admission& admission) {
    std::vector<http::Route> routes;
    for (const auto* service : methods.services()) {
        UNIBOX_ASSIGN_OR_RETURN(auto bindings, wire::HttpBindings(*service));
        for (wire::HttpBinding& binding : bindings) {
            const Method& method = methods.Of(*binding.method);
            if (binding.verb == "GET" && method.repetition != Repetition::kReads) {
                return Internal(method.name + " does more than read, which a GET may not");
            }
            http::Route route;
            route.method = binding.verb;
            route.pattern = binding.pattern;
            route.body_bytes_max = binding.body.empty() ? 0 : kHttpBodyBytesMax;
            const auto handler =
                std::make_shared<const Handler>(std::move(binding), method, admission);
            route.handler = [handler](
                                std::shared_ptr<http::Request> request,
                                const http::PathParams& params,
                                http::Respond respond
                            ) { handler->Handle(std::move(request), params, std::move(respond)); };
            routes.push_back(std::move(route));
        }
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

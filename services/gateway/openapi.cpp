#include "gateway/openapi.hpp"

#include "gateway/http_fields.hpp"
#include "gateway/proto_comments.hpp"
#include "http/gzip.hpp"
#include "wire/openapi.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace unibox::gateway {
namespace {

constexpr const char* kDescription =
    "The unified inbox: conversations with customers on every channel. Calls that change something "
    "take an Idempotency-Key; reads have an ETag. Errors are application/problem+json.";

// What http/problem.hpp writes.
constexpr const char* kProblemSchema = R"({
  "type": "object",
  "description": "Why a call was refused (RFC 9457).",
  "required": ["title", "status", "detail", "code", "reason"],
  "properties": {
    "title": {"type": "string", "description": "The HTTP status in words."},
    "status": {"type": "integer", "description": "The HTTP status."},
    "detail": {"type": "string", "description": "What was wrong, for people."},
    "code": {"type": "string", "description": "The google.rpc.Code."},
    "reason": {"type": "string", "description": "What was wrong, for programs: a stable word."},
    "field": {"type": "string", "description": "Which field or parameter was wrong."},
    "errors": {
      "type": "array",
      "items": {"type": "object", "additionalProperties": {"type": "string"}},
      "description": "The same, one for each field."
    },
    "metadata": {
      "type": "object",
      "additionalProperties": {"type": "string"},
      "description": "What is of use beside the reason."
    },
    "traceId": {"type": "string", "description": "By which the logs can be searched."}
  }
})";

std::vector<wire::HeaderField> HeaderFields() {
    return {
        {"Idempotency-Key",
         "request_id",
         "Makes a repetition harmless: for 24 hours the same key with the same request gets the "
         "first answer. A UUID is good."},
        {"If-Match",
         "if_version",
         "The version in quotes that the conversation must have, as ETag told it."},
        {"Consistency-Token",
         "consistency_token",
         "Of an earlier answer: what that call wrote is seen."}};
}

// Made once: whoever asks, and however often, costs a copy.
http::Response AnswerFor(const std::string& document, const char* accept_encoding) {
    http::Request request;
    request.headers.push_back({"accept-encoding", accept_encoding});
    http::Response response;
    response.content_type = "application/json";
    response.body = document;
    AnswerIfNew(request, &response);
    http::PackBody(request, &response);
    return response;
}

Result<std::string> OpenApiOf(const MethodTable& methods) {
    UNIBOX_ASSIGN_OR_RETURN(const auto comments, wire::ProtoComments::Parse(CommentedProtos()));
    return wire::OpenApi(
        methods.services(), comments, {"Unibox", "v1", kDescription, HeaderFields(), kProblemSchema}
    );
}

}  // namespace

Result<http::Route> OpenApiRoute(const MethodTable& methods) {
    UNIBOX_ASSIGN_OR_RETURN(const std::string document, OpenApiOf(methods));
    http::Route route;
    route.method = "GET";
    route.pattern = "/openapi.json";
    route.handler = [plain = AnswerFor(document, "identity"), packed = AnswerFor(document, "gzip")](
                        const std::shared_ptr<http::Request>& request,
                        const http::PathParams&,
                        const http::Respond& respond
                    ) {
        const bool packs = http::AcceptsGzip(JoinedHeader(*request, "accept-encoding"));
        http::Response response(packs ? packed : plain);
        AnswerIfNew(*request, &response);
        respond(std::move(response));
    };
    return route;
}

}  // namespace unibox::gateway

#include "http/problem.hpp"

#include "api_error/api_error.hpp"
#include "obs/json.hpp"

#include <string>

namespace unibox::http {
namespace {

void AppendMember(std::string* json, std::string_view name, std::string_view text) {
    if (json->back() != '{') *json += ',';
    obs::AppendJsonString(*json, name);
    *json += ':';
    obs::AppendJsonString(*json, text);
}

void AppendWrongField(
    std::string* json, std::string_view field, std::string_view parameter, std::string_view detail
) {
    AppendMember(json, "field", field);
    *json += ",\"errors\":[{";
    AppendMember(json, "field", field);
    if (!parameter.empty()) AppendMember(json, "parameter", parameter);
    AppendMember(json, "detail", detail);
    *json += "}]";
}

void AppendMetadata(std::string* json, const Status::Metadata& metadata) {
    if (metadata.empty()) return;
    *json += ",\"metadata\":{";
    for (const auto& [name, value] : metadata) AppendMember(json, name, value);
    *json += '}';
}

Response BeginProblem(
    int http_status, Code code, std::string_view reason, std::string_view detail
) {
    Response response;
    response.status = http_status;
    response.content_type = kProblemType;
    std::string* json = &response.body;
    *json = "{";
    AppendMember(json, "type", "about:blank");
    AppendMember(json, "title", ReasonPhrase(http_status));
    *json += ",\"status\":" + std::to_string(http_status);
    AppendMember(json, "detail", detail);
    AppendMember(json, "code", CodeName(code));
    AppendMember(json, "reason", reason);
    return response;
}

}  // namespace

Response ProblemOf(const Status& failure, std::string_view parameter) {
    const std::string detail = api_error::PublicMessage(failure);
    Response response = BeginProblem(
        api_error::HttpStatusOf(failure), failure.code(), api_error::PublicReason(failure), detail
    );
    AppendMetadata(&response.body, api_error::PublicMetadata(failure));
    if (!failure.field().empty()) {
        AppendWrongField(&response.body, failure.field(), parameter, detail);
    }
    response.body += '}';
    if (const auto delay = api_error::RetryDelay(failure)) {
        response.headers.push_back({"Retry-After", std::to_string((delay->count() + 999) / 1000)});
    }
    return response;
}

Response ProblemOf(int http_status, std::string_view reason, std::string_view detail) {
    Response response =
        BeginProblem(http_status, api_error::CodeOfHttpStatus(http_status), reason, detail);
    response.body += '}';
    return response;
}

void AppendTraceId(std::string_view trace_id, std::string* problem) {
    problem->pop_back();
    AppendMember(problem, "traceId", trace_id);
    *problem += '}';
}

}  // namespace unibox::http

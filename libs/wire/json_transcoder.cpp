#include "wire/json_transcoder.hpp"

#include "google/api/annotations.pb.h"
#include "wire/field_text.hpp"
#include "wire/json_reader.hpp"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <set>

namespace unibox::wire {
namespace {

namespace pb = google::protobuf;

Status BadAnnotation(const pb::MethodDescriptor& method, const std::string& why) {
    return FailedPrecondition(method.full_name() + ": google.api.http: " + why);
}

std::pair<std::string, std::string> VerbAndPattern(const google::api::HttpRule& rule) {
    switch (rule.pattern_case()) {
        case google::api::HttpRule::kGet:
            return {"GET", rule.get()};
        case google::api::HttpRule::kPut:
            return {"PUT", rule.put()};
        case google::api::HttpRule::kPost:
            return {"POST", rule.post()};
        case google::api::HttpRule::kDelete:
            return {"DELETE", rule.delete_()};
        case google::api::HttpRule::kPatch:
            return {"PATCH", rule.patch()};
        case google::api::HttpRule::kCustom:
            return {rule.custom().kind(), rule.custom().path()};
        case google::api::HttpRule::PATTERN_NOT_SET:
            break;
    }
    return {};
}

// Names of the variables; "{name=*}" is written as "{name}". False for wider variables.
bool TakeVariables(std::string* pattern, std::vector<std::string>* names) {
    for (auto open = pattern->find('{'); open != std::string::npos;
         open = pattern->find('{', open + 1)) {
        const auto close = pattern->find('}', open);
        if (close == std::string::npos) return false;
        std::string name = pattern->substr(open + 1, close - open - 1);
        if (name.ends_with("=*")) {
            name.resize(name.size() - 2);
            pattern->replace(open + 1, close - open - 1, name);
        }
        if (name.empty() || name.find('=') != std::string::npos) return false;
        names->push_back(std::move(name));
    }
    return pattern->find('*') == std::string::npos;
}

Result<HttpBinding> BindingOf(
    const pb::MethodDescriptor& method, const google::api::HttpRule& rule
) {
    HttpBinding binding;
    binding.method = &method;
    std::tie(binding.verb, binding.pattern) = VerbAndPattern(rule);
    binding.body = rule.body();
    if (!binding.pattern.starts_with('/')) return BadAnnotation(method, "no path");
    if (!TakeVariables(&binding.pattern, &binding.path_fields)) {
        return BadAnnotation(method, "a variable must be one whole segment: " + binding.pattern);
    }
    for (const std::string& name : binding.path_fields) {
        const auto field = FindField(*method.input_type(), name);
        if (!field || !field->IsPathValue()) {
            return BadAnnotation(method, "no text or whole number for the path: " + name);
        }
    }
    const bool named_body = !binding.body.empty() && binding.body != "*";
    const auto* body = named_body ? method.input_type()->FindFieldByName(binding.body) : nullptr;
    if (named_body && (body == nullptr || body->is_repeated() || body->message_type() == nullptr)) {
        return BadAnnotation(method, "body must be \"*\" or a message field: " + binding.body);
    }
    if (!rule.response_body().empty())
        return BadAnnotation(method, "response_body is not supported");
    return binding;
}

Status FillBody(const HttpBinding& binding, std::string_view body, pb::Message* request) {
    if (binding.body.empty()) {
        if (body.empty()) return {};
        return InvalidArgument("this method takes no body")
            .WithReason("UNEXPECTED_BODY")
            .WithField("body");
    }
    pb::Message* target = request;
    if (binding.body != "*") {
        const auto* field = request->GetDescriptor()->FindFieldByName(binding.body);
        target = request->GetReflection()->MutableMessage(request, field);
    }
    if (body.empty()) return {};
    Status read = ReadJson(body, target);
    if (binding.body == "*" || read.ok()) return read;
    const std::string inner = read.field() == "body" ? "" : "." + read.field();
    return std::move(read).WithField(binding.body + inner);
}

bool IsBound(const HttpBinding& binding, const std::string& field) {
    const auto& path = binding.path_fields;
    const bool in_path = std::find(path.begin(), path.end(), field) != path.end();
    const std::string root = field.substr(0, field.find('.'));
    return in_path || binding.body == "*" || (!binding.body.empty() && binding.body == root);
}

Status UnknownParameter(const std::string& name) {
    return InvalidArgument("unknown query parameter " + name)
        .WithReason("UNKNOWN_PARAMETER")
        .WithField(name);
}

// `seen`: the fields that the query has named so far. The message cannot tell: proto3 has no
// presence for a number or text that is zero or empty.
Status FillParameter(
    const HttpBinding& binding,
    std::string_view pair,
    std::set<std::string>* seen,
    pb::Message* request
) {
    const auto equals = pair.find('=');
    const auto name = DecodeQueryPart(pair.substr(0, equals));
    if (!name) {
        return InvalidArgument("a query parameter's name has a broken escape or is no UTF-8")
            .WithReason("QUERY_INVALID")
            .WithField("query");
    }
    const auto field = FindField(*request->GetDescriptor(), *name);
    if (!field || IsBound(binding, field->FullName())) return UnknownParameter(*name);
    const auto value =
        equals == std::string_view::npos ? std::string() : DecodeQueryPart(pair.substr(equals + 1));
    if (!value) {
        return InvalidArgument(field->FullName() + " has a broken escape or is no UTF-8")
            .WithReason("QUERY_INVALID")
            .WithField(field->FullName());
    }
    if (!seen->insert(field->FullName()).second && !field->IsList()) {
        return InvalidArgument(field->FullName() + " is given twice")
            .WithReason("DUPLICATE_PARAMETER")
            .WithField(field->FullName());
    }
    return field->Set(*value, request);
}

}  // namespace

Result<std::vector<HttpBinding>> HttpBindings(const pb::ServiceDescriptor& service) {
    std::vector<HttpBinding> bindings;
    for (int i = 0; i < service.method_count(); ++i) {
        const pb::MethodDescriptor& method = *service.method(i);
        if (!method.options().HasExtension(google::api::http)) continue;
        if (method.client_streaming() || method.server_streaming()) {
            return BadAnnotation(method, "streaming methods have no HTTP form");
        }
        const google::api::HttpRule& rule = method.options().GetExtension(google::api::http);
        UNIBOX_ASSIGN_OR_RETURN(auto binding, BindingOf(method, rule));
        bindings.push_back(std::move(binding));
        for (const auto& additional : rule.additional_bindings()) {
            UNIBOX_ASSIGN_OR_RETURN(auto other, BindingOf(method, additional));
            bindings.push_back(std::move(other));
        }
    }
    return bindings;
}

Status ToRequest(
    const HttpBinding& binding,
    const PathValues& path,
    std::string_view query,
    std::string_view body,
    pb::Message* request
) {
    UNIBOX_RETURN_IF_ERROR(FillBody(binding, body, request));
    std::set<std::string> seen;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        if (end > 0) {
            UNIBOX_RETURN_IF_ERROR(FillParameter(binding, query.substr(0, end), &seen, request));
        }
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    // Last, so that a body cannot name another resource than the path.
    for (const auto& [name, value] : path) {
        const auto field = FindField(*request->GetDescriptor(), name);
        if (!field) return Internal("the pattern names an unknown field " + name);
        field->Clear(request);
        UNIBOX_RETURN_IF_ERROR(field->Set(value, request));
    }
    return {};
}

Result<std::string> ToJson(const pb::Message& message) {
    pb::util::JsonPrintOptions options;
    options.always_print_primitive_fields = true;
    std::string json;
    const auto status = pb::util::MessageToJsonString(message, &json, options);
    if (!status.ok()) return Internal("JSON: " + std::string(status.message()));
    return json;
}

std::string JsonName(std::string_view field) {
    std::string name;
    bool upper = false;
    bool is_key = false;  // In brackets, of a map: not ours to spell.
    for (const char c : field) {
        if (c == '[' || c == ']') is_key = c == '[';
        if (c == '_' && !is_key) {
            upper = true;
            continue;
        }
        const bool lower_case = c >= 'a' && c <= 'z';
        name += upper && lower_case ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    return name;
}

}  // namespace unibox::wire

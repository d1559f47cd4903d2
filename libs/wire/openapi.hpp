// An OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0) of the routes that the
// google.api.http annotations of services make, with the comments of their protos. It describes
// what json_transcoder.hpp does. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "wire/proto_comments.hpp"

#include <google/protobuf/descriptor.h>

#include <span>
#include <string>
#include <vector>

namespace unibox::wire {

// A field of HTTP's own, which requests with a field of that name may have instead.
struct HeaderField {
    std::string header;
    std::string field;
    std::string description;
};

struct OpenApiInfo {
    std::string title;
    std::string version;
    std::string description;
    std::vector<HeaderField> headers;
    std::string problem_schema;  // JSON: what answers that are no success look like
};

// As JSON. Errors: those of HttpBindings; INVALID_ARGUMENT if problem_schema is no JSON.
Result<std::string> OpenApi(
    std::span<const google::protobuf::ServiceDescriptor* const> services,
    const ProtoComments& comments,
    const OpenApiInfo& info
);

}  // namespace unibox::wire

// HTTP+JSON for a gRPC service, from the google.api.http annotations of its descriptor: which
// routes there are, and how path, query and body become the request message. Pure: it knows no
// server.
//
// JSON is protobuf's: camelCase names, enumerations by name, 64-bit numbers as strings, times as
// RFC 3339. Zero values, empty texts and empty lists are written, so that a client always finds
// them; absent messages (times, for example) are left out. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unibox::wire {

// One route of one method.
struct HttpBinding {
    const google::protobuf::MethodDescriptor* method = nullptr;
    std::string verb;                      // "GET"
    std::string pattern;                   // "/v1/conversations/{conversation_id}"
    std::vector<std::string> path_fields;  // Names of the variables in the pattern.
    std::string body;  // "" none, "*" the whole message, else the name of a field.
};

// The routes of all methods with an annotation, additional_bindings included. FAILED_PRECONDITION
// for an annotation that cannot be served: an unknown field, a variable that is more than one path
// segment, a streaming method.
Result<std::vector<HttpBinding>> HttpBindings(const google::protobuf::ServiceDescriptor& service);

// Values of the variables of a pattern, decoded.
using PathValues = std::vector<std::pair<std::string, std::string>>;

// Fills `request` (of the method's input type) from what was sent. `query` is raw. A query
// parameter is the name of a field, in camelCase or as in the proto, nested ones with dots;
// repeated fields may occur many times. INVALID_ARGUMENT with field() for: an unknown parameter,
// one that path or body bind, one given twice, a value of the wrong type, bytes that are no UTF-8,
// a broken escape, a body that is not the message's JSON (json_reader.hpp); a path variable that is
// none of its field's type. The path wins over the body.
Status ToRequest(
    const HttpBinding& binding,
    const PathValues& path,
    std::string_view query,
    std::string_view body,
    google::protobuf::Message* request
);

Result<std::string> ToJson(const google::protobuf::Message& message);

// "conversation_id" → "conversationId"; what stands in brackets stays as it is.
std::string JsonName(std::string_view field);

}  // namespace unibox::wire

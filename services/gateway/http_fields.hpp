// What of a call stands in fields of HTTP instead of the message, for every method alike:
//
//   Idempotency-Key    `request_id`, plain or as the quoted string of the IETF draft
//   If-Match           `if_version`: the version in quotes, as ETag told it; * is any
//                      `etag`: the same of resources of AdminService
//   ETag               of answers with a conversation: its version, in quotes; of resources with
//                      an `etag`: that; of other reads a weak one, of what they say
//   If-None-Match      of reads: 304 without a body if the answer is one of those
//   Consistency-Token  `consistency_token`, of answers and of reads
//
// Methods whose messages lack the field know nothing of it. Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "http/message.hpp"

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace unibox::gateway {

// All fields of the name, as RFC 9110 joins them.
std::string JoinedHeader(const http::Request& request, std::string_view name);

// INVALID_ARGUMENT, reason CONTENT_TYPE_UNSUPPORTED (415), unless a body that is there is said to
// be JSON, in UTF-8.
Status CheckContentType(const http::Request& request);

// Into `message`, which holds what path, query and body said. INVALID_ARGUMENT with field
// request_id, if_version or consistency_token if the header is malformed, or says something else
// than the message.
Status TakeHeaders(const http::Request& request, google::protobuf::Message* message);

// For the answer `message`.
void TellHeaders(const google::protobuf::Message& message, http::Response* response);

// Of an answer that only reads, after TellHeaders: its ETag, if it has none yet, and 304 in its
// place if the client has it already. A version names what a conversation says, so an answer in
// another form (packed, of a newer gateway) has the same ETag.
void AnswerIfNew(const http::Request& request, http::Response* response);

}  // namespace unibox::gateway

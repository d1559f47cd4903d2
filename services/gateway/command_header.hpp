// Whose command it is, what it is about, and what makes its repetition harmless: what every request
// that changes something has in common.
// Thread safety: pure functions.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/method.hpp"
#include "unibox/v1/common.pb.h"
#include "unibox/writer/v1/command.pb.h"

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace unibox::gateway {

// Fields that each of these requests has, one of the first two.
struct CommonFields {
    const google::protobuf::Message& request;
    const std::string* conversation_id = nullptr;
    const std::string* contact_id = nullptr;
    const std::string& request_id;
    std::int64_t if_version = 0;
};
template <class Request>
CommonFields CommonFieldsOf(const Request& request) {
    const std::string* conversation = nullptr;
    const std::string* contact = nullptr;
    if constexpr (requires { request.contact_id(); }) {
        contact = &request.contact_id();
    } else {
        conversation = &request.conversation_id();
    }
    return {request, conversation, contact, request.request_id(), request.if_version()};
}

// Who calls, as what is written shall name it: an agent or an API key, with its name.
v1::Actor ActorOf(const auth::Principal& principal);

// Whose request ids these are: "key:<uuid>", "agent:<uuid>".
std::string RequestKeyScopeOf(const v1::Actor& actor);

// SHA-256 of the request's type and of all it says but its request_id, the same for the same fields
// in whatever transport and process. 32 bytes.
std::string DigestOf(const google::protobuf::Message& request);

// A header with a command id of its own and a request key: the client's, or (without request_id)
// one that nobody else can name, so that this one call can be repeated on another writer.
// INVALID_ARGUMENT with field conversation_id or contact_id if that is no UUID; the rest is
// CheckCommand's.
Result<writer::v1::CommandHeader> HeaderOf(
    const Caller& caller, const CommonFields& fields, const Clock& clock
);

}  // namespace unibox::gateway

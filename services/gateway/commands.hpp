// The use cases of unibox.v1.InboxService that change something, whatever the transport: each is
// one command to message-writer (unibox.writer.v1.WriterService), which alone writes.
//
// Every call has a request key, so it may be repeated: while UNAVAILABLE is the answer, on the next
// writer, within the caller's deadline and with the same command id (rpc/client.hpp).
// Errors as inbox_service.proto says. Thread safety: every function from any thread; each blocks
// for the writer's answer, little longer than its deadline.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "gateway/command_header.hpp"
#include "gateway/command_map.hpp"
#include "gateway/method.hpp"
#include "obs/outage_log.hpp"
#include "rpc/client.hpp"
#include "unibox/v1/inbox_service.pb.h"
#include "unibox/writer/v1/writer_service.pb.h"

#include <vector>

namespace unibox::gateway {

// What a client of Commands must know. `deadline_max`: of a call with all its attempts.
std::vector<rpc::ClientMethod> WriterMethods(Millis deadline_max);

class Commands {
public:
    // `writer` knows WriterMethods. Both must outlive the object.
    Commands(const rpc::Client& writer, const Clock& clock)
        : writer_(writer), clock_(clock), outage_("message-writer could not answer", clock) {}

    Status Append(
        const Caller& caller,
        const v1::AppendMessageRequest& request,
        v1::AppendMessageResponse& response
    ) const;

    // The request is any of those that command_map.hpp knows.
    template <class Request>
    Status ChangeMessage(
        const Caller& caller, const Request& request, v1::ChangeMessageResponse& response
    ) const {
        return Answer(Apply(caller, CommonFieldsOf(request), CommandOf(request)), response);
    }
    template <class Request>
    Status ChangeConversation(
        const Caller& caller, const Request& request, v1::ChangeConversationResponse& response
    ) const {
        return Answer(Apply(caller, CommonFieldsOf(request), CommandOf(request)), response);
    }
    template <class Request>
    Status ChangeContact(
        const Caller& caller, const Request& request, v1::ChangeContactResponse& response
    ) const {
        return Answer(Apply(caller, CommonFieldsOf(request), CommandOf(request)), response);
    }

private:
    // The whole command, fit to be sent.
    CommandResult Checked(const Caller& caller, const CommonFields& fields, CommandResult body)
        const;
    Result<writer::v1::ApplyResponse> Apply(
        const Caller& caller, const CommonFields& fields, CommandResult body
    ) const;
    Status Call(
        const char* method,
        const Caller& caller,
        const google::protobuf::Message& request,
        google::protobuf::Message& response
    ) const;
    static Status Answer(
        Result<writer::v1::ApplyResponse> applied, v1::ChangeMessageResponse& response
    );
    static Status Answer(
        Result<writer::v1::ApplyResponse> applied, v1::ChangeConversationResponse& response
    );
    static Status Answer(
        Result<writer::v1::ApplyResponse> applied, v1::ChangeContactResponse& response
    );

    const rpc::Client& writer_;
    const Clock& clock_;
    mutable obs::OutageLog outage_;
};

}  // namespace unibox::gateway

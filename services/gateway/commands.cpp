#include "gateway/commands.hpp"

#include "base/assert.hpp"
#include "decide/check_command.hpp"
#include "gateway/write_failure.hpp"

#include <utility>

namespace unibox::gateway {
namespace {

const google::protobuf::MethodDescriptor& WriterMethod(const char* name) {
    const auto* file = writer::v1::AppendRequest::descriptor()->file();
    const auto* method = file->FindServiceByName("WriterService")->FindMethodByName(name);
    UNIBOX_ASSERT(method != nullptr);
    return *method;
}

}  // namespace

std::vector<rpc::ClientMethod> WriterMethods(Millis deadline_max) {
    return {
        {&WriterMethod("Append"), deadline_max, /*is_idempotent=*/true},
        {&WriterMethod("Apply"), deadline_max, /*is_idempotent=*/true}};
}

Status Commands::Append(
    const Caller& caller,
    const v1::AppendMessageRequest& request,
    v1::AppendMessageResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(
        auto command, Checked(caller, CommonFieldsOf(request), CommandOf(request))
    );
    writer::v1::AppendRequest asked;
    asked.mutable_header()->Swap(command.mutable_header());
    asked.mutable_message()->Swap(command.mutable_append());
    writer::v1::AppendResponse written;
    UNIBOX_RETURN_IF_ERROR(Call("Append", caller, asked, written));
    response.mutable_message()->Swap(written.mutable_message());
    response.mutable_conversation()->Swap(written.mutable_conversation());
    response.set_consistency_token(written.consistency_token());
    return {};
}

CommandResult Commands::Checked(
    const Caller& caller, const CommonFields& fields, CommandResult body
) const {
    UNIBOX_ASSIGN_OR_RETURN(auto header, HeaderOf(caller, fields, clock_));
    UNIBOX_ASSIGN_OR_RETURN(auto command, std::move(body));
    *command.mutable_header() = std::move(header);
    UNIBOX_RETURN_IF_ERROR(WithPublicField(decide::CheckCommand(command)));
    return command;
}

Result<writer::v1::ApplyResponse> Commands::Apply(
    const Caller& caller, const CommonFields& fields, CommandResult body
) const {
    writer::v1::ApplyRequest asked;
    UNIBOX_ASSIGN_OR_RETURN(*asked.mutable_command(), Checked(caller, fields, std::move(body)));
    writer::v1::ApplyResponse applied;
    UNIBOX_RETURN_IF_ERROR(Call("Apply", caller, asked, applied));
    return applied;
}

Status Commands::Call(
    const char* method,
    const Caller& caller,
    const google::protobuf::Message& request,
    google::protobuf::Message& response
) const {
    Status status = writer_.Call(WriterMethod(method), caller.call, request, response);
    if (status.ok()) return status;
    Status failure = WriteFailed(status);
    switch (failure.code()) {
        case Code::kUnavailable:
        case Code::kDeadlineExceeded:
        case Code::kInternal:
            outage_.Warn(status);
            break;
        default:
            break;
    }
    return failure;
}

Status Commands::Answer(
    Result<writer::v1::ApplyResponse> applied, v1::ChangeMessageResponse& response
) {
    if (!applied.ok()) return applied.status();
    response.mutable_message()->Swap(applied->mutable_message());
    response.mutable_conversation()->Swap(applied->mutable_conversation());
    response.set_consistency_token(applied->consistency_token());
    return {};
}

Status Commands::Answer(
    Result<writer::v1::ApplyResponse> applied, v1::ChangeConversationResponse& response
) {
    if (!applied.ok()) return applied.status();
    response.mutable_conversation()->Swap(applied->mutable_conversation());
    if (applied->has_message()) response.mutable_note()->Swap(applied->mutable_message());
    response.set_consistency_token(applied->consistency_token());
    return {};
}

Status Commands::Answer(
    Result<writer::v1::ApplyResponse> applied, v1::ChangeContactResponse& response
) {
    if (!applied.ok()) return applied.status();
    response.mutable_contact()->Swap(applied->mutable_contact());
    response.set_consistency_token(applied->consistency_token());
    return {};
}

}  // namespace unibox::gateway

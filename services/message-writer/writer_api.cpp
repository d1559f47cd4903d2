#include "message-writer/writer_api.hpp"

#include "decide/check_command.hpp"

#include <utility>

namespace unibox::writer {
namespace {

template <class Response>
Status Fill(const CommandResult& result, Response* response) {
    if (!result.status.ok()) return result.status;
    if (!response->ParseFromString(result.response)) {
        return Status(Code::kInternal, "an answer cannot be read");
    }
    response->set_consistency_token(result.consistency_token);
    return {};
}

}  // namespace

template <class Response>
grpc::ServerUnaryReactor* WriterApi::Submit(
    grpc::CallbackServerContext* context,
    const char* method,
    v1::Command command,
    Response* response
) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    rpc::Call call = calls_.CallOf(*context);
    const rpc::Finish finish =
        calls_.Observed(method, call, rpc::FinishOf(*context, *reactor, call));
    if (const Status good = decide::CheckCommand(command); !good.ok()) {
        finish(good);
        return reactor;
    }
    // The response is gRPC's and lives until the end of the call.
    lanes_.Submit({
        .command = std::move(command),
        .deadline = call.deadline,
        .is_cancelled = call.is_cancelled,
        .done = [finish, response](const CommandResult& result) { finish(Fill(result, response)); },
    });
    return reactor;
}

grpc::ServerUnaryReactor* WriterApi::Append(
    grpc::CallbackServerContext* context,
    const v1::AppendRequest* request,
    v1::AppendResponse* response
) {
    v1::Command command;
    *command.mutable_header() = request->header();
    *command.mutable_append() = request->message();
    return Submit(context, "WriterService/Append", std::move(command), response);
}

grpc::ServerUnaryReactor* WriterApi::Apply(
    grpc::CallbackServerContext* context,
    const v1::ApplyRequest* request,
    v1::ApplyResponse* response
) {
    if (request->command().has_append()) {
        grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
        rpc::FinishOf(
            *context, *reactor, calls_.CallOf(*context)
        )(InvalidArgument("Append takes messages").WithField("command.append"));
        return reactor;
    }
    return Submit(context, "WriterService/Apply", request->command(), response);
}

}  // namespace unibox::writer

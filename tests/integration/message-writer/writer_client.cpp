#include "writer_client.hpp"

#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

const google::protobuf::MethodDescriptor& Method(const char* name) {
    const auto* file = writer::v1::AppendRequest::descriptor()->file();
    return *file->FindServiceByName("WriterService")->FindMethodByName(name);
}

}  // namespace

WriterClient::WriterClient(const std::string& target, Millis deadline_max) {
    rpc::ClientSettings settings;
    settings.target = target;
    std::vector<rpc::ClientMethod> methods;
    for (const char* name : {"Append", "Apply"}) {
        methods.push_back(
            {.descriptor = &Method(name), .deadline_max = deadline_max, .is_idempotent = true}
        );
    }
    auto created = rpc::Client::Create(settings, methods, metrics_);
    REQUIRE_OK(created);
    client_ = std::move(*created);
}

Result<writer::v1::AppendResponse> WriterClient::Append(const writer::v1::Command& command) const {
    writer::v1::AppendRequest request;
    *request.mutable_header() = command.header();
    *request.mutable_message() = command.append();
    writer::v1::AppendResponse response;
    UNIBOX_RETURN_IF_ERROR(Call("Append", request, response));
    return response;
}

Result<writer::v1::ApplyResponse> WriterClient::Apply(const writer::v1::Command& command) const {
    writer::v1::ApplyRequest request;
    *request.mutable_command() = command;
    writer::v1::ApplyResponse response;
    UNIBOX_RETURN_IF_ERROR(Call("Apply", request, response));
    return response;
}

Status WriterClient::Call(
    const char* method,
    const google::protobuf::Message& request,
    google::protobuf::Message& response
) const {
    rpc::Call caller;
    caller.deadline = SystemClock().Steady() + Millis(60'000);
    return client_->Call(Method(method), caller, request, response);
}

}  // namespace unibox::test

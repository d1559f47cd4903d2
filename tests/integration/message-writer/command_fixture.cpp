#include "command_fixture.hpp"

#include "crypto/hash.hpp"
#include "support/inbound_events.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

const google::protobuf::MethodDescriptor& Method(const char* name) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
        "unibox.writer.v1.WriterService"
    );
    return *service->FindMethodByName(name);
}

}  // namespace

CommandBuilder::CommandBuilder(const ConversationId& conversation) {
    header_.set_command_id(NewUuidV7(NowMs()).ToBytes());
    header_.set_tenant_id(1);
    header_.set_conversation_id(conversation.value.ToBytes());
    header_.set_receive_time_ms(NowMs());
    v1::Actor& actor = *header_.mutable_actor();
    actor.set_kind(v1::ACTOR_KIND_AGENT);
    actor.set_id("0190a0a0-0000-7000-8000-0000000000a1");
    actor.set_name("Ana");
}

CommandBuilder& CommandBuilder::WithTenant(std::int64_t tenant) {
    header_.set_tenant_id(tenant);
    return *this;
}

CommandBuilder& CommandBuilder::WithKey(const std::string& key) {
    header_.mutable_request_key()->set_scope("agent:ana");
    header_.mutable_request_key()->set_key(key);
    return *this;
}

CommandBuilder& CommandBuilder::IfVersion(std::int64_t version) {
    header_.set_if_version(version);
    return *this;
}

writer::v1::CommandHeader CommandBuilder::HeaderFor(const google::protobuf::Message& body) const {
    writer::v1::CommandHeader header = header_;
    if (header.has_request_key()) {
        header.mutable_request_key()->set_digest(crypto::Sha256(body.SerializeAsString()));
    }
    return header;
}

writer::v1::AppendRequest CommandBuilder::Message(v1::MessageKind kind, const std::string& text)
    const {
    writer::v1::AppendRequest request;
    request.mutable_message()->set_kind(kind);
    request.mutable_message()->set_text(text);
    *request.mutable_header() = HeaderFor(request.message());
    return request;
}

writer::v1::AppendRequest CommandBuilder::Reply(const std::string& text) const {
    return Message(v1::MESSAGE_KIND_TEXT, text);
}

writer::v1::AppendRequest CommandBuilder::Note(const std::string& text) const {
    return Message(v1::MESSAGE_KIND_NOTE, text);
}

writer::v1::ApplyRequest CommandBuilder::SetStatus(
    v1::ConversationStatus status, std::int64_t snooze_time_ms
) const {
    writer::v1::ApplyRequest request;
    auto& body = *request.mutable_command()->mutable_set_status();
    body.set_status(status);
    body.set_snooze_time_ms(snooze_time_ms);
    *request.mutable_command()->mutable_header() = HeaderFor(body);
    return request;
}

writer::v1::ApplyRequest CommandBuilder::AddLabel(const std::string& label) const {
    writer::v1::ApplyRequest request;
    auto& body = *request.mutable_command()->mutable_change_labels();
    body.add_add(label);
    *request.mutable_command()->mutable_header() = HeaderFor(body);
    return request;
}

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

Result<writer::v1::AppendResponse> WriterClient::Append(const writer::v1::AppendRequest& request
) const {
    writer::v1::AppendResponse response;
    const rpc::Call caller{.deadline = SystemClock().Steady() + Millis(60'000)};
    UNIBOX_RETURN_IF_ERROR(client_->Call(Method("Append"), caller, request, response));
    return response;
}

Result<writer::v1::ApplyResponse> WriterClient::Apply(const writer::v1::ApplyRequest& request
) const {
    writer::v1::ApplyResponse response;
    const rpc::Call caller{.deadline = SystemClock().Steady() + Millis(60'000)};
    UNIBOX_RETURN_IF_ERROR(client_->Call(Method("Apply"), caller, request, response));
    return response;
}

}  // namespace unibox::test

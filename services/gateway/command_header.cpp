#include "gateway/command_header.hpp"

#include "crypto/hash.hpp"
#include "gateway/fields.hpp"
#include "gateway/viewer.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>

namespace unibox::gateway {
namespace {

namespace pb = google::protobuf;

// Maps in the order of their keys: protobuf's own order differs from process to process.
std::string Deterministic(const pb::Message& message) {
    std::string bytes;
    {
        pb::io::StringOutputStream stream(&bytes);
        pb::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        message.SerializeToCodedStream(&coded);
    }
    return bytes;
}

writer::v1::RequestKey RequestKeyOf(
    const v1::Actor& actor, const CommonFields& fields, const Uuid& command_id
) {
    writer::v1::RequestKey key;
    key.set_scope(RequestKeyScopeOf(actor));
    key.set_key(fields.request_id.empty() ? "call:" + command_id.ToString() : fields.request_id);
    key.set_digest(DigestOf(fields.request));
    return key;
}

}  // namespace

v1::Actor ActorOf(const auth::Principal& principal) {
    v1::Actor actor;
    if (principal.kind == auth::Principal::Kind::kAgent) {
        actor.set_kind(v1::ACTOR_KIND_AGENT);
        actor.set_id(principal.agent.ToString());
        actor.set_name(principal.agent_name);
        return actor;
    }
    actor.set_kind(v1::ACTOR_KIND_API_KEY);
    actor.set_id(principal.key_id.ToString());
    actor.set_name(principal.key_name);
    return actor;
}

std::string RequestKeyScopeOf(const v1::Actor& actor) {
    return (actor.kind() == v1::ACTOR_KIND_AGENT ? "agent:" : "key:") + actor.id();
}

std::string DigestOf(const pb::Message& request) {
    const std::unique_ptr<pb::Message> said(request.New());
    said->CopyFrom(request);
    if (const auto* field = said->GetDescriptor()->FindFieldByName("request_id")) {
        said->GetReflection()->ClearField(said.get(), field);
    }
    return crypto::Sha256(request.GetDescriptor()->full_name() + '\0' + Deterministic(*said));
}

Result<writer::v1::CommandHeader> HeaderOf(
    const Caller& caller, const CommonFields& fields, const Clock& clock
) {
    writer::v1::CommandHeader header;
    if (fields.contact_id != nullptr) {
        UNIBOX_ASSIGN_OR_RETURN(
            const auto contact, ParseId<ContactId>("contact_id", *fields.contact_id)
        );
        header.set_contact_id(contact.value.ToBytes());
    } else {
        UNIBOX_ASSIGN_OR_RETURN(
            const auto conversation,
            ParseId<ConversationId>("conversation_id", *fields.conversation_id)
        );
        header.set_conversation_id(conversation.value.ToBytes());
    }
    const std::int64_t now_ms = clock.UnixMillis();
    const Uuid command_id = NewUuidV7(now_ms);
    header.set_command_id(command_id.ToBytes());
    header.set_tenant_id(caller.principal.tenant.value);
    *header.mutable_actor() = ActorOf(caller.principal);
    header.set_if_version(fields.if_version);
    header.set_receive_time_ms(now_ms);
    header.set_traceparent(caller.call.traceparent);
    const store::Viewer viewer = ViewerOf(caller.principal);
    if (viewer.member) header.set_member_id(viewer.member->value.ToBytes());
    *header.mutable_request_key() = RequestKeyOf(header.actor(), fields, command_id);
    return header;
}

}  // namespace unibox::gateway

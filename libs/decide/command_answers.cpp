#include "decide/command_answers.hpp"

#include "decide/command.hpp"
#include "decide/message_changes.hpp"
#include "domain/proto_map.hpp"
#include "unibox/writer/v1/writer_service.pb.h"

#include <utility>

namespace unibox::decide {
namespace {

using writer::v1::Command;
using writer::v1::KeptAnswer;

KeptAnswer Refusal(const Status& why, std::int64_t version) {
    KeptAnswer kept;
    kept.set_code(static_cast<std::int32_t>(why.code()));
    kept.set_reason(why.reason());
    kept.set_message(why.message());
    kept.set_field(why.field());
    kept.set_version(version);
    return kept;
}

void Keep(const Command& command, const KeptAnswer& answer, WorkingState* state) {
    if (const auto key = RequestKeyOf(command)) {
        state->Keep(*key, {command.header().request_key().digest(), answer});
    }
}

void AnswerWith(const Command& command, std::string response, WorkingState* state) {
    KeptAnswer kept;
    kept.set_response(response);
    Keep(command, kept, state);
    state->Answer({0, std::move(kept), std::move(response), false});
}

// As readers see it: with the delivery state that the conversation's marks give it.
void FillMessage(
    const domain::CounterRow& counters, const domain::MessageWrite& message, v1::Message* to
) {
    domain::MessageRow row = message.row;
    ApplyMarks(counters, message.position.created_at, &row);
    domain::FillMessage(message.position, std::move(row), to);
}

template <typename Response>
std::string ResponseOf(const CommandContext& context, const domain::MessageWrite* message) {
    Response response;
    FillConversation(context.state.ViewOf(context.conversation), response.mutable_conversation());
    const domain::CounterRow& counters = context.conversation.write.counters;
    if (message != nullptr) FillMessage(counters, *message, response.mutable_message());
    return response.SerializeAsString();
}

}  // namespace

bool AnswerRepetition(const Command& command, WorkingState* state) {
    const auto key = RequestKeyOf(command);
    const domain::KeptRequest* kept = key ? state->FindKept(*key) : nullptr;
    if (kept == nullptr) return false;
    if (kept->digest == command.header().request_key().digest()) {
        state->Answer({0, kept->answer, kept->answer.response(), true});
        return true;
    }
    const Status reused =
        InvalidArgument("request_id was used for another request: take a new one for this one")
            .WithReason("REQUEST_ID_REUSED")
            .WithField("request_id");
    state->Answer({0, Refusal(reused, 0), "", false});
    return true;
}

void AnswerRefused(
    const Command& command, const Status& why, std::int64_t version, WorkingState* state
) {
    KeptAnswer kept = Refusal(why, version);
    if (why.code() != Code::kResourceExhausted) Keep(command, kept, state);
    state->Answer({0, std::move(kept), "", false});
}

void AnswerOtherVersion(
    const Command& command, std::string_view what, std::int64_t version, WorkingState* state
) {
    const Status why =
        Status(
            Code::kAborted,
            "the " + std::string(what) + " has version " + std::to_string(version) + ", not " +
                std::to_string(command.header().if_version()) + ": read it again, and decide again"
        )
            .WithReason("VERSION_MISMATCH");
    AnswerRefused(command, why, version, state);
}

void AnswerInvalid(const Status& why, WorkingState* state) {
    state->Answer({0, Refusal(why, 0), "", false});
}

void AnswerDone(const CommandContext& context, const domain::MessageWrite* message) {
    std::string response = context.command.has_append()
                               ? ResponseOf<writer::v1::AppendResponse>(context, message)
                               : ResponseOf<writer::v1::ApplyResponse>(context, message);
    AnswerWith(context.command, std::move(response), &context.state);
}

void AnswerContact(
    const Command& command,
    const domain::ContactKey& key,
    const domain::ContactRow& contact,
    WorkingState* state
) {
    writer::v1::ApplyResponse response;
    domain::FillWholeContact(key.channel, key.contact_key, contact, response.mutable_contact());
    AnswerWith(command, response.SerializeAsString(), state);
}

}  // namespace unibox::decide

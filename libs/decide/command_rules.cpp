#include "decide/command_rules.hpp"

#include "decide/appending.hpp"
#include "decide/assigning.hpp"
#include "decide/check_command.hpp"
#include "decide/command.hpp"
#include "decide/command_answers.hpp"
#include "decide/contact_commands.hpp"
#include "decide/conversation_changes.hpp"
#include "decide/editing.hpp"
#include "decide/labels.hpp"
#include "decide/reading.hpp"
#include "decide/status.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace unibox::decide {
namespace {

using writer::v1::Command;

Result<CommandOutcome> Change(
    const CommandContext& context, ConversationRule rule, const std::string& reason = {}
) {
    CommandOutcome outcome;
    UNIBOX_ASSIGN_OR_RETURN(outcome.changes, ChangeConversation(context, rule, reason));
    return outcome;
}

Result<CommandOutcome> CarryOut(const CommandContext& context) {
    const Command& command = context.command;
    switch (command.body_case()) {
        case Command::kAppend:
            return Append(context);
        case Command::kSetStatus:
            return ChangeStatus(context);
        case Command::kSetPriority:
            return Change(context, SetPriority);
        case Command::kChangeLabels:
            return Change(context, ChangeLabels);
        case Command::kChangeAttributes:
            return Change(context, ChangeAttributes);
        case Command::kMarkRead:
            return Change(context, MarkRead);
        case Command::kEditMessage:
            return Edit(context);
        case Command::kDeleteMessage:
            return Delete(context);
        case Command::kAssign:
            return Change(context, Assign, command.assign().reason());
        case Command::kSetMuted:
            return Change(context, SetMuted);
        case Command::kWakeUp:
            return WakeUp(context);
        default:
            break;
    }
    return Status(Code::kUnimplemented, "a command of a later version");
}

void Audit(const CommandContext& context, v1::AuditChanges changes) {
    if (changes.changes().empty()) return;
    auto& fields = *changes.mutable_changes();
    std::stable_sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) {
        return a.field() < b.field();
    });
    const domain::ConversationKey& key = context.conversation.write.key;
    context.state.effects().audit.push_back(
        {key.tenant,
         context.state.now_ms(),
         context.cause.ids.key.value,
         key.conversation,
         context.command.header().actor(),
         ActionOf(context.command),
         std::move(changes)}
    );
}

// Whoever sees all, or the channel's members. The state has the agent with its channels: Plan.
bool IsVisible(
    const Command& command, const WorkingConversation& conversation, WorkingState& state
) {
    const std::string& id = command.header().member_id();
    if (id.empty()) return true;
    const auto member = Uuid::FromBytes(id);
    if (!member.ok()) return false;
    const domain::ConversationWrite& write = conversation.write;
    const domain::AgentRow* agent = state.FindAgent(write.key.tenant, AgentId{*member});
    return agent != nullptr && agent->channels.contains(write.row.channel);
}

void AnswerNoConversation(const Command& command, WorkingState* state) {
    if (command.has_wake_up()) {
        state->ForgetSnooze(ConversationKeyOf(command), command.wake_up().snooze_time_ms());
    }
    const Status why = NotFound("no such conversation")
                           .WithReason("CONVERSATION_NOT_FOUND")
                           .WithField("conversation_id");
    AnswerRefused(command, why, 0, state);
}

}  // namespace

bool IsValid(const Command& command) {
    return CheckCommand(command).ok();
}

void Reject(const Command& command, WorkingState* state) {
    AnswerInvalid(CheckCommand(command), state);
}

void AddToPlan(const Command& command, PlanDraft* draft) {
    domain::BatchPlan& plan = draft->plan;
    const domain::ConversationKey conversation = ConversationKeyOf(command);
    if (IsAboutContact(command)) {
        AddContactToPlan(command, &plan);
    } else {
        plan.conversations.insert(conversation);
    }
    if (auto key = RequestKeyOf(command)) plan.request_keys.insert(*std::move(key));
    if (const auto named = NamedMessageOf(command)) {
        if (draft->named_messages.insert(named->ref).second) plan.messages.push_back(named->ref);
    }
    const auto& assign = command.assign();
    for (const std::string* id : {&assign.assignee_id(), &command.header().member_id()}) {
        const auto agent = Uuid::FromBytes(*id);
        if (agent.ok()) plan.agents.insert({conversation.tenant, AgentId{*agent}});
    }
    if (const auto team = Uuid::FromBytes(assign.team_id()); team.ok()) {
        plan.teams.insert({conversation.tenant, TeamId{*team}});
    }
}

Cause CauseOf(domain::ShardId shard, const Command& command) {
    const auto& header = command.header();
    return {
        shard,
        InputIdsOf(command),
        header.receive_time_ms(),
        header.traceparent(),
        &header.actor()};
}

const domain::DetachedLeaf* AwaitedLeaf(
    const Cause& /*cause*/, const Command& command, const WorkingState& state
) {
    if (!state.AnyLeafIsDetached()) return nullptr;
    const auto key = RequestKeyOf(command);
    if (key && state.FindKept(*key) != nullptr) return nullptr;
    if (const auto* leaf = state.LeafOfConversation(ConversationKeyOf(command))) return leaf;
    if (const auto named = NamedMessageOf(command)) {
        if (const auto* leaf = state.LeafOfMessage(named->ref)) return leaf;
    }
    if (WritesMessage(command)) {
        if (const auto* leaf = state.LeafOfMessagesNow()) return leaf;
    }
    if (!command.has_set_status()) return nullptr;
    const bool closes = command.set_status().status() == v1::CONVERSATION_STATUS_CLOSED;
    return state.LeafOfClosedAt(closes ? state.now_ms() : domain::kInfinity);
}

bool StateWasRead(const Cause& /*cause*/, const Command& command, const WorkingState& state) {
    const auto named = NamedMessageOf(command);
    return !named || !named->is_changed || state.ContentsWereRead(named->ref);
}

void Apply(const Cause& cause, const Command& command, WorkingState* state) {
    if (AnswerRepetition(command, state)) return;
    if (IsAboutContact(command)) return ApplyToContact(cause, command, state);
    WorkingConversation* conversation = state->FindConversation(ConversationKeyOf(command));
    if (conversation == nullptr || !IsVisible(command, *conversation, *state)) {
        return AnswerNoConversation(command, state);
    }
    const std::int64_t version = conversation->write.counters.version;
    const std::int64_t if_version = command.header().if_version();
    if (if_version != 0 && if_version != version) {
        return AnswerOtherVersion(command, "conversation", version, state);
    }
    Cause own = cause;
    own.ids.channel = conversation->write.row.channel;
    const CommandContext context{own, command, *conversation, *state};
    Result<CommandOutcome> outcome = CarryOut(context);
    if (!outcome.ok()) return AnswerRefused(command, outcome.status(), 0, state);
    Audit(context, std::move(outcome->changes));
    AnswerDone(context, outcome->message);
}

}  // namespace unibox::decide

// From what the public API is asked to what message-writer is told: one function for each request.
// The header is not theirs (command_header.hpp), nor is what decide::CheckCommand looks at
// afterwards: sizes, texts, what is missing. What has another form here than there is checked here:
// INVALID_ARGUMENT with field(). What only the state of the conversation or the time can tell is
// the writer's to say.
// Thread safety: pure functions.
#pragma once

#include "base/status.hpp"
#include "unibox/v1/inbox_service.pb.h"
#include "unibox/writer/v1/command.pb.h"

namespace unibox::gateway {

// A command without header.
using CommandResult = Result<writer::v1::Command>;
CommandResult CommandOf(const v1::AppendMessageRequest& request);
CommandResult CommandOf(const v1::EditMessageRequest& request);
CommandResult CommandOf(const v1::DeleteMessageRequest& request);
CommandResult CommandOf(const v1::OpenConversationRequest& request);
CommandResult CommandOf(const v1::PendConversationRequest& request);
CommandResult CommandOf(const v1::SnoozeConversationRequest& request);
CommandResult CommandOf(const v1::CloseConversationRequest& request);
CommandResult CommandOf(const v1::AssignConversationRequest& request);
CommandResult CommandOf(const v1::SetPriorityRequest& request);
CommandResult CommandOf(const v1::ChangeLabelsRequest& request);
CommandResult CommandOf(const v1::ChangeAttributesRequest& request);
CommandResult CommandOf(const v1::MarkReadRequest& request);
CommandResult CommandOf(const v1::MarkUnreadRequest& request);
CommandResult CommandOf(const v1::MuteConversationRequest& request);
CommandResult CommandOf(const v1::UnmuteConversationRequest& request);
CommandResult CommandOf(const v1::UpdateContactRequest& request);
CommandResult CommandOf(const v1::MergeContactsRequest& request);
CommandResult CommandOf(const v1::BlockContactRequest& request);
CommandResult CommandOf(const v1::UnblockContactRequest& request);

}  // namespace unibox::gateway

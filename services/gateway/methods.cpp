#include "gateway/methods.hpp"

#include "auth/scopes.hpp"

namespace unibox::gateway {

std::vector<Method> MethodsOf(const UseCases& use_cases) {
    const Inbox& inbox = use_cases.inbox;
    constexpr auto kReads = Repetition::kReads;
    constexpr auto kInboxRead = auth::kScopeInboxRead;
    const std::string kInbox = "unibox.v1.InboxService.";
    return {
        Row(kInbox + "ListConversations", kInboxRead, kReads, inbox, &Inbox::ListConversations),
        Row(kInbox + "GetConversation", kInboxRead, kReads, inbox, &Inbox::GetConversation),
        Row(kInbox + "ListMessages", kInboxRead, kReads, inbox, &Inbox::ListMessages),
        Row(kInbox + "GetContact", kInboxRead, kReads, inbox, &Inbox::GetContact),
    };
}

}  // namespace unibox::gateway

#include "gateway/methods.hpp"

#include "auth/scopes.hpp"
#include "gateway/admin/methods.hpp"

namespace unibox::gateway {
namespace {

const std::string kInbox = "unibox.v1.InboxService.";
constexpr auto kWrite = auth::kScopeInboxWrite;
constexpr auto kOnce = Repetition::kOnceByRequestId;

std::vector<Method> ReadingMethods(const Inbox& inbox) {
    constexpr auto kReads = Repetition::kReads;
    constexpr auto kScope = auth::kScopeInboxRead;
    return {
        Row(kInbox + "ListConversations", kScope, kReads, inbox, &Inbox::ListConversations),
        Row(kInbox + "GetConversation", kScope, kReads, inbox, &Inbox::GetConversation),
        Row(kInbox + "ListMessages", kScope, kReads, inbox, &Inbox::ListMessages),
        Row(kInbox + "ListConversationAudit", kScope, kReads, inbox, &Inbox::ListAudit),
        Row(kInbox + "GetContact", kScope, kReads, inbox, &Inbox::GetContact),
        Row(kInbox + "ListBlockedContacts", kScope, kReads, inbox, &Inbox::ListBlockedContacts),
    };
}

// On threads and connections of their own.
std::vector<Method> SearchingMethods(const Search& search) {
    const std::string service = "unibox.v1.SearchService.";
    constexpr auto kReads = Repetition::kReads;
    constexpr auto kScope = auth::kScopeInboxRead;
    std::vector<Method> methods = {
        Row(service + "SearchMessages", kScope, kReads, search, &Search::SearchMessages),
        Row(service + "SearchContacts", kScope, kReads, search, &Search::SearchContacts),
    };
    for (Method& method : methods) method.waits_for = WaitsFor::kSearch;
    return methods;
}

std::vector<Method> CountingMethods(const Stats& stats) {
    const std::string service = "unibox.v1.StatsService.";
    constexpr auto kReads = Repetition::kReads;
    constexpr auto kScope = auth::kScopeInboxRead;
    return {
        Row(service + "CountConversations", kScope, kReads, stats, &Stats::CountConversations),
        Row(service + "GetDashboard", kScope, kReads, stats, &Stats::GetDashboard),
        Row(service + "ListAgentStats", kScope, kReads, stats, &Stats::ListAgentStats),
        Row(service + "ListVolumes", kScope, kReads, stats, &Stats::ListVolumes),
    };
}

// Changes as administration does them, by whoever works in the inbox.
std::vector<Method> ViewMethods(const Views& views) {
    const std::string service = "unibox.v1.ViewService.";
    constexpr auto kReads = Repetition::kReads;
    constexpr auto kRead = auth::kScopeInboxRead;
    std::vector<Method> methods = {
        Row(service + "CreateView", kWrite, Repetition::kActsAgain, views, &Views::CreateView),
        Row(service + "UpdateView", kWrite, Repetition::kIdempotent, views, &Views::UpdateView),
        Row(service + "DeleteView", kWrite, Repetition::kIdempotent, views, &Views::DeleteView),
    };
    for (Method& method : methods) method.waits_for = WaitsFor::kAdministration;
    methods.push_back(Row(service + "ListViews", kRead, kReads, views, &Views::ListViews));
    methods.push_back(Row(service + "CountViews", kRead, kReads, views, &Views::CountViews));
    return methods;
}

template <class Request>
Method ConversationRow(const char* name, const Commands& commands) {
    const auto use_case = &Commands::ChangeConversation<Request>;
    return Row(kInbox + name, kWrite, kOnce, commands, use_case);
}

template <class Request>
Method MessageRow(const char* name, const Commands& commands) {
    const auto use_case = &Commands::ChangeMessage<Request>;
    return Row(kInbox + name, kWrite, kOnce, commands, use_case);
}

template <class Request>
Method ContactRow(const char* name, const Commands& commands) {
    const auto use_case = &Commands::ChangeContact<Request>;
    return Row(kInbox + name, kWrite, kOnce, commands, use_case);
}

std::vector<Method> ChangingMethods(const Commands& commands) {
    return {
        Row(kInbox + "AppendMessage", kWrite, kOnce, commands, &Commands::Append),
        MessageRow<v1::EditMessageRequest>("EditMessage", commands),
        MessageRow<v1::DeleteMessageRequest>("DeleteMessage", commands),
        ConversationRow<v1::OpenConversationRequest>("OpenConversation", commands),
        ConversationRow<v1::PendConversationRequest>("PendConversation", commands),
        ConversationRow<v1::SnoozeConversationRequest>("SnoozeConversation", commands),
        ConversationRow<v1::CloseConversationRequest>("CloseConversation", commands),
        ConversationRow<v1::AssignConversationRequest>("AssignConversation", commands),
        ConversationRow<v1::SetPriorityRequest>("SetPriority", commands),
        ConversationRow<v1::ChangeLabelsRequest>("ChangeLabels", commands),
        ConversationRow<v1::ChangeAttributesRequest>("ChangeAttributes", commands),
        ConversationRow<v1::MarkReadRequest>("MarkRead", commands),
        ConversationRow<v1::MarkUnreadRequest>("MarkUnread", commands),
        ConversationRow<v1::MuteConversationRequest>("MuteConversation", commands),
        ConversationRow<v1::UnmuteConversationRequest>("UnmuteConversation", commands),
        ContactRow<v1::UpdateContactRequest>("UpdateContact", commands),
        ContactRow<v1::MergeContactsRequest>("MergeContacts", commands),
        ContactRow<v1::BlockContactRequest>("BlockContact", commands),
        ContactRow<v1::UnblockContactRequest>("UnblockContact", commands),
    };
}

}  // namespace

std::vector<Method> MethodsOf(const UseCases& use_cases) {
    std::vector<Method> methods = ReadingMethods(use_cases.inbox);
    for (Method& method : ChangingMethods(use_cases.commands)) {
        methods.push_back(std::move(method));
    }
    for (Method& method : AdminMethods(use_cases.admin)) methods.push_back(std::move(method));
    for (Method& method : SearchingMethods(use_cases.search)) {
        methods.push_back(std::move(method));
    }
    for (Method& method : CountingMethods(use_cases.stats)) methods.push_back(std::move(method));
    for (Method& method : ViewMethods(use_cases.views)) methods.push_back(std::move(method));
    return methods;
}

}  // namespace unibox::gateway

// Messages and contacts by their words. Role ub_gateway, under row-level security; what looks into
// the index are functions that take the tenant from the transaction (migration 0030).
//
// Each call is one transaction of one statement. Errors: those of libs/pg; DEADLINE_EXCEEDED if the
// statement's timeout or the deadline came first. Thread safety: any thread; each call takes one
// connection of the pool.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "search/lexemes.hpp"
#include "search/query.hpp"
#include "unibox/v1/contact.pb.h"
#include "unibox/v1/search_service.pb.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unibox::store {

// What is searched: only what this agent sees, as a member of channels; nothing = all.
struct SearchScope {
    TenantId tenant;
    std::optional<AgentId> member = {};
    std::optional<ChannelId> channel = {};
};

// A message's place among those that were found.
struct FoundPosition {
    std::int64_t created_us = 0;  // Since the Unix epoch; of the years 0 to 9999.
    ConversationId conversation;
    std::int64_t seq = 0;
};

struct MessageSearch {
    search::Query words;
    v1::ConversationStatus status = v1::CONVERSATION_STATUS_UNSPECIFIED;
    std::optional<AgentId> assignee;
    bool unassigned = false;
    std::string label;                     // "" = any
    std::optional<std::int64_t> from_ms;   // Unix milliseconds: then and later
    std::optional<std::int64_t> until_ms;  // before then
    std::int32_t count_max = 20;           // 1 to 1,000
    Millis time_max = Millis(300);         // About: then it answers with what was found.
    std::optional<FoundPosition> after;    // The end of the page before.
};

struct FoundPage {
    std::vector<v1::FoundMessage> messages;  // The latest first.
    std::optional<FoundPosition> next;       // Absent on the last page.
    bool partial = false;                    // The time ended before the page was full.
};

Result<FoundPage> SearchMessages(
    pg::Pool& pool, const SearchScope& scope, const MessageSearch& search, SteadyTime deadline
);

// A contact's place among those that were found.
struct ContactPosition {
    std::string folded;
    ContactId contact;
};

struct ContactSearch {
    search::ContactQuery words;
    std::int32_t count_max = 20;  // 1 to 1,000
    std::optional<ContactPosition> after;
};

struct ContactPage {
    std::vector<v1::Contact> contacts;
    std::optional<ContactPosition> next;  // Absent on the last page.
};

Result<ContactPage> SearchContacts(
    pg::Pool& pool, const SearchScope& scope, const ContactSearch& search, SteadyTime deadline
);

}  // namespace unibox::store

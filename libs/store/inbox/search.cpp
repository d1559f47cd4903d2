#include "store/inbox/search.hpp"

#include "base/assert.hpp"
#include "domain/proto_map.hpp"
#include "domain/timestamps.hpp"
#include "pg/transaction.hpp"
#include "search/snippet.hpp"
#include "store/inbox/detail/conversation_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace unibox::store {
namespace {

// A place that no message can have: behind the last microsecond of year 9999.
constexpr std::int64_t kEndOfTimeUs = 253'402'300'799'999'999;

#define UNIBOX_MICROS(number) \
    "(timestamptz '1970-01-01 00:00:00+00' + " number " * interval '1 microsecond')"

// The function finds where, by the words; what is shown is read under row-level security, as it is
// now. Each message is led to its one leaf, and its conversation to that of the counters. As many
// characters of a text as were made searchable.
constexpr pg::Statement kMessages{
    "search_messages",
    "SELECT f.found_conversation, f.found_seq, f.found_time, m.message_id, m.channel_id, "
    "m.direction, m.kind, left(m.body, 16384), c.status, "
    "coalesce(k.contact_id, c.contact_id), k.display_name "
    "FROM ub_search_messages($1::tsquery, $2, $3, $4, $5, $6, $7, $8, " UNIBOX_MICROS("$9"
    ) ", $10, $11, $12, $13) f "
      "LEFT JOIN LATERAL (SELECT * FROM messages WHERE tenant_id = $14 "
      "AND conversation_id = f.found_conversation AND seq = f.found_seq "
      "AND created_at = f.found_time AND deleted_at IS NULL LIMIT 1) m ON true "
      "LEFT JOIN conversation_counters n ON n.tenant_id = $14 "
      "AND n.conversation_id = f.found_conversation "
      "LEFT JOIN LATERAL (SELECT * FROM conversations WHERE tenant_id = $14 "
      "AND conversation_id = f.found_conversation AND closed_at = n.closed_at LIMIT 1) c ON "
      "true " UNIBOX_JOIN_CONTACT(
          "$14", "c.contact_id"
      ) "ORDER BY f.found_time DESC, f.found_conversation DESC NULLS LAST, f.found_seq DESC"};

struct FoundColumn {
    enum Number : int {
        kConversation,
        kSeq,
        kTime,
        kMessage,
        kChannel,
        kDirection,
        kKind,
        kBody,
        kStatus,
        kContact,
        kContactName
    };
};

constexpr pg::Statement kContacts{
    "search_contacts",
    "SELECT f.found_contact, f.found_folded, k.channel_id, k.contact_key, k.display_name, "
    "k.created_at, k.updated_at, k.contact_id, k.blocked_at, k.version "
    "FROM ub_search_contacts($1::tsquery, $2, $3, $4, $5, $6, $7) f " UNIBOX_JOIN_CONTACT(
        "$8", "f.found_contact"
    ) "ORDER BY f.found_folded COLLATE \"C\", f.found_contact"};

struct ContactColumn {
    enum Number : int {
        kFound,
        kFolded,
        kChannel,
        kKey,
        kName,
        kCreated,
        kUpdated,
        kContact,
        kBlocked,
        kVersion
    };
};

Result<pg::Rows> Read(
    pg::Pool& pool,
    TenantId tenant,
    SteadyTime deadline,
    const pg::Statement& statement,
    const pg::Params& params
) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto tx, pg::TenantTx::Begin(pool, tenant, pg::Access::kReadOnly, deadline)
    );
    return tx.ExecuteAndCommit(statement, params);
}

FoundPosition BeginOf(const MessageSearch& search) {
    if (search.after) return *search.after;
    // Nothing of that very moment is before it.
    return {search.until_ms ? *search.until_ms * 1'000 : kEndOfTimeUs, {}, 0};
}

pg::Params ParamsOf(const SearchScope& scope, const MessageSearch& search) {
    const FoundPosition below = BeginOf(search);
    std::optional<pg::TimestampMs> from;
    if (search.from_ms) from = pg::TimestampMs{*search.from_ms};
    pg::Params params = pg::Params::Of(
        search::TsQueryOf(scope.tenant, search.words),
        scope.member,
        scope.channel,
        static_cast<std::int16_t>(search.status),
        search.assignee,
        search.unassigned,
        search.label,
        from,
        static_cast<double>(below.created_us),
        below.conversation,
        below.seq
    );
    params.Add(std::int64_t{search.count_max} + 1).Add(std::int64_t{search.time_max.count()});
    params.Add(scope.tenant);
    return params;
}

FoundPosition PositionOf(const pg::Row& row) {
    return {
        row.UnixMicros(FoundColumn::kTime),
        row.GetId<ConversationId>(FoundColumn::kConversation),
        row.Int64(FoundColumn::kSeq)};
}

v1::FoundMessage ToFound(const pg::Row& row, const search::Query& words) {
    v1::FoundMessage found;
    found.set_message_id(row.GetUuid(FoundColumn::kMessage).ToString());
    found.set_conversation_id(row.GetUuid(FoundColumn::kConversation).ToString());
    found.set_seq(row.Int64(FoundColumn::kSeq));
    found.set_channel_id(row.GetUuid(FoundColumn::kChannel).ToString());
    found.set_direction(static_cast<v1::Direction>(row.Int16(FoundColumn::kDirection)));
    found.set_kind(static_cast<v1::MessageKind>(row.Int16(FoundColumn::kKind)));
    *found.mutable_create_time() = domain::ToTimestamp(row.Timestamp(FoundColumn::kTime).unix_ms);
    if (!row.IsNull(FoundColumn::kStatus)) {
        found.set_conversation_status(
            static_cast<v1::ConversationStatus>(row.Int16(FoundColumn::kStatus))
        );
        found.set_contact_id(row.GetUuid(FoundColumn::kContact).ToString());
    }
    if (const auto name = row.OptionalText(FoundColumn::kContactName)) {
        found.set_contact_name(*name);
    }
    search::Snippet snippet = search::SnippetOf(row.Text(FoundColumn::kBody), words);
    found.set_snippet(std::move(snippet.text));
    found.set_cut_before(snippet.cut_before);
    found.set_cut_after(snippet.cut_after);
    for (const search::Match& match : snippet.matches) {
        v1::TextRange& range = *found.add_matches();
        range.set_begin(match.begin);
        range.set_end(match.end);
    }
    return found;
}

}  // namespace

Result<FoundPage> SearchMessages(
    pg::Pool& pool, const SearchScope& scope, const MessageSearch& search, SteadyTime deadline
) {
    UNIBOX_ASSERT(search.count_max >= 1 && search.count_max <= 1000);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, Read(pool, scope.tenant, deadline, kMessages, ParamsOf(scope, search))
    );
    FoundPage page;
    for (int i = 0; i < rows.size(); ++i) {
        const pg::Row row = rows[i];
        if (row.IsNull(FoundColumn::kConversation)) {
            page.partial = true;
            page.next = {row.UnixMicros(FoundColumn::kTime), {}, 0};
            break;
        }
        if (i == search.count_max) {
            page.next = PositionOf(rows[i - 1]);
            break;
        }
        // Taken back since it was indexed, or with a month that was dropped.
        if (row.IsNull(FoundColumn::kMessage)) continue;
        page.messages.push_back(ToFound(row, search.words));
    }
    return page;
}

Result<ContactPage> SearchContacts(
    pg::Pool& pool, const SearchScope& scope, const ContactSearch& search, SteadyTime deadline
) {
    UNIBOX_ASSERT(search.count_max >= 1 && search.count_max <= 1000);
    const ContactPosition after = search.after.value_or(ContactPosition{});
    pg::Params params = pg::Params::Of(search.words.grams);
    params.AddArray(search.words.parts);
    params.Add(scope.member).Add(scope.channel).Add(after.folded).Add(after.contact);
    params.Add(std::int64_t{search.count_max} + 1).Add(scope.tenant);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, Read(pool, scope.tenant, deadline, kContacts, params));
    ContactPage page;
    std::set<ContactId> shown;
    for (int i = 0; i < rows.size(); ++i) {
        const pg::Row row = rows[i];
        if (i == search.count_max) {
            page.next = {
                std::string(rows[i - 1].Text(ContactColumn::kFolded)),
                rows[i - 1].GetId<ContactId>(ContactColumn::kFound)};
            break;
        }
        if (row.IsNull(ContactColumn::kChannel)) continue;
        domain::ContactRow read;
        read.id = row.GetId<ContactId>(ContactColumn::kContact);
        if (!shown.insert(read.id).second) continue;  // by another one of its ids
        read.display_name = row.Text(ContactColumn::kName);
        read.created_at = row.Timestamp(ContactColumn::kCreated).unix_ms;
        read.updated_at = row.Timestamp(ContactColumn::kUpdated).unix_ms;
        read.blocked_at = detail::OptionalTime(row, ContactColumn::kBlocked);
        read.version = row.Int64(ContactColumn::kVersion);
        domain::FillContact(
            row.GetId<ChannelId>(ContactColumn::kChannel),
            row.Text(ContactColumn::kKey),
            read,
            &page.contacts.emplace_back()
        );
    }
    return page;
}

}  // namespace unibox::store

#include "store/inbox/contacts.hpp"

#include "base/assert.hpp"
#include "domain/conversation_columns.hpp"
#include "domain/proto_map.hpp"
#include "store/inbox/detail/conversation_rows.hpp"
#include "store/inbox/detail/reader.hpp"
#include "store/inbox/detail/visible_sql.hpp"

#include <utility>

namespace unibox::store {
namespace {

using detail::OptionalTime;
using detail::Reader;

// What lists show of a contact; the others stand behind.
#define UNIBOX_CONTACT_COLUMNS(contact)                                               \
    contact ".contact_id, " contact ".channel_id, " contact ".contact_key, " contact  \
            ".display_name, " contact ".created_at, " contact ".updated_at, " contact \
            ".blocked_at, " contact ".version"
struct ContactColumn {
    enum Number : int {
        kId,
        kChannel,
        kKey,
        kName,
        kCreated,
        kUpdated,
        kBlocked,
        kVersion,
        // Of kGet.
        kPhone,
        kEmail,
        kAttributes,
        kIdentity,
        kIdentityChannel,
        kIdentityKey,
        kIdentityName
    };
};

// A row for each id that it is known under, its own first. What $2 leads to is found apart: row
// security lets no index be searched by a coalesce().
constexpr pg::Statement kGet = {
    "inbox_contact",
    "WITH w AS MATERIALIZED (SELECT coalesce(c.merged_into, c.contact_id) AS id FROM contacts c "
    "WHERE c.tenant_id = $1 AND c.contact_id = $2) "
    "SELECT " UNIBOX_CONTACT_COLUMNS("s"
    ) ", s.phone, s.email, s.attributes, "
      "i.contact_id, i.channel_id, i.contact_key, i.display_name "
      "FROM w CROSS JOIN LATERAL (SELECT * FROM contacts s WHERE s.tenant_id = $1 "
      "AND s.contact_id = w.id LIMIT 1) s "
      "CROSS JOIN LATERAL (SELECT * FROM contacts o WHERE o.tenant_id = $1 "
      "AND o.contact_id = w.id UNION ALL SELECT * FROM contacts o WHERE o.tenant_id = $1 "
      "AND o.merged_into = w.id) i WHERE " UNIBOX_SEES_CONTACT(
          "$3", "w.id"
      ) " ORDER BY i.contact_id <> w.id, i.created_at, i.contact_id"};

// $2 and $4 the place, $5 limit. Those that were merged are not blocked by themselves.
constexpr pg::Statement kListBlocked = {
    "inbox_blocked_contacts",
    "SELECT " UNIBOX_CONTACT_COLUMNS("k"
    ) " FROM contacts k WHERE k.tenant_id = $1 AND k.blocked_at IS NOT NULL "
      "AND (k.blocked_at, k.contact_id) < ($2, $4) AND " UNIBOX_SEES_CONTACT(
          "$3", "k.contact_id"
      ) " ORDER BY k.blocked_at DESC, k.contact_id DESC LIMIT $5"};

domain::ContactRow ReadContact(const pg::Row& row) {
    domain::ContactRow read;
    read.id = row.GetId<ContactId>(ContactColumn::kId);
    read.display_name = row.Text(ContactColumn::kName);
    read.created_at = row.Timestamp(ContactColumn::kCreated).unix_ms;
    read.updated_at = row.Timestamp(ContactColumn::kUpdated).unix_ms;
    read.blocked_at = OptionalTime(row, ContactColumn::kBlocked);
    read.version = row.Int64(ContactColumn::kVersion);
    return read;
}

void AddIdentity(const pg::Row& row, v1::Contact* to) {
    v1::ContactIdentity& identity = *to->add_identities();
    identity.set_contact_id(row.GetUuid(ContactColumn::kIdentity).ToString());
    identity.set_channel_id(row.GetUuid(ContactColumn::kIdentityChannel).ToString());
    identity.set_contact_key(std::string(row.Text(ContactColumn::kIdentityKey)));
    identity.set_display_name(std::string(row.Text(ContactColumn::kIdentityName)));
}

}  // namespace

Result<v1::Contact> GetContact(
    pg::Pool& pool, TenantId tenant, const Viewer& viewer, ContactId contact, SteadyTime deadline
) {
    const Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(
        const auto rows, reader.Read(kGet, pg::Params::Of(tenant, contact, viewer.member))
    );
    if (rows.empty()) return NotFound("no such contact").WithReason("CONTACT_NOT_FOUND");
    const pg::Row first = rows[0];
    domain::ContactRow read = ReadContact(first);
    read.phone = first.Text(ContactColumn::kPhone);
    read.email = first.Text(ContactColumn::kEmail);
    UNIBOX_RETURN_IF_ERROR(
        domain::DecodeAttributes(first.GetBytes(ContactColumn::kAttributes), read.attributes)
    );
    v1::Contact out;
    domain::FillWholeContact(
        first.GetId<ChannelId>(ContactColumn::kChannel), first.Text(ContactColumn::kKey), read, &out
    );
    for (const pg::Row row : rows) AddIdentity(row, &out);
    return out;
}

Result<BlockedPage> ListBlockedContacts(
    pg::Pool& pool,
    TenantId tenant,
    const Viewer& viewer,
    const BlockedQuery& query,
    SteadyTime deadline
) {
    UNIBOX_ASSERT(query.count_max >= 1 && query.count_max <= 1000);
    const BlockedPosition after =
        query.after.value_or(BlockedPosition{pg::kInfinity.unix_ms, ContactId{}});
    const auto params = pg::Params::Of(
        tenant,
        pg::TimestampMs{after.blocked_ms},
        viewer.member,
        after.contact,
        std::int64_t{query.count_max} + 1
    );
    const Reader reader(pool, tenant, deadline);
    UNIBOX_ASSIGN_OR_RETURN(const auto rows, reader.Read(kListBlocked, params));
    BlockedPage page;
    for (const pg::Row row : rows) {
        if (std::cmp_equal(page.contacts.size(), query.count_max)) {
            const pg::Row last = rows[query.count_max - 1];
            page.next = {
                last.Timestamp(ContactColumn::kBlocked).unix_ms,
                last.GetId<ContactId>(ContactColumn::kId)};
            break;
        }
        domain::FillContact(
            row.GetId<ChannelId>(ContactColumn::kChannel),
            row.Text(ContactColumn::kKey),
            ReadContact(row),
            &page.contacts.emplace_back()
        );
    }
    return page;
}

}  // namespace unibox::store

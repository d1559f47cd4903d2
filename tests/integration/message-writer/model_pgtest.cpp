// The store and the model of the unit tests must agree: random streams go through the committer
// into PostgreSQL and through MemoryInbox, batch by batch, and leave the same inbox.
#include "committer_fixture.hpp"
#include "domain/inbound_event.hpp"
#include "support/random_world.hpp"

#include <sstream>

namespace unibox::test {
namespace {

constexpr std::uint64_t kFirstSeed = 500;
constexpr int kCaseCount = 8;

std::string Text(const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : "-";
}

// The lines that kDatabaseSql makes of the database, in the same order.
std::string Describe(const MemoryInbox& inbox) {
    std::set<std::string> lines;
    for (const auto& [key, row] : inbox.conversations) {
        const auto& counters = inbox.counters.at(key);
        std::ostringstream line;
        line << "conversation " << key.tenant.value << ' ' << key.conversation.ToString() << ' '
             << row.thread_key << ' ' << row.contact.ToString() << ' ' << row.status << " <"
             << row.preview << "> " << row.preview_direction << ' ' << row.last_activity_at << ' '
             << Text(row.last_customer_at) << ' ' << Text(row.last_agent_at) << ' '
             << counters.last_seq << ' ' << counters.version << ' ' << counters.unread_count << ' '
             << (counters.closed_at == domain::kInfinity ? "open" : "closed");
        lines.insert(line.str());
    }
    for (const auto& [key, row] : inbox.messages) {
        std::ostringstream line;
        line << "message " << key.first.value << ' ' << key.second.conversation.ToString() << ' '
             << key.second.seq << ' ' << key.second.created_at << ' ' << row.id.ToString() << ' '
             << row.direction << " <" << row.body << "> " << row.delivery_state << ' '
             << row.delivery_error << ' ' << Text(row.edited_at) << ' ' << row.edit_revision << ' '
             << Text(row.deleted_at) << ' ' << row.version << ' '
             << (row.contact ? row.contact->ToString() : "-");
        lines.insert(line.str());
    }
    for (const auto& [key, row] : inbox.contacts) {
        lines.insert(
            "contact " + std::to_string(key.tenant.value) + " " + key.contact_key + " " +
            row.id.ToString() + " <" + row.display_name + "> " + std::to_string(row.updated_at)
        );
    }
    for (const auto& [target, waiting] : inbox.parked) {
        for (const auto& [event_key, row] : waiting) {
            lines.insert("parked " + target.key.ToString() + " " + event_key.ToString());
        }
    }
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    text += "refs " + std::to_string(inbox.refs.size()) + "\n";
    return text;
}

constexpr char kDatabaseSql[] = R"sql(
SELECT coalesce(string_agg(line || E'\n', '' ORDER BY line COLLATE "C"), '')
       || 'refs ' || (SELECT count(*) FROM ext_ref) || E'\n'
FROM (
    SELECT 'conversation ' || concat_ws(' ', v.tenant_id, conversation_id, thread_key, contact_id,
               status, '<' || preview || '>', preview_direction,
               ms(last_activity_at), ms(last_customer_at),
               ms(last_agent_at), c.last_seq, c.version, c.unread_count,
               CASE WHEN c.closed_at = 'infinity' THEN 'open' ELSE 'closed' END) AS line
    FROM conversations v JOIN conversation_counters c USING (tenant_id, conversation_id)
    UNION ALL
    SELECT 'message ' || concat_ws(' ', tenant_id, conversation_id, seq, ms(created_at), message_id,
               direction, '<' || body || '>', delivery_state, delivery_error,
               ms(edited_at), edit_revision,
               ms(deleted_at), version, coalesce(contact_id::text, '-'))
    FROM messages
    UNION ALL
    SELECT 'contact ' || concat_ws(' ', tenant_id, contact_key, contact_id,
               '<' || display_name || '>', ms(updated_at))
    FROM contacts
    UNION ALL
    SELECT 'parked ' || concat_ws(' ', target_key, event_key) FROM parked_events
) x)sql";

constexpr char kMsSql[] =
    "CREATE FUNCTION ms(timestamptz) RETURNS text LANGUAGE sql AS "
    "$$ SELECT coalesce(round(extract(epoch FROM $1) * 1000)::bigint::text, '-') $$";

std::string CloseSql(const Step& step) {
    std::ostringstream sql;
    const std::string closed_at = "to_timestamp(" + std::to_string(step.at / 1000) + ")";
    const std::string live =
        " FROM threads t WHERE t.tenant_id = x.tenant_id AND t.conversation_id = x.conversation_id"
        " AND x.closed_at = 'infinity' AND t.tenant_id = " +
        std::to_string(step.close->tenant.value) + " AND t.channel_id = '" +
        step.close->channel.ToString() + "' AND t.thread_key = '" + step.close->thread_key + "'";
    sql << "UPDATE conversations x SET status = 4, version = version + 1, closed_at = " << closed_at
        << live << ";";
    sql << "UPDATE conversation_counters x SET version = version + 1, closed_at = " << closed_at
        << live << ";";
    return sql.str();
}

void RunBoth(
    const std::vector<Step>& steps, World* world, CommitterFixture* committer, MemoryInbox* inbox
) {
    std::vector<event::v1::InboundEvent> batch;
    const auto flush = [&] {
        if (batch.empty()) return;
        REQUIRE(committer->Write(batch));
        inbox->Commit(batch);
        batch.clear();
    };
    for (const Step& step : steps) {
        if (step.close) {
            flush();
            committer->Run(CloseSql(step));
            inbox->Close(*step.close, step.at);
            continue;
        }
        if (!domain::Validate(step.event).ok()) continue;  // dead letters have their own tests
        batch.push_back(step.event);
        if (world->OneIn(15)) flush();
    }
    flush();
}

}  // namespace

TEST_CASE("Store: does what the model of Decide's tests does", "[pg][writer]") {
    for (int i = 0; i < kCaseCount; ++i) {
        const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(i);
        INFO("seed " << seed);
        CommitterFixture committer;
        committer.Run(kMsSql);
        MemoryInbox inbox;
        World world(seed, NowMs() / kDay * kDay - 20 * kDay);
        RunBoth(world.Stream(120, true), &world, &committer, &inbox);
        CHECK(committer.Inconsistency() == "");
        const std::string stored = committer.Ask(kDatabaseSql);
        const std::string expected = Describe(inbox);
        REQUIRE(stored.size() > 2000);
        CHECK(stored == expected);
    }
}

}  // namespace unibox::test

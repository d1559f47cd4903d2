// Messages of tenants written as message-writer does, the indexer's session, and searches.
// Thread safety: one thread.
#pragma once

#include "store/inbox/search.hpp"
#include "store/writer/search_index.hpp"
#include "store_fixture.hpp"
#include "support/eventually.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

namespace unibox::test {

class SearchFixture : public StoreFixture {
public:
    static constexpr std::int64_t kTenant = 7;
    static constexpr const char* kChannel = "eeeeeeee-0000-7000-8000-000000000001";
    static constexpr const char* kOtherChannel = "eeeeeeee-0000-7000-8000-000000000002";

    explicit SearchFixture(PgServer& server = PgServer::Shared())
        : StoreFixture(server), session_(NewSession()) {}

    static std::string Conversation(int number) {
        return fmt::format("cccccccc-0000-7000-8000-{:012d}", number);
    }
    static std::string Contact(int number) {
        return fmt::format("aaaaaaaa-0000-7000-8000-{:012d}", number);
    }

    std::unique_ptr<pg::Session> NewSession() {
        return pg::Session::Create(database().settings("ub_writer"), registry_).value();
    }
    pg::Session& session() { return *session_; }

    // A live conversation with its contact, which is called so.
    void AddConversation(
        int number,
        const std::string& name,
        const std::string& channel = kChannel,
        std::int64_t tenant = kTenant
    ) {
        REQUIRE_OK(Owner(fmt::format(
            "WITH k AS (INSERT INTO contacts (tenant_id, contact_id, channel_id, contact_key, "
            "display_name, created_at, updated_at) VALUES ({0}, '{1}', '{2}', '35191{3}', '{4}', "
            "now(), now())), n AS (INSERT INTO conversation_counters (tenant_id, conversation_id) "
            "VALUES ({0}, '{5}')) INSERT INTO conversations (tenant_id, conversation_id, "
            "channel_id, thread_key, contact_id, provider, status, last_activity_at, created_at, "
            "version) VALUES ({0}, '{5}', '{2}', 't{3}', '{1}', 2, 1, now(), now(), 1)",
            tenant,
            Contact(number),
            channel,
            number,
            name,
            Conversation(number)
        )));
    }
    static std::string InsertMessage(
        int conversation,
        int seq,
        const std::string& body,
        const std::string& at = "date_trunc('second', now())",
        const std::string& channel = kChannel,
        std::int64_t tenant = kTenant
    ) {
        return fmt::format(
            "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
            "channel_id, direction, kind, body, received_at, version) VALUES ({}, '{}', {}, {}, "
            "gen_random_uuid(), '{}', 1, 1, '{}', now(), 1)",
            tenant,
            Conversation(conversation),
            seq,
            at,
            channel,
            body
        );
    }
    // As the writer.
    void Write(const std::string& sql) { REQUIRE_OK(Run("ub_writer", sql)); }

    // Until nothing is left to do. How much was looked at.
    std::int64_t Index(const store::SearchLimits& limits = {}) {
        std::int64_t count = 0;
        for (;;) {
            const auto step = store::IndexChanged(*session_, limits);
            REQUIRE_OK(step);
            REQUIRE(step->held);
            count += step->indexed;
            if (!step->more) return count;
        }
    }
    std::int64_t Walk(const store::SearchLimits& limits = {}) {
        std::int64_t count = 0;
        for (;;) {
            const auto step = store::IndexWalked(*session_, limits);
            REQUIRE_OK(step);
            REQUIRE(step->held);
            count += step->indexed;
            if (!step->more) return count;
        }
    }

    static store::MessageSearch For(const std::string& words) {
        store::MessageSearch search;
        search.words = search::ParseQuery(words).value();
        return search;
    }
    store::FoundPage Page(const store::MessageSearch& search, const store::SearchScope& scope) {
        auto page = store::SearchMessages(
            gateway(), scope, search, SystemClock().Steady() + Millis(20'000)
        );
        REQUIRE_OK(page);
        return std::move(page).value();
    }
    // The texts found (their snippets), the latest first.
    std::vector<std::string> Find(
        const store::MessageSearch& search, const store::SearchScope& scope = {TenantId{kTenant}}
    ) {
        std::vector<std::string> texts;
        for (const auto& found : Page(search, scope).messages) texts.push_back(found.snippet());
        return texts;
    }
    std::vector<std::string> Find(const std::string& words) { return Find(For(words)); }
    // Their names.
    std::vector<std::string> FindContacts(
        const std::string& words, const store::SearchScope& scope = {TenantId{kTenant}}
    ) {
        store::ContactSearch search;
        search.words = search::ContactQueryOf(scope.tenant, words).value();
        const auto page = store::SearchContacts(
            gateway(), scope, search, SystemClock().Steady() + Millis(20'000)
        );
        REQUIRE_OK(page);
        std::vector<std::string> names;
        for (const auto& contact : page->contacts) names.push_back(contact.display_name());
        return names;
    }

private:
    obs::Metrics registry_;
    std::unique_ptr<pg::Session> session_;
};

}  // namespace unibox::test

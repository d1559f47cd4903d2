// Searching through both transports. What is found is tests/integration/store's.
#include "gateway_fixture.hpp"
#include "pg/transaction.hpp"
#include "rpc/status_map.hpp"
#include "store/writer/search_index.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/search_service.grpc.pb.h"
#include "wire/json_transcoder.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <future>
#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::GatewayFixture;
using test::TestTenant;

namespace {

class SearchFixture : public GatewayFixture {
public:
    explicit SearchFixture(
        test::PgServer& server = test::PgServer::Shared(), gateway::Config config = DefaultConfig()
    )
        : GatewayFixture(server, std::move(config)) {
        stub_ = v1::SearchService::NewStub(
            grpc::CreateChannel(gateway().address("grpc"), grpc::InsecureChannelCredentials())
        );
        session_ = pg::Session::Create(settings("ub_writer"), registry_).value();
    }

    // `count` conversations with a message each, the first one the oldest.
    TestTenant Populate(const std::string& slug, int count) {
        const TestTenant tenant = AddTenant(slug);
        AddConversations(tenant, 1, count, false);
        Sql(fmt::format(
            "INSERT INTO messages (tenant_id, conversation_id, seq, created_at, message_id, "
            "channel_id, direction, kind, body, received_at, version) SELECT tenant_id, "
            "conversation_id, 1, date_trunc('second', now()) - interval '1 hour' + version * "
            "interval '1 second', gen_random_uuid(), channel_id, 1, 1, 'Hello from {}, number ' || "
            "version, now(), 1 FROM conversations WHERE tenant_id = {}",
            slug,
            tenant.id.value
        ));
        for (;;) {
            const auto step = store::IndexChanged(*session_, {});
            REQUIRE_OK(step);
            if (!step->more) break;
        }
        return tenant;
    }

    v1::SearchMessagesResponse Messages(const TestTenant& tenant, const std::string& query) {
        const auto response = Get("/v1/search/messages?" + query, tenant.key);
        INFO(response.body);
        REQUIRE(response.status == 200);
        v1::SearchMessagesResponse messages;
        REQUIRE(google::protobuf::util::JsonStringToMessage(response.body, &messages).ok());
        return messages;
    }
    v1::SearchService::Stub& search() { return *stub_; }

private:
    std::unique_ptr<v1::SearchService::Stub> stub_;
    obs::Metrics registry_;
    std::unique_ptr<pg::Session> session_;
};

}  // namespace

TEST_CASE("Search: messages and contacts over HTTP and gRPC", "[pg][gateway]") {
    SearchFixture fixture;
    const auto tenant = fixture.Populate("acme", 5);
    const auto other = fixture.Populate("other", 2);
    const auto found = fixture.Messages(tenant, "q=HELLO%20num");
    REQUIRE(found.messages_size() == 5);
    CHECK(found.messages(0).snippet() == "Hello from acme, number 5");
    CHECK(found.messages(0).matches_size() == 2);
    CHECK(found.messages(0).conversation_id() == GatewayFixture::ConversationUuid(tenant, 5));
    CHECK(found.next_page_token().empty());
    CHECK_FALSE(found.partial());
    CHECK(fixture.Messages(tenant, "q=other").messages_size() == 0);
    CHECK(fixture.Messages(other, "q=other").messages_size() == 2);
    CHECK(
        fixture.Messages(tenant, "q=hello&channelId=" + tenant.other_channel).messages_size() == 1
    );
    CHECK(fixture.Messages(tenant, "q=hello&status=2&unassigned=true").messages_size() == 2);
    CHECK(fixture.Messages(tenant, "q=hello&endTime=2020-01-01T00:00:00Z").messages_size() == 0);

    v1::SearchMessagesRequest request;
    request.set_q("\"from acme\" 3");
    v1::SearchMessagesResponse response;
    REQUIRE(fixture.search()
                .SearchMessages(GatewayFixture::Context(tenant.key).get(), request, &response)
                .ok());
    REQUIRE(response.messages_size() == 1);
    CHECK(response.messages(0).contact_name() == "Contact 3");

    const auto contacts = fixture.Get("/v1/search/contacts?q=ntact%204", tenant.key);
    CHECK(contacts.status == 200);
    CHECK(contacts.body.find(GatewayFixture::ContactUuid(tenant, 4)) != std::string::npos);
    CHECK(contacts.body.find(GatewayFixture::ContactUuid(tenant, 3)) == std::string::npos);
}

TEST_CASE("Search: pages, and tokens that fit their query alone", "[pg][gateway]") {
    SearchFixture fixture;
    const auto tenant = fixture.Populate("acme", 7);
    const auto other = fixture.Populate("other", 7);
    std::vector<std::string> walked;
    std::string token;
    std::string first_token;
    for (int page = 0; page < 10; ++page) {
        const auto found = fixture.Messages(
            tenant, "q=hello&pageSize=3" + (token.empty() ? "" : "&pageToken=" + token)
        );
        for (const auto& message : found.messages()) walked.push_back(message.conversation_id());
        token = found.next_page_token();
        if (page == 0) first_token = token;
        if (token.empty()) break;
    }
    REQUIRE(walked.size() == 7);
    CHECK(walked.front() == GatewayFixture::ConversationUuid(tenant, 7));
    CHECK(walked.back() == GatewayFixture::ConversationUuid(tenant, 1));

    const std::string with = "&pageToken=" + first_token;
    const auto status = [&](const std::string& query, const TestTenant& asking) {
        return fixture.Get("/v1/search/messages?" + query + with, asking.key).status;
    };
    CHECK(status("q=hello&pageSize=2", tenant) == 200);
    CHECK(status("q=number", tenant) == 400);
    CHECK(status("q=hello&status=1", tenant) == 400);
    CHECK(status("q=hello", other) == 400);
    CHECK(fixture.Get("/v1/search/contacts?q=hello" + with, tenant.key).status == 400);

    const auto contacts = fixture.Get("/v1/search/contacts?q=contact&pageSize=2", tenant.key);
    v1::SearchContactsResponse page;
    REQUIRE(google::protobuf::util::JsonStringToMessage(contacts.body, &page).ok());
    REQUIRE(page.contacts_size() == 2);
    const auto next = fixture.Get(
        "/v1/search/contacts?q=contact&pageSize=2&pageToken=" + page.next_page_token(), tenant.key
    );
    CHECK(next.status == 200);
    CHECK(next.body.find("Contact 3") != std::string::npos);
}

TEST_CASE("Search: what cannot be asked names its field", "[pg][gateway]") {
    SearchFixture fixture;
    const auto tenant = fixture.AddTenant("acme");
    const std::pair<std::string, std::string> wrong[] = {
        {"", "\"q\""},
        {"q=%20%26%7C!", "\"q\""},
        {"q=" + std::string(513, 'x'), "\"q\""},
        {"q=a&status=9", "\"status\""},
        {"q=a&channelId=1", "\"channelId\""},
        {"q=a&assigneeId=1", "\"assigneeId\""},
        {"q=a&unassigned=true&assigneeId=00000000-0000-7000-8000-000000000001", "\"unassigned\""},
        {"q=a&label=" + std::string(256, 'x'), "\"label\""},
        {"q=a&pageSize=-1", "\"pageSize\""},
        {"q=a&startTime=1960-01-01T00:00:00Z", "\"startTime\""},
        {"q=a&pageToken=x", "\"pageToken\""},
    };
    for (const auto& [query, field] : wrong) {
        INFO(query);
        const auto response = fixture.Get("/v1/search/messages?" + query, tenant.key);
        CHECK(response.status == 400);
        INFO(response.body);
        CHECK(response.body.find(field) != std::string::npos);
    }
    for (const char* query :
         {"", "q=%20", "q=a&pageSize=-1", "q=a&pageToken=x", "q=a&channelId=1"}) {
        INFO(query);
        const std::string target = std::string("/v1/search/contacts?") + query;
        CHECK(fixture.Get(target, tenant.key).status == 400);
    }
}

// As many searches as there are threads and connections for them wait for a lock; the inbox goes
// on, and so does search when they are through.
TEST_CASE("Search: it starves neither the inbox nor itself", "[pg][gateway]") {
    auto config = GatewayFixture::DefaultConfig();
    config.postgres.connection_count_max = 1;
    config.work.thread_count = 1;
    config.work.backlog_thread_count = 1;
    config.search.statement_timeout_ms = 1'500;
    SearchFixture fixture(test::PgServer::Shared(), config);
    const auto tenant = fixture.Populate("acme", 3);
    REQUIRE(fixture.Get("/v1/conversations", tenant.key).status == 200);

    obs::Metrics metrics;
    pg::Settings patient = fixture.settings("postgres");
    patient.idle_in_tx_timeout_ms = 120'000;
    const auto pool = pg::Pool::Create(patient, metrics).value();
    auto lock = pg::SystemTx::Begin(*pool, pg::Access::kReadWrite).value();
    REQUIRE_OK(lock.ExecuteScript("LOCK TABLE message_search IN ACCESS EXCLUSIVE MODE"));
    v1::SearchMessagesRequest request;
    request.set_q("hello");
    std::vector<std::future<Status>> searches;
    for (int i = 0; i < 4; ++i) {
        searches.push_back(std::async(std::launch::async, [&] {
            v1::SearchMessagesResponse response;
            const auto context = GatewayFixture::Context(tenant.key);
            return rpc::FromGrpc(fixture.search().SearchMessages(context.get(), request, &response)
            );
        }));
    }
    const auto observer = pg::Pool::Create(fixture.settings("postgres"), metrics).value();
    REQUIRE(test::Eventually(20s, [&] {
        auto tx = pg::SystemTx::Begin(*observer, pg::Access::kReadOnly).value();
        const auto rows = tx.ExecuteUnprepared(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND usename = 'ub_gateway' AND wait_event_type = 'Lock'"
        );
        return rows.value()[0].Int64(0) == 2;
    }));
    CHECK(fixture.Get("/v1/conversations", tenant.key).status == 200);
    for (auto& search : searches) {
        const Status status = search.get();
        CHECK_THAT(status, test::HasCode(Code::kDeadlineExceeded));
        CHECK(status.reason() == "SEARCH_TOO_BROAD");
    }
    REQUIRE_OK(lock.Commit());
    CHECK(fixture.Messages(tenant, "q=hello").messages_size() == 3);
}

#include "store/admin/objects.hpp"
#include "store/admin/session.hpp"
#include "store/directory/lookups.hpp"
#include "store_fixture.hpp"
#include "support/api_keys.hpp"

#include <thread>

namespace unibox::store {
namespace {

using test::FindApiKey;
using test::HasCode;
using test::StoreFixture;

std::string Hash(char fill) {
    return std::string(32, fill);
}

TEST_CASE(
    "Admin: tenants are made once, changed when they differ, listed in order", "[pg][store]"
) {
    StoreFixture fixture;
    const TenantSpec spec{"acme", "Acme", 10, 20, false};
    const auto made = PutTenant(fixture.admin(), spec).value();
    REQUIRE(made.change == Change::kCreated);
    REQUIRE(PutTenant(fixture.admin(), spec).value().change == Change::kUnchanged);
    TenantSpec renamed = spec;
    renamed.name = "Acme Inc.";
    const auto changed = PutTenant(fixture.admin(), renamed).value();
    REQUIRE(changed.change == Change::kUpdated);
    REQUIRE(changed.tenant == made.tenant);
    REQUIRE(FindTenant(fixture.admin(), "acme").value().spec.name == "Acme Inc.");
    REQUIRE(FindTenant(fixture.admin(), "acme").value().spec.ingest_burst == 20);
    REQUIRE_THAT(FindTenant(fixture.admin(), "none").status(), HasCode(Code::kNotFound));
    const TenantId second = fixture.Tenant("second");
    const auto all = ListTenants(fixture.admin(), TenantId{0}, 10).value();
    REQUIRE(all.size() == 2);
    REQUIRE(all[0].tenant == made.tenant);
    REQUIRE(ListTenants(fixture.admin(), made.tenant, 10).value()[0].tenant == second);
    REQUIRE(ListTenants(fixture.admin(), TenantId{0}, 1).value().size() == 1);
    REQUIRE_THAT(PutTenant(fixture.admin(), {}).status(), HasCode(Code::kInvalidArgument));
    renamed.ingest_rate_per_s = 0;
    REQUIRE(PutTenant(fixture.admin(), renamed).status().reason() == "23514");
}

TEST_CASE("Admin: eight at once make one tenant", "[pg][store]") {
    StoreFixture fixture;
    pg::Pool& pool = fixture.admin();
    std::vector<Result<TenantPut>> puts(8);
    std::vector<std::thread> threads;
    for (auto& put : puts) threads.emplace_back([&] { put = PutTenant(pool, {"one", "One"}); });
    for (std::thread& thread : threads) thread.join();
    int created = 0;
    for (const auto& put : puts) {
        REQUIRE_OK(put);
        REQUIRE(put->tenant == puts[0]->tenant);
        created += put->change == Change::kCreated ? 1 : 0;
    }
    REQUIRE(created == 1);
    REQUIRE(fixture.Number("SELECT count(*) FROM tenants") == 1);
}

TEST_CASE("Admin: a channel's route and token move with it", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    ChannelSpec spec = StoreFixture::Channel("support", "111");
    spec.token_hash = Hash('a');
    const auto made = PutChannel(fixture.admin(), tenant, spec).value();
    REQUIRE(made.change == Change::kCreated);
    REQUIRE(PutChannel(fixture.admin(), tenant, spec).value().change == Change::kUnchanged);
    spec.route_key = "222";
    spec.token_hash = Hash('b');
    const auto moved = PutChannel(fixture.admin(), tenant, spec).value();
    REQUIRE(moved.change == Change::kUpdated);
    REQUIRE(moved.channel == made.channel);
    REQUIRE(FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"111"})->empty());
    REQUIRE(FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"222"})->size() == 1);
    REQUIRE_FALSE(FindChannelByToken(fixture.ingest(), Hash('a')).ok());
    REQUIRE_OK(FindChannelByToken(fixture.ingest(), Hash('b')));
    spec.token_hash = std::nullopt;  // Keeps what is there.
    REQUIRE(PutChannel(fixture.admin(), tenant, spec).value().change == Change::kUnchanged);
    REQUIRE_OK(FindChannelByToken(fixture.ingest(), Hash('b')));
    spec.disabled = true;
    REQUIRE(PutChannel(fixture.admin(), tenant, spec).value().change == Change::kUpdated);
    REQUIRE(FindChannelByToken(fixture.ingest(), Hash('b'))->disabled);
    const auto listed = ListChannels(fixture.admin(), tenant).value();
    REQUIRE(listed.size() == 1);
    REQUIRE(listed[0].tenant_slug == "acme");
    REQUIRE(listed[0].spec.route_key == "222");
    REQUIRE(listed[0].spec.token_hash == Hash('b'));
    REQUIRE(FindChannelBySlug(fixture.admin(), tenant, "support")->channel == made.channel);
}

TEST_CASE(
    "Admin: a route or token of another channel is refused and changes nothing", "[pg][store]"
) {
    StoreFixture fixture;
    const TenantId one = fixture.Tenant("one");
    const TenantId two = fixture.Tenant("two");
    ChannelSpec spec = StoreFixture::Channel("a", "111");
    spec.token_hash = Hash('a');
    REQUIRE_OK(PutChannel(fixture.admin(), one, spec));
    const auto same_route = PutChannel(fixture.admin(), two, StoreFixture::Channel("b", "111"));
    REQUIRE_THAT(same_route.status(), HasCode(Code::kAlreadyExists));
    REQUIRE(same_route.status().field() == "route_key");
    ChannelSpec same_token = StoreFixture::Channel("b", "222");
    same_token.token_hash = Hash('a');
    const auto refused = PutChannel(fixture.admin(), two, same_token);
    REQUIRE_THAT(refused.status(), HasCode(Code::kAlreadyExists));
    REQUIRE(ListChannels(fixture.admin(), two)->empty());
    REQUIRE(FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"222"})->empty());
    spec.provider = v1::PROVIDER_MESSENGER;
    const auto converted = PutChannel(fixture.admin(), one, spec);
    REQUIRE_THAT(converted.status(), HasCode(Code::kFailedPrecondition));
    const auto nobody = PutChannel(fixture.admin(), TenantId{999}, spec);
    REQUIRE_THAT(nobody.status(), HasCode(Code::kNotFound));
}

TEST_CASE("Admin: API keys keep their key, change their scopes, stay revoked", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    const auto put = [&](char fill, std::vector<std::string> scopes, bool only_if_new) {
        const ApiKeySpec spec{"main", Hash(fill), std::move(scopes), only_if_new};
        return PutApiKey(fixture.admin(), tenant, spec);
    };
    REQUIRE(put('a', {"inbox:read"}, true).value() == Change::kCreated);
    REQUIRE(put('b', {"inbox:read"}, true).value() == Change::kUnchanged);
    REQUIRE_FALSE(FindApiKey(fixture.ingest(), Hash('b')).ok());
    REQUIRE(put('a', {"inbox:read"}, false).value() == Change::kUnchanged);
    const auto other = put('b', {"inbox:read", "ingest:write"}, false);
    REQUIRE_THAT(other.status(), HasCode(Code::kFailedPrecondition));
    REQUIRE(other.status().message().find("has another key") != std::string::npos);
    REQUIRE(FindApiKey(fixture.ingest(), Hash('a'))->scopes.size() == 1);
    REQUIRE(put('b', {"inbox:read", "ingest:write"}, true).value() == Change::kUpdated);
    REQUIRE(FindApiKey(fixture.ingest(), Hash('a'))->scopes.size() == 2);
    REQUIRE(RevokeApiKey(fixture.admin(), tenant, "main").value() == Change::kUpdated);
    REQUIRE(RevokeApiKey(fixture.admin(), tenant, "main").value() == Change::kUnchanged);
    REQUIRE_THAT(RevokeApiKey(fixture.admin(), tenant, "none").status(), HasCode(Code::kNotFound));
    REQUIRE_THAT(put('a', {}, false).status(), HasCode(Code::kFailedPrecondition));
    const auto keys = ListApiKeys(fixture.admin(), tenant).value();
    REQUIRE(keys.size() == 1);
    REQUIRE(keys[0].revoked);
}

TEST_CASE("Admin: a key belongs to one name of one tenant", "[pg][store]") {
    StoreFixture fixture;
    const TenantId tenant = fixture.Tenant("acme");
    const TenantId rival = fixture.Tenant("rival");
    REQUIRE_OK(PutApiKey(fixture.admin(), tenant, {"main", Hash('a'), {"inbox:read"}}));
    for (const auto& [who, name] : {std::pair(tenant, "second"), {rival, "main"}}) {
        const auto taken = PutApiKey(fixture.admin(), who, {name, Hash('a'), {"inbox:read"}});
        REQUIRE_THAT(taken.status(), HasCode(Code::kAlreadyExists));
        REQUIRE(taken.status().message().find("in use") != std::string::npos);
    }
    REQUIRE(ListApiKeys(fixture.admin(), rival)->empty());
}

TEST_CASE("Admin: dead letters are listed, shown and marked", "[pg][store]") {
    StoreFixture fixture;
    REQUIRE_OK(fixture.Run(
        "ub_writer",
        "INSERT INTO dead_letter (generation, partition, stream_seq, event, sqlstate, error) "
        "SELECT 1, 2, n, '\\x00ff', '22021', 'bad' FROM generate_series(1, 3) n"
    ));
    const auto all = ListDeadLetters(fixture.admin(), 0, 10, false).value();
    REQUIRE(all.size() == 3);
    REQUIRE(all[0].event == std::string("\0\xff", 2));
    REQUIRE(all[0].sqlstate == "22021");
    REQUIRE_OK(MarkDeadLetterReplayed(fixture.admin(), all[0].id));
    REQUIRE(ListDeadLetters(fixture.admin(), 0, 10, false)->size() == 2);
    REQUIRE(ListDeadLetters(fixture.admin(), 0, 10, true)->size() == 3);
    REQUIRE(ListDeadLetters(fixture.admin(), all[1].id, 10, true)->size() == 1);
    REQUIRE(GetDeadLetter(fixture.admin(), all[0].id)->replayed_at_ms.has_value());
    REQUIRE_THAT(GetDeadLetter(fixture.admin(), 99).status(), HasCode(Code::kNotFound));
    REQUIRE_THAT(MarkDeadLetterReplayed(fixture.admin(), 99), HasCode(Code::kNotFound));
}

// A session with the lock, and what it has to read.
struct Locked {
    explicit Locked(StoreFixture& fixture) {
        auto opened = AdminSession::Open(fixture.database().settings("ub_admin"), metrics);
        REQUIRE_OK(opened);
        session = std::move(opened).value();
        REQUIRE(session->Lock().value());
    }
    obs::Metrics metrics;
    std::unique_ptr<AdminSession> session;
};

TEST_CASE("Admin: one session has the lock, and writes only with it", "[pg][store]") {
    StoreFixture fixture;
    Locked first(fixture);
    auto second = AdminSession::Open(fixture.database().settings("ub_admin"), first.metrics);
    REQUIRE_OK(second);
    REQUIRE_FALSE((*second)->Lock().value());
    REQUIRE((*second)->Begin(Millis(0)).status().reason() == "LOCK_LOST");
    REQUIRE_OK(first.session->Begin(Millis(0)));
    // Its connection is lost, and another one made: the lock did not come along.
    REQUIRE_OK(
        fixture.Owner("SELECT pg_terminate_backend(pid) FROM pg_locks "
                      "WHERE locktype = 'advisory' AND objid = 13 AND granted")
    );
    REQUIRE((*second)->Lock().value());
    static_cast<void>(first.session->ReadApps());
    REQUIRE(first.session->Begin(Millis(0)).status().reason() == "LOCK_LOST");
}

TEST_CASE("Admin: a transaction over tenants is written whole, and read again", "[pg][store]") {
    StoreFixture fixture;
    Locked locked(fixture);
    const auto ids = locked.session->NewTenantIds(2).value();
    std::vector<ChannelWrite> channels(2);
    for (std::size_t i = 0; i < 2; ++i) {
        channels[i].tenant = ids[i];
        channels[i].channel = ChannelId{NewUuidV7(1)};
        channels[i].change = Change::kCreated;
        channels[i].spec = StoreFixture::Channel("c", i == 0 ? "111" : "222");
        channels[i].spec.token_hash = Hash(i == 0 ? 'a' : 'b');
        channels[i].secret = NewSecret{"sealed", "print"};
    }
    const auto write = [&](Change tenant_change) -> Status {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, locked.session->Begin(Millis(1000)));
        for (const auto& channel : channels) UNIBOX_RETURN_IF_ERROR(tx.Release(channel));
        for (std::size_t i = 0; i < 2; ++i) {
            const TenantSpec spec{i == 0 ? "one" : "two", "Name"};
            UNIBOX_RETURN_IF_ERROR(tx.Write(TenantWrite{ids[i], tenant_change, spec}));
            UNIBOX_RETURN_IF_ERROR(tx.Write(channels[i]));
        }
        return tx.Commit();
    };
    REQUIRE_OK(write(Change::kCreated));
    const auto read = [&] {
        return locked.session
            ->ReadTenants({{"two"}, {"none"}, {"one"}}, [](auto) { return Status(); })
            .value();
    };
    REQUIRE(read().size() == 2);
    REQUIRE(read()[0].spec.slug == "two");
    REQUIRE(read()[0].channels[0].newest_fingerprint == "print");
    const RouteKey one{v1::PROVIDER_WHATSAPP, "111"};
    const RouteKey other{v1::PROVIDER_WHATSAPP, "9"};
    REQUIRE(
        locked.session->FindRoutes({one, other}).value()[0]->object == channels[0].channel.value
    );
    REQUIRE_FALSE(locked.session->FindRoutes({one, other}).value()[1].has_value());
    REQUIRE(locked.session->NameOf({ids[0], channels[0].channel.value}).value() == "one/c");

    // They exchange routes and tokens.
    for (std::size_t i = 0; i < 2; ++i) {
        channels[i].change = Change::kUpdated;
        channels[i].old_route_key = channels[i].spec.route_key;
        channels[i].old_token_hash = *channels[i].spec.token_hash;
        channels[i].spec.route_key = i == 0 ? "222" : "111";
        channels[i].spec.token_hash = Hash(i == 0 ? 'b' : 'a');
    }
    REQUIRE_OK(write(Change::kUnchanged));
    REQUIRE(FindChannelByToken(fixture.ingest(), Hash('b'))->channel == channels[0].channel);
    REQUIRE(
        FindChannelsByRoute(fixture.ingest(), v1::PROVIDER_WHATSAPP, {"111"})
            ->front()
            .channel.channel == channels[1].channel
    );

    // Who does not take the lock took a route meanwhile: nothing of it is written.
    const TenantId rival = fixture.Tenant("rival");
    REQUIRE_OK(PutChannel(fixture.admin(), rival, StoreFixture::Channel("x", "333")));
    for (auto& channel : channels) channel.old_route_key = channel.spec.route_key;
    channels[0].spec.name = "other";
    channels[1].spec.route_key = "333";
    REQUIRE(write(Change::kUnchanged).reason() == "CHANGED_MEANWHILE");
    REQUIRE(FindChannelBySlug(fixture.admin(), ids[0], "c")->spec.name == "Channel c");
    REQUIRE(write(Change::kCreated).reason() == "CHANGED_MEANWHILE");
}

TEST_CASE("Admin: what changed since it was read is not written over", "[pg][store]") {
    StoreFixture fixture;
    Locked locked(fixture);
    const TenantId tenant = fixture.Tenant("one");
    REQUIRE_OK(PutChannel(fixture.admin(), tenant, StoreFixture::Channel("c", "111")));
    const LabelSpec label{"vip", "", "of before"};
    REQUIRE_OK(PutRow(fixture.admin(), tenant, label));
    const auto read =
        locked.session->ReadTenants({{"one", true, true}}, [](auto) { return Status(); });
    REQUIRE_OK(read);
    const StoredTenant& before = read->at(0);
    REQUIRE(before.rows.Of<LabelSpec>().at(0).spec == label);
    TenantWrite of_tenant{tenant, Change::kUpdated, before.spec, before.spec};
    of_tenant.spec.plan = "gold";
    ChannelWrite of_channel;
    of_channel.tenant = tenant;
    of_channel.channel = before.channels.at(0).channel;
    of_channel.change = Change::kUpdated;
    of_channel.spec = before.channels.at(0).spec;
    of_channel.before = of_channel.spec;
    of_channel.old_route_key = "111";
    of_channel.spec.reopen_window_s = 1;
    const Uuid id = before.rows.Of<LabelSpec>().at(0).id;
    RowWrite<LabelSpec> of_label{tenant, id, Change::kUpdated, false, label, label};
    of_label.spec.color = "#123456";
    const auto write = [&]() -> Status {
        UNIBOX_ASSIGN_OR_RETURN(auto tx, locked.session->Begin(Millis(0)));
        UNIBOX_RETURN_IF_ERROR(tx.Write(of_tenant));
        UNIBOX_RETURN_IF_ERROR(tx.Write(of_channel));
        UNIBOX_RETURN_IF_ERROR(tx.Write(of_label));
        return tx.Commit();
    };
    // Each of them by somebody who does not take the lock, and then back.
    for (const std::string change :
         {"UPDATE tenants SET name = name || '!'",
          "UPDATE channels SET name = name || '!'",
          "UPDATE labels SET description = description || '!'"}) {
        INFO(change);
        REQUIRE_OK(fixture.Owner(change));
        CHECK(write().reason() == "CHANGED_MEANWHILE");
        const std::string column =
            change.find("description") != std::string::npos ? "description" : "name";
        REQUIRE_OK(fixture.Owner(
            change.substr(0, change.find("SET")) + "SET " + column + " = rtrim(" + column + ", '!')"
        ));
    }
    CHECK(fixture.Number("SELECT count(*) FROM tenants WHERE plan = 'gold'") == 0);
    REQUIRE_OK(write());
    CHECK(fixture.Number("SELECT count(*) FROM tenants WHERE plan = 'gold'") == 1);
    CHECK(fixture.Number("SELECT count(*) FROM labels WHERE color = '#123456'") == 1);
    // Gone: no update of it, and no second removal.
    REQUIRE_OK(fixture.Owner("DELETE FROM labels"));
    of_tenant.change = Change::kUnchanged;
    of_channel.change = Change::kUnchanged;
    of_label.before.reset();
    CHECK(write().reason() == "CHANGED_MEANWHILE");
    of_label.remove = true;
    CHECK(write().reason() == "CHANGED_MEANWHILE");
}

}  // namespace
}  // namespace unibox::store

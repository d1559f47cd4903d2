#include "nats/generations.hpp"
#include "nats/publisher.hpp"
#include "nats/streams.hpp"
#include "nats_fixture.hpp"
#include "outcomes.hpp"

using namespace unibox;
using namespace unibox::test;
using nats::Streams;

namespace {

void Store(
    NatsFixture& nats, const std::string& subject, int count, std::size_t padding_bytes = 0
) {
    auto publisher = nats::Publisher::Create(*nats.connection, {}, nats.metrics);
    REQUIRE_OK(publisher);
    static int stored = 0;
    Outcomes outcomes;
    for (int i = 0; i < count; ++i) {
        nats::Outgoing message;
        message.subject = subject;
        // A slow server makes the publisher send again: without an id it would be stored twice.
        message.msg_id = std::to_string(++stored);
        message.payload = "message " + std::to_string(i + 1);
        message.payload.append(padding_bytes, '.');
        (*publisher)
            ->Publish(std::move(message), std::chrono::steady_clock::now() + 10s, outcomes.Done(i));
    }
    REQUIRE(outcomes.WaitFor(static_cast<std::size_t>(count)));
    for (int i = 0; i < count; ++i) REQUIRE_OK(outcomes.Of(i).at(0));
}

}  // namespace

TEST_CASE("Streams: the declared table can be created, twice", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    nats::StreamOptions options;
    options.partition_count = 3;
    options.generation = 2;
    const auto specs = nats::UniboxStreams(options);
    REQUIRE(specs.size() == 5);
    for (int round = 0; round < 2; ++round) {
        for (const auto& spec : specs) REQUIRE_OK(streams.Ensure(spec));
    }
    const auto in = streams.List("UB_IN_");
    REQUIRE_OK(in);
    REQUIRE(in->size() == 3);
    CHECK((*in)[0].name == "UB_IN_2_00");
    CHECK((*in)[2].name == "UB_IN_2_02");
    CHECK((*in)[0].subjects == std::vector<std::string>{"ub.in.2.00.>"});
    CHECK((*in)[0].bytes_max == options.in_bytes_max.value);
    CHECK(streams.List("")->size() == 5);
    CHECK(streams.List("NONE")->empty());
}

TEST_CASE("Streams: the time of creation has microseconds and outlives a restart", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    REQUIRE_OK(streams.Ensure(LogSpec()));
    const auto before = streams.Info("LOG");
    REQUIRE_OK(before);
    CHECK(before->created_unix_us / 1000 == before->created_unix_ms);
    const auto now = std::chrono::system_clock::now().time_since_epoch() / 1ms;
    CHECK(std::abs(now - before->created_unix_ms) < 60'000);
    nats.server.Restart();
    REQUIRE(Eventually(10s, [&] { return streams.Info("LOG").ok(); }));
    CHECK(streams.Info("LOG")->created_unix_us == before->created_unix_us);
    REQUIRE_OK(streams.Delete("LOG"));
    REQUIRE_OK(streams.Ensure(LogSpec()));
    CHECK(streams.Info("LOG")->created_unix_us > before->created_unix_us);
}

TEST_CASE("Streams: limits are brought up to date, unknown fields are kept", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    REQUIRE_OK(streams.Ensure(LogSpec()));
    // An operator added a description.
    const auto reply = nats.connection->Request(
        "$JS.API.STREAM.UPDATE.LOG",
        R"({"name":"LOG","subjects":["log.>"],"storage":"file","retention":"limits",)"
        R"("discard":"new",)"
        R"("max_bytes":-1,"duplicate_window":120000000000,"num_replicas":1,"description":"ours"})",
        2s
    );
    REQUIRE_OK(reply);
    REQUIRE(reply->find("\"error\"") == std::string::npos);
    nats::StreamSpec changed = LogSpec();
    changed.bytes_max = 5'000'000;
    changed.age_max_ms = 3'600'000;
    changed.discard = nats::Discard::kOld;
    changed.deny_delete = true;
    REQUIRE_OK(streams.Ensure(changed));
    CHECK(streams.Info("LOG")->bytes_max == 5'000'000);
    const auto config = nats.connection->Request("$JS.API.STREAM.INFO.LOG", "", 2s);
    REQUIRE_OK(config);
    CHECK(config->find(R"("description":"ours")") != std::string::npos);
    CHECK(config->find(R"("discard":"old")") != std::string::npos);
    CHECK(config->find(R"("deny_delete":true)") != std::string::npos);
}

TEST_CASE("Streams: a full UB_RAW that refused new bodies learns to drop old ones", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    nats::StreamOptions options;
    options.raw_bytes_max = 20'000;
    const auto table = nats::UniboxStreams(options);
    const auto declared = std::find_if(table.begin(), table.end(), [](const auto& spec) {
        return spec.name == "UB_RAW";
    });
    REQUIRE(declared != table.end());
    nats::StreamSpec earlier = *declared;
    earlier.discard = nats::Discard::kNew;
    REQUIRE_OK(streams.Ensure(earlier));
    const auto store = [&] {
        const std::string body(1'000, 'x');
        return nats.connection->Request("ub.raw.meta", body, 2s).value().find("error") ==
               std::string::npos;
    };
    REQUIRE(Eventually(10s, [&] { return !store(); }));  // Full.
    const auto before = streams.Info("UB_RAW").value();
    REQUIRE_OK(streams.Ensure(*declared));
    for (int i = 0; i < 30; ++i) REQUIRE(store());
    const auto after = streams.Info("UB_RAW").value();
    CHECK(after.last_seq == before.last_seq + 30);
    CHECK(after.first_seq > before.first_seq);
    CHECK(after.bytes <= 20'000);
    REQUIRE_OK(streams.Ensure(*declared));
}

TEST_CASE("Streams: limits below what is stored are refused, and nothing goes", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    REQUIRE_OK(streams.Ensure(LogSpec()));
    Store(nats, "log.x", 8, 512 * 1024);
    const auto before = streams.Info("LOG");
    REQUIRE_OK(before);
    REQUIRE(before->bytes > 4'000'000);
    nats::StreamSpec lowered = LogSpec();
    SECTION("bytes") {
        lowered.bytes_max = 1 << 20;
        const Status refused = streams.Ensure(lowered);
        CHECK_THAT(refused, HasCode(Code::kFailedPrecondition));
        CHECK(refused.reason() == "WOULD_DROP_MESSAGES");
        CHECK(refused.message().find("LOG") != std::string::npos);
        CHECK(refused.message().find(std::to_string(before->bytes)) != std::string::npos);
        lowered.bytes_max = 8 << 20;
        REQUIRE_OK(streams.Ensure(lowered));
    }
    SECTION("age") {
        // The server itself refuses an age below the dedup window, until ours is the reason.
        lowered.age_max_ms = 20;
        CHECK(Eventually(5s, [&] {
            return streams.Ensure(lowered).reason() == "WOULD_DROP_MESSAGES";
        }));
        lowered.age_max_ms = 3'600'000;
        REQUIRE_OK(streams.Ensure(lowered));
    }
    const auto after = streams.Info("LOG");
    REQUIRE_OK(after);
    CHECK(after->first_seq == 1);
    CHECK(after->messages == 8);
}

TEST_CASE("Streams: a default is for a new stream, an existing one keeps its limits", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    nats::StreamSpec spec = LogSpec();
    spec.bytes_max = nats::Limit::Default(10'000'000);
    REQUIRE_OK(streams.Ensure(spec));
    CHECK(streams.Info("LOG")->bytes_max == 10'000'000);
    nats::StreamSpec raised = LogSpec();
    raised.bytes_max = 20'000'000;
    REQUIRE_OK(streams.Ensure(raised));
    spec.discard = nats::Discard::kOld;  // Something to update.
    REQUIRE_OK(streams.Ensure(spec));
    CHECK(streams.Info("LOG")->bytes_max == 20'000'000);
}

// One of three servers that make a cluster.
NatsServerOptions ClusterNode(int number, const std::vector<int>& cluster_ports) {
    std::string routes;
    for (const int port : cluster_ports) {
        routes += "\"nats://127.0.0.1:" + std::to_string(port) + "\",";
    }
    const std::string own = std::to_string(cluster_ports[static_cast<std::size_t>(number)]);
    return {
        .extra_config = "server_name: node" + std::to_string(number) +
                        "\ncluster { name: test, listen: \"127.0.0.1:" + own + "\", routes: [" +
                        routes + "] }"};
}

TEST_CASE("Streams: replicas become fewer only when that is said", "[nats]") {
    const std::vector<int> ports = {FreePort(), FreePort(), FreePort()};
    NatsFixture nats(ClusterNode(0, ports));
    const NatsServer second(ClusterNode(1, ports));
    const NatsServer third(ClusterNode(2, ports));
    Streams streams(*nats.connection);
    nats::StreamSpec spec = LogSpec();
    spec.replicas = 3;
    REQUIRE(Eventually(60s, [&] { return streams.Ensure(spec).ok(); }));
    spec.replicas = 1;
    const Status refused = streams.Ensure(spec);
    CHECK_THAT(refused, HasCode(Code::kFailedPrecondition));
    CHECK(refused.reason() == "FEWER_REPLICAS");
    spec.replicas = nats::Limit::Default(1);
    REQUIRE(Eventually(60s, [&] { return streams.Ensure(spec).ok(); }));
    CHECK(streams.Info("LOG")->replicas == 3);
    spec.replicas = 1;
    REQUIRE(Eventually(60s, [&] { return streams.Ensure(spec, nats::Replicas::kMayShrink).ok(); }));
    CHECK(streams.Info("LOG")->replicas == 1);
}

TEST_CASE("Streams: a generation keeps its count when streams are gone", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    for (const int generation : {1, 2}) {
        nats::StreamOptions options;
        options.generation = generation;
        options.partition_count = 2 * generation;
        for (const auto& spec : nats::UniboxStreams(options)) REQUIRE_OK(streams.Ensure(spec));
    }
    REQUIRE_OK(streams.Delete("UB_IN_2_03"));
    REQUIRE_OK(streams.Delete("UB_IN_2_00"));
    const auto infos = streams.List("UB_IN_");
    REQUIRE_OK(infos);
    const auto generations = nats::FactsOf(*infos, {});
    REQUIRE(generations.size() == 2);
    CHECK(generations[0].number == 1);
    CHECK(nats::CountOf(generations[0]).value() == 2);
    CHECK(nats::CountOf(generations[1]).value() == 4);
    CHECK(nats::MissingPartitions(generations[1], 4) == std::vector{0, 3});
    CHECK(streams.Look("UB_")->silent.empty());
}

TEST_CASE("Streams: a sealed one takes nothing and keeps what it has", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    CHECK_THAT(streams.Seal("LOG"), HasCode(Code::kNotFound));
    CHECK_THAT(streams.Seal("no name"), HasCode(Code::kInvalidArgument));
    nats::StreamSpec spec = LogSpec();
    spec.deny_delete = true;
    REQUIRE_OK(streams.Ensure(spec));
    for (int i = 0; i < 3; ++i) REQUIRE_OK(nats.connection->Request("log.a", "x", Millis(5'000)));
    CHECK_FALSE(streams.Info("LOG")->sealed);
    REQUIRE_OK(streams.Seal("LOG"));
    REQUIRE_OK(streams.Seal("LOG"));
    CHECK(streams.Info("LOG")->sealed);
    const auto refused = nats.connection->Request("log.a", "x", Millis(5'000));
    CHECK(refused.status().reason() == "NO_RESPONDERS");
    CHECK(streams.Info("LOG")->messages == 3);
    CHECK(streams.Get("LOG", 2)->payload == "x");
    REQUIRE_OK(streams.PurgeUpTo("LOG", 3));
    CHECK(streams.Info("LOG")->messages == 1);
    const Status unsealed = streams.Ensure(spec);
    CHECK(unsealed.reason() == "INCOMPATIBLE_STREAM");
    CHECK(unsealed.message().find("it is sealed") != std::string::npos);
}

TEST_CASE("Streams: settings that lose messages are taken back", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    const std::string harmful =
        GENERATE(R"("no_ack":true)", R"("max_msgs":5)", R"("max_msgs_per_subject":1)");
    const std::string created =
        nats.connection
            ->Request(
                "$JS.API.STREAM.CREATE.LOG",
                R"({"name":"LOG","subjects":["log.>"],"storage":"file","retention":"limits",)" +
                    harmful + "}",
                2s
            )
            .value();
    REQUIRE(created.find("error") == std::string::npos);
    REQUIRE_OK(streams.Ensure(LogSpec()));
    for (int i = 0; i < 10; ++i) REQUIRE_OK(nats.connection->Request("log.x", "", 2000ms));
    CHECK(streams.Info("LOG")->messages == 10);
}

TEST_CASE("Streams: one that cannot be purged, or is a copy, is refused", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    const std::string wrong = GENERATE(
        R"("subjects":["log.>"],"deny_purge":true)",
        R"("mirror":{"name":"OTHER"})",
        R"("subjects":["log.>"],"sources":[{"name":"OTHER"}])"
    );
    nats::StreamSpec other = LogSpec();
    other.name = "OTHER";
    other.subjects = {"other"};
    REQUIRE_OK(streams.Ensure(other));
    REQUIRE_OK(nats.connection->Request(
        "$JS.API.STREAM.CREATE.LOG",
        R"({"name":"LOG","storage":"file","retention":"limits",)" + wrong + "}",
        2s
    ));
    REQUIRE_OK(streams.Info("LOG"));
    CHECK_THAT(streams.Ensure(LogSpec()), HasCode(Code::kFailedPrecondition));
}

TEST_CASE("Streams: an incompatible stream is refused and left alone", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    nats::StreamSpec spec = LogSpec();
    spec.deny_delete = true;
    REQUIRE_OK(streams.Ensure(spec));
    nats::StreamSpec other = spec;
    SECTION("other subjects") {
        other.subjects = {"log.>", "more.>"};
    }
    SECTION("other retention") {
        other.retention = nats::Retention::kWorkQueue;
    }
    SECTION("deny_delete cleared") {
        other.deny_delete = false;
    }
    const Status status = streams.Ensure(other);
    CHECK_THAT(status, HasCode(Code::kFailedPrecondition));
    CHECK(status.reason() == "INCOMPATIBLE_STREAM");
    REQUIRE_OK(streams.Ensure(spec));
}

TEST_CASE("Streams: a memory stream is no log", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    REQUIRE_OK(nats.connection->Request(
        "$JS.API.STREAM.CREATE.LOG", R"({"name":"LOG","subjects":["log.>"],"storage":"memory"})", 2s
    ));
    CHECK(streams.Ensure(LogSpec()).reason() == "INCOMPATIBLE_STREAM");
}

TEST_CASE("Streams: purge below a sequence, get, delete", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    REQUIRE_OK(streams.Ensure(LogSpec()));
    Store(nats, "log.x", 10);
    REQUIRE_OK(streams.PurgeUpTo("LOG", 1));
    REQUIRE_OK(streams.PurgeUpTo("LOG", 0));
    CHECK(streams.Info("LOG")->messages == 10);
    REQUIRE_OK(streams.PurgeUpTo("LOG", 4));
    const auto info = streams.Info("LOG");
    CHECK(info->first_seq == 4);
    CHECK(info->last_seq == 10);
    CHECK(info->messages == 7);
    CHECK_THAT(streams.Get("LOG", 3).status(), HasCode(Code::kNotFound));
    const auto message = streams.Get("LOG", 4);
    REQUIRE_OK(message);
    CHECK(message->payload == "message 4");
    CHECK(message->sequence == 4);
    CHECK(message->stored_unix_ms > 1'600'000'000'000);
    REQUIRE_OK(streams.Delete("LOG"));
    CHECK_THAT(streams.Info("LOG").status(), HasCode(Code::kNotFound));
    CHECK_THAT(streams.Get("LOG", 4).status(), HasCode(Code::kNotFound));
    CHECK_THAT(streams.PurgeUpTo("LOG", 5), HasCode(Code::kNotFound));
    CHECK_THAT(streams.Info("a.b").status(), HasCode(Code::kInvalidArgument));
}

TEST_CASE("Streams: deny_delete refuses the deletion of one message", "[nats]") {
    NatsFixture nats;
    Streams streams(*nats.connection);
    nats::StreamSpec spec = LogSpec();
    spec.deny_delete = true;
    REQUIRE_OK(streams.Ensure(spec));
    Store(nats, "log.x", 3);
    const auto reply =
        nats.connection->Request("$JS.API.STREAM.MSG.DELETE.LOG", R"({"seq":2})", 2s);
    REQUIRE_OK(reply);
    CHECK(reply->find("\"error\"") != std::string::npos);
    CHECK(streams.Info("LOG")->messages == 3);
    REQUIRE_OK(streams.PurgeUpTo("LOG", 3));
}

TEST_CASE("Streams: the server is checked", "[nats]") {
    NatsFixture good;
    REQUIRE_OK(Streams(*good.connection).CheckServer(8 * 1024 * 1024));
    const Status small = Streams(*good.connection).CheckServer(8 * 1024 * 1024 + 1);
    CHECK_THAT(small, HasCode(Code::kFailedPrecondition));
    CHECK(small.reason() == "MAX_PAYLOAD");
    NatsFixture off({.jetstream = false});
    const Status none = Streams(*off.connection).CheckServer(1);
    CHECK_THAT(none, HasCode(Code::kUnavailable));
    CHECK(none.reason() == "NO_JETSTREAM");
}

// IngestService over gRPC: who may, what is refused and why, and when to come again.
#include "base/encoding.hpp"
#include "crypto/random.hpp"
#include "frozen_postgres.hpp"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "ingest_fixture.hpp"
#include "rpc/status_map.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/ingest_service.grpc.pb.h"

#include <catch2/catch.hpp>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <functional>
#include <future>
#include <limits>

namespace unibox::test {
namespace {

using std::chrono::seconds;

const std::string kWhsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

v1::IngestRequest Request(const ChannelId& channel, const std::string& id) {
    v1::IngestRequest request;
    request.set_channel_id(channel.ToString());
    request.set_message_id(id);
    request.set_contact_id("u-9");
    request.set_text("hello");
    return request;
}

// A caller with an API key of the first tenant and one of its channels.
struct Caller {
    explicit Caller(IngestFixture& fixture)
        : channel(
              fixture.PutChannel(fixture.first, "s", v1::PROVIDER_STANDARD, "", {kWhsec}).channel
          ),
          key(fixture.PutApiKey(fixture.first, {"ingest:write"})),
          stub(v1::IngestService::NewStub(grpc::CreateChannel(
              fixture.service->address("grpc"), grpc::InsecureChannelCredentials()
          ))) {}

    Status Call(const v1::IngestRequest& request) { return CallAs(key, request); }
    Status Call(const std::string& id) { return Call(Request(channel, id)); }
    Status CallAs(const Secret& api_key, const v1::IngestRequest& request) {
        grpc::ClientContext context;
        context.AddMetadata("authorization", "Bearer " + std::string(api_key.Reveal()));
        return rpc::FromGrpc(stub->Ingest(&context, request, &response));
    }

    ChannelId channel;
    Secret key;
    std::unique_ptr<v1::IngestService::Stub> stub;
    v1::IngestResponse response;
};

TEST_CASE("IngestService: key, scope, channel, duplicate", "[nats][pg]") {
    IngestFixture f;
    Caller caller(f);
    const auto foreign = f.PutChannel(f.second, "s2", v1::PROVIDER_STANDARD, "", {kWhsec});
    const Secret reader = f.PutApiKey(f.first, {"inbox:read", "inbox:write"});
    REQUIRE_OK(caller.Call("m-1"));
    CHECK_FALSE(caller.response.duplicate());
    const std::string event_key = caller.response.event_key();
    REQUIRE_OK(caller.Call("m-1"));
    CHECK(caller.response.duplicate());
    CHECK(caller.response.event_key() == event_key);
    CHECK(f.StoredCount() == 1);
    CHECK(HexEncode(f.Stored()[0].event_key()) == event_key);
    const auto again = Request(caller.channel, "m-2");
    CHECK_THAT(caller.CallAs(reader, again), HasCode(Code::kPermissionDenied));
    CHECK_THAT(caller.CallAs(crypto::NewApiKey(), again), HasCode(Code::kUnauthenticated));
    CHECK_THAT(caller.Call(Request(foreign.channel, "m-2")), HasCode(Code::kNotFound));
    CHECK_THAT(caller.Call(""), HasCode(Code::kInvalidArgument));
    CHECK(f.StoredCount() == 1);
}

TEST_CASE("IngestService: goes over to the next generation when one is sealed", "[nats][pg]") {
    IngestFixture f;
    Caller caller(f);
    REQUIRE_OK(caller.Call("m-1"));
    nats::Streams streams(*f.connection);
    const auto old_log =
        nats::WrittenGeneration(nats::FactsOf(streams.List(subjects::kInStreamPrefix).value(), {}));
    REQUIRE_OK(old_log);
    nats::StreamOptions wider;
    wider.generation = old_log->number + 1;
    wider.partition_count = old_log->partition_count + 3;
    for (const auto& spec : nats::UniboxStreams(wider)) REQUIRE_OK(streams.Ensure(spec));
    REQUIRE_OK(f.connection->Publish(subjects::kStreamsChanged, ""));
    const auto new_log_count = [&] {
        const auto infos = streams.List("UB_IN_2_");
        std::uint64_t count = 0;
        for (const auto& info : *infos) count += info.messages;
        return count;
    };
    REQUIRE_OK(caller.Call("m-2"));
    CHECK(new_log_count() == 0);  // Not before the old one is sealed.
    for (int partition = 0; partition < old_log->partition_count; ++partition) {
        REQUIRE_OK(streams.Seal(subjects::InStream(1, partition)));
    }
    REQUIRE_OK(f.connection->Publish(subjects::kStreamsChanged, ""));
    // What is under way at that moment is refused and comes again.
    REQUIRE(Eventually(seconds(60), [&] { return caller.Call("m-3").ok(); }));
    CHECK(new_log_count() == 1);
    CHECK(f.StoredCount() == 3);
}

TEST_CASE("IngestService: times that are none are refused, the ends are not", "[nats][pg]") {
    IngestFixture f;
    Caller caller(f);
    const auto at = [&](std::int64_t unix_s, std::int32_t nanos) {
        auto request =
            Request(caller.channel, std::to_string(unix_s) + "." + std::to_string(nanos));
        request.mutable_create_time()->set_seconds(unix_s);
        request.mutable_create_time()->set_nanos(nanos);
        return caller.Call(request);
    };
    for (const std::int64_t bad :
         {std::numeric_limits<std::int64_t>::max(),
          std::numeric_limits<std::int64_t>::min(),
          std::int64_t{253'402'300'800},
          std::int64_t{-62'135'596'801}}) {
        const Status status = at(bad, 0);
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.field() == "create_time");
    }
    CHECK(at(1, -1).field() == "create_time");
    CHECK(at(1, 1'000'000'000).field() == "create_time");
    CHECK_THAT(at(1'785'412'800, 999'999'999), IsOk());
    CHECK_THAT(at(253'402'300'799, 0), IsOk());
    CHECK_THAT(at(1, 0), IsOk());
    // Of one that is too old nothing else is made silently.
    for (const std::int64_t old :
         {std::int64_t{-62'135'596'800}, std::int64_t{-1}, std::int64_t{0}}) {
        CHECK(at(old, 0).field() == "create_time");
    }
}

TEST_CASE("IngestService: an attachment is taken whole or refused with its field", "[nats][pg]") {
    IngestFixture f;
    Caller caller(f);
    const auto with = [&](const std::function<void(v1::Attachment&)>& change) {
        auto request = Request(caller.channel, "m-1");
        request.add_attachments()->set_type(v1::ATTACHMENT_TYPE_IMAGE);
        auto& attachment = *request.add_attachments();
        attachment.set_type(v1::ATTACHMENT_TYPE_FILE);
        change(attachment);
        return caller.Call(request);
    };
    const auto field_of = [&](const std::function<void(v1::Attachment&)>& change) {
        const Status status = with(change);
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        return status.field();
    };
    const std::string url = "https://example.com/";
    CHECK(field_of([](auto& a) { a.clear_type(); }) == "attachments[1].type");
    CHECK(field_of([](auto& a) { a.set_url(std::string(2'049, 'u')); }) == "attachments[1].url");
    CHECK(field_of([](auto& a) { a.set_name(std::string(256, 'n')); }) == "attachments[1].name");
    CHECK(field_of([](auto& a) { a.set_name(std::string("a\0b", 3)); }) == "attachments[1].name");
    CHECK(field_of([](auto& a) {
              a.set_provider_media_id(std::string(256, 'i'));
          }) == "attachments[1].provider_media_id");
    CHECK(field_of([](auto& a) {
              a.set_mime_type(std::string("\0", 1));
          }) == "attachments[1].mime_type");
    CHECK(field_of([](auto& a) { a.set_size_bytes(-1); }) == "attachments[1].size_bytes");
    CHECK(field_of([](auto& a) {
              a.set_type(static_cast<v1::AttachmentType>(99));
          }) == "attachments[1].type");
    CHECK(field_of([](auto& a) { a.set_longitude(1); }) == "attachments[1].longitude");
    const auto place = [&](double latitude, double longitude) {
        return field_of([&](auto& a) {
            a.set_type(v1::ATTACHMENT_TYPE_LOCATION);
            a.set_latitude(latitude);
            a.set_longitude(longitude);
        });
    };
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    CHECK(place(kNan, 1) == "attachments[1].latitude");
    CHECK(place(91, 1) == "attachments[1].latitude");
    CHECK(place(1, 1e308) == "attachments[1].longitude");
    CHECK(place(1, kNan) == "attachments[1].longitude");
    CHECK(place(0, 0) == "attachments[1].latitude");  // As when nothing was said.
    CHECK(f.StoredCount() == 0);
    REQUIRE_OK(with([&](auto& a) {
        a.set_url(url + std::string(2'048 - url.size(), 'u'));
        a.set_name(std::string(255, 'n'));
        a.set_provider_media_id(std::string(255, 'i'));
    }));
    const auto stored = f.Stored();
    REQUIRE(stored.size() == 1);
    const auto& attachment = stored[0].message().attachments(1);
    CHECK(attachment.url().size() == 2'048);
    CHECK(attachment.name().size() == 255);
    CHECK(attachment.provider_media_id().size() == 255);
}

TEST_CASE("IngestService: a repeat of minutes ago has the same answer", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](auto& config) { config.duplicate_window_ms = 1; });
    nats::Streams streams(*f.connection);
    // JetStream's window is over at once: as if the minutes had passed.
    nats::StreamOptions options;
    options.partition_count = 4;
    options.in_bytes_max = 64 << 20;
    options.dedup_window_ms = 100;
    for (const auto& spec : nats::UniboxStreams(options)) {
        if (spec.name.starts_with(subjects::kInStreamPrefix)) REQUIRE_OK(streams.Ensure(spec));
    }
    Caller caller(f);
    REQUIRE_OK(caller.Call("m-1"));
    const std::string event_key = caller.response.event_key();
    CHECK(event_key.size() == 32);
    REQUIRE(Eventually(seconds(30), [&] {
        REQUIRE_OK(caller.Call("m-1"));
        CHECK(caller.response.event_key() == event_key);
        return !caller.response.duplicate();
    }));
    const auto stored = f.Stored();
    REQUIRE(stored.size() == 2);
    CHECK(stored[0].message_id() != stored[1].message_id());  // Hence no answer can tell it.
    CHECK(stored[0].event_key() == stored[1].event_key());
}

TEST_CASE("IngestService: text that is none is refused, not replaced", "[nats][pg]") {
    IngestFixture f;
    Caller caller(f);
    const std::string nul("a\0b", 3);
    const auto field_of = [&](const std::function<void(v1::IngestRequest&)>& change) {
        auto request = Request(caller.channel, "m-1");
        change(request);
        const Status status = caller.Call(request);
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        CHECK(status.reason() == "VALUE_INVALID");
        return status.field();
    };
    CHECK(field_of([&](auto& r) { r.set_text(nul); }) == "text");
    CHECK(field_of([&](auto& r) { r.set_text(std::string(65'537, 'x')); }) == "text");
    CHECK(field_of([&](auto& r) { r.clear_text(); }) == "text");
    CHECK(field_of([&](auto& r) { r.set_message_id(nul); }) == "message_id");
    CHECK(field_of([&](auto& r) { r.set_contact_id(nul); }) == "contact_id");
    CHECK(field_of([&](auto& r) { r.clear_contact_id(); }) == "contact_id");
    CHECK(field_of([&](auto& r) { r.set_contact_name(nul); }) == "contact_name");
    CHECK(field_of([&](auto& r) { r.set_conversation_ref(nul); }) == "conversation_ref");
    CHECK(field_of([&](auto& r) { r.set_channel_id("x"); }) == "channel_id");
    CHECK(f.StoredCount() == 0);
}

TEST_CASE("IngestService: each error has its reason and its detail", "[nats][pg]") {
    IngestFixture f;
    Caller caller(f);
    const auto sms = f.PutChannel(f.first, "sms", v1::PROVIDER_TWILIO, "", {"t"});
    const auto details_of = [&](const std::string& authorization,
                                const v1::IngestRequest& request) {
        grpc::ClientContext context;
        context.AddMetadata("authorization", authorization);
        const grpc::Status status = caller.stub->Ingest(&context, request, &caller.response);
        google::rpc::Status details;
        CHECK(details.ParseFromString(status.error_details()));
        return details;
    };
    const std::string bearer = "Bearer " + std::string(caller.key.Reveal());
    const auto reason_of = [](const google::rpc::Status& details) {
        google::rpc::ErrorInfo info;
        REQUIRE(details.details_size() > 0);
        REQUIRE(details.details(0).UnpackTo(&info));
        return info.reason();
    };
    const auto good = Request(caller.channel, "m-1");
    CHECK(reason_of(details_of("Bearer x", good)) == "API_KEY_INVALID");
    const Secret reader = f.PutApiKey(f.first, {"inbox:read", "inbox:write"});
    CHECK(reason_of(details_of("Bearer " + std::string(reader.Reveal()), good)) == "SCOPE_MISSING");
    const auto invalid = details_of(bearer, Request(caller.channel, ""));
    CHECK(reason_of(invalid) == "VALUE_INVALID");
    google::rpc::BadRequest wrong;
    REQUIRE(invalid.details(1).UnpackTo(&wrong));
    CHECK(wrong.field_violations(0).field() == "message_id");
    const auto missing = details_of(bearer, Request(ChannelId{NewUuidV7(1)}, "m-1"));
    CHECK(reason_of(missing) == "CHANNEL_NOT_FOUND");
    google::rpc::ResourceInfo resource;
    REQUIRE(missing.details(1).UnpackTo(&resource));
    CHECK(resource.resource_type() == "channel_id");
    const auto other = details_of(bearer, Request(sms.channel, "m-1"));
    CHECK(reason_of(other) == "CHANNEL_NOT_STANDARD");
    google::rpc::PreconditionFailure failure;
    REQUIRE(other.details(1).UnpackTo(&failure));
    CHECK(failure.violations(0).subject() == "channel_id");
    // The scheme is a word, whatever its case.
    for (const std::string scheme : {"bearer ", "BEARER ", "Bearer  "}) {
        CHECK(details_of(scheme + std::string(caller.key.Reveal()), good).code() == 0);
    }
    CHECK(f.StoredCount() == 1);
}

TEST_CASE("IngestService: the client's deadline ends the work too", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](auto& config) {
        config.intake.deadline_ms = 60'000;
        config.grpc.deadline_ms_max = 60'000;
    });
    Caller caller(f);
    REQUIRE_OK(caller.Call("m-0"));
    f.nats.Pause();
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
    context.AddMetadata("authorization", "Bearer " + std::string(caller.key.Reveal()));
    v1::IngestResponse response;
    const auto request = Request(caller.channel, "m-1");
    const auto status = caller.stub->Ingest(&context, request, &response);
    CHECK(status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
    const auto& too_late = f.metrics.GetCounter(
        "unibox_ingest_requests_total",
        "Webhooks by what was answered.",
        {{"provider", "grpc"}, {"outcome", "too_late"}}
    );
    CHECK(Eventually(seconds(30), [&] { return too_late.Get() == 1; }));
    f.nats.Resume();
}

TEST_CASE("IngestService: nothing is stored for who has gone", "[nats][pg]") {
    PgServer postgres;
    IngestFixture f(postgres, [](auto& config) {
        config.postgres.io_timeout_ms = 60'000;
        config.intake.deadline_ms = 60'000;
    });
    Caller caller(f);
    std::future<grpc::Status> call;
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + std::string(caller.key.Reveal()));
    v1::IngestResponse response;
    const auto request = Request(caller.channel, "m-1");
    {
        const FrozenPostgres frozen(postgres);
        call = std::async(std::launch::async, [&] {
            return caller.stub->Ingest(&context, request, &response);
        });
        const auto& waited = f.metrics.GetCounter(
            "unibox_auth_keys_total", "API keys checked, by how", {{"outcome", "waited"}}
        );
        REQUIRE(Eventually(seconds(30), [&] { return waited.Get() == 1; }));
        context.TryCancel();
        CHECK(call.get().error_code() == grpc::StatusCode::CANCELLED);
    }
    const auto& too_late = f.metrics.GetCounter(
        "unibox_ingest_requests_total",
        "Webhooks by what was answered.",
        {{"provider", "grpc"}, {"outcome", "too_late"}}
    );
    CHECK(Eventually(seconds(60), [&] { return too_late.Get() == 1; }));
    CHECK(f.StoredCount() == 0);
    // What could not be looked up while PostgreSQL was frozen is not asked for again at once.
    CHECK(Eventually(seconds(60), [&] { return caller.Call("m-1").ok(); }));
}

TEST_CASE("IngestService: over the rate it says after how long to repeat", "[nats][pg]") {
    IngestFixture f;
    store::TenantSpec spec;
    spec.slug = spec.name = "first";
    spec.ingest_rate_per_s = 1;
    spec.ingest_burst = 1;
    REQUIRE_OK(store::PutTenant(*f.admin, spec));
    Caller caller(f);
    int refused_count = 0;
    std::int64_t shortest_ms = 1'000;
    for (int i = 0; i < 20; ++i) {
        const Status status = caller.Call("m-" + std::to_string(i));
        if (status.ok()) continue;
        ++refused_count;
        CHECK_THAT(status, HasCode(Code::kResourceExhausted));
        CHECK(status.reason() == "OVER_RATE");
        CHECK(status.retry_after() >= Millis(1));
        shortest_ms = std::min<std::int64_t>(shortest_ms, status.retry_after().count());
    }
    CHECK(refused_count > 0);
    CHECK(shortest_ms < 1'000);  // What is left until the next token: not the usual second.
}

TEST_CASE("IngestService: over its share is UNAVAILABLE at once, and passes", "[nats][pg]") {
    constexpr int kCalls = 24;
    constexpr int kShare = 7;  // Of the 15 of a window of 16 that are used; a half is free.
    IngestFixture f(PgServer::Shared(), [](auto& config) {
        config.publisher.window_count_max = 16;
        config.intake.deadline_ms = 20'000;
    });
    Caller caller(f);
    REQUIRE_OK(caller.Call("m-0"));
    f.nats.Pause();
    std::vector<std::future<Status>> calls;
    for (int i = 0; i < kCalls; ++i) {
        calls.push_back(std::async(std::launch::async, [&caller, i] {
            grpc::ClientContext context;
            context.AddMetadata("authorization", "Bearer " + std::string(caller.key.Reveal()));
            v1::IngestResponse response;
            const auto request = Request(caller.channel, "w-" + std::to_string(i));
            return rpc::FromGrpc(caller.stub->Ingest(&context, request, &response));
        }));
    }
    const auto refused_count = [&] {
        return std::count_if(calls.begin(), calls.end(), [](auto& call) {
            return call.wait_for(seconds(0)) == std::future_status::ready;
        });
    };
    CHECK(Eventually(seconds(10), [&] { return refused_count() >= kCalls - kShare - 1; }));
    const Status refused = caller.Call("m-1");
    CHECK_THAT(refused, HasCode(Code::kUnavailable));
    CHECK(refused.reason() == "TENANT_OVERLOADED");
    CHECK(refused.retry_after() > Millis(0));
    f.nats.Resume();
    int stored = 0;
    for (auto& call : calls) stored += call.get().ok() ? 1 : 0;
    CHECK(stored >= kShare);
    CHECK(Eventually(seconds(20), [&] { return caller.Call("m-2").ok(); }));
}

TEST_CASE("IngestService: without PostgreSQL known keys and channels go on", "[nats][pg]") {
    PgServer postgres;
    IngestFixture f(postgres);
    Caller caller(f);
    const Secret unknown = f.PutApiKey(f.first, {"ingest:write", "inbox:read"});
    REQUIRE_OK(caller.Call("m-1"));
    postgres.Kill9();
    CHECK_THAT(caller.Call("m-2"), IsOk());
    const auto request = Request(caller.channel, "m-3");
    CHECK_THAT(caller.CallAs(unknown, request), HasCode(Code::kUnavailable));
    postgres.Start();
    CHECK(Eventually(seconds(20), [&] { return caller.CallAs(unknown, request).ok(); }));
}

}  // namespace
}  // namespace unibox::test

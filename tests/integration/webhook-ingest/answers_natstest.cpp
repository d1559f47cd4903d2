// Every answer that a provider can get, and what is in the streams after it.
#include "base/utf8.hpp"
#include "crypto/hash.hpp"
#include "ingest_fixture.hpp"
#include "subjects/subjects.hpp"
#include "support/eventually.hpp"
#include "support/problem.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <future>
#include <map>
#include <set>

namespace unibox::test {
namespace {

using std::chrono::seconds;

const std::string kWhsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string kOtherWhsec = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::string Repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

TEST_CASE("Ingest: stored is 200 with an empty body; two tenants in one POST", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    f.PutChannel(f.second, "wa2", v1::PROVIDER_WHATSAPP, "222", {});
    const std::string body = WhatsAppBody({"111", "222"}, "A");
    const Secret secret(f.kAppSecret);
    const auto signature = channels::Sign("meta", {secret, body, "", 0, ""}).value();
    const auto response = f.Post(
        "/v1/hooks/meta", {{signature[1].name, signature[1].value}, {"Content-Type", "a/b"}}, body
    );
    REQUIRE_OK(response);
    CHECK(response->status == 200);
    CHECK(response->body.empty());
    const auto events = f.Stored();
    REQUIRE(events.size() == 2);
    std::set<std::int64_t> tenants;
    for (const auto& event : events) {
        tenants.insert(event.tenant_id());
        CHECK(event.message().text() == "hi");
        CHECK(event.traceparent().size() == 55);
    }
    CHECK(tenants == std::set<std::int64_t>{f.first.value, f.second.value});
    CHECK(f.Raw().empty());
}

TEST_CASE("Ingest: a route of no tenant is kept raw, its neighbours are stored", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    const std::string body = WhatsAppBody({"111", "999"}, "A");
    CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body) == 200);
    CHECK(f.StoredCount() == 1);
    const auto raws = f.Raw();
    REQUIRE(raws.size() == 1);
    CHECK(raws[0].reason() == "unknown_route");
    CHECK(raws[0].detail() == "999");
    CHECK(raws[0].body() == body);
    CHECK(raws[0].provider() == "meta");
}

TEST_CASE("Ingest: authentic and not understood is 200 and kept, in parts if large", "[nats]") {
    IngestFixture f;
    CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, "{not json") == 200);
    REQUIRE(f.Raw().size() == 1);
    CHECK(f.Raw()[0].reason() == "unparseable");
    const std::string large = "{" + std::string(2'000'000, 'x');
    CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, large) == 200);
    const auto raws = f.Raw();
    REQUIRE(raws.size() == 4);
    std::string joined;
    for (std::size_t part = 1; part < raws.size(); ++part) {
        CHECK(raws[part].id().size() == 16);
        CHECK(raws[part].id() == raws[1].id());
        CHECK(raws[part].app_ids_size() == 1);
        CHECK(raws[part].app_ids(0) == f.app->ToBytes());
        CHECK(raws[part].method() == "POST");
        CHECK(raws[part].part() == static_cast<int>(part) - 1);
        CHECK(raws[part].part_count() == 3);
        joined += raws[part].body();
    }
    CHECK(joined == large);
    CHECK(raws[1].id() != raws[0].id());
    // From the content: parts of a POST that was stored by halves and repeated are one webhook.
    CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, large) == 200);
    CHECK(f.Raw().size() == 4);
}

// Sixteen messages of types that nobody knows, no two alike, named with `prefix` and accents.
std::string OddBody(const std::string& prefix) {
    std::string odd;
    for (int i = 0; i < 16; ++i) {
        odd += (i == 0 ? "" : ",") + std::string(R"({"from":"351","id":"z)") + std::to_string(i) +
               R"(","timestamp":"1785412800","type":")" + prefix + static_cast<char>('a' + i) +
               Repeated("\xC3\xA9", 25) + R"("})";
    }
    return R"({"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":)"
           R"("messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":)"
           R"("999"},"messages":[)" +
           odd + "]}}]}]}";
}

TEST_CASE("Ingest: what is kept raw can be read, whatever bytes were sent", "[nats]") {
    IngestFixture f;
    // Of these one at least is cut in the middle of a character by a cut at 1,000 bytes.
    std::size_t between = 0;
    for (const std::string prefix : {"", "x", "xx", "xxx"}) {
        REQUIRE(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, OddBody(prefix)) == 200);
        const std::string detail = f.Raw().back().detail();  // Parses.
        CHECK(CleanText(detail) == detail);
        between += detail.size() == 999;
    }
    CHECK(between > 0);
    const std::string broken = "{\"object\":\"page\"";
    const auto signature =
        channels::Sign("meta", {Secret(f.kAppSecret), broken, "", 0, ""}).value();
    const auto response = f.Post(
        "/v1/hooks/meta",
        {{signature[1].name, signature[1].value}, {"Content-Type", "text/plain; x=\xFF"}},
        broken
    );
    REQUIRE_OK(response);
    CHECK(response->status == 200);
    const auto raws = f.Raw();  // Parses them.
    REQUIRE(raws.size() == 5);
    CHECK(raws[4].content_type() == "text/plain; x=\xEF\xBF\xBD");
}

TEST_CASE("Ingest: a full UB_RAW drops old bodies, not webhooks", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    nats::StreamOptions options;
    options.raw_bytes_max = 20'000;
    for (const auto& spec : nats::UniboxStreams(options)) {
        if (spec.name == "UB_RAW") REQUIRE_OK(nats::Streams(*f.connection).Ensure(spec));
    }
    int posts = 0;
    const auto mixed = [&] {
        const std::string id = "M" + std::to_string(++posts);
        return f.PostSigned(
            "meta", "/v1/hooks/meta", f.kAppSecret, WhatsAppBody({"111", "999"}, id)
        );
    };
    const auto first_kept = [&] {
        return nats::Streams(*f.connection).Info("UB_RAW").value().first_seq;
    };
    // Until it is full, and then as many again.
    while (first_kept() <= 1 && posts < 500) REQUIRE(mixed() == 200);
    REQUIRE(first_kept() > 1);
    for (int i = 0; i < 10; ++i) CHECK(mixed() == 200);
    CHECK(f.StoredCount() == static_cast<std::uint64_t>(posts));
    const auto& full = f.metrics.GetGauge(
        "unibox_ingest_raw_full_ratio",
        "Bytes of UB_RAW by its limit; near 1 each new webhook there drops the oldest."
    );
    CHECK(Eventually(seconds(10), [&] { return full.Get() > 0.8; }));
}

TEST_CASE("Ingest: a secret that cannot be unsealed is 503, not a refusal", "[nats][pg]") {
    IngestFixture f;
    const auto foreign = crypto::SealedBox::FromKeyText(crypto::GenerateKeyFileText()).value();
    f.PutMetaApp("sealed", "sealed-secret", "sealed-token", foreign);
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {"old-secret"});
    const std::string query = "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=";
    const auto app = [&](const std::string& secret) {
        return f.PostSigned("meta", "/v1/hooks/meta", secret, WhatsAppBody({"111"}, "A"));
    };
    CHECK(app(f.kAppSecret) == 200);
    CHECK(app("sealed-secret") == 503);  // Good, and cannot be known to be.
    CHECK(f.Get("/v1/hooks/meta" + query + f.kVerifyToken)->status == 200);
    CHECK(f.Get("/v1/hooks/meta" + query + "sealed-token")->status == 503);
    // A channel in rotation, whose new secret was sealed with another key.
    const auto put = f.PutChannel(f.first, "wa2", v1::PROVIDER_WHATSAPP, "222", {"old-secret"});
    f.PutSecret(f.first, put.channel, "new-secret", &foreign);
    const std::string path = "/v1/hooks/meta/wa2-token";
    CHECK(f.PostSigned("meta", path, "old-secret", WhatsAppBody({"222"}, "B")) == 200);
    CHECK(f.PostSigned("meta", path, "new-secret", WhatsAppBody({"222"}, "C")) == 503);
    const std::string whole = "/v1/hooks/meta/wa1-token";
    CHECK(f.PostSigned("meta", whole, "new-secret", WhatsAppBody({"111"}, "D")) == 401);
}

TEST_CASE("Ingest: a sealed generation is left for the next one at once", "[nats][pg]") {
    // So rarely looked at by itself that only the refused publish can be the reason.
    IngestFixture f(PgServer::Shared(), [](auto& config) {
        config.log_refresh_interval_ms = 3'600'000;
    });
    f.PutChannel(f.first, "tg", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    const auto post = [&](int update) {
        const std::string path = "/v1/hooks/telegram/tg-token";
        return f.PostSigned("telegram", path, "tg-secret", TelegramBody(update));
    };
    REQUIRE(post(1) == 200);
    nats::StreamOptions options;
    options.generation = 2;
    options.partition_count = 1;
    options.in_bytes_max = 64 << 20;
    REQUIRE_OK(nats::Streams(*f.connection).Ensure(nats::UniboxStreams(options).front()));
    for (int partition = 0; partition < 4; ++partition) {
        REQUIRE_OK(nats::Streams(*f.connection).Seal(subjects::InStream(1, partition)));
    }
    CHECK(Eventually(seconds(60), [&] { return post(2) == 200; }));
    CHECK(nats::Streams(*f.connection).Info(subjects::InStream(2, 0))->messages == 1);
}

TEST_CASE("Ingest: bad signature, unknown token, wrong provider look the same", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "tg", v1::PROVIDER_TELEGRAM, "", {"tg-secret"});
    const std::vector<http::Header> wrong = {{"X-Telegram-Bot-Api-Secret-Token", "wrong"}};
    const std::vector<http::Header> right = {{"X-Telegram-Bot-Api-Secret-Token", "tg-secret"}};
    const auto bad = f.Post("/v1/hooks/telegram/tg-token", wrong, TelegramBody(1));
    const auto unknown = f.Post("/v1/hooks/telegram/nobody", right, TelegramBody(1));
    const auto other = f.Post("/v1/hooks/standard/tg-token", right, TelegramBody(1));
    const auto app = f.Post("/v1/hooks/telegram", right, TelegramBody(1));
    for (const auto* response : {&bad, &unknown, &other, &app}) {
        REQUIRE_OK(*response);
        CHECK((*response)->status == 401);
        CHECK(WithoutTraceId((*response)->body) == WithoutTraceId(bad->body));
    }
    CHECK(f.StoredCount() == 0);
    CHECK(f.Raw().empty());
    CHECK(f.Post("/v1/hooks/telegram/tg-token", right, TelegramBody(1))->status == 200);
    CHECK(f.StoredCount() == 1);
    CHECK(f.Post("/v1/hooks/myspace/tg-token", right, "")->status == 404);
}

TEST_CASE("Ingest: a channel's own secret opens no other channel", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "victim", v1::PROVIDER_WHATSAPP, "111", {"victim-secret"});
    f.PutChannel(f.second, "thief", v1::PROVIDER_WHATSAPP, "222", {"thief-secret"});
    const std::string path = "/v1/hooks/meta/thief-token";
    CHECK(f.PostSigned("meta", path, "thief-secret", WhatsAppBody({"111"}, "X")) == 200);
    CHECK(f.StoredCount() == 0);
    REQUIRE(f.Raw().size() == 1);
    CHECK(f.Raw()[0].reason() == "unknown_route");
    CHECK(f.Raw()[0].tenant_id() == f.second.value);
    // Nor does it open the app's route, nor the victim's.
    CHECK(
        f.PostSigned("meta", "/v1/hooks/meta", "thief-secret", WhatsAppBody({"111"}, "X")) == 401
    );
    const std::string victim = "/v1/hooks/meta/victim-token";
    CHECK(f.PostSigned("meta", victim, "thief-secret", WhatsAppBody({"111"}, "X")) == 401);
    CHECK(f.PostSigned("meta", path, "thief-secret", WhatsAppBody({"222"}, "X")) == 200);
    const auto events = f.Stored();
    REQUIRE(events.size() == 1);
    CHECK(events[0].tenant_id() == f.second.value);
}

TEST_CASE("Ingest: an app opens only the channels that are its own", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    const auto first_app = f.app;
    f.PutMetaApp("other", "other-secret", "other-token", *f.box);
    f.PutChannel(f.second, "wa2", v1::PROVIDER_WHATSAPP, "222", {});
    f.app.reset();
    f.PutChannel(f.second, "wa3", v1::PROVIDER_WHATSAPP, "333", {});
    f.TellChanges();
    const std::string both = WhatsAppBody({"111", "222", "333"}, "A");
    REQUIRE(Eventually(seconds(10), [&] {
        return f.PostSigned("meta", "/v1/hooks/meta", "other-secret", both) == 200;
    }));
    REQUIRE(f.Stored().size() == 1);
    CHECK(f.Stored()[0].tenant_id() == f.second.value);
    REQUIRE(f.Raw().size() == 1);
    CHECK(f.Raw()[0].reason() == "other_app");
    REQUIRE(f.Raw()[0].app_ids_size() == 1);
    CHECK(f.Raw()[0].app_ids(0) != first_app->ToBytes());
    CHECK(f.Raw()[0].app_ids(0).size() == 16);
    const auto& other_app = f.metrics.GetCounter(
        "unibox_ingest_other_app_total",
        "Events for a channel of an app that did not sign them; kept in UB_RAW."
    );
    CHECK(other_app.Get() == 2);
    CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, both) == 200);
    const auto events = f.Stored();
    REQUIRE(events.size() == 2);
    CHECK(events[0].tenant_id() != events[1].tenant_id());
    REQUIRE(f.Raw().size() == 2);
}

TEST_CASE("Ingest: two apps with one secret both open their channels", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    const std::string first_app = f.app->ToBytes();
    // As an app looks that was given a new name in tenants.yaml: the old one stays.
    f.PutMetaApp("app-renamed", f.kAppSecret, "other-token", *f.box);
    f.PutChannel(f.second, "wa2", v1::PROVIDER_WHATSAPP, "222", {});
    f.PutMetaApp("third", "third-secret", "third-token", *f.box);
    f.PutChannel(f.second, "wa3", v1::PROVIDER_WHATSAPP, "333", {});
    f.TellChanges();
    const std::string all = WhatsAppBody({"111", "222", "333"}, "A");
    REQUIRE(Eventually(seconds(10), [&] {
        REQUIRE(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, all) == 200);
        return f.StoredCount() == 2;
    }));
    const auto events = f.Stored();
    CHECK(events[0].tenant_id() != events[1].tenant_id());
    const auto raw = f.Raw().back();
    CHECK(raw.reason() == "other_app");
    CHECK(raw.detail() == "333");
    REQUIRE(raw.app_ids_size() == 2);
    CHECK(raw.app_ids(0) == first_app);
    // The old secret of one is the new one of the other.
    f.PutMetaApp("fourth", "fourth-old", "fourth-token", *f.box);
    f.PutChannel(f.first, "wa4", v1::PROVIDER_WHATSAPP, "444", {});
    f.PutAppSecret("fourth-new");
    f.PutMetaApp("fifth", "fourth-old", "fifth-token", *f.box);
    f.PutChannel(f.second, "wa5", v1::PROVIDER_WHATSAPP, "555", {});
    f.TellChanges();
    const std::string both = WhatsAppBody({"444", "555"}, "B");
    REQUIRE(Eventually(seconds(10), [&] {
        const int status = f.PostSigned("meta", "/v1/hooks/meta", "fourth-old", both);
        return status == 200 && f.StoredCount() == 4;
    }));
}

TEST_CASE("Ingest: ten repeats at once are one message of the stream", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    const std::string body = WhatsAppBody({"111"}, "same");
    std::vector<std::future<int>> posts;
    for (int i = 0; i < 10; ++i) {
        posts.push_back(std::async(std::launch::async, [&] {
            return f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body);
        }));
    }
    for (auto& post : posts) CHECK(post.get() == 200);
    CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body) == 200);
    CHECK(f.StoredCount() == 1);
    CHECK(f.metrics.GetCounter("unibox_ingest_duplicates_total", "").Get() == 10);
}

TEST_CASE("Ingest: more events than the publisher's window in one POST", "[nats][pg]") {
    constexpr std::size_t kCount = 5'000;
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {});
    std::string statuses;
    for (std::size_t i = 0; i < kCount; ++i) {
        statuses += std::string(i == 0 ? "" : ",") + R"({"id":"wamid.)" + std::to_string(i) +
                    R"(","status":"read","timestamp":"1785412800","recipient_id":"351911222333"})";
    }
    const std::string body =
        R"({"object":"whatsapp_business_account","entry":[{"id":"1","changes":[)"
        R"({"field":"messages","value":{"messaging_product":"whatsapp",)"
        R"("metadata":{"phone_number_id":"111"},"statuses":[)" +
        statuses + "]}}]}]}";
    // A slow machine may need a second attempt; what the first one stored is not stored again.
    REQUIRE(Eventually(seconds(30), [&] {
        return f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body) == 200;
    }));
    CHECK(f.StoredCount() == kCount);
    CHECK(f.Raw().empty());
}

TEST_CASE("Ingest: both secrets of a rotation are good, and then the new one", "[nats][pg]") {
    IngestFixture f;
    const auto put = f.PutChannel(f.first, "s", v1::PROVIDER_STANDARD, "", {kOtherWhsec});
    const std::string path = "/v1/hooks/standard/s-token";
    CHECK(f.PostSigned("standard", path, kOtherWhsec, StandardBody("1")) == 200);
    CHECK(f.PostSigned("standard", path, kWhsec, StandardBody("2")) == 401);
    f.PutSecret(f.first, put.channel, kWhsec);
    f.TellChanges();
    CHECK(Eventually(seconds(60), [&] {
        return f.PostSigned("standard", path, kWhsec, StandardBody("2")) == 200;
    }));
    CHECK(f.PostSigned("standard", path, kOtherWhsec, StandardBody("3")) == 200);
    CHECK(f.StoredCount() == 3);
}

TEST_CASE("Ingest: the standard channel is told which field is wrong", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "s", v1::PROVIDER_STANDARD, "", {kWhsec});
    const std::string path = "/v1/hooks/standard/s-token";
    const std::string body = R"({"type":"message.created","data":{"text":"a","message_id":"1"}})";
    const Secret secret(kWhsec);
    std::vector<http::Header> headers;
    const auto signature =
        channels::Sign("standard", {secret, body, "", SystemClock().UnixMillis(), "w"}).value();
    for (const auto& header : signature) {
        headers.push_back({header.name, header.value});
    }
    const auto response = f.Post(path, headers, body);
    REQUIRE_OK(response);
    CHECK(response->status == 400);
    CHECK(response->body.find("\"field\":\"data.contact.external_id\"") != std::string::npos);
    CHECK(f.Raw().empty());
}

TEST_CASE("Ingest: a tenant over its rate gets 429, others go on", "[nats][pg]") {
    IngestFixture f;
    store::TenantSpec spec;
    spec.slug = spec.name = "slow";
    spec.ingest_rate_per_s = 1;
    spec.ingest_burst = 2;
    const TenantId slow = store::PutTenant(*f.admin, spec).value().tenant;
    f.PutChannel(slow, "slow", v1::PROVIDER_STANDARD, "", {kWhsec});
    f.PutChannel(slow, "slow-wa", v1::PROVIDER_WHATSAPP, "111", {});
    f.PutChannel(f.first, "s", v1::PROVIDER_STANDARD, "", {kWhsec});
    const auto post = [&](const std::string& slug, int n) {
        return f.PostSigned(
            "standard",
            "/v1/hooks/standard/" + slug + "-token",
            kWhsec,
            StandardBody(std::to_string(n))
        );
    };
    std::vector<std::future<int>> posts;
    for (int n = 0; n < 20; ++n) posts.push_back(std::async(std::launch::async, post, "slow", n));
    std::map<int, int> count_by_status;
    for (auto& one : posts) ++count_by_status[one.get()];
    CHECK(count_by_status[200] >= 2);
    CHECK(count_by_status[429] >= 1);
    CHECK(count_by_status[200] + count_by_status[429] == 20);
    CHECK(post("s", 1) == 200);
    // Never on Meta's route, which would disable the webhook for everybody.
    const std::string body = WhatsAppBody({"111"}, "A");
    CHECK(f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body) == 200);
}

TEST_CASE("Ingest: handshakes, sizes and methods", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "wa1", v1::PROVIDER_WHATSAPP, "111", {"own-secret"});
    const std::string query = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    const auto good = f.Get("/v1/hooks/meta" + query + f.kVerifyToken);
    REQUIRE_OK(good);
    CHECK(good->status == 200);
    CHECK(good->body == "1158201444");
    CHECK(f.Get("/v1/hooks/meta" + query + "wrong")->status == 403);
    CHECK(f.Get("/v1/hooks/meta/wa1-token" + query + "wa1-token")->status == 200);
    CHECK(f.Get("/v1/hooks/meta/wa1-token" + query + f.kVerifyToken)->status == 403);
    CHECK(f.Get("/v1/hooks/meta/none" + query + "none")->status == 403);
    CHECK(f.Get("/v1/hooks/telegram/x")->status == 405);
    CHECK(f.Post("/v1/hooks/meta", {}, std::string((4 << 20) + 1, 'x'))->status == 413);
    CHECK(f.Post("/v1/hooks/telegram/x", {}, std::string((1 << 20) + 1, 'x'))->status == 413);
}

// Signs as Twilio does by GET: everything is in the URL.
int GetFromTwilio(IngestFixture& f, const std::string& target) {
    const auto signature =
        channels::Sign(
            "twilio", {Secret("auth-token"), "", f.config.intake.public_base_url + target, 0, ""}
        )
            .value();
    std::vector<http::Header> headers;
    for (const auto& header : signature) {
        if (header.name == "X-Twilio-Signature") headers.push_back({header.name, header.value});
    }
    const auto answer = http::Send(
        "GET", "http://" + f.service->address("http") + target, headers, "", seconds(30)
    );
    return answer.ok() ? answer->status : 0;
}

TEST_CASE("Ingest: Twilio by GET, with the longest text there is", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "sms", v1::PROVIDER_TWILIO, "", {"auth-token"});
    const std::string base = "/v1/hooks/twilio/sms-token?AccountSid=AC1&From=%2B1415&To=%2B1416";
    // 1,600 Chinese characters.
    const std::string text = Repeated("%E4%BD%A0", 1'600);
    CHECK(GetFromTwilio(f, base + "&MessageSid=SM1&Body=" + text) == 200);
    REQUIRE(f.Stored().size() == 1);
    CHECK(f.Stored()[0].message().text() == Repeated("\xE4\xBD\xA0", 1'600));
    CHECK(GetFromTwilio(f, base + "&MessageSid=SM2&Body=" + text + std::string(4'096, 'x')) == 414);
    // Two that differ in nothing but the query are two.
    CHECK(GetFromTwilio(f, base + "&MessageSid=SM3&MessageStatus=new_one") == 200);
    CHECK(GetFromTwilio(f, base + "&MessageSid=SM4&MessageStatus=new_two") == 200);
    CHECK(GetFromTwilio(f, base + "&MessageSid=SM4&MessageStatus=new_two") == 200);
    const auto raws = f.Raw();
    REQUIRE(raws.size() == 2);
    CHECK(raws[0].id() != raws[1].id());
    CHECK(raws[0].method() == "GET");
    CHECK(raws[1].query().ends_with("MessageStatus=new_two"));
}

TEST_CASE("Ingest: Twilio signs the public URL", "[nats][pg]") {
    IngestFixture f;
    f.PutChannel(f.first, "sms", v1::PROVIDER_TWILIO, "", {"auth-token"});
    const std::string body = "MessageSid=SM1&AccountSid=AC1&From=%2B1415&To=%2B1416&Body=hi";
    const std::string path = "/v1/hooks/twilio/sms-token?a=1";
    CHECK(f.PostSigned("twilio", path, "auth-token", body) == 200);
    CHECK(f.StoredCount() == 1);
    CHECK(f.PostSigned("twilio", path, "other-token", body) == 401);
}

}  // namespace
}  // namespace unibox::test

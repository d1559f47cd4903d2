// What is kept raw can be replayed: for each reason and in each form, once its cause has gone, and
// the message is in the inbox once.
#include "channels/raw_reason.hpp"
#include "replay_fixture.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace unibox::test {
namespace {

constexpr std::size_t kOverOnePart = 800'000;
const std::string kWhsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string Nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
}

std::string WhatsAppEntry(const std::string& route, const std::string& rest) {
    return R"({"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":")" +
           route + R"("},)" + rest + "}}]}";
}

std::string WhatsAppText(const std::string& id, const std::string& text) {
    return R"("messages":[{"from":"351911222333","id":")" + id +
           R"(","timestamp":"1785412800","type":"text","text":{"body":")" + text + R"("}}])";
}

std::string WhatsApp(
    const std::string& route,
    const std::string& id,
    const std::string& text,
    const std::string& other_entry,
    std::size_t padding
) {
    return R"({"object":"whatsapp_business_account","entry":[)" +
           (other_entry.empty() ? "" : other_entry + ",") +
           WhatsAppEntry(route, WhatsAppText(id, text)) + "]}" + std::string(padding, ' ');
}

int PostMeta(ReplayFixture& f, const std::string& body) {
    return f.PostSigned("meta", "/v1/hooks/meta", f.kAppSecret, body);
}

void CheckParts(ReplayFixture& f, const std::string& reason, std::size_t padding) {
    const auto raw = f.NewestRaw();
    CHECK(raw.reason() == reason);
    CHECK(raw.part_count() == (padding > 0 ? 2 : 0));
}

// `odd_entry` stands beside the one with the message, whose route comes later; "" = none.
void ReplayByApp(ReplayFixture& f, const std::string& reason, const std::string& odd_entry) {
    for (const std::size_t padding : {std::size_t{0}, kOverOnePart}) {
        CAPTURE(reason, odd_entry.substr(0, 100), padding);
        const std::string route =
            std::to_string(7'000 + nats::Streams(*f.connection).Info("UB_RAW").value().last_seq);
        const std::string id = "wamid." + route;
        REQUIRE(PostMeta(f, WhatsApp(route, id, "late", odd_entry, padding)) == 200);
        CheckParts(f, reason, padding);
        CHECK(f.Replay().code == ctl::kExitFailed);
        CHECK(f.MessageCount(id) == 0);
        f.PutChannel(f.first, "c" + route, v1::PROVIDER_WHATSAPP, route, {});
        // What is beside the message is not understood still.
        CHECK((f.Replay().code == ctl::kExitOk) == odd_entry.empty());
        CHECK(f.MessageCount(id) == 1);
        f.Replay();
        CHECK(f.MessageCount(id) == 1);
    }
}

std::string Entry(const std::string& account, const std::string& time, const std::string& change) {
    return R"({"id":")" + account + R"(","time":)" + time + R"(,"changes":[)" + change + "]}";
}
std::string Notice(const std::string& account, const std::string& time) {
    return Entry(
        account, time, R"({"field":"account_update","value":{"event":"DISABLED_UPDATE"}})"
    );
}
std::string Entries(const std::string& entries, std::size_t padding) {
    return R"({"object":"whatsapp_business_account","entry":[)" + entries + "]}" +
           std::string(padding, ' ');
}

// Whom the notice of this time has reached.
std::multiset<std::int64_t> TenantsTold(ReplayFixture& f, const std::string& time) {
    std::multiset<std::int64_t> tenants;
    for (const auto& event : f.Stored()) {
        if (!event.has_control() || event.control().type() != "account_update") continue;
        if (std::to_string(event.provider_time_ms() / 1000) == time)
            tenants.insert(event.tenant_id());
    }
    return tenants;
}

// It names no number: whose it is webhook-ingest learns from messages, the operator knows.
void ReplayNoticeOfAccount(ReplayFixture& f) {
    f.PutChannel(f.first, "n1", v1::PROVIDER_WHATSAPP, "601", {});
    f.PutChannel(f.second, "n2", v1::PROVIDER_WHATSAPP, "602", {});
    const std::vector<std::string> both{"--route", "601", "--route", "602"};
    for (const std::size_t padding : {std::size_t{0}, kOverOnePart}) {
        CAPTURE(padding);
        const std::string time = padding > 0 ? "1785412802" : "1785412801";
        REQUIRE(PostMeta(f, Entries(Notice("51", time), padding)) == 200);
        CheckParts(f, "unknown_route", padding);
        CHECK(f.NewestRaw().detail() == "account 51");
        const auto refused = f.Replay();
        CHECK(refused.code == ctl::kExitFailed);
        CHECK(refused.out.find("it is about the account 51") != std::string::npos);
        CHECK(f.Replay({"--route", "699"}).code == ctl::kExitFailed);  // No channel has it.
        CHECK(TenantsTold(f, time).empty());
        const auto replay = f.Replay(both);
        INFO(replay.log << replay.out);
        CHECK(replay.code == ctl::kExitOk);
        CHECK(TenantsTold(f, time) == std::multiset{f.first.value, f.second.value});
    }
    // Two accounts: the numbers of one are not those of the other.
    const std::string time = "1785412803";
    REQUIRE(PostMeta(f, Entries(Notice("51", time) + "," + Notice("52", time), 0)) == 200);
    const auto of_whom = f.Replay({"--route", "602"});
    CHECK(
        of_whom.log.find("--account whose numbers the routes are, one of 51, 52") !=
        of_whom.log.npos
    );
    CHECK(f.Replay({"--route", "602", "--account", "53"}).code == ctl::kExitFailed);
    CHECK(TenantsTold(f, time).empty());
    CHECK(f.Replay({"--route", "602", "--account", "52"}).code == ctl::kExitFailed);  // 51 is left.
    CHECK(TenantsTold(f, time) == std::multiset{f.second.value});
}

// As webhook-ingest does: the webhook itself tells a number of the account.
void ReplayNoticeBesideMessage(ReplayFixture& f) {
    f.PutChannel(f.first, "n3", v1::PROVIDER_WHATSAPP, "603", {});
    const std::string time = "1785412804";
    const std::string odd = R"({"field":"brand_new","value":{}})";
    const std::string message = WhatsAppEntry("603", WhatsAppText("wamid.603", "beside"));
    // WhatsAppEntry is of the account 1.
    REQUIRE(
        PostMeta(f, Entries(Notice("1", time) + "," + message + "," + Entry("9", time, odd), 0)) ==
        200
    );
    CHECK(f.NewestRaw().reason() == "unknown_event");
    CHECK(TenantsTold(f, time).size() == 1);
    const auto replay = f.Replay();
    CHECK(replay.out.find("--route") == std::string::npos);
    CHECK(TenantsTold(f, time) == std::multiset{f.first.value, f.first.value});
    CHECK(
        f.Replay({"--route", "603"}).log.find("whose numbers are not known") != std::string::npos
    );
}

void ReplayOtherAppsRoute(ReplayFixture& f) {
    const auto signer = f.app;
    f.PutMetaApp("other", "other-secret", "other-token", *f.box);
    const auto other = f.app;
    for (const std::size_t padding : {std::size_t{0}, kOverOnePart}) {
        CAPTURE(padding);
        const std::string route = padding > 0 ? "8002" : "8001";
        f.app = other;
        f.PutChannel(f.first, "c" + route, v1::PROVIDER_WHATSAPP, route, {});
        const std::string id = "wamid." + route;
        REQUIRE(PostMeta(f, WhatsApp(route, id, "astray", "", padding)) == 200);
        CheckParts(f, "other_app", padding);
        const auto refused = f.Replay();
        CHECK(refused.code == ctl::kExitFailed);
        CHECK(refused.out.find("replay it with --app other") != std::string::npos);
        f.app = signer;
        f.PutChannel(f.first, "c" + route, v1::PROVIDER_WHATSAPP, route, {});
        CHECK(f.Replay().code == ctl::kExitOk);
        CHECK(f.MessageCount(id) == 1);
    }
}

TEST_CASE("Replay: the operator names the app where the record cannot", "[nats][pg]") {
    ReplayFixture f;
    f.PutMetaApp("twin", "twin-secret", "twin-token", *f.box);
    const auto twin = f.app;
    f.PutMetaApp("foreign", "foreign-secret", "foreign-token", *f.box);
    REQUIRE_OK(store::PutApp(*f.admin, NewUuidV7(9), {"sms", "twilio"}, ""));
    const auto foreign = f.app;
    f.app = twin;
    f.PutChannel(f.first, "wa", v1::PROVIDER_WHATSAPP, "9001", {});
    event::v1::RawWebhook raw;
    raw.set_id("one-and-the-same");
    raw.set_provider("meta");
    raw.set_path("/v1/hooks/meta");
    raw.set_reason("other_app");
    raw.set_receive_time_ms(SystemClock().UnixMillis());
    const std::string body = WhatsApp("9001", "wamid.old", "from before", "", 0);
    // In two parts, which named no app.
    raw.set_part_count(2);
    raw.set_body(body.substr(0, 100));
    f.StoreRaw(raw);
    raw.set_part(1);
    raw.set_body(body.substr(100));
    f.StoreRaw(raw);
    CHECK(f.Replay().code == ctl::kExitFailed);
    CHECK(f.Replay({"--app", "foreign"}).code == ctl::kExitFailed);
    CHECK(f.Replay({"--app", "nobody"}).code == ctl::kExitFailed);
    const auto of_twilio = f.Replay({"--app", "sms"});
    CHECK(of_twilio.code == ctl::kExitFailed);
    CHECK(of_twilio.log.find("sms is an app of twilio") != std::string::npos);
    CHECK(f.MessageCount("wamid.old") == 0);
    const auto replay = f.Replay({"--app", "twin"});
    INFO(replay.log);
    CHECK(replay.code == ctl::kExitOk);
    CHECK(f.MessageCount("wamid.old") == 1);
    // Whole, with the wrong app named.
    raw.clear_part();
    raw.clear_part_count();
    raw.add_app_ids(foreign->ToBytes());
    raw.set_body(WhatsApp("9001", "wamid.wrong", "astray", "", 0));
    f.StoreRaw(raw);
    CHECK(f.Replay().code == ctl::kExitFailed);
    CHECK(f.Replay({"--app", "twin"}).code == ctl::kExitOk);
    CHECK(f.MessageCount("wamid.wrong") == 1);
}

void ReplayTooLarge(ReplayFixture& f) {
    f.PutChannel(f.first, "wa", v1::PROVIDER_WHATSAPP, "111", {});
    f.PutChannel(f.first, "sms", v1::PROVIDER_TWILIO, "", {"auth-token"});
    f.PutChannel(f.first, "shop", v1::PROVIDER_STANDARD, "", {kWhsec});
    f.LimitEvents(2'000);
    const std::string text(3'000, 'x');
    const std::string sms = "AccountSid=AC1&From=%2B1415&To=%2B1416&Body=" + text + "&MessageSid=";
    const std::string sms_path = "/v1/hooks/twilio/sms-token";
    const std::string shop =
        R"({"type":"message.created","data":{"contact":{"external_id":"u"},"text":")" + text +
        R"(","message_id":")";
    const auto post_sms = [&](const std::string& id, std::size_t padding) {
        const std::string body = sms + id + "&ApiVersion=" + std::string(padding, 'y');
        return f.PostSigned("twilio", sms_path, "auth-token", body);
    };
    const auto post_shop = [&](const std::string& id, std::size_t padding) {
        const std::string body = shop + id + R"("}})" + std::string(padding, ' ');
        return f.PostSigned("standard", "/v1/hooks/standard/shop-token", kWhsec, body, "w" + id);
    };
    const auto post_meta = [&](const std::string& id, std::size_t padding) {
        return PostMeta(f, WhatsApp("111", id, text, "", padding));
    };
    const auto get_sms = [&](const std::string& id, std::size_t) {
        return f.GetFromTwilio(sms_path + "?" + sms + id);
    };
    using Send = std::function<int(const std::string&, std::size_t)>;
    const std::vector<std::pair<Send, std::size_t>> forms = {
        {post_meta, 0},
        {post_meta, kOverOnePart},
        {post_sms, 0},
        {post_sms, kOverOnePart},
        {post_shop, 0},
        {post_shop, kOverOnePart},
        {get_sms, 0}};
    std::vector<std::uint64_t> records;
    for (std::size_t i = 0; i < forms.size(); ++i) {
        CAPTURE(i);
        REQUIRE(forms[i].first("big" + std::to_string(i), forms[i].second) == 200);
        CheckParts(f, "too_large", forms[i].second);
        records.push_back(nats::Streams(*f.connection).Info("UB_RAW").value().last_seq);
        CHECK(f.Replay().code == ctl::kExitFailed);  // It still is.
    }
    f.LimitEvents(0);
    for (std::size_t i = 0; i < records.size(); ++i) {
        CAPTURE(i);
        const auto replay = f.Ctl({"raw", "replay", std::to_string(records[i])});
        INFO(replay.log << replay.out);
        CHECK(replay.code == ctl::kExitOk);
        CHECK(f.MessageCount("big" + std::to_string(i)) == 1);
    }
}

TEST_CASE("Replay: on a channel's own URL, by GET and by POST", "[nats][pg]") {
    ReplayFixture f;
    const std::string path = "/v1/hooks/twilio/sms-token";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"unknown_route", ""},
        {"partly_understood", "&Latitude=north&Longitude=1"},
        {"missing_field", "&NumMedia=1"}};
    int number = 0;
    for (const auto& [reason, odd] : cases) {
        for (const std::string form : {"GET", "POST", "POST in parts"}) {
            CAPTURE(reason, form);
            // Addressed to a number that the channel gets only later.
            f.PutChannel(f.first, "sms", v1::PROVIDER_TWILIO, "AC1/+1400", {"auth-token"});
            f.TellChanges();
            const std::string id = "SM" + std::to_string(++number);
            const std::string fields =
                "AccountSid=AC1&From=%2B1415&To=%2B1416&Body=hi&MessageSid=" + id + odd;
            if (form == "GET") {
                REQUIRE(f.GetFromTwilio(path + "?" + fields) == 200);
            } else {
                const std::string padding(form == "POST" ? 0 : kOverOnePart, 'y');
                const std::string body = fields + "&ApiVersion=" + padding;
                REQUIRE(f.PostSigned("twilio", path, "auth-token", body) == 200);
            }
            CheckParts(f, reason, form == "POST in parts" ? kOverOnePart : 0);
            CHECK(f.Replay().code == ctl::kExitFailed);
            CHECK(f.MessageCount(id) == 0);
            f.PutChannel(f.first, "sms", v1::PROVIDER_TWILIO, "AC1/+1416", {"auth-token"});
            CHECK((f.Replay().code == ctl::kExitOk) == odd.empty());
            CHECK(f.MessageCount(id) == 1);
        }
    }
}

// Nothing of such a body is read today; a later release can. So: kept by an older one.
void ReplayWhatOnlyANewerReleaseReads(ReplayFixture& f) {
    const auto sms = f.PutChannel(f.first, "sms", v1::PROVIDER_TWILIO, "", {"auth-token"});
    CHECK(PostMeta(f, "{not json") == 200);
    CHECK(f.NewestRaw().reason() == "unparseable");
    std::string fields = "a=1";
    for (int i = 0; i < 1'000; ++i) fields += "&a=1";  // One more than is read.
    CHECK(f.GetFromTwilio("/v1/hooks/twilio/sms-token?" + fields) == 200);
    event::v1::RawWebhook kept = f.NewestRaw();
    CHECK(kept.reason() == "unparseable");
    CHECK(kept.query() == fields);
    CHECK(kept.channel_id() == sms.channel.value.ToBytes());
    for (const std::string reason : {"unparseable", "unknown_event"}) {
        // Once with the method, once as records were without one.
        for (const bool old : {false, true}) {
            CAPTURE(reason, old);
            const std::string id = reason + (old ? "-old" : "");
            kept.set_reason(reason);
            kept.set_query("AccountSid=AC1&From=%2B1&To=%2B2&Body=hi&MessageSid=" + id);
            kept.set_method(old ? "" : "GET");
            f.StoreRaw(kept);
            CHECK(f.Replay().code == ctl::kExitOk);
            CHECK(f.MessageCount(id) == 1);
        }
    }
}

using Scenario = std::function<void(ReplayFixture&)>;

Scenario BesideMessage(const std::string& reason, const std::string& odd_entry) {
    return [=](ReplayFixture& f) { ReplayByApp(f, reason, odd_entry); };
}

// For each reason how a webhook comes to be kept for it, and goes back.
const std::multimap<std::string_view, Scenario>& Scenarios() {
    const std::string odd_member = R"({"id":"1","changes":[],"odd":)";
    const std::string template_status = R"({"field":"message_template_status_update","value":)";
    const std::string hologram = R"("messages":[{"from":"3","id":"odd","type":"hologram"}])";
    static const std::multimap<std::string_view, Scenario> scenarios{
        {"unparseable", ReplayWhatOnlyANewerReleaseReads},
        {"unknown_event",
         BesideMessage("unknown_event", Entry("1", "1", R"({"field":"brand_new","value":{}})"))},
        {"partly_understood", BesideMessage("partly_understood", WhatsAppEntry("none", hologram))},
        {"partly_understood", BesideMessage("partly_understood", odd_member + Nested(2'000) + "}")},
        {"missing_field", BesideMessage("missing_field", R"({"id":"1"})")},
        {"wrong_type", BesideMessage("wrong_type", "7")},
        // In what is passed over: nothing but the depth is wrong.
        {"too_deep",
         BesideMessage("too_deep", Entry("1", "1", template_status + Nested(2'000) + "}"))},
        {"unknown_route", BesideMessage("unknown_route", "")},
        {"unknown_route", ReplayNoticeOfAccount},
        {"unknown_route", ReplayNoticeBesideMessage},
        {"other_app", ReplayOtherAppsRoute},
        {"too_large", ReplayTooLarge}};
    return scenarios;
}

TEST_CASE("Replay: every reason for which a webhook is kept", "[nats][pg]") {
    for (const std::string_view reason : channels::kRawReasons) {
        DYNAMIC_SECTION(reason) {
            const auto [begin, end] = Scenarios().equal_range(reason);
            REQUIRE(begin != end);  // A new reason needs a scenario.
            ReplayFixture f;
            for (auto scenario = begin; scenario != end; ++scenario) scenario->second(f);
        }
    }
}

// "channel_error" was one: such errors are events now.
TEST_CASE("Replay: kept for a reason that there is no more", "[nats][pg]") {
    ReplayFixture f;
    const auto& reasons = channels::kRawReasons;
    CHECK(std::find(reasons.begin(), reasons.end(), "channel_error") == reasons.end());
    f.PutChannel(f.first, "wa", v1::PROVIDER_WHATSAPP, "111", {});
    const std::string body =
        Entries(WhatsAppEntry("111", R"("errors":[{"code":130429,"title":"Rate limit hit"}])"), 0);
    event::v1::RawWebhook raw;
    raw.set_provider("meta");
    raw.set_path("/v1/hooks/meta");
    raw.set_method("POST");
    raw.set_reason("channel_error");
    raw.set_receive_time_ms(SystemClock().UnixMillis());
    raw.add_app_ids(f.app->ToBytes());
    raw.set_body(body);
    f.StoreRaw(raw);
    const auto replay = f.Replay();
    INFO(replay.log << replay.out);
    CHECK(replay.code == ctl::kExitOk);
    const auto stored = f.Stored();
    REQUIRE(stored.size() == 1);
    CHECK(stored[0].control().type() == "channel_error");
    // Today it is not kept at all.
    REQUIRE(PostMeta(f, body) == 200);
    CHECK(f.Raw().size() == 1);
}

TEST_CASE("Replay: a disabled channel gets nothing", "[nats][pg]") {
    ReplayFixture f;
    REQUIRE(PostMeta(f, WhatsApp("111", "wamid.1", "late", "", 0)) == 200);
    store::ChannelSpec spec;
    spec.slug = spec.name = "wa";
    spec.provider = v1::PROVIDER_WHATSAPP;
    spec.route_key = "111";
    spec.app_id = f.app;
    spec.token_hash = std::string(32, 't');
    spec.disabled = true;
    REQUIRE_OK(store::PutChannel(*f.admin, f.first, spec));
    const auto replay = f.Replay();
    CHECK(replay.code == ctl::kExitFailed);
    CHECK(replay.out.find("the channel of the route 111 is disabled") != std::string::npos);
}

}  // namespace
}  // namespace unibox::test

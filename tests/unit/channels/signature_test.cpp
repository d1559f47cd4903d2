#include "channels/standard/signature.hpp"

#include "base/encoding.hpp"
#include "channels/meta/meta.hpp"
#include "channels/twilio/signature.hpp"
#include "channels/verify_reason.hpp"
#include "crypto/hash.hpp"
#include "fixtures.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace unibox::channels::test {
namespace {

using Json = nlohmann::json;
using unibox::test::HasCode;
using unibox::test::StatusOf;

constexpr std::int64_t kNow = 1'785'412'800'000;
const Secret kStandardSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
const Secret kOtherStandardSecret("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
const std::string kUrl = "https://hooks.example.com/v1/hooks/twilio/T?b=2&a=1";
const std::string kBody = R"({"object":"page","entry":[]})";

Result<std::size_t> Verify(
    std::string_view provider,
    const OwnedRequest& request,
    const std::vector<Secret>& secrets,
    const std::string& url = kUrl,
    std::int64_t now_ms = kNow
) {
    const WebhookRequest view = request.View();
    return AdapterOf(provider).verify({view, secrets, url, now_ms});
}

std::string FormOf(const Json& params) {
    std::string form;
    for (const auto& param : params) {
        if (!form.empty()) form += '&';
        std::string value = param[1];
        for (std::size_t at = value.find('+'); at != value.npos; at = value.find('+', at + 3))
            value.replace(at, 1, "%2B");
        form += param[0].get<std::string>() + "=" + value;
    }
    return form;
}

// One published vector as a request; `url` is what the provider signed.
OwnedRequest RequestOf(const Json& vector) {
    OwnedRequest request;
    const std::string scheme = vector["scheme"];
    request.body = vector.value("body", "");
    if (scheme == "standard-webhooks") {
        request.headers["webhook-id"] = vector["id"];
        request.headers["webhook-timestamp"] = vector["timestamp"];
        request.headers["webhook-signature"] = vector["expected"];
    } else if (scheme == "meta-sha256") {
        request.headers["x-hub-signature-256"] = vector["expected"];
    } else {
        request.headers["x-twilio-signature"] = vector["expected"];
        const std::string url = vector["url"];
        request.query = url.substr(url.find('?') + 1);
        if (vector.contains("params")) {
            request.body = FormOf(vector["params"]);
            request.content_type = "application/x-www-form-urlencoded";
        }
    }
    return request;
}

std::string ProviderOfScheme(const std::string& scheme) {
    if (scheme == "standard-webhooks") return "standard";
    return scheme == "meta-sha256" ? "meta" : "twilio";
}

TEST_CASE(
    "signature: all published vectors are accepted, and only with their secret", "[unit][channels]"
) {
    int count = 0;
    for (const std::string& line : ReadLines("public_vectors.jsonl")) {
        const Json vector = Json::parse(line);
        CAPTURE(line);
        const std::string provider = ProviderOfScheme(vector["scheme"]);
        const OwnedRequest request = RequestOf(vector);
        const std::int64_t now_ms = std::stoll(vector.value("timestamp", "1785412800")) * 1000;
        const std::string url = vector.value("url", "");
        const Secret secret(vector["secret"].get<std::string>());
        CHECK(Verify(provider, request, {secret}, url, now_ms).ok());
        CHECK_THAT(
            StatusOf(Verify(provider, request, {kOtherStandardSecret}, url, now_ms)),
            HasCode(Code::kUnauthenticated)
        );
        ++count;
    }
    CHECK(count == 9);
}

TEST_CASE("signature: Twilio's port may be there or not", "[unit][channels]") {
    const Secret secret("12345");
    const std::string form =
        "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%"
        "2B18005551212";
    struct Case {
        const char* url;
        const char* signature;
    };
    const Case cases[] = {
        {"https://mycompany.com/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="},
        {"https://mycompany.com:443/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
        {"https://mycompany.com:1234/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
        {"http://mycompany.com/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="},
        {"http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="},
    };
    OwnedRequest request;
    request.body = form;
    request.content_type = "application/x-www-form-urlencoded; charset=UTF-8";
    for (const Case& c : cases) {
        CAPTURE(c.url);
        request.headers["x-twilio-signature"] = c.signature;
        CHECK(Verify("twilio", request, {secret}, c.url).ok());
    }
    request.headers["x-twilio-signature"] = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    for (const char* url :
         {"http://mycompany.com/myapp.php?foo=1&bar=2",
          "https://mycompany.com/myapp.php?bar=2&foo=1",
          "https://evil.com/myapp.php?foo=1&bar=2",
          ""}) {
        CAPTURE(url);
        CHECK_FALSE(Verify("twilio", request, {secret}, url).ok());
    }
}

TEST_CASE("signature: Twilio URL variants", "[unit][channels]") {
    using Urls = std::vector<std::string>;
    CHECK(
        TwilioUrlVariants("https://u:p@h.com/a?b") ==
        Urls{"https://u:p@h.com/a?b", "https://u:p@h.com:443/a?b"}
    );
    CHECK(
        TwilioUrlVariants("http://h.com:8080?b") ==
        Urls{"http://h.com:8080?b", "http://h.com?b", "http://h.com:80?b"}
    );
    CHECK(TwilioUrlVariants("https://[::1]/a") == Urls{"https://[::1]/a", "https://[::1]:443/a"});
    CHECK(
        TwilioUrlVariants("https://[::1]:443/a:5@b") ==
        Urls{"https://[::1]:443/a:5@b", "https://[::1]/a:5@b"}
    );
}

TEST_CASE("signature: a Twilio GET has nothing but its URL", "[unit][channels]") {
    const Secret secret("token");
    OwnedRequest request;
    request.method = "GET";
    request.query = "MessageSid=SM1&From=%2B1&To=%2B2&AccountSid=AC1&Body=hi";
    const std::string url = "https://h.com/v1/hooks/twilio/T?" + request.query;
    request.headers["x-twilio-signature"] = Base64Encode(TwilioSignature("token", url, {}));
    CHECK(Verify("twilio", request, {secret}, url).ok());
    CHECK_FALSE(Verify("twilio", request, {secret}, url + "&x=1").ok());
    const auto parsed = AdapterOf("twilio").parse(request.View());
    REQUIRE_OK(parsed);
    REQUIRE(parsed->events.size() == 1);
    CHECK(parsed->events[0].event.message().text() == "hi");
}

TEST_CASE(
    "signature: a Twilio body that is no form must be bound by its hash", "[unit][channels]"
) {
    const Secret secret("token");
    OwnedRequest request;
    request.body = "{\"a\":1}";
    const std::string bare = "https://h.com/t";
    request.headers["x-twilio-signature"] = Base64Encode(TwilioSignature("token", bare, {}));
    CHECK_FALSE(Verify("twilio", request, {secret}, bare).ok());
    request.query = "bodySHA256=" + HexEncode(crypto::Sha256(request.body));
    const std::string url = bare + "?" + request.query;
    request.headers["x-twilio-signature"] = Base64Encode(TwilioSignature("token", url, {}));
    CHECK(Verify("twilio", request, {secret}, url).ok());
    request.body = "{\"a\":2}";
    CHECK_FALSE(Verify("twilio", request, {secret}, url).ok());
}

struct Subject {
    std::string provider;
    std::string body;
    Secret secret;
    Secret other;
};

std::vector<Subject> Subjects() {
    return {
        {"meta", kBody, Secret("app secret"), Secret("another")},
        {"telegram", R"({"update_id":1})", Secret("tg_token"), Secret("tg_tokem")},
        {"twilio", "MessageSid=SM1&Body=a+b&Empty=", Secret("auth token"), Secret("another")},
        {"standard", R"({"type":"a"})", kStandardSecret, kOtherStandardSecret},
    };
}

TEST_CASE(
    "signature: what Sign makes is accepted, and the index tells the secret", "[unit][channels]"
) {
    for (const Subject& s : Subjects()) {
        CAPTURE(s.provider);
        const OwnedRequest request = SignedRequest(s.provider, s.body, s.secret, kUrl, kNow);
        CHECK(Verify(s.provider, request, {s.secret}).value() == 0);
        CHECK(Verify(s.provider, request, {s.other, s.secret}).value() == 1);
        CHECK(Verify(s.provider, request, {s.secret, s.other}).value() == 0);
        CHECK(Verify(s.provider, request, {Secret(), s.secret}).value() == 1);
        for (const std::vector<Secret>& wrong : {std::vector<Secret>{}, {Secret()}, {s.other}}) {
            CHECK_THAT(
                StatusOf(Verify(s.provider, request, wrong)), HasCode(Code::kUnauthenticated)
            );
        }
    }
}

TEST_CASE("signature: any changed, missing or malformed header is refused", "[unit][channels]") {
    for (const Subject& s : Subjects()) {
        const OwnedRequest request = SignedRequest(s.provider, s.body, s.secret, kUrl, kNow);
        for (const auto& [name, value] : request.headers) {
            if (name == "content-type") continue;
            CAPTURE(s.provider, name, value);
            for (std::size_t at = 0; at < value.size(); ++at) {
                OwnedRequest changed = request;
                changed.headers[name][at] = static_cast<char>(value[at] ^ 1);
                // still fixed.
                CHECK_FALSE(Verify(s.provider, changed, {s.secret}).ok());
            }
            for (const std::string& wrong :
                 {std::string(),
                  value.substr(1),
                  value.substr(0, value.size() - 1),
                  value + "A",
                  " " + value + "A",
                  std::string(5000, 'a')}) {
                OwnedRequest changed = request;
                changed.headers[name] = wrong;
                CHECK_FALSE(Verify(s.provider, changed, {s.secret}).ok());
            }
            OwnedRequest without = request;
            without.headers.erase(name);
            CHECK_FALSE(Verify(s.provider, without, {s.secret}).ok());
        }
    }
}

TEST_CASE("signature: Meta's SHA-1 header and other prefixes are not enough", "[unit][channels]") {
    const Secret secret("s");
    OwnedRequest request;
    request.body = kBody;
    request.headers["x-hub-signature"] = "sha1=" + HexEncode(crypto::HmacSha1("s", kBody));
    CHECK_FALSE(Verify("meta", request, {secret}).ok());
    const std::string hex = HexEncode(crypto::HmacSha256("s", kBody));
    for (const std::string& wrong :
         {hex, "sha1=" + hex, "sha256:" + hex, "sha256= " + hex, "sha256=" + hex.substr(2)}) {
        request.headers["x-hub-signature-256"] = wrong;
        CHECK_FALSE(Verify("meta", request, {secret}).ok());
    }
    request.headers["x-hub-signature-256"] = "sha256=" + hex;
    CHECK(Verify("meta", request, {secret}).ok());
}

TEST_CASE("signature: the standard clock may be 300 s off, either way", "[unit][channels]") {
    const OwnedRequest request = SignedRequest("standard", "{}", kStandardSecret, "", kNow);
    for (const std::int64_t off_s : {-300, -1, 0, 1, 300}) {
        CHECK(Verify("standard", request, {kStandardSecret}, "", kNow + off_s * 1000).ok());
    }
    CHECK(Verify("standard", request, {kStandardSecret}, "", kNow + 300'999).ok());
    for (const std::int64_t off_s : {-301, 301, -86'400, 86'400}) {
        const std::int64_t now_ms = kNow + off_s * 1000;
        const auto refused = Verify("standard", request, {kStandardSecret}, "", now_ms);
        REQUIRE_FALSE(refused.ok());
        CHECK(refused.status().reason() == kSignedTimeAway);
        const std::string side = off_s > 0 ? " s before ours" : " s after ours";
        const std::string off = std::to_string(off_s > 0 ? off_s : -off_s);
        CHECK(refused.status().message() == "webhook-timestamp is " + off + side);
        // Of another secret's the time says nothing.
        const auto other = Verify("standard", request, {kOtherStandardSecret}, "", now_ms);
        REQUIRE_FALSE(other.ok());
        CHECK(other.status().reason() != kSignedTimeAway);
    }
    for (const char* wrong :
         {"",
          "-1785412800",
          "+1785412800",
          "1785412800.0",
          "0x1",
          "1785412800 ",
          "99999999999999999999"}) {
        OwnedRequest changed = request;
        changed.headers["webhook-timestamp"] = wrong;
        CHECK_FALSE(Verify("standard", changed, {kStandardSecret}, "", kNow).ok());
    }
}

TEST_CASE("signature: one good signature among others is enough", "[unit][channels]") {
    const OwnedRequest request = SignedRequest("standard", "{}", kStandardSecret, "", kNow);
    const std::string good = request.headers.at("webhook-signature");
    const std::string bad = "v1," + Base64Encode(std::string(32, 'x'));
    const auto accepted = [&](const std::string& header) {
        OwnedRequest changed = request;
        changed.headers["webhook-signature"] = header;
        return Verify("standard", changed, {kStandardSecret}, "", kNow).ok();
    };
    for (const std::string& header :
         {good,
          bad + " " + good,
          good + " " + bad,
          "v1a,AAAA v9,zzzz " + good,
          "  " + good + " ",
          "v1 v1, , " + good}) {
        CAPTURE(header);
        CHECK(accepted(header));
    }
    std::string many;
    for (int i = 0; i < 40; ++i) many += bad + " ";
    for (const std::string& header :
         {bad,
          good.substr(3),
          "v2," + good.substr(3),
          "V1," + good.substr(3),
          "v1a," + good.substr(3),
          "v1," + good,
          good + "," + good.substr(3),
          many + good}) {
        CAPTURE(header);
        CHECK_FALSE(accepted(header));
    }
}

TEST_CASE("signature: Svix's header names are taken too", "[unit][channels]") {
    OwnedRequest request = SignedRequest("standard", "{}", kStandardSecret, "", kNow);
    for (const char* part : {"id", "timestamp", "signature"}) {
        request.headers[std::string("svix-") + part] =
            request.headers[std::string("webhook-") + part];
        request.headers.erase(std::string("webhook-") + part);
    }
    CHECK(Verify("standard", request, {kStandardSecret}, "", kNow).ok());
}

TEST_CASE("signature: secrets of the standard scheme are base64", "[unit][channels]") {
    CHECK(StandardWebhookKey("whsec_MfKQ") == StandardWebhookKey("MfKQ"));
    for (const char* wrong : {"", "whsec_", "whsec_!", "not base64 at all"})
        CHECK_FALSE(StandardWebhookKey(wrong));
}

TEST_CASE("sign: what cannot be signed is refused with its field", "[unit][channels]") {
    const Secret secret("whsec_MfKQ");
    const auto field = [](const Result<std::vector<Header>>& result) {
        return result.status().field();
    };
    CHECK(field(Sign("meta", {Secret(), "{}", "", 0, ""})) == "secret");
    CHECK(field(Sign("standard", {Secret("???"), "{}", "", 0, "id"})) == "secret");
    CHECK(field(Sign("standard", {secret, "{}", "", 0, ""})) == "webhook_id");
    CHECK(field(Sign("twilio", {secret, "a=b", "", 0, ""})) == "url");
    CHECK(field(Sign("twilio", {secret, "{}", "https://h.com/", 0, ""})) == "url");
    CHECK_THAT(
        StatusOf(Sign("carrier-pigeon", {secret, "{}", "", 0, ""})), HasCode(Code::kNotFound)
    );
}

TEST_CASE("handshake: the challenge is given for the right token alone", "[unit][channels]") {
    const std::vector<Secret> tokens = {Secret("new-token"), Secret("verify me+1")};
    CHECK(
        MetaHandshake(
            "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=new-token", tokens
        )
            .value() == "1158201444"
    );
    CHECK(
        MetaHandshake("hub.verify_token=verify%20me%2B1&hub.challenge=7&hub.mode=subscribe", tokens)
            .ok()
    );
    for (const char* wrong :
         {"",
          "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
          "hub.mode=subscribe&hub.challenge=1",
          "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=new-token",
          "hub.mode=subscribe&hub.verify_token=new-token",
          "hub.mode=subscribe&hub.challenge=&hub.verify_token=new-token",
          "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=new-token",
          "hub.mode=subscribe&hub.challenge=1&hub.verify_token=new-tokem"}) {
        CAPTURE(wrong);
        CHECK_THAT(StatusOf(MetaHandshake(wrong, tokens)), HasCode(Code::kPermissionDenied));
    }
    const std::vector<Secret> empty = {Secret()};
    CHECK_FALSE(MetaHandshake("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", empty).ok());
}

TEST_CASE("signature: Twilio's shared keys sign with the hash that they name", "[unit][channels]") {
    const std::vector<Secret> secrets = {Secret("other"), Secret("shared-key")};
    const FormFields fields = {
        {"MessageSid", "SM256"}, {"Body", "x"}, {"From", "+1"}, {"To", "+2"}};
    OwnedRequest request;
    request.body = "MessageSid=SM256&Body=x&From=%2B1&To=%2B2";
    request.content_type = "application/x-www-form-urlencoded";
    const std::string sha1 = Base64Encode(TwilioSignature("shared-key", kUrl, fields));
    const std::string sha256 =
        Base64Encode(TwilioSignature("shared-key", kUrl, fields, TwilioHash::kSha256));
    CHECK(sha1.size() == 28);
    CHECK(sha256.size() == 44);
    struct Case {
        const char* settings;  // nullptr: no such header.
        std::string signature;
        bool accepted;
    };
    const Case cases[] = {
        {nullptr, sha1, true},
        {nullptr, sha256, false},
        {"", sha1, true},
        {"key=webhooks_sharedkey_1", sha1, true},
        {"key=webhooks_sharedkey_1,algorithm=HMAC_SHA1", sha1, true},
        {"key=webhooks_sharedkey_1,algorithm=HMAC_SHA1", sha256, false},
        {"key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", sha256, true},
        {"key=webhooks_sharedkey_1, algorithm = hmac_sha256 ", sha256, true},
        {"algorithm=HMAC_SHA256,key=webhooks_sharedkey_1", sha256, true},
        {"key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", sha1, false},
        {"key=webhooks_sharedkey_1,algorithm=HMAC_SHA512", sha256, false},
        {"key=webhooks_sharedkey_1,algorithm=NONE", sha1, false},
    };
    for (const Case& c : cases) {
        CAPTURE(c.settings == nullptr ? "none" : c.settings, c.signature);
        request.headers = {{"x-twilio-signature", c.signature}};
        if (c.settings != nullptr)
            request.headers["x-twilio-webhooks-signature-settings"] = c.settings;
        const auto verified = Verify("twilio", request, secrets);
        CHECK(verified.ok() == c.accepted);
        if (verified.ok()) CHECK(*verified == 1);
    }
    request.headers = {
        {"x-twilio-webhooks-signature-settings", "algorithm=HMAC_SHA256"},
        {"x-twilio-signature", sha256}};
    request.body += "y";
    CHECK_THAT(StatusOf(Verify("twilio", request, secrets)), HasCode(Code::kUnauthenticated));
}

}  // namespace
}  // namespace unibox::channels::test

#include "channels/sign.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "channels/adapter.hpp"
#include "channels/standard_signature.hpp"
#include "channels/twilio_signature.hpp"
#include "crypto/hash.hpp"

namespace unibox::channels {
namespace {

using Headers = std::vector<Header>;
constexpr const char* kJson = "application/json";

Headers SignMeta(const SignInput& input) {
    const std::string mac = crypto::HmacSha256(input.secret.Reveal(), input.body);
    return {{"Content-Type", kJson}, {"X-Hub-Signature-256", "sha256=" + HexEncode(mac)}};
}

Headers SignTelegram(const SignInput& input) {
    return {
        {"Content-Type", kJson},
        {"X-Telegram-Bot-Api-Secret-Token", std::string(input.secret.Reveal())}};
}

Result<Headers> SignTwilio(const SignInput& input) {
    if (input.url.empty()) return InvalidArgument("url is missing").WithField("url");
    FormFields fields;
    const bool json =
        TrimSpace(input.body).starts_with('{') || TrimSpace(input.body).starts_with('[');
    if (json) {
        const std::string wanted = "bodySHA256=" + HexEncode(crypto::Sha256(input.body));
        if (input.url.find(wanted) == input.url.npos) {
            return InvalidArgument("the query of a JSON webhook must have " + wanted)
                .WithField("url");
        }
    } else {
        UNIBOX_ASSIGN_OR_RETURN(fields, ParseForm(input.body));
    }
    const std::string mac = TwilioSignature(input.secret.Reveal(), input.url, fields);
    return Headers{
        {"Content-Type", json ? kJson : "application/x-www-form-urlencoded; charset=UTF-8"},
        {"X-Twilio-Signature", Base64Encode(mac)}};
}

Result<Headers> SignStandard(const SignInput& input) {
    const auto key = StandardWebhookKey(input.secret.Reveal());
    if (!key)
        return InvalidArgument("the secret must be base64, with or without whsec_")
            .WithField("secret");
    if (input.webhook_id.empty() || input.webhook_id.size() > 255) {
        return InvalidArgument("webhook_id must have 1 to 255 characters").WithField("webhook_id");
    }
    const std::string timestamp = std::to_string(input.now_ms / 1000);
    const std::string mac = StandardSignature(*key, input.webhook_id, timestamp, input.body);
    return Headers{
        {"Content-Type", kJson},
        {"webhook-id", std::string(input.webhook_id)},
        {"webhook-timestamp", timestamp},
        {"webhook-signature", "v1," + Base64Encode(mac)}};
}

}  // namespace

Result<Headers> Sign(std::string_view provider, const SignInput& input) {
    if (input.secret.empty()) return InvalidArgument("the secret is empty").WithField("secret");
    const std::string_view by_name = UrlNameOf(ProviderOf(provider));
    const std::string_view url_name = by_name.empty() ? provider : by_name;
    if (url_name == "meta") return SignMeta(input);
    if (url_name == "telegram") return SignTelegram(input);
    if (url_name == "twilio") return SignTwilio(input);
    if (url_name == "standard") return SignStandard(input);
    return NotFound("unknown provider: " + std::string(provider));
}

}  // namespace unibox::channels

// Meta's one webhook for WhatsApp, Messenger and Instagram: HMAC-SHA256 with the app secret over
// the raw body; a POST holds the events of many pages and numbers, that is: of many tenants. See
// meta.md.
#include "base/encoding.hpp"
#include "channels/adapters.hpp"
#include "channels/members.hpp"
#include "channels/meta_parts.hpp"
#include "crypto/hash.hpp"

namespace unibox::channels {
namespace {

constexpr std::string_view kSignaturePrefix = "sha256=";
constexpr std::size_t kSignatureHexSize = 64;

void ParseEntry(const JsonValue& entry, std::string_view object, ParseSink& sink) {
    if (!entry.IsObject()) return sink.Problem("wrong_type", "entry[] is not an object");
    if (object == "whatsapp_business_account") return ParseWhatsAppEntry(entry, sink);
    if (object == "instagram") return ParseMessengerEntry(entry, v1::PROVIDER_INSTAGRAM, sink);
    ParseMessengerEntry(entry, v1::PROVIDER_MESSENGER, sink);
}

class Meta final : public Adapter {
public:
    Result<std::size_t> Verify(const VerifyInput& input) const override {
        const auto header = input.request.header("X-Hub-Signature-256");
        if (!header || !header->starts_with(kSignaturePrefix))
            return BadSignature("no X-Hub-Signature-256: sha256=");
        const std::string_view hex = header->substr(kSignaturePrefix.size());
        const auto given = hex.size() == kSignatureHexSize ? HexDecode(hex) : std::nullopt;
        if (!given) return BadSignature("X-Hub-Signature-256 is not 64 hexadecimal digits");
        for (std::size_t i = 0; i < input.secrets.size(); ++i) {
            const std::string_view secret = input.secrets[i].Reveal();
            if (secret.empty()) continue;
            if (crypto::ConstantTimeEquals(*given, crypto::HmacSha256(secret, input.request.body)))
                return i;
        }
        return BadSignature("X-Hub-Signature-256 does not match");
    }

    Result<Parsed> Parse(const WebhookRequest& request) const override {
        UNIBOX_ASSIGN_OR_RETURN(const auto document, JsonDocument::ParseTolerant(request.body));
        const JsonValue& root = document.root();
        const std::string_view object = root["object"].View();
        if (object != "page" && object != "instagram" && object != "whatsapp_business_account") {
            return InvalidArgument("object is none that Unibox knows").WithField("object");
        }
        if (!root["entry"].IsArray())
            return InvalidArgument("entry is not an array").WithField("entry");
        ParseSink sink;
        for (const auto item : root["entry"].Items()) ParseEntry(JsonValue(item), object, sink);
        CheckMembers(root, MetaBodyTable(), "body", sink);
        return std::move(sink).Take(document.repairs());
    }

    std::string_view route_provider() const override { return "meta"; }
};

}  // namespace

const Adapter& MetaAdapter() {
    static const Meta adapter;
    return adapter;
}

}  // namespace unibox::channels

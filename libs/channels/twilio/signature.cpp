#include "channels/twilio/signature.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "channels/twilio/twilio.hpp"
#include "crypto/hash.hpp"

#include <set>

namespace unibox::channels {
namespace {

struct UrlParts {
    std::string_view scheme;       // With "://".
    std::string_view credentials;  // With "@", or empty.
    std::string_view host;
    std::string_view port;  // With ":", or empty.
    std::string_view rest;  // From "/" or "?" on.
};

UrlParts SplitUrl(std::string_view url) {
    UrlParts parts;
    const std::size_t scheme_end = url.find("://");
    if (scheme_end != url.npos) {
        parts.scheme = url.substr(0, scheme_end + 3);
        url.remove_prefix(scheme_end + 3);
    }
    const std::size_t authority_size = std::min(url.find_first_of("/?#"), url.size());
    std::string_view authority = url.substr(0, authority_size);
    parts.rest = url.substr(authority_size);
    if (const auto at = authority.rfind('@'); at != authority.npos) {
        parts.credentials = authority.substr(0, at + 1);
        authority.remove_prefix(at + 1);
    }
    const std::size_t bracket = authority.rfind(']');  // Of an IPv6 address.
    const std::size_t colon = authority.rfind(':');
    const bool has_port = colon != authority.npos && (bracket == authority.npos || colon > bracket);
    parts.host = authority.substr(0, has_port ? colon : authority.size());
    parts.port = authority.substr(parts.host.size());
    return parts;
}

std::string Join(const UrlParts& parts, std::string_view port) {
    std::string url;
    for (const std::string_view part :
         {parts.scheme, parts.credentials, parts.host, port, parts.rest})
        url += part;
    return url;
}

// The fields that the signature covers, or why there can be none.
Result<FormFields> SignedFields(const WebhookRequest& request) {
    if (request.method == "GET" || request.body.empty()) return FormFields();
    if (IsForm(request.content_type)) return ParseForm(request.body);
    UNIBOX_ASSIGN_OR_RETURN(const auto query, ParseForm(request.query));
    const auto hash = FindField(query, "bodySHA256");
    if (!hash) return Unauthenticated("a body that is no form needs bodySHA256 in the query");
    if (!crypto::ConstantTimeEquals(ToLowerAscii(*hash), HexEncode(crypto::Sha256(request.body)))) {
        return Unauthenticated("bodySHA256 does not match");
    }
    return FormFields();
}

}  // namespace

std::string TwilioSignedText(std::string_view url, const FormFields& fields) {
    // A set: repeated values of one name count once, as in Twilio's own libraries.
    const std::set<std::pair<std::string_view, std::string_view>> sorted(
        fields.begin(), fields.end()
    );
    std::string text(url);
    for (const auto& [name, value] : sorted) text.append(name).append(value);
    return text;
}

std::vector<std::string> TwilioUrlVariants(std::string_view url) {
    const UrlParts parts = SplitUrl(url);
    std::vector<std::string> variants = {std::string(url)};
    const std::string_view default_port = parts.scheme == "http://" ? ":80" : ":443";
    variants.push_back(parts.port.empty() ? Join(parts, default_port) : Join(parts, ""));
    if (!parts.port.empty() && parts.port != default_port)
        variants.push_back(Join(parts, default_port));
    return variants;
}

std::optional<TwilioHash> TwilioAlgorithm(std::optional<std::string_view> settings) {
    std::string_view rest = settings.value_or("");
    while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const std::size_t equals = part.find('=');
        if (equals == part.npos || TrimSpace(part.substr(0, equals)) != "algorithm") continue;
        const std::string_view name = TrimSpace(part.substr(equals + 1));
        if (EqualsIgnoreCaseAscii(name, "HMAC_SHA256")) return TwilioHash::kSha256;
        if (EqualsIgnoreCaseAscii(name, "HMAC_SHA1")) return TwilioHash::kSha1;
        if (!name.empty()) return std::nullopt;
    }
    return TwilioHash::kSha1;
}

std::size_t TwilioSignatureTextSize(TwilioHash hash) {
    return hash == TwilioHash::kSha256 ? 44 : 28;
}

std::string TwilioSignature(
    std::string_view secret, std::string_view url, const FormFields& fields, TwilioHash hash
) {
    const std::string text = TwilioSignedText(url, fields);
    return hash == TwilioHash::kSha256 ? crypto::HmacSha256(secret, text)
                                       : crypto::HmacSha1(secret, text);
}

bool IsForm(std::string_view content_type) {
    const std::string_view type = TrimSpace(content_type.substr(0, content_type.find(';')));
    return type.empty() || EqualsIgnoreCaseAscii(type, "application/x-www-form-urlencoded");
}

Result<std::size_t> VerifyTwilio(const VerifyInput& input) {
    const auto algorithm =
        TwilioAlgorithm(input.request.header("X-Twilio-Webhooks-Signature-Settings"));
    if (!algorithm) return BadSignature("an algorithm other than HMAC_SHA1 and HMAC_SHA256");
    // Compared as text: base64 has more than one form of the same bytes, and only one is the
    // provider's.
    const auto given = input.request.header("X-Twilio-Signature");
    if (!given || given->size() != TwilioSignatureTextSize(*algorithm)) {
        return BadSignature("no X-Twilio-Signature of the algorithm's length");
    }
    const auto fields = SignedFields(input.request);
    if (!fields.ok()) return BadSignature(fields.status().message());
    const auto urls = TwilioUrlVariants(input.public_url);
    for (std::size_t i = 0; i < input.secrets.size(); ++i) {
        const std::string_view secret = input.secrets[i].Reveal();
        if (secret.empty()) continue;
        for (const std::string& url : urls) {
            const std::string mac = TwilioSignature(secret, url, *fields, *algorithm);
            if (crypto::ConstantTimeEquals(*given, Base64Encode(mac))) return i;
        }
    }
    return BadSignature("X-Twilio-Signature does not match");
}

Result<std::vector<Header>> SignTwilio(const SignInput& input) {
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
    return std::vector<Header>{
        {"Content-Type",
         json ? "application/json" : "application/x-www-form-urlencoded; charset=UTF-8"},
        {"X-Twilio-Signature", Base64Encode(mac)}};
}

}  // namespace unibox::channels

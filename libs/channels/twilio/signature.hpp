// X-Twilio-Signature: base64 of an HMAC over the URL and the sorted parameters; SHA-1 with the auth
// token, or what X-Twilio-Webhooks-Signature-Settings names with a key of the account's own.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/form.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::channels {

// What is signed: the URL, then for every name (sorted) each of its distinct values (sorted), name
// and value.
std::string TwilioSignedText(std::string_view url, const FormFields& fields);

// Twilio's servers do not agree on the port: the URL as given, without its port, and with the
// scheme's default port.
std::vector<std::string> TwilioUrlVariants(std::string_view url);

enum class TwilioHash { kSha1, kSha256 };

// By "key=…,algorithm=HMAC_SHA256"; SHA-1 without header or algorithm; nullopt for any other name.
std::optional<TwilioHash> TwilioAlgorithm(std::optional<std::string_view> settings);
// Of the signature in base64: 28 or 44 characters.
std::size_t TwilioSignatureTextSize(TwilioHash hash);

// Raw 20 or 32 bytes. `secret`: the auth token, or the shared key's secret.
std::string TwilioSignature(
    std::string_view secret,
    std::string_view url,
    const FormFields& fields,
    TwilioHash hash = TwilioHash::kSha1
);

// Forms are signed by their fields; everything else by its hash in the query (bodySHA256).
bool IsForm(std::string_view content_type);

}  // namespace unibox::channels

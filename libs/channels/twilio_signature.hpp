// X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and the sorted parameters.
// Thread safety: pure functions, any thread.
#pragma once

#include "channels/form.hpp"

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

// Raw 20 bytes.
std::string TwilioSignature(
    std::string_view auth_token, std::string_view url, const FormFields& fields
);

// Forms are signed by their fields; everything else by its hash in the query (bodySHA256).
bool IsForm(std::string_view content_type);

}  // namespace unibox::channels

// The secret token of setWebhook, sent in a header: nothing is signed.
#include "channels/telegram/telegram.hpp"
#include "crypto/hash.hpp"

namespace unibox::channels {
namespace {

constexpr const char* kSecretHeader = "X-Telegram-Bot-Api-Secret-Token";

}  // namespace

Result<std::size_t> VerifyTelegram(const VerifyInput& input) {
    const auto given = input.request.header(kSecretHeader);
    if (!given || given->empty()) return BadSignature("no secret token header");
    for (std::size_t i = 0; i < input.secrets.size(); ++i) {
        const std::string_view secret = input.secrets[i].Reveal();
        if (!secret.empty() && crypto::ConstantTimeEquals(*given, secret)) return i;
    }
    return BadSignature("the secret token does not match");
}

Result<std::vector<Header>> SignTelegram(const SignInput& input) {
    return std::vector<Header>{
        {"Content-Type", "application/json"}, {kSecretHeader, std::string(input.secret.Reveal())}};
}

}  // namespace unibox::channels

// WhatsApp webhooks as complete HTTP requests, signed for the Meta app of test::Stack.
// Thread safety: any thread.
#pragma once

#include "support/webhook_client.hpp"

#include <string>
#include <vector>

namespace unibox::bench {

std::vector<http::Header> SignatureOf(const std::string& body);
std::string SignedRequest(const std::string& body);
inline std::string SignedRequest(const test::WhatsAppText& message) {
    return SignedRequest(test::WhatsAppWebhook({message}));
}

}  // namespace unibox::bench

// The recorded webhooks of tests/data/webhooks, and the messages that an inbox must show after all
// of them were sent in order. Thread safety: values.
#pragma once

#include "support/webhook_client.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace unibox::test {

struct WebhookFixture {
    std::string name;
    std::string provider;
    std::string query;  // With its "?"; may be empty.
    std::string body;   // Its times moved to now.
    std::string webhook_id;
    std::string outcome;  // publish, ignore, quarantine, reject, handshake
    int http_status = 0;
    nlohmann::json events;
};

std::vector<WebhookFixture> LoadWebhookFixtures();

struct ExpectedMessage {
    std::string provider_id;
    std::string contact_key;
    std::string text;
    std::string payload;
    std::optional<std::size_t> attachment_count;  // Nothing: the index does not say.
    bool outbound = false;
    bool edited = false;
    bool deleted = false;
    std::vector<std::string> emojis;
};

// The tenants of the fixtures as tenants.yaml: "first" has a channel of each provider; "second" the
// other phone number and the other page.
extern const char* const kFixtureTenants;

// The channel ("whatsapp", "second/whatsapp", …) of an event in the index.
std::string ChannelOfEvent(const WebhookFixture& fixture, const nlohmann::json& event);
// The webhook that the provider of the fixture sends to the URL of its channel.
SignedWebhook SignedFixture(const WebhookFixture& fixture);

// The messages of each channel in the order of arrival.
std::map<std::string, std::vector<ExpectedMessage>> ExpectedInbox(
    const std::vector<WebhookFixture>& sent
);

}  // namespace unibox::test

// Bodies that were once misread, or of which something was lost: one table for all providers,
// tests/data/webhooks/reported.jsonl. An event must have what the table names of it; lists must
// have the same length.
#include "channels/complete.hpp"
#include "fixtures.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

namespace unibox::channels::test {
namespace {

using Json = nlohmann::json;

Json AsJson(const ProviderEvent& found) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    std::string text;
    REQUIRE(google::protobuf::util::MessageToJsonString(found.event, &text, options).ok());
    return {
        {"route_key", found.route_key},
        {"account_key", found.account_key},
        {"account_number", found.account_number},
        {"event", Json::parse(text)}};
}

constexpr const char* kFormContentType = "application/x-www-form-urlencoded";

std::string FormOf(const Json& fields) {
    std::string form;
    for (const auto& [name, value] : fields.items())
        form += (form.empty() ? "" : "&") + name + "=" + Escaped(value.get<std::string>());
    return form;
}

// The path of the first thing named that is not so; "" if there is none.
std::string Missing(const Json& named, const Json& found, const std::string& path) {
    if (named.is_object()) {
        for (const auto& [name, value] : named.items()) {
            const bool absent = !found.is_object() || !found.contains(name);
            if (absent && value == "") continue;  // Empty texts are left out of the JSON.
            if (absent) return path + "." + name;
            if (auto missing = Missing(value, found[name], path + "." + name); !missing.empty())
                return missing;
        }
        return {};
    }
    if (!named.is_array()) return named == found ? "" : path + " = " + found.dump();
    if (!found.is_array() || found.size() != named.size()) return path + ": another length";
    for (std::size_t i = 0; i < named.size(); ++i) {
        if (auto missing = Missing(named[i], found[i], path + "[" + std::to_string(i) + "]");
            !missing.empty())
            return missing;
    }
    return {};
}

TEST_CASE("reported: every body that was once misread is read in full", "[unit][channels]") {
    const auto lines = ReadLines("reported.jsonl");
    CHECK(lines.size() > 100);
    for (const std::string& line : lines) {
        const Json row = Json::parse(line);
        CAPTURE(row["name"].get<std::string>());
        const std::string provider = row["provider"];
        const bool form = provider == "twilio";
        const Parsed parsed = form ? ParseBody(provider, FormOf(row["body"]), kFormContentType)
                                   : ParseBody(provider, row["body"].dump());
        REQUIRE(parsed.events.size() == row["events"].size());
        for (std::size_t i = 0; i < parsed.events.size(); ++i) {
            const Json found = AsJson(parsed.events[i]);
            CAPTURE(found.dump());
            CHECK(Missing(row["events"][i], found, "") == "");
            const auto& message = parsed.events[i].event.message();
            const bool wanted = row["events"][i]["event"].contains("message") &&
                                row["events"][i]["event"]["message"].contains("context");
            CHECK(message.has_context() == wanted);
        }
        std::vector<std::string> reasons;
        std::string details;
        for (const Problem& problem : parsed.problems) {
            reasons.push_back(problem.reason);
            details += problem.detail + "; ";
        }
        CAPTURE(details);
        CHECK(reasons == row["problems"].get<std::vector<std::string>>());
    }
}

TEST_CASE("reported: an event about the channel is complete without a thread", "[unit][channels]") {
    Parsed parsed = ParseBody(
        "meta",
        R"({"object":"whatsapp_business_account","entry":[{"id":"1","time":1785412800,"changes":[)"
        R"({"field":"messages","value":{"metadata":{"phone_number_id":"5"},"errors":[)"
        R"({"code":130429},{"code":131031}]}}]}]})"
    );
    REQUIRE(parsed.events.size() == 2);
    const ChannelId channel{Uuid::Parse("0190f6c2-1111-7222-8333-444455556666").value()};
    const auto complete = [&](std::size_t i) {
        return Complete(ProviderEvent(parsed.events[i]), TenantId{1}, channel, 1785412801000, "");
    };
    CHECK(CheckIdentity(parsed.events[0].event).ok());
    CHECK(complete(0).event_key().size() == 16);
    CHECK(complete(0).event_key() == complete(0).event_key());
    CHECK(complete(0).event_key() != complete(1).event_key());
    parsed.events[0].event.mutable_control()->set_about_channel(false);
    CHECK_FALSE(CheckIdentity(parsed.events[0].event).ok());
}

}  // namespace
}  // namespace unibox::channels::test

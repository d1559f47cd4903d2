#include "fixtures.hpp"

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

namespace unibox::channels::test {
namespace {

const std::string kFolder = UNIBOX_SOURCE_DIR "/tests/data/webhooks/";

std::string ReadFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

Fixture FixtureOf(const std::string& line) {
    const auto entry = nlohmann::json::parse(line);
    Fixture fixture;
    fixture.name = entry["file"];
    fixture.provider = entry["provider"];
    fixture.secret = entry["secret"];
    fixture.now_ms = entry["now"].get<std::int64_t>() * 1000;
    fixture.expect_json = entry["expect"].dump();
    OwnedRequest& request = fixture.request;
    request.method = entry["method"];
    const std::string target = entry["path"];
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    request.query = target.substr(std::min(mark + 1, target.size()));
    request.body = ReadFile(kFolder + "bodies/" + fixture.name);
    request.content_type.clear();
    for (const auto& [name, value] : entry["headers"].items()) {
        request.headers[ToLowerAscii(name)] = value;
        if (ToLowerAscii(name) == "content-type") request.content_type = value;
    }
    fixture.public_url = "https://hooks.example.com" + target;
    return fixture;
}

}  // namespace

WebhookRequest OwnedRequest::View() const {
    WebhookRequest request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    request.content_type = content_type;
    request.header = [this](std::string_view name) -> std::optional<std::string_view> {
        const auto found = headers.find(ToLowerAscii(name));
        return found == headers.end() ? std::nullopt
                                      : std::optional<std::string_view>(found->second);
    };
    return request;
}

std::vector<std::string> ReadLines(std::string_view name) {
    const std::string text = ReadFile(kFolder + std::string(name));
    std::vector<std::string> lines;
    for (const std::string_view line : Split(text, '\n')) {
        if (!line.empty()) lines.emplace_back(line);
    }
    REQUIRE_FALSE(lines.empty());
    return lines;
}

std::vector<Fixture> LoadFixtures() {
    std::vector<Fixture> fixtures;
    for (const std::string& line : ReadLines("index.jsonl")) fixtures.push_back(FixtureOf(line));
    return fixtures;
}

const Adapter& AdapterOf(std::string_view provider) {
    const Adapter* adapter = FindAdapter(provider);
    REQUIRE(adapter != nullptr);
    return *adapter;
}

OwnedRequest SignedRequest(
    std::string_view provider,
    std::string body,
    const Secret& secret,
    std::string url,
    std::int64_t now_ms
) {
    OwnedRequest request;
    auto headers = Sign(provider, {secret, body, url, now_ms, "msg_1"});
    REQUIRE_OK(headers);
    for (const Header& header : *headers) {
        request.headers[ToLowerAscii(header.name)] = header.value;
        if (header.name == "Content-Type") request.content_type = header.value;
    }
    const std::size_t mark = std::min(url.find('?'), url.size());
    request.query = url.substr(std::min(mark + 1, url.size()));
    request.body = std::move(body);
    return request;
}

std::string Escaped(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        const bool plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (plain) escaped += c;
        if (!plain) escaped += "%" + HexEncode(std::string_view(&c, 1));
    }
    return escaped;
}

Parsed ParseBody(std::string_view provider, std::string body, std::string content_type) {
    OwnedRequest request;
    request.body = std::move(body);
    request.content_type = std::move(content_type);
    request.headers["webhook-id"] = "msg_1";
    auto parsed = AdapterOf(provider).parse(request.View());
    REQUIRE_OK(parsed);
    return std::move(parsed).value();
}

ProviderEvent OnlyEvent(std::string_view provider, std::string body, std::string content_type) {
    CAPTURE(body);
    Parsed parsed = ParseBody(provider, body, std::move(content_type));
    for (const Problem& problem : parsed.problems) FAIL(problem.reason + ": " + problem.detail);
    REQUIRE(parsed.events.size() == 1);
    return std::move(parsed.events.front());
}

}  // namespace unibox::channels::test

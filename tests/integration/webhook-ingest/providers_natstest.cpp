// What the rows of domain/provider.hpp say is what the service does, for each of them.
#include "domain/provider.hpp"
#include "ingest_fixture.hpp"
#include "support/raw_socket.hpp"

#include <catch2/catch.hpp>

namespace unibox::test {
namespace {

using domain::GetRequest;
using domain::ProviderTraits;

const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string kOther = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::string AppPathOf(const ProviderTraits& row) {
    return "/v1/hooks/" + std::string(row.source.url_name);
}

// Of the channel that PutChannels has made.
std::string PathOf(const ProviderTraits& row) {
    return AppPathOf(row) + "/" + std::string(row.name) + "-token";
}

// One of each provider, with a secret of its own.
void PutChannels(IngestFixture& f) {
    for (const ProviderTraits& row : domain::kProviders) {
        const std::string name(row.name);
        f.PutChannel(f.first, name, row.provider, name + "-route", {kSecret});
    }
}

// No provider's: neither JSON nor a form that anybody knows.
const std::string kUnreadable = "nonsense";

int PostSigned(IngestFixture& f, const ProviderTraits& row, const std::string& secret) {
    return f.PostSigned(std::string(row.name), PathOf(row), secret, kUnreadable);
}

// The answer to a head that promises a body of `bytes`.
int StatusOfHead(IngestFixture& f, const std::string& path, std::size_t bytes) {
    RawSocket socket(f.service->address("http"));
    const std::string length = "Content-Length: " + std::to_string(bytes);
    if (!socket.Send("POST " + path + " HTTP/1.1\r\nHost: a\r\n" + length + "\r\n\r\n")) return 0;
    return StatusOf(socket.ReadUntil("\r\n\r\n"));
}

TEST_CASE("Providers: each has its routes, and only its own secret opens them", "[nats][pg]") {
    IngestFixture f;
    PutChannels(f);
    for (const ProviderTraits& row : domain::kProviders) {
        CAPTURE(row.name);
        CHECK(f.Post(AppPathOf(row), {}, "x")->status == 401);
        CHECK(f.Post(PathOf(row), {}, "x")->status == 401);
        CHECK(PostSigned(f, row, kOther) == 401);
        // By the URL of another source the token and the secret open nothing.
        for (const ProviderTraits& other : domain::kProviders) {
            if (&other.source == &row.source) continue;
            const std::string path = AppPathOf(other) + "/" + std::string(row.name) + "-token";
            CHECK(f.PostSigned(std::string(other.name), path, kSecret, kUnreadable) == 401);
        }
    }
    CHECK(f.StoredCount() == 0);
    CHECK(f.Raw().empty());
}

TEST_CASE("Providers: what cannot be read is told to who reads it, else kept", "[nats][pg]") {
    IngestFixture f;
    PutChannels(f);
    std::size_t kept = 0;
    for (const ProviderTraits& row : domain::kProviders) {
        CAPTURE(row.name);
        CHECK(PostSigned(f, row, kSecret) == (row.source.sender_reads_errors ? 400 : 200));
        if (!row.source.sender_reads_errors) ++kept;
        CHECK(f.Raw().size() == kept);
    }
}

TEST_CASE("Providers: a body may be as large as the row says", "[nats][pg]") {
    IngestFixture f;
    PutChannels(f);
    for (const ProviderTraits& row : domain::kProviders) {
        CAPTURE(row.name);
        const std::size_t bytes_max = row.source.body_bytes_max;
        CHECK(f.Post(PathOf(row), {}, std::string(bytes_max, 'x'))->status == 401);
        CHECK(StatusOfHead(f, PathOf(row), bytes_max + 1) == 413);
        CHECK(StatusOfHead(f, AppPathOf(row), bytes_max + 1) == 413);
    }
}

TEST_CASE("Providers: a setting moves the limit of one alone", "[nats][pg]") {
    IngestFixture f(PgServer::Shared(), [](ingest::Config& config) {
        config.bodies.bytes_max[0] = 2'000;
    });
    PutChannels(f);
    for (const ProviderTraits& row : domain::kProviders) {
        CAPTURE(row.name);
        const bool is_first = &row.source == domain::kWebhookSources[0];
        CHECK(f.Post(PathOf(row), {}, std::string(2'001, 'x'))->status == (is_first ? 413 : 401));
    }
}

TEST_CASE("Providers: other methods are refused, and the right ones told", "[nats][pg]") {
    IngestFixture f;
    PutChannels(f);
    for (const ProviderTraits& row : domain::kProviders) {
        CAPTURE(row.name);
        const GetRequest get = row.source.get;
        const std::string url = "http://" + f.service->address("http") + PathOf(row);
        const auto put = http::Send("PUT", url, {}, "x", std::chrono::seconds(30));
        REQUIRE(put.ok());
        CHECK(put->status == 405);
        CHECK(put->Find("allow") == (get == GetRequest::kRefused ? "POST" : "GET, HEAD, POST"));
        const int wanted = get == GetRequest::kRefused     ? 405
                           : get == GetRequest::kIsWebhook ? 401
                                                           : 403;
        CHECK(f.Get(PathOf(row))->status == wanted);
    }
}

}  // namespace
}  // namespace unibox::test

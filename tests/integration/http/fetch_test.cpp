// A GET of somebody else's URL: over TLS with a certificate that is verified, within its limits,
// and not where it must not go.
#include "http/fetch.hpp"

#include "http_fixture.hpp"
#include "support/status_matchers.hpp"
#include "support/tls_identity.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

namespace unibox::test {
namespace {

http::Route Get(const char* pattern, decltype(http::Route::handler) handler) {
    http::Route route;
    route.method = "GET";
    route.pattern = pattern;
    route.handler = std::move(handler);
    return route;
}
http::Route Answer(const char* pattern, http::Response response) {
    return Get(pattern, [response](auto, const auto&, http::Respond respond) {
        respond(http::Response(response));
    });
}

// A server with TLS that answers keys, much, nothing, and another place.
struct Site {
    Site() : server_(Settings(), Routes()) {
        rules.tls = net::TlsClientContext::Create({identity.cert_file, "", ""}).value();
        rules.reach = net::Reach::kAnywhere;
    }
    ~Site() { server_.held.DropAll(); }

    http::Settings Settings() const {
        std::signal(SIGPIPE, SIG_IGN);
        http::Settings settings;
        settings.tls.cert = identity.cert_file;
        settings.tls.key = identity.key_file;
        return settings;
    }
    std::vector<http::Route> Routes() {
        http::Response keys;
        keys.body = R"({"keys":[]})";
        http::Response moved;
        moved.status = 302;
        moved.headers.push_back({"Location", "https://169.254.169.254/"});
        http::Response huge;
        huge.body = std::string((256 << 10) + 1, 'x');
        http::Response full;
        full.body = std::string(256 << 10, 'x');
        return {
            Answer("/keys", keys),
            Answer("/moved", moved),
            Answer("/huge", huge),
            Answer("/full", full),
            Get("/slow", [this](auto request, const auto&, http::Respond respond) {
                server_.held.Hold(std::move(request), std::move(respond));
            })};
    }
    std::string port() const {
        const std::string address = server_.server->address();
        return address.substr(address.rfind(':'));
    }
    Result<http::Response> Fetch(const std::string& path, const std::string& host = "localhost")
        const {
        return http::Fetch("https://" + host + port() + path, rules);
    }

    TlsIdentity identity;
    http::FetchRules rules;

private:
    HttpFixture server_;
};

}  // namespace

TEST_CASE("Fetch: over TLS, from a server that is who it must be", "[net][http]") {
    Site site;
    const auto answer = site.Fetch("/keys?a=1");
    REQUIRE_OK(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == R"({"keys":[]})");
    CHECK(site.Fetch("/none")->status == 404);
    // Its certificate is of another name, or of nobody we know.
    CHECK_THAT(site.Fetch("/keys", "127.0.0.1").status(), HasCode(Code::kUnavailable));
    const TlsIdentity other;
    site.rules.tls = net::TlsClientContext::Create({other.cert_file, "", ""}).value();
    CHECK_THAT(site.Fetch("/keys").status(), HasCode(Code::kUnavailable));
    site.rules.tls = net::TlsClientContext::Create({}).value();
    CHECK_THAT(site.Fetch("/keys").status(), HasCode(Code::kUnavailable));
    CHECK(
        net::TlsClientContext::Create({"/no/such/file", "", ""}).status().field() == "tls_ca_file"
    );
}

TEST_CASE("Fetch: a redirect is an answer, and is not followed", "[net][http]") {
    Site site;
    const auto answer = site.Fetch("/moved");
    REQUIRE_OK(answer);
    CHECK(answer->status == 302);
}

TEST_CASE("Fetch: what is too much, and what takes too long, is given up", "[net][http]") {
    Site site;
    const auto full = site.Fetch("/full");
    REQUIRE_OK(full);
    CHECK(full->body.size() == std::size_t{256} << 10);
    CHECK_THAT(site.Fetch("/huge").status(), HasCode(Code::kResourceExhausted));
    site.rules.timeout = Millis(300);
    CHECK_THAT(site.Fetch("/slow").status(), HasCode(Code::kDeadlineExceeded));
}

TEST_CASE("Fetch: answers that are broken, endless or unusual", "[net][http]") {
    http::FetchRules rules;
    rules.tls = net::TlsClientContext::Create({}).value();
    rules.reach = net::Reach::kAnywhere;
    rules.plain_allowed = true;
    rules.body_bytes_max = 1'000;
    const auto fetch = [&](const std::string& answer) {
        const CannedServer server(answer);
        return http::Fetch("http://" + server.address() + "/", rules);
    };
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    CHECK(fetch(ok + "Content-Length: 3\r\n\r\nabc")->body == "abc");
    CHECK(fetch(ok + "\r\nabc")->body == "abc");  // To the end of the connection.
    CHECK(fetch(chunked + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")->body == "abc");
    CHECK(fetch("HTTP/1.1 204 No Content\r\n\r\n")->status == 204);
    for (const std::string& broken :
         {std::string(),
          std::string("HTTP/1.1 200"),
          std::string("SSH-2.0-OpenSSH_9.2\r\n"),
          ok + "Content-Length: 10\r\n\r\nabc",
          ok + "Content-Length: x\r\n\r\nabc",
          ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
          chunked + "2\r\nab\r\n",
          chunked + "zz\r\nab\r\n",
          ok + "X: " + std::string(20'000, 'x') + "\r\n\r\n"}) {
        INFO(broken.substr(0, 100));
        CHECK_THAT(fetch(broken).status(), HasCode(Code::kUnavailable));
    }
    std::string chunks;
    for (int i = 0; i < 1'001; ++i) chunks += "1\r\nx\r\n";
    std::string names;
    for (int i = 0; i < 900; ++i) names += "1;name=" + std::string(100, 'n') + "\r\nx\r\n";
    for (const std::string& endless :
         {ok + "Content-Length: 1001\r\n\r\n" + std::string(1'001, 'x'),
          ok + "Content-Length: 99999999999\r\n\r\n",
          ok + "\r\n" + std::string(1'001, 'x'),
          chunked + chunks + "0\r\n\r\n",
          chunked + names + "0\r\n\r\n",
          chunked + "3e9\r\n" + std::string(1'001, 'x')}) {
        INFO(endless.substr(0, 100));
        CHECK_THAT(fetch(endless).status(), HasCode(Code::kResourceExhausted));
    }
    const auto address = CannedServer("").address();
    CHECK_THAT(http::Fetch("http://" + address + "/", rules).status(), HasCode(Code::kUnavailable));
}

TEST_CASE(
    "Fetch: this host and private networks are refused before a byte is sent", "[net][http]"
) {
    Site site;
    site.rules.reach = net::Reach::kPublic;
    const auto status_of = [&](const std::string& url) {
        return http::Fetch(url, site.rules).status();
    };
    for (const char* url :
         {"https://localhost/keys",
          "https://127.0.0.1:8443/keys",
          "https://[::1]/keys",
          "https://2130706433/",
          "https://0x7f.1/",
          "https://[::ffff:10.0.0.1]/",
          "https://169.254.169.254/latest/meta-data/",
          "https://192.168.0.1/"}) {
        INFO(url);
        CHECK(status_of(url).reason() == net::kAddressNotPublic);
    }
    CHECK_THAT(status_of("https://example.org:22/"), HasCode(Code::kInvalidArgument));
}

TEST_CASE("Fetch: URLs that can be read in two ways are refused", "[net][http]") {
    http::FetchRules rules;
    for (const char* url :
         {"http://example.org/",
          "ftp://example.org/",
          "example.org",
          "",
          "https://",
          "https://user:pw@example.org/",
          "https://example.org\\@127.0.0.1/",
          "https://127.0.0.1#@example.org/",
          "https://example.org/a b",
          "https://exam\nple.org/",
          "https://example.org/\r\nX: y",
          "https://[::1",
          "https://[::1]x/",
          "https://example.org:/",
          "https://example.org:0/",
          "https://example.org:65536/",
          "https://example.org:-443/",
          "https://[fe80::1%25eth0]/",
          "https://exam\xC3\xA9.org/",
          "HTTPS://example.org/"}) {
        INFO(url);
        const auto parsed = http::ParseFetchUrl(url, rules);
        CHECK_THAT(parsed.status(), HasCode(Code::kInvalidArgument));
        CHECK(parsed.status().field() == "url");
    }
    const auto long_url = "https://example.org/" + std::string(3'000, 'a');
    CHECK_FALSE(http::ParseFetchUrl(long_url, rules).ok());
    const auto parsed = http::ParseFetchUrl("https://[2606:4700::1]:8443?a=b", rules);
    REQUIRE_OK(parsed);
    CHECK(parsed->host == "2606:4700::1");
    CHECK(parsed->port == 8443);
    CHECK(parsed->authority == "[2606:4700::1]:8443");
    CHECK(parsed->target == "/?a=b");
    rules.plain_allowed = true;
    CHECK(http::ParseFetchUrl("http://example.org", rules)->port == 80);
    CHECK(http::ParseFetchUrl("https://example.org/x", rules)->port == 443);
}

}  // namespace unibox::test

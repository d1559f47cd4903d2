#include "net/tls.hpp"

#include "net/tls_client.hpp"
#include "support/status_matchers.hpp"
#include "support/tls_identity.hpp"

#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <fstream>

namespace unibox::test {
namespace {

net::TlsSettings SettingsOf(const TlsIdentity& identity) {
    return {{identity.cert_file, identity.key_file, ""}, "h2"};
}

TEST_CASE("Tls: what cannot be loaded is named", "[unit][net]") {
    const TlsIdentity identity;
    const TlsIdentity other;
    const auto field = [](const net::TlsSettings& settings) {
        return net::TlsContext::Create(settings).status().field();
    };
    CHECK(field(SettingsOf(identity)).empty());
    CHECK(field({{"/nonexistent", identity.key_file, ""}, ""}) == "tls_cert_file");
    CHECK(field({{identity.cert_file, other.key_file, ""}, ""}) == "tls_key_file");
    CHECK(
        field({{identity.cert_file, identity.key_file, identity.key_file}, ""}) ==
        "tls_client_ca_file"
    );
}

TEST_CASE("Tls: what a client cannot load is named", "[unit][net]") {
    const TlsIdentity identity;
    const TlsIdentity other;
    const auto field = [](const net::TlsClientSettings& settings) {
        return net::TlsClientContext::Create(settings).status().field();
    };
    CHECK(field({}).empty());
    CHECK(field({identity.cert_file, identity.cert_file, identity.key_file}).empty());
    CHECK(field({"/nonexistent", "", ""}) == "tls_ca_file");
    CHECK(field({identity.key_file, "", ""}) == "tls_ca_file");
    CHECK(field({"", "/nonexistent", identity.key_file}) == "tls_cert_file");
    CHECK(field({"", identity.cert_file, other.key_file}) == "tls_key_file");
}

TEST_CASE("Tls: a key with a passphrase is refused, nobody is asked for it", "[unit][net]") {
    const TlsIdentity identity;
    std::FILE* file = std::fopen(identity.key_file.c_str(), "w");
    REQUIRE(file != nullptr);
    char passphrase[] = "secret";
    const int written = PEM_write_PrivateKey(
        file, identity.key(), EVP_aes_128_cbc(), nullptr, 0, nullptr, passphrase
    );
    std::fclose(file);
    REQUIRE(written == 1);
    const Status status = net::TlsContext::Create(SettingsOf(identity)).status();
    CHECK(status.field() == "tls_key_file");
    CHECK(status.message().find("passphrase") != std::string::npos);
}

TEST_CASE(
    "Tls: changed files are seen at the next look, broken ones change nothing", "[unit][net]"
) {
    const TlsIdentity identity;
    const TlsIdentity renewed;
    std::vector<bool> changes;
    auto files = net::TlsFiles::Open(SettingsOf(identity), [&](const Status& change) {
        changes.push_back(change.ok());
    });
    REQUIRE_OK(files);
    SteadyTime now{};
    const auto look = [&] { return (*files)->Current(now += net::kTlsLookInterval); };
    const auto first = look();
    CHECK(look() == first);
    std::ofstream(identity.cert_file) << "no certificate";
    CHECK((*files)->Current(now) == first);  // Not looked at again so soon.
    CHECK(changes.empty());
    CHECK(look() == first);
    CHECK(look() == first);
    CHECK(changes == std::vector<bool>{false});
    renewed.Replace(identity);
    CHECK(look() != first);
    CHECK(changes == std::vector<bool>{false, true});
}

}  // namespace
}  // namespace unibox::test

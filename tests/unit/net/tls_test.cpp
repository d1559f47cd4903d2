#include "net/tls.hpp"

#include "support/status_matchers.hpp"
#include "support/tls_identity.hpp"

#include <catch2/catch.hpp>

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

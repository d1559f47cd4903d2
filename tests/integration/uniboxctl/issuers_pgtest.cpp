// uniboxctl issuers: registered, shown, changed, removed; mistakes are told and nothing is kept.
#include "base/encoding.hpp"
#include "domain/jwt_issuer.hpp"
#include "support/jwt_signer.hpp"
#include "support/status_matchers.hpp"
#include "uniboxctl/program.hpp"
#include "uniboxctl_fixture.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace unibox::ctl {
namespace {

constexpr const char* kTenant = "tenants:\n  - name: acme\n    display_name: Acme\n";

std::string FileOf(CtlFixture& fixture, const std::string& name, const std::string& text) {
    std::string path = fixture.folder() / name;
    std::ofstream(path) << text;
    return path;
}

std::vector<std::string> PutOf(const std::vector<std::string>& more) {
    std::vector<std::string> all = {
        "issuers", "put", "--name", "sso", "--issuer", "https://login/", "--audience", "unibox"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace

TEST_CASE("Issuers: of a tenant, registered, changed and removed", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kTenant).code == 0);
    const auto put = PutOf(
        {"--tenant", "acme", "--algorithms", "EdDSA,ES256", "--jwks-url", "https://login/keys"}
    );
    const auto first = fixture.Run(put);
    CHECK(first.code == 0);
    CHECK(first.json["change"] == "created");
    CHECK(fixture.Run(put).json["change"] == "unchanged");
    auto disabled = put;
    disabled.emplace_back("--disabled");
    CHECK(fixture.Run(disabled).json["change"] == "updated");
    const auto list = fixture.Run({"issuers", "list", "--tenant", "acme"});
    REQUIRE(list.json["issuers"].size() == 1);
    const auto& row = list.json["issuers"][0];
    CHECK(row["issuer_id"] == first.json["issuer_id"]);
    CHECK(row["algorithms"] == nlohmann::json({"EdDSA", "ES256"}));
    CHECK(row["keys"] == "https://login/keys");
    CHECK(row["state"] == "disabled");
    CHECK(fixture.Run({"issuers", "list"}).json["issuers"].empty());
    CHECK(
        fixture.Ask("SELECT count(*) FROM admin_audit WHERE kind = 'jwt_issuer' AND verb = "
                    "'issuers put'") == "2"
    );
    const std::vector<std::string> remove = {
        "issuers", "remove", "--tenant", "acme", "--name", "sso"};
    CHECK(fixture.Run(remove).json["change"] == "removed");
    CHECK(fixture.Run(remove).code != 0);
}

TEST_CASE("Issuers: the operator's, with a key set of a file", "[pg][uniboxctl]") {
    CtlFixture fixture;
    const test::JwtSigner signer(auth::Algorithm::kEs256, "k1");
    const auto file = FileOf(fixture, "keys.json", test::JwksOf({signer.Jwk()}));
    const auto put =
        fixture.Run(PutOf({"--algorithms", "ES256", "--jwks-file", file, "--tenant-claim", "org"}));
    CHECK(put.code == 0);
    const auto list = fixture.Run({"issuers", "list"});
    REQUIRE(list.json["issuers"].size() == 1);
    CHECK(list.json["issuers"][0]["tenant_claim"] == "org");
    CHECK(list.json["issuers"][0]["keys"] == "(a key set)");
}

TEST_CASE("Issuers: a secret is sealed for its issuer, and shown nowhere", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kTenant).code == 0);
    const std::string secret(48, 'q');
    const auto file = FileOf(fixture, "secret", secret + "\n");
    const auto put =
        fixture.Run(PutOf({"--tenant", "acme", "--algorithms", "HS256", "--secret-file", file}));
    CHECK(put.code == 0);
    CHECK((put.out + put.log).find("qqqq") == std::string::npos);
    const auto id = Uuid::Parse(put.json["issuer_id"].get<std::string>()).value();
    const auto sealed = fixture.Ask("SELECT encode(sealed_secrets[1], 'hex') FROM jwt_issuers");
    const auto opened =
        fixture.box().Open(HexDecode(sealed).value(), domain::JwtIssuerSealingContext(id));
    REQUIRE_OK(opened);
    CHECK(opened->Reveal() == secret);
    const auto list = fixture.Run({"issuers", "list", "--tenant", "acme"});
    CHECK(list.json["issuers"][0]["keys"] == "(a secret)");
}

TEST_CASE("Issuers: mistakes are told and nothing is kept", "[pg][uniboxctl]") {
    CtlFixture fixture;
    REQUIRE(fixture.Apply(kTenant).code == 0);
    const test::JwtSigner signer(auth::Algorithm::kEs256, "k1");
    const auto keys = FileOf(fixture, "keys.json", test::JwksOf({signer.Jwk()}));
    const auto nonsense = FileOf(fixture, "nonsense", "<html>");
    const auto guessable = FileOf(fixture, "guessable", "secret");
    const std::vector<std::vector<std::string>> mistakes = {
        {"--algorithms", "ES256"},
        {"--algorithms", "none", "--jwks-file", keys},
        {"--algorithms", "ES256", "--jwks-file", keys, "--jwks-url", "https://login/keys"},
        {"--algorithms", "ES256", "--jwks-url", "https://user:pw@login/keys"},
        {"--algorithms", "ES256", "--jwks-url", "file:///etc/passwd"},
        {"--algorithms", "ES256", "--jwks-file", nonsense},
        {"--algorithms", "EdDSA", "--jwks-file", keys},
        {"--algorithms", "HS256", "--jwks-file", keys},
        {"--algorithms", "HS256", "--secret-file", guessable},
        {"--algorithms", "HS256,ES256", "--jwks-file", keys},
    };
    for (auto more : mistakes) {
        INFO(more[1] << ' ' << more.size());
        more.insert(more.end(), {"--tenant", "acme"});
        CHECK(fixture.Run(PutOf(more)).code == kExitBadInput);
    }
    CHECK(
        fixture.Run(PutOf({"--tenant", "nobody", "--algorithms", "ES256", "--jwks-file", keys}))
            .code != 0
    );
    CHECK(fixture.Ask("SELECT count(*) FROM jwt_issuers") == "0");
}

}  // namespace unibox::ctl

#include "rpc_fixture.hpp"
#include "support/eventually.hpp"
#include "support/tls_identity.hpp"

#include <csignal>
#include <fstream>
#include <iterator>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::Eventually;
using test::RpcFixture;
using test::TlsIdentity;

namespace {

std::string ContentOf(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

rpc::Settings With(const TlsIdentity& identity, const TlsIdentity* clients = nullptr) {
    std::signal(SIGPIPE, SIG_IGN);  // As runtime does.
    rpc::Settings settings;
    settings.tls.cert = identity.cert_file;
    settings.tls.key = identity.key_file;
    if (clients != nullptr) settings.tls.client_ca = clients->cert_file;
    settings.probe_interval_ms = 20;
    return settings;
}

using Stub = std::unique_ptr<v1::InboxService::Stub>;

// gRPC's own client, on a connection of its own.
Stub StubOf(
    const RpcFixture& fixture, const std::string& trusted_pem, const TlsIdentity* own = nullptr
) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = trusted_pem;
    if (own != nullptr) {
        options.pem_cert_chain = ContentOf(own->cert_file);
        options.pem_private_key = ContentOf(own->key_file);
    }
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("localhost");
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::InboxService::NewStub(grpc::CreateCustomChannel(
        fixture.server->address(), grpc::SslCredentials(options), arguments
    ));
}

// The code of a call by it.
grpc::StatusCode CallWith(
    RpcFixture& fixture, const TlsIdentity& trusted, const TlsIdentity* own = nullptr
) {
    fixture.stub = StubOf(fixture, ContentOf(trusted.cert_file), own);
    return fixture.Call(std::string(50'000, 'x')).error_code();
}

}  // namespace

TEST_CASE("Tls: gRPC's own client is served, one without TLS is not", "[unit][rpc]") {
    const TlsIdentity identity;
    RpcFixture fixture(With(identity));
    CHECK(CallWith(fixture, identity) == grpc::StatusCode::OK);
    CHECK(CallWith(fixture, TlsIdentity()) == grpc::StatusCode::UNAVAILABLE);
    fixture.stub = v1::InboxService::NewStub(fixture.channel);
    CHECK(fixture.Call("a").error_code() == grpc::StatusCode::UNAVAILABLE);
    CHECK(fixture.server->Alive().ok());
}

TEST_CASE("Tls: a client shows its certificate where one is asked for", "[unit][rpc]") {
    const TlsIdentity identity;
    const TlsIdentity clients;
    RpcFixture fixture(With(identity, &clients));
    CHECK(CallWith(fixture, identity, &clients) == grpc::StatusCode::OK);
    CHECK(CallWith(fixture, identity) == grpc::StatusCode::UNAVAILABLE);
    CHECK(CallWith(fixture, identity, &identity) == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("Tls: only what speaks HTTP/2 is spoken to", "[unit][rpc]") {
    const TlsIdentity identity;
    RpcFixture fixture(With(identity));
    const test::TlsSocket good(fixture.server->address(), identity, nullptr, "h2");
    CHECK(good.connected());
    CHECK(good.alpn() == "h2");
    const test::TlsSocket wrong(fixture.server->address(), identity, nullptr, "http/1.1");
    CHECK_FALSE(wrong.connected());
}

TEST_CASE("Tls: files that do not fit are refused at the start", "[unit][rpc]") {
    const TlsIdentity identity;
    rpc::Settings settings = With(identity);
    settings.tls.key = TlsIdentity().key_file;
    obs::Metrics metrics;
    const Status status = rpc::Server::Start(settings, {}, metrics).status();
    CHECK_THAT(status, test::HasCode(Code::kInvalidArgument));
    CHECK(status.field() == "tls_key_file");
}

TEST_CASE("Tls: a renewed certificate is used, living connections keep theirs", "[unit][rpc]") {
    const TlsIdentity identity;
    const TlsIdentity renewed;
    RpcFixture fixture(With(identity));
    const std::string before_pem = ContentOf(identity.cert_file);
    const Stub living = StubOf(fixture, before_pem);
    // Under way as long as the renewal takes: without a deadline.
    auto running = std::async(std::launch::async, [&] {
        grpc::ClientContext context;
        v1::GetContactRequest request;
        request.set_contact_id("wait");
        v1::Contact response;
        return living->GetContact(&context, request, &response).error_code();
    });
    CHECK(Eventually(60s, [&] { return fixture.api.running == 1; }));
    renewed.Replace(identity);
    CHECK(Eventually(60s, [&] { return CallWith(fixture, renewed) == grpc::StatusCode::OK; }));
    CHECK(
        fixture.metrics.Render().find("unibox_rpc_certificates_total{result=\"used\"} 1\n") !=
        std::string::npos
    );
    fixture.stub = StubOf(fixture, before_pem);
    CHECK(fixture.Call("a").error_code() == grpc::StatusCode::UNAVAILABLE);
    fixture.api.gate.set_value();
    CHECK(running.get() == grpc::StatusCode::OK);
    // On its connection of before: it would not believe a new one.
    grpc::ClientContext context;
    v1::GetContactRequest request;
    v1::Contact response;
    CHECK(living->GetContact(&context, request, &response).ok());
}

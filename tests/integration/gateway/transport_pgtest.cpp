// What the transports promise beside the answers themselves.
#include "gateway_fixture.hpp"
#include "rpc/status_map.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <grpcpp/generic/generic_stub.h>

#include <string>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using test::GatewayFixture;

namespace {

http::Response Send(
    GatewayFixture& fixture, const std::string& method, const std::vector<std::string>& keys
) {
    std::vector<http::Header> headers;
    for (const std::string& key : keys) headers.push_back({"Authorization", "Bearer " + key});
    const std::string url = "http://" + fixture.gateway().address("http") + "/v1/conversations";
    auto response = http::Send(method, url, headers, "", Millis(30'000));
    REQUIRE_OK(response);
    return std::move(response).value();
}

// The answer of grpc.reflection to a ServerReflectionRequest, both as they are on the wire.
std::string Reflected(const std::string& address, const std::string& request) {
    grpc::GenericStub generic(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    grpc::CompletionQueue queue;
    const auto call = generic.PrepareCall(
        &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue
    );
    const auto finished = [&queue] {
        void* tag = nullptr;
        bool ok = false;
        return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    REQUIRE(finished());
    const grpc::Slice slice(request);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    REQUIRE(finished());
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    REQUIRE(finished());
    grpc::Slice bytes;
    REQUIRE(answer.DumpToSingleSlice(&bytes).ok());
    context.TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    REQUIRE(finished());
    queue.Shutdown();
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

}  // namespace

TEST_CASE("Transports: HEAD is GET without the body", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("head");
    fixture.AddConversations(tenant, 1, 3, false);
    const auto get = Send(fixture, "GET", {tenant.key});
    const auto head = Send(fixture, "HEAD", {tenant.key});
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.content_type == get.content_type);
    CHECK(head.Find("content-length") == std::to_string(get.body.size()));
    CHECK(Send(fixture, "HEAD", {}).status == 401);
}

TEST_CASE("Transports: another method is 405 and says which are allowed", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("methods");
    for (const std::string method : {"POST", "PUT", "DELETE", "PATCH"}) {
        const auto response = Send(fixture, method, {tenant.key});
        CHECK(response.status == 405);
        CHECK(response.Find("allow") == "GET, HEAD");
        CHECK(response.content_type == "application/problem+json");
    }
}

TEST_CASE("Transports: two keys are no key, even twice the same", "[pg][gateway]") {
    GatewayFixture fixture;
    const auto tenant = fixture.AddTenant("one");
    const auto other = fixture.AddTenant("two");
    CHECK(Send(fixture, "GET", {tenant.key}).status == 200);
    for (const std::string& second : {other.key, tenant.key, std::string("x")}) {
        CHECK(Send(fixture, "GET", {tenant.key, second}).status == 401);
        CHECK(Send(fixture, "GET", {second, tenant.key}).status == 401);
        const auto context = GatewayFixture::Context(tenant.key);
        context->AddMetadata("authorization", "Bearer " + second);
        v1::ListConversationsResponse response;
        const auto status = fixture.stub().ListConversations(context.get(), {}, &response);
        CHECK_THAT(rpc::FromGrpc(status), test::HasCode(Code::kUnauthenticated));
    }
}

TEST_CASE("Transports: reflection lists the services", "[pg][gateway]") {
    GatewayFixture fixture;
    // list_services (field 7) = "".
    const std::string services =
        Reflected(fixture.gateway().address("grpc"), std::string("\x3A\x00", 2));
    CHECK(services.find("unibox.v1.InboxService") != std::string::npos);
    CHECK(services.find("grpc.reflection.v1alpha.ServerReflection") != std::string::npos);
}

TEST_CASE("Transports: reflection describes every service that it lists", "[pg][gateway]") {
    GatewayFixture fixture;
    const std::vector<std::pair<std::string, std::string>> files = {
        {"unibox.v1.InboxService", "unibox/v1/inbox_service.proto"},
        {"grpc.health.v1.Health", "grpc/health/v1/health.proto"},
        {"grpc.reflection.v1alpha.ServerReflection", "reflection.proto"}};
    for (const auto& [service, file] : files) {
        INFO(service);
        // file_containing_symbol (field 4).
        const std::string request = "\x22" + std::string(1, static_cast<char>(service.size()));
        const std::string answer = Reflected(fixture.gateway().address("grpc"), request + service);
        CHECK(answer.find(file) != std::string::npos);
    }
}

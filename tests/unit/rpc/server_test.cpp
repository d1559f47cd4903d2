#include "async/asio.hpp"
#include "grpc/health/v1/health.grpc.pb.h"
#include "rpc/status_map.hpp"
#include "rpc_fixture.hpp"
#include "support/eventually.hpp"
#include "support/http2_client.hpp"

#include <unistd.h>

#include <grpcpp/generic/generic_stub.h>
#include <sys/socket.h>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::Eventually;
using test::RpcFixture;
namespace health = grpc::health::v1;

namespace {

// What health says of a service; the code of the failure, negative, if it says nothing.
int HealthOf(RpcFixture& fixture, const std::string& service) {
    const auto stub = health::Health::NewStub(fixture.channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 20s);
    health::HealthCheckRequest request;
    request.set_service(service);
    health::HealthCheckResponse response;
    const auto status = stub->Check(&context, request, &response);
    return status.ok() ? static_cast<int>(response.status()) : -status.error_code();
}

// Shuts the listening socket down, as nothing in the product ever does.
void BreakListener(const std::string& address) {
    for (int descriptor = 3; descriptor < 1'000; ++descriptor) {
        int listens = 0;
        socklen_t size = sizeof listens;
        ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
        async::tcp::endpoint own;
        auto own_size = static_cast<socklen_t>(own.capacity());
        if (listens == 0 || ::getsockname(descriptor, own.data(), &own_size) != 0) continue;
        if (!address.ends_with(":" + std::to_string(own.port()))) continue;
        REQUIRE(::shutdown(descriptor, SHUT_RDWR) == 0);
        return;
    }
    FAIL("nothing listens on " + address);
}

}  // namespace

TEST_CASE("Server: serves calls with authorization, trace and deadline", "[unit][rpc]") {
    rpc::Settings settings;
    settings.deadline_ms_max = 5'000;
    RpcFixture fixture(settings);
    v1::Contact contact;
    REQUIRE(fixture.Call("a", &contact).ok());
    CHECK(contact.id() == "a");
    CHECK(contact.display_name() == "Bearer x");
    CHECK(fixture.api.peer_address == "127.0.0.1");
    REQUIRE(contact.contact_key().size() == 55);
    CHECK(fixture.trace_id == contact.contact_key().substr(3, 32));
    CHECK(fixture.api.left_ms <= 5'000);  // The client asked for 20 s.
    CHECK(fixture.api.left_ms > 0);
}

TEST_CASE("Server: failures arrive with code, reason and field", "[unit][rpc]") {
    RpcFixture fixture;
    const Status status = rpc::FromGrpc(fixture.Call("bad"));
    CHECK_THAT(status, test::HasCode(Code::kInvalidArgument));
    CHECK(status.reason() == "REASON");
    CHECK(status.field() == "contact_id");
    CHECK(fixture.trace_id.size() == 32);
}

TEST_CASE("Server: a message over the limit is refused", "[unit][rpc]") {
    rpc::Settings settings;
    settings.receive_bytes_max = 2'000;
    RpcFixture fixture(settings);
    CHECK(fixture.Call(std::string(1'000, 'x')).ok());
    CHECK(
        fixture.Call(std::string(3'000, 'x')).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED
    );
}

TEST_CASE(
    "Server: health of the server and of each service ends with the announcement", "[unit][rpc]"
) {
    RpcFixture fixture;
    for (const std::string service : {"", "unibox.v1.InboxService"}) {
        CHECK(HealthOf(fixture, service) == health::HealthCheckResponse::SERVING);
    }
    CHECK(HealthOf(fixture, "unibox.v1.Nothing") == -grpc::StatusCode::NOT_FOUND);
    fixture.server->AnnounceStop();
    for (const std::string service : {"", "unibox.v1.InboxService"}) {
        CHECK(HealthOf(fixture, service) == health::HealthCheckResponse::NOT_SERVING);
    }
}

TEST_CASE("Server: a request that is no message is told so", "[unit][rpc]") {
    RpcFixture fixture;
    // A field whose length goes beyond the end; a text that is not UTF-8.
    for (const std::string& bytes : {std::string("\x0a\x7f"), std::string("\x0a\x01\xff")}) {
        grpc::GenericStub generic(fixture.channel);
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + 20s);
        const grpc::Slice slice(bytes);
        const grpc::ByteBuffer request(&slice, 1);
        grpc::ByteBuffer response;
        std::promise<grpc::Status> done;
        generic.UnaryCall(
            &context,
            test::kGetContact,
            {},
            &request,
            &response,
            [&](grpc::Status status) { done.set_value(std::move(status)); }
        );
        const Status status = rpc::FromGrpc(done.get_future().get());
        CHECK_THAT(status, test::HasCode(Code::kInvalidArgument));
        CHECK(status.reason() == "REQUEST_MALFORMED");
        CHECK(status.message().find("GetContact") != std::string::npos);
    }
    CHECK(fixture.api.running == 0);
    CHECK(fixture.Call("a").ok());
}

TEST_CASE("Server: a broken listener is noticed from within", "[unit][rpc]") {
    rpc::Settings settings;
    settings.probe_interval_ms = 20;
    settings.connection_count_max = 1;  // The probe needs no place.
    RpcFixture fixture(settings);
    const test::Http2Client client(fixture.server->address());
    CHECK(Eventually(10s, [&] { return fixture.server->connection_count() == 1; }));
    REQUIRE_OK(fixture.server->Alive());
    BreakListener(fixture.server->address());
    CHECK(Eventually(20s, [&] { return fixture.server->Alive().code() == Code::kUnavailable; }));
    fixture.server->Stop(Millis(0));
    CHECK(fixture.server->Alive().ok());
}

TEST_CASE("Server: what waits for no answer does not delay a stop", "[unit][rpc]") {
    RpcFixture fixture;
    const auto stub = health::Health::NewStub(fixture.channel);
    grpc::ClientContext context;
    const auto watch = stub->Watch(&context, {});
    health::HealthCheckResponse response;
    REQUIRE(watch->Read(&response));
    test::Http2Client half(fixture.server->address());
    half.Open(test::kGetContact);
    const auto begin = std::chrono::steady_clock::now();
    fixture.server->Stop(Millis(30'000));
    CHECK(std::chrono::steady_clock::now() - begin < 15s);
    CHECK_FALSE(watch->Finish().ok());
}

TEST_CASE("Server: a taken address is UNAVAILABLE, not shared", "[unit][rpc]") {
    RpcFixture fixture;
    rpc::Settings settings;
    settings.listen = fixture.server->address();
    CHECK_THAT(
        rpc::Server::Start(settings, {}, fixture.metrics).status(),
        test::HasCode(Code::kUnavailable)
    );
}

TEST_CASE("Server: Stop lets running calls end and takes no new ones", "[unit][rpc]") {
    RpcFixture fixture;
    auto running = std::async(std::launch::async, [&] { return fixture.Call("wait"); });
    REQUIRE(Eventually(10s, [&] { return fixture.api.running == 1; }));
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(20'000)); });
    CHECK(Eventually(10s, [&] {
        return fixture.Call("late").error_code() == grpc::StatusCode::UNAVAILABLE;
    }));
    fixture.api.gate.set_value();
    CHECK(running.get().ok());
    stopped.get();
}

TEST_CASE("Server: a stop waits for a client that is slow to take its answer", "[unit][rpc]") {
    rpc::Settings settings;
    settings.receive_bytes_max = 8 << 20;
    settings.request_ms_max = 600'000;
    RpcFixture fixture(settings);
    test::Http2Client client(fixture.server->address());
    const int small = 64 << 10;
    ::setsockopt(client.handle(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    // It grants windows as wide as they may be, so that nothing of the answer stays in gRPC.
    client.Send(
        test::Http2Frame(test::kHttp2Settings, 0, 0, std::string("\0\4\x7f\xff\xff\xff", 6)) +
        test::Http2Frame(test::kHttp2WindowUpdate, 0, 0, std::string("\x40\0\0\0", 4))
    );
    v1::GetContactRequest request;
    request.set_contact_id(std::string(6'000'000, 'x'));
    const std::string message = test::GrpcMessage(request.SerializeAsString());
    const auto stream = client.Open(test::kGetContact);
    for (std::size_t sent = 0; sent < message.size() && !client.closed();) {
        const auto count = client.SendData(stream, std::string_view(message).substr(sent), true);
        sent += count;
        if (count == 0) client.ReadUntil([] { return false; }, 20ms);
    }
    REQUIRE(Eventually(60s, [&] { return fixture.api.running == 1; }));
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(60'000)); });
    while (!client.ended().contains(stream) && !client.closed()) {
        int looks = 0;
        client.ReadUntil([&] { return ++looks > 1; });  // What one read gives.
        stopped.wait_for(5ms);
    }
    CHECK(client.ended().contains(stream));
    stopped.get();
}

#include "rpc/server.hpp"

#include "rpc/dispatch.hpp"
#include "rpc/status_map.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <catch2/catch.hpp>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <future>
#include <mutex>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

namespace {

// Answers GetContact by what the caller sent.
class EchoApi final : public v1::InboxService::CallbackService {
public:
    explicit EchoApi(rpc::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}

    grpc::ServerUnaryReactor* GetContact(
        grpc::CallbackServerContext* context,
        const v1::GetContactRequest* request,
        v1::Contact* response
    ) override {
        return rpc::Dispatch(
            context,
            request,
            response,
            dispatcher_,
            "GetContact",
            [this](const rpc::Call& call, const v1::GetContactRequest& in, v1::Contact& out) {
                ++running;
                if (in.contact_id() == "wait") gate.get_future().wait();
                out.set_id(in.contact_id());
                out.set_display_name(call.authorization);
                out.set_contact_key(call.traceparent);
                left_ms = std::chrono::duration_cast<Millis>(
                              call.deadline - std::chrono::steady_clock::now()
                )
                              .count();
                return in.contact_id() == "bad"
                           ? InvalidArgument("no").WithReason("REASON").WithField("contact_id")
                           : Status();
            }
        );
    }

    std::atomic<int> running{0};
    std::atomic<std::int64_t> left_ms{0};
    std::promise<void> gate;

private:
    rpc::Dispatcher& dispatcher_;
};

struct Fixture {
    explicit Fixture(rpc::Settings given = {}) : settings(given) {
        auto started = rpc::Server::Start(settings, {&api});
        REQUIRE_OK(started);
        server = std::move(started).value();
        channel = grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials());
        stub = v1::InboxService::NewStub(channel);
    }

    grpc::Status Call(const std::string& id, v1::Contact* response = nullptr) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + 20s);
        context.AddMetadata("authorization", "Bearer x");
        v1::GetContactRequest request;
        request.set_contact_id(id);
        v1::Contact ignored;
        const grpc::Status status =
            stub->GetContact(&context, request, response != nullptr ? response : &ignored);
        const auto& metadata = context.GetServerInitialMetadata();
        const auto told = metadata.find("trace-id");
        trace_id =
            told == metadata.end() ? "" : std::string(told->second.data(), told->second.size());
        return status;
    }

    // The status number of grpc.health.v1 (1 serving, 2 not serving), read from the wire: field 1.
    int Health() {
        grpc::GenericStub generic(channel);
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + 20s);
        const grpc::Slice empty("", 0);
        const grpc::ByteBuffer request(&empty, 1);
        grpc::ByteBuffer response;
        std::promise<grpc::Status> done;
        generic.UnaryCall(
            &context,
            "/grpc.health.v1.Health/Check",
            {},
            &request,
            &response,
            [&](grpc::Status status) { done.set_value(std::move(status)); }
        );
        const auto status = done.get_future().get();
        INFO(status.error_message());
        REQUIRE(status.ok());
        grpc::Slice slice;
        REQUIRE(response.DumpToSingleSlice(&slice).ok());
        return slice.size() == 2 ? slice.begin()[1] : 0;
    }

    rpc::Settings settings;
    obs::Metrics metrics;
    async::WorkerPool pool{{.name = "t", .thread_count = 2, .queue_count_max = 8}};
    rpc::Dispatcher dispatcher{settings, pool, metrics};
    EchoApi api{dispatcher};
    std::string trace_id;  // As the last answer told it.
    std::unique_ptr<rpc::Server> server;
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<v1::InboxService::Stub> stub;
};

}  // namespace

TEST_CASE("Server: serves calls with authorization, trace and deadline", "[unit][rpc]") {
    rpc::Settings settings;
    settings.deadline_ms_max = 5'000;
    Fixture fixture(settings);
    v1::Contact contact;
    REQUIRE(fixture.Call("a", &contact).ok());
    CHECK(contact.id() == "a");
    CHECK(contact.display_name() == "Bearer x");
    REQUIRE(contact.contact_key().size() == 55);
    CHECK(fixture.trace_id == contact.contact_key().substr(3, 32));
    CHECK(fixture.api.left_ms <= 5'000);  // The client asked for 20 s.
    CHECK(fixture.api.left_ms > 0);
}

TEST_CASE("Server: failures arrive with code, reason and field", "[unit][rpc]") {
    Fixture fixture;
    const Status status = rpc::FromGrpc(fixture.Call("bad"));
    CHECK_THAT(status, test::HasCode(Code::kInvalidArgument));
    CHECK(status.reason() == "REASON");
    CHECK(status.field() == "contact_id");
    CHECK(fixture.trace_id.size() == 32);
}

TEST_CASE("Server: a message over the limit is refused", "[unit][rpc]") {
    rpc::Settings settings;
    settings.receive_bytes_max = 2'000;
    Fixture fixture(settings);
    CHECK(fixture.Call(std::string(1'000, 'x')).ok());
    CHECK(
        fixture.Call(std::string(3'000, 'x')).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED
    );
}

TEST_CASE("Server: health follows SetServing", "[unit][rpc]") {
    Fixture fixture;
    CHECK(fixture.Health() == 1);
    fixture.server->SetServing(false);
    CHECK(fixture.Health() == 2);
}

TEST_CASE("Server: a taken address is UNAVAILABLE, not shared", "[unit][rpc]") {
    Fixture fixture;
    rpc::Settings settings;
    settings.listen = fixture.server->address();
    CHECK_THAT(rpc::Server::Start(settings, {}).status(), test::HasCode(Code::kUnavailable));
}

TEST_CASE("Server: Stop lets running calls end and takes no new ones", "[unit][rpc]") {
    Fixture fixture;
    auto running = std::async(std::launch::async, [&] { return fixture.Call("wait"); });
    REQUIRE(test::Eventually(10s, [&] { return fixture.api.running == 1; }));
    auto stopped = std::async(std::launch::async, [&] { fixture.server->Stop(Millis(20'000)); });
    CHECK(test::Eventually(10s, [&] {
        return fixture.Call("late").error_code() == grpc::StatusCode::UNAVAILABLE;
    }));
    fixture.api.gate.set_value();
    CHECK(running.get().ok());
    stopped.get();
}

// A gRPC server in this process with one service that does what its caller says, and a client.
// Thread safety: one thread.
#pragma once

#include "rpc/dispatch.hpp"
#include "rpc/server.hpp"
#include "support/status_matchers.hpp"
#include "unibox/v1/inbox_service.grpc.pb.h"

#include <catch2/catch.hpp>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>

namespace unibox::test {

constexpr const char* kGetContact = "/unibox.v1.InboxService/GetContact";

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
                peer_address = call.peer_address;
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
    std::string peer_address;  // Of the last call that was answered.
    std::atomic<std::int64_t> left_ms{0};
    std::promise<void> gate;

private:
    rpc::Dispatcher& dispatcher_;
};

struct RpcFixture {
    explicit RpcFixture(rpc::Settings given = {}) : settings(given) {
        auto started =
            rpc::Server::Start(settings, {{v1::InboxService::service_full_name(), &api}}, metrics);
        REQUIRE_OK(started);
        server = std::move(started).value();
        channel = NewChannel();
        stub = v1::InboxService::NewStub(channel);
    }

    // A channel with a connection of its own.
    std::shared_ptr<grpc::Channel> NewChannel() const {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        return grpc::CreateCustomChannel(
            server->address(), grpc::InsecureChannelCredentials(), arguments
        );
    }

    grpc::Status Call(const std::string& id, v1::Contact* response = nullptr) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
        context.AddMetadata("authorization", "Bearer x");
        v1::GetContactRequest request;
        request.set_contact_id(id);
        v1::Contact ignored;
        const grpc::Status status =
            stub->GetContact(&context, request, response != nullptr ? response : &ignored);
        const auto& metadata =
            status.ok() ? context.GetServerInitialMetadata() : context.GetServerTrailingMetadata();
        const auto told = metadata.find("trace-id");
        trace_id =
            told == metadata.end() ? "" : std::string(told->second.data(), told->second.size());
        return status;
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

}  // namespace unibox::test

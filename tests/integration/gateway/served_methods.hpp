// The methods that the gateway serves, as a table of its own and over gRPC by their names.
// Thread safety: one thread.
#pragma once

#include "gateway/admin/admin.hpp"
#include "gateway/method_table.hpp"
#include "gateway/methods.hpp"
#include "gateway/search.hpp"
#include "gateway/stats.hpp"
#include "gateway/views.hpp"
#include "gateway_fixture.hpp"
#include "pg/read_router.hpp"
#include "rpc/client.hpp"
#include "rpc/status_map.hpp"
#include "support/status_matchers.hpp"

#include <grpcpp/generic/generic_stub.h>

#include <future>
#include <memory>
#include <string>

namespace unibox::test {

class ServedMethods {
public:
    explicit ServedMethods(GatewayFixture& fixture)
        : pool_(pg::Pool::Create(fixture.settings("ub_gateway"), metrics_).value()),
          reads_(
              pg::ReadRouter::Create(*pool_, fixture.settings("ub_gateway"), {}, metrics_).value()
          ),
          inbox_(*reads_, SystemClock(), 1 << 20),
          writer_(rpc::Client::Create({}, gateway::WriterMethods(Millis(1'000)), metrics_).value()),
          commands_(*writer_, SystemClock()),
          admin_({}, SystemClock()),
          search_(*pool_, SystemClock(), Millis(100)),
          stats_(*reads_, SystemClock()),
          views_(*reads_, admin_, SystemClock()),
          table_(gateway::MethodTable::Create(
                     gateway::MethodsOf({inbox_, commands_, admin_, search_, stats_, views_})
          )
                     .value()),
          channel_(grpc::CreateChannel(
              fixture.gateway().address("grpc"), grpc::InsecureChannelCredentials()
          )) {}

    const gateway::MethodTable& table() const { return table_; }

    // `request` and `response`: serialised; `response` may be null.
    Status CallByPath(
        const std::string& path,
        const std::string& key,
        const std::string& request = {},
        std::string* response = nullptr
    ) {
        grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel_);
        const auto context = GatewayFixture::Context(key);
        const grpc::Slice slice(request);
        const grpc::ByteBuffer sent(&slice, 1);
        grpc::ByteBuffer answer;
        std::promise<grpc::Status> end;
        stub.UnaryCall(context.get(), path, {}, &sent, &answer, [&](const auto& status) {
            end.set_value(status);
        });
        Status status = rpc::FromGrpc(end.get_future().get());
        grpc::Slice whole;
        if (response != nullptr && status.ok() && answer.DumpToSingleSlice(&whole).ok()) {
            response->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
        }
        return status;
    }
    Status Call(
        const gateway::Method& method,
        const std::string& key,
        const std::string& request = {},
        std::string* response = nullptr
    ) {
        const std::string service = method.descriptor()->service()->full_name();
        return CallByPath("/" + service + "/" + method.short_name(), key, request, response);
    }

private:
    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> pool_;
    std::unique_ptr<pg::ReadRouter> reads_;
    gateway::Inbox inbox_;
    std::unique_ptr<rpc::Client> writer_;
    gateway::Commands commands_;
    gateway::Admin admin_;
    gateway::Search search_;
    gateway::Stats stats_;
    gateway::Views views_;
    gateway::MethodTable table_;
    std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace unibox::test

#include "webhook-ingest/grpc_api.hpp"

namespace unibox::ingest {

grpc::ServerUnaryReactor* GrpcApi::Ingest(
    grpc::CallbackServerContext* context,
    const v1::IngestRequest* request,
    v1::IngestResponse* response
) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    rpc::Call call = calls_.CallOf(*context);
    const rpc::Finish finish =
        calls_.Observed("IngestService/Ingest", call, rpc::FinishOf(*context, *reactor, call));
    // Request and response are gRPC's and live until the end of the call.
    intake_.Call(std::move(call), *request, *response, finish);
    return reactor;
}

}  // namespace unibox::ingest

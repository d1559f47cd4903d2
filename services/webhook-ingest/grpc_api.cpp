#include "grpc_api.hpp"

namespace unibox::ingest {

grpc::ServerUnaryReactor* GrpcApi::Ingest(
    grpc::CallbackServerContext* context,
    const v1::IngestRequest* request,
    v1::IngestResponse* response
) {
    return rpc::Dispatch(
        context,
        request,
        response,
        dispatcher_,
        "IngestService/Ingest",
        [this](const rpc::Call& call, const v1::IngestRequest& in, v1::IngestResponse& out) {
            return ingest_.Call(call.authorization, call.traceparent, in, &out);
        }
    );
}

}  // namespace unibox::ingest

// unibox.v1.IngestService over gRPC: hands over to Ingest::Call, which does not block.
// Thread safety: gRPC's threads.
#pragma once

#include "rpc/dispatch.hpp"
#include "unibox/v1/ingest_service.grpc.pb.h"
#include "webhook-ingest/ingest.hpp"

namespace unibox::ingest {

using IngestUseCase = Ingest;  // Inside the service, Ingest is the method.

class GrpcApi final : public v1::IngestService::CallbackService {
public:
    // Both must outlive the object.
    GrpcApi(IngestUseCase& ingest, const rpc::Calls& calls) : ingest_(ingest), calls_(calls) {}

    grpc::ServerUnaryReactor* Ingest(
        grpc::CallbackServerContext* context,
        const v1::IngestRequest* request,
        v1::IngestResponse* response
    ) override;

private:
    IngestUseCase& ingest_;
    const rpc::Calls& calls_;
};

}  // namespace unibox::ingest

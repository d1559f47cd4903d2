// unibox.v1.IngestService over gRPC: hands over to Intake::Call, which does not block.
// Thread safety: gRPC's threads.
#pragma once

#include "rpc/dispatch.hpp"
#include "unibox/v1/ingest_service.grpc.pb.h"
#include "webhook-ingest/intake.hpp"

namespace unibox::ingest {

class GrpcApi final : public v1::IngestService::CallbackService {
public:
    // Both must outlive the object.
    GrpcApi(Intake& intake, const rpc::Calls& calls) : intake_(intake), calls_(calls) {}

    grpc::ServerUnaryReactor* Ingest(
        grpc::CallbackServerContext* context,
        const v1::IngestRequest* request,
        v1::IngestResponse* response
    ) override;

private:
    Intake& intake_;
    const rpc::Calls& calls_;
};

}  // namespace unibox::ingest

// unibox.writer.v1.WriterService: from calls to commands of a lane and back.
// Thread safety: gRPC's threads.
#pragma once

#include "message-writer/command_lanes.hpp"
#include "rpc/dispatch.hpp"
#include "unibox/writer/v1/writer_service.grpc.pb.h"

namespace unibox::writer {

class WriterApi final : public v1::WriterService::CallbackService {
public:
    // Both must outlive the object.
    WriterApi(CommandLanes& lanes, const rpc::Calls& calls) : lanes_(lanes), calls_(calls) {}

    grpc::ServerUnaryReactor* Append(
        grpc::CallbackServerContext* context,
        const v1::AppendRequest* request,
        v1::AppendResponse* response
    ) override;
    grpc::ServerUnaryReactor* Apply(
        grpc::CallbackServerContext* context,
        const v1::ApplyRequest* request,
        v1::ApplyResponse* response
    ) override;

private:
    template <class Response>
    grpc::ServerUnaryReactor* Submit(
        grpc::CallbackServerContext* context,
        const char* method,
        v1::Command command,
        Response* response
    );

    CommandLanes& lanes_;
    const rpc::Calls& calls_;
};

}  // namespace unibox::writer

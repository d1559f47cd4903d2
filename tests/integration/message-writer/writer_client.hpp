// Sends commands to writers over gRPC, as the gateway does. Thread safety: any thread.
#pragma once

#include "base/status.hpp"
#include "rpc/client.hpp"
#include "unibox/writer/v1/writer_service.pb.h"

#include <memory>
#include <string>

namespace unibox::test {

class WriterClient {
public:
    // Addresses of one writer or several, separated by commas.
    explicit WriterClient(const std::string& target, Millis deadline_max = Millis(20'000));

    Result<writer::v1::AppendResponse> Append(const writer::v1::Command& command) const;
    Result<writer::v1::ApplyResponse> Apply(const writer::v1::Command& command) const;

private:
    Status Call(
        const char* method,
        const google::protobuf::Message& request,
        google::protobuf::Message& response
    ) const;

    obs::Metrics metrics_;
    std::unique_ptr<rpc::Client> client_;
};

}  // namespace unibox::test

// What gRPC must be told of a client: target, credentials, service config.
// Thread safety: pure functions, but that they read files.
#pragma once

#include "base/status.hpp"
#include "rpc/client.hpp"

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

namespace unibox::rpc::detail {

// As gRPC's resolvers want it: "dns:///writer:9092", "ipv4:10.0.0.1:9092,10.0.0.2:9092".
// INVALID_ARGUMENT with field target.
Result<std::string> TargetUri(const std::string& target);

// What Client::Create refuses.
Status CheckClient(const ClientSettings& settings);

// JSON (https://github.com/grpc/grpc/blob/master/doc/service_config.md).
std::string ServiceConfigOf(
    const ClientSettings& settings, const std::vector<ClientMethod>& methods
);

// After CheckClient.
std::shared_ptr<grpc::Channel> NewChannel(
    const ClientSettings& settings, const std::vector<ClientMethod>& methods
);

}  // namespace unibox::rpc::detail

// The methods over gRPC: hands over to Admission and the use cases. Reflection and health know
// their services as they are in the protos.
// Thread safety: gRPC calls it from its threads.
#pragma once

#include "gateway/admission.hpp"
#include "gateway/method_table.hpp"
#include "rpc/method_service.hpp"
#include "rpc/server.hpp"

#include <memory>
#include <vector>

namespace unibox::gateway {

class GrpcApi {
public:
    // Both must outlive the object.
    GrpcApi(const MethodTable& methods, Admission& admission);

    // For a server, which the object must outlive.
    std::vector<rpc::ServedService> services() const;

private:
    std::vector<std::unique_ptr<rpc::MethodService>> services_;
};

}  // namespace unibox::gateway

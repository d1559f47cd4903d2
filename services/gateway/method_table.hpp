// The methods that the gateway serves, each once.
// Thread safety: immutable after Create.
#pragma once

#include "base/status.hpp"
#include "gateway/method.hpp"

#include <google/protobuf/descriptor.h>

#include <vector>

namespace unibox::gateway {

class MethodTable {
public:
    MethodTable() = default;
    // INTERNAL, which names the method: a row whose method is in no proto, is not unary, or has
    // other types than its use case; a method of a row's service that has no row, or two; a scope
    // that auth/scopes.hpp does not know; kOnceByRequestId of a request without a field request_id,
    // or the other way round.
    static Result<MethodTable> Create(std::vector<Method> methods);

    const std::vector<Method>& methods() const { return methods_; }
    // Those of the methods, each once.
    const std::vector<const google::protobuf::ServiceDescriptor*>& services() const {
        return services_;
    }
    // The row of a method of the services.
    const Method& Of(const google::protobuf::MethodDescriptor& descriptor) const;

private:
    std::vector<Method> methods_;
    std::vector<const google::protobuf::ServiceDescriptor*> services_;
};

}  // namespace unibox::gateway

#include "rpc/status_map.hpp"

#include "api_error/api_error.hpp"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace unibox::rpc {
namespace {

// What AIP-193 names for the code: a field that is wrong, a state that is, a thing that is not
// there.
void AddField(const Status& status, google::rpc::Status* details) {
    const std::string description = api_error::PublicMessage(status);
    if (status.code() == Code::kFailedPrecondition) {
        google::rpc::PreconditionFailure failure;
        auto* violation = failure.add_violations();
        violation->set_type(api_error::PublicReason(status));
        violation->set_subject(status.field());
        violation->set_description(description);
        details->add_details()->PackFrom(failure);
    } else if (status.code() == Code::kNotFound) {
        google::rpc::ResourceInfo resource;
        resource.set_resource_type(status.field());
        resource.set_description(description);
        details->add_details()->PackFrom(resource);
    } else {
        google::rpc::BadRequest bad_request;
        auto* violation = bad_request.add_field_violations();
        violation->set_field(status.field());
        violation->set_description(description);
        details->add_details()->PackFrom(bad_request);
    }
}

// The inverse; empty if there is none.
std::string FieldOf(const google::protobuf::Any& any) {
    google::rpc::BadRequest wrong;
    google::rpc::PreconditionFailure failure;
    google::rpc::ResourceInfo resource;
    if (any.Is<google::rpc::BadRequest>() && any.UnpackTo(&wrong)) {
        return wrong.field_violations_size() > 0 ? wrong.field_violations(0).field() : "";
    }
    if (any.Is<google::rpc::PreconditionFailure>() && any.UnpackTo(&failure)) {
        return failure.violations_size() > 0 ? failure.violations(0).subject() : "";
    }
    const bool missing = any.Is<google::rpc::ResourceInfo>() && any.UnpackTo(&resource);
    return missing ? resource.resource_type() : "";
}

google::rpc::Status Details(const Status& status, std::string_view trace_id) {
    google::rpc::Status details;
    details.set_code(static_cast<int>(status.code()));
    details.set_message(api_error::PublicMessage(status));
    google::rpc::ErrorInfo info;
    info.set_reason(api_error::PublicReason(status));
    info.set_domain(std::string(api_error::kDomain));
    for (const auto& [name, value] : api_error::PublicMetadata(status)) {
        (*info.mutable_metadata())[name] = value;
    }
    details.add_details()->PackFrom(info);
    if (!status.field().empty()) AddField(status, &details);
    if (const auto delay = api_error::RetryDelay(status)) {
        google::rpc::RetryInfo retry;
        retry.mutable_retry_delay()->set_seconds(delay->count() / 1000);
        retry.mutable_retry_delay()->set_nanos(static_cast<int>(delay->count() % 1000) * 1'000'000);
        details.add_details()->PackFrom(retry);
    }
    if (!trace_id.empty()) {
        google::rpc::RequestInfo request;
        request.set_request_id(std::string(trace_id));
        details.add_details()->PackFrom(request);
    }
    return details;
}

}  // namespace

grpc::Status ToGrpc(const Status& status, std::string_view trace_id) {
    if (status.ok()) return grpc::Status::OK;
    const google::rpc::Status details = Details(status, trace_id);
    return {
        static_cast<grpc::StatusCode>(status.code()),
        details.message(),
        details.SerializeAsString()};
}

Status FromGrpc(const grpc::Status& status) {
    if (status.ok()) return {};
    const int number = status.error_code();
    const bool known = number > 0 && number <= static_cast<int>(Code::kUnauthenticated);
    Status result(known ? static_cast<Code>(number) : Code::kUnknown, status.error_message());
    google::rpc::Status details;
    if (!details.ParseFromString(status.error_details())) return result;
    for (const auto& any : details.details()) {
        google::rpc::ErrorInfo info;
        google::rpc::RetryInfo retry;
        if (any.Is<google::rpc::RetryInfo>() && any.UnpackTo(&retry)) {
            const auto& delay = retry.retry_delay();
            result = std::move(result).WithRetryAfter(
                Millis(delay.seconds() * 1000 + delay.nanos() / 1'000'000)
            );
        }
        if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info)) {
            result = std::move(result).WithReason(info.reason());
            for (const auto& [name, value] : info.metadata()) {
                result = std::move(result).WithMetadata(name, value);
            }
        }
        if (std::string field = FieldOf(any); !field.empty()) {
            result = std::move(result).WithField(std::move(field));
        }
    }
    return result;
}

}  // namespace unibox::rpc

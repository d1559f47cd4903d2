#include "rpc/detail/grpc_log.hpp"

#include <grpc/support/log.h>

namespace unibox::rpc::detail {
namespace {

// What gRPC calls an error is most often a client's, so it is no error of ours.
obs::Level LevelOf(gpr_log_severity severity) {
    return severity == GPR_LOG_SEVERITY_DEBUG  ? obs::Level::kDebug
           : severity == GPR_LOG_SEVERITY_INFO ? obs::Level::kInfo
                                               : obs::Level::kWarn;
}

void Write(gpr_log_func_args* line) {
    obs::LibraryLog::Write(
        obs::Library::kGrpc, LevelOf(line->severity), line->file, line->line, line->message
    );
}

}  // namespace

GrpcLog::GrpcLog(obs::Metrics& metrics) : log_(obs::Library::kGrpc, metrics) {
    gpr_set_log_function(&Write);
}

}  // namespace unibox::rpc::detail

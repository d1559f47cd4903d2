// gRPC's own log lines (gpr_log) as lines of ours.
// Thread safety: one owner.
#pragma once

#include "obs/library_log.hpp"

namespace unibox::rpc::detail {

// While it lives gRPC's lines are counted and limited (obs::LibraryLog); from the first one on they
// are never written by gRPC itself again.
class GrpcLog {
public:
    explicit GrpcLog(obs::Metrics& metrics);

private:
    obs::LibraryLog log_;
};

}  // namespace unibox::rpc::detail

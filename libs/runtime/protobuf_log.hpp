// Protobuf's own log lines as lines of ours.
// Thread safety: one owner; to be made before other threads use protobuf.
#pragma once

#include "obs/library_log.hpp"

namespace unibox::runtime {

// While it lives protobuf's lines are counted and limited (obs::LibraryLog); from the first one on
// they are never written by protobuf itself again.
class ProtobufLog {
public:
    explicit ProtobufLog(obs::Metrics& metrics);

private:
    obs::LibraryLog log_;
};

}  // namespace unibox::runtime

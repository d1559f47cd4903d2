// What of a change of the protos would break a client or stored data.
// Thread safety: a pure function.
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <vector>

namespace unibox::test {

// One line for each break; empty if whatever was built against `before` works with `after`: names
// (they are in JSON), numbers, types, labels, oneofs, enum values, methods with their types,
// streaming and HTTP rules. Only files under unibox/.
std::vector<std::string> BreakingChanges(
    const google::protobuf::FileDescriptorSet& before,
    const google::protobuf::FileDescriptorSet& after
);

}  // namespace unibox::test

// What the .proto files say in their comments, which descriptors of generated code do not know.
// Thread safety: immutable after its creation.
#pragma once

#include "base/status.hpp"

#include <map>
#include <string>
#include <string_view>

namespace unibox::wire {

class ProtoComments {
public:
    // `descriptor_set`: a serialised google.protobuf.FileDescriptorSet, as protoc
    // --include_source_info makes it. INVALID_ARGUMENT if it is none.
    static Result<ProtoComments> Parse(std::string_view descriptor_set);

    // Of a service, method, message, field, enum or value by its full name: what stands above it
    // and behind it, as one line. Empty: nothing.
    std::string_view Of(const std::string& full_name) const;

private:
    std::map<std::string, std::string> by_name_;
};

}  // namespace unibox::wire

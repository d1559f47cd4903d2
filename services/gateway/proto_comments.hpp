// The protos with their comments, as they were when this program was built.
// Thread safety: a constant.
#pragma once

#include <string_view>

namespace unibox::gateway {

// A serialised google.protobuf.FileDescriptorSet with source_code_info.
std::string_view CommentedProtos();

}  // namespace unibox::gateway

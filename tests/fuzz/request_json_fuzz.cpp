// Any body of a request: what is taken is the same again after it was written and read once more,
// what is refused names its field.
#include "base/assert.hpp"
#include "unibox/v1/inbox_service.pb.h"
#include "wire/json_reader.hpp"
#include "wire/json_transcoder.hpp"

#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace unibox::wire {
namespace {

template <class Request>
void Run(std::string_view body) {
    Request request;
    const Status status = ReadJson(body, &request);
    if (!status.ok()) {
        UNIBOX_ASSERT(status.code() == Code::kInvalidArgument);
        UNIBOX_ASSERT(!status.field().empty() && !status.reason().empty());
        return;
    }
    const auto written = ToJson(request);
    UNIBOX_ASSERT(written.ok());
    Request again;
    UNIBOX_ASSERT(ReadJson(*written, &again).ok());
    UNIBOX_ASSERT(google::protobuf::util::MessageDifferencer::Equals(request, again));
}

}  // namespace
}  // namespace unibox::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    unibox::wire::Run<unibox::v1::AppendMessageRequest>(body);
    unibox::wire::Run<unibox::v1::AssignConversationRequest>(body);
    unibox::wire::Run<unibox::v1::ChangeAttributesRequest>(body);
    unibox::wire::Run<unibox::v1::SnoozeConversationRequest>(body);
    return 0;
}

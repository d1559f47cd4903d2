// Any reply to a publish or to a call of the JetStream API: an acknowledgement names a stream and a
// sequence, everything else is a refusal with a reason to tell.
#include "base/assert.hpp"
#include "nats/detail/js_api.hpp"
#include "nats/detail/pub_reply.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>

namespace unibox::nats::detail {
namespace {

void Run(std::string_view body) {
    const PubReply reply = ReadPubReply("", body);
    const bool stored = reply.fate == Fate::kStored;
    UNIBOX_ASSERT(stored ? reply.ack.sequence > 0 : !reply.status.ok());
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object()) return;
    (void)ReadStreamInfo(json);
    (void)ReadStoredMessage(json);
}

}  // namespace
}  // namespace unibox::nats::detail

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    unibox::nats::detail::Run({reinterpret_cast<const char*>(data), size});
    return 0;
}

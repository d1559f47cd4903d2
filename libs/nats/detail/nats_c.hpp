// Owners for the handles of nats.c, and its statuses as ours.
// Thread safety: as nats.c says for each handle; the functions are pure.
#pragma once

#include "base/status.hpp"

#include <nats/nats.h>

#include <memory>
#include <string_view>

namespace unibox::nats::detail {

struct MessageDeleter {
    void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
};
using MessagePtr = std::unique_ptr<natsMsg, MessageDeleter>;

struct OptionsDeleter {
    void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using OptionsPtr = std::unique_ptr<natsOptions, OptionsDeleter>;

// The one table natsStatus -> Code. `context` begins the message.
Status FromNats(natsStatus status, std::string_view context);

inline std::string_view DataOf(const natsMsg* message) {
    const int length = natsMsg_GetDataLength(message);
    if (length <= 0) return {};
    return {natsMsg_GetData(message), static_cast<std::size_t>(length)};
}
inline std::string_view TextOf(const char* text) {
    return text == nullptr ? std::string_view() : std::string_view(text);
}
// The value of a header; empty if there is none.
inline std::string_view HeaderOf(natsMsg* message, const char* key) {
    const char* value = nullptr;
    if (natsMsgHeader_Get(message, key, &value) != NATS_OK) return {};
    return TextOf(value);
}

}  // namespace unibox::nats::detail

// The token in a channel's webhook URL, unless tenants.yaml names another: a function of the
// sealing key and the channel, so that `apply` can print the URL again although only the token's
// hash is stored. Thread safety: pure function.
#pragma once

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "crypto/sealed_box.hpp"

#include <string>

namespace unibox::ctl {

inline std::string DerivedChannelToken(const crypto::SealedBox& box, const ChannelId& channel) {
    return Base64UrlEncode(box.Fingerprint(Secret("channel-token:" + channel.ToString())));
}

}  // namespace unibox::ctl

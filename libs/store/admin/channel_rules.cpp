#include "store/admin/channel_rules.hpp"

#include "base/encoding.hpp"
#include "channels/sign.hpp"

namespace unibox::store {

std::string DerivedChannelToken(const crypto::SealedBox& box, const ChannelId& channel) {
    return Base64UrlEncode(box.Fingerprint(Secret("channel-token:" + channel.ToString())));
}

Status CheckChannelSecret(const domain::ProviderTraits& provider, const Secret& secret) {
    // What the adapter refuses to sign with it could never verify.
    const channels::SignInput probe{secret, "", "https://localhost/", 0, "probe"};
    const auto signed_probe = channels::Sign(provider.name, probe);
    if (signed_probe.ok()) return {};
    return InvalidArgument(signed_probe.status().message()).WithField("secret");
}

}  // namespace unibox::store

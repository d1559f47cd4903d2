// What holds for channels, whoever makes them.
// Thread safety: pure functions.
#pragma once

#include "base/ids.hpp"
#include "base/secret.hpp"
#include "base/status.hpp"
#include "crypto/sealed_box.hpp"
#include "domain/provider.hpp"

#include <string>

namespace unibox::store {

// The token in a channel's webhook URL, unless tenants.yaml names another: a function of the
// sealing key and the channel, so that the URL can be told again although only the token's hash is
// stored.
std::string DerivedChannelToken(const crypto::SealedBox& box, const ChannelId& channel);

// INVALID_ARGUMENT: with this secret nothing of the provider's could ever be verified.
Status CheckChannelSecret(const domain::ProviderTraits& provider, const Secret& secret);

}  // namespace unibox::store

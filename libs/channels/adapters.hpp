// The adapters, one function each: for adapter.cpp and the tests of one provider.
// Thread safety: the adapters are stateless and live as long as the process.
#pragma once

#include "channels/adapter.hpp"

namespace unibox::channels {

const Adapter& TelegramAdapter();
const Adapter& MetaAdapter();
const Adapter& TwilioAdapter();
const Adapter& StandardAdapter();

// The one answer to a signature that does not fit; `why` is for operators.
Status BadSignature(std::string why);

}  // namespace unibox::channels

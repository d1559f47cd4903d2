// Settings as natsOptions. Thread safety: a pure function.
#pragma once

#include "base/status.hpp"
#include "nats/detail/nats_c.hpp"
#include "nats/settings.hpp"

namespace unibox::nats::detail {

// INVALID_ARGUMENT when nats.c refuses a value, for example a certificate that cannot be read.
Result<OptionsPtr> MakeOptions(const Settings& settings);

}  // namespace unibox::nats::detail

// Lists of servers without their passwords, for whatever prints settings.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace unibox::config {

// What stands for a secret.
inline constexpr std::string_view kMasked = "****";

// Of servers separated by commas, each with or without a scheme: kMasked in the place of the
// password, which ends with the last @, or of all before it where there is no user name (an access
// token). What is no server is masked whole: too much is hidden rather than too little.
std::string MaskServers(std::string_view list);

}  // namespace unibox::config

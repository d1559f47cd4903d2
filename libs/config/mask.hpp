// Connection strings without their passwords, for whatever prints settings.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace unibox::config {

// Replaces what may be a secret in a connection string by "****":
//  - postgresql:// URIs: the password before the last @, and the parameter password;
//  - libpq's keywords: the value of password, read as libpq reads it;
//  - server lists as NATS takes them, each with or without a scheme: the password before the last
//    @, or all before it where there is no user name (an access token).
// What is none of these is masked whole: too much is hidden rather than too little.
std::string MaskPasswords(std::string_view text);

}  // namespace unibox::config

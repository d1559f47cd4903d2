// Connection strings (URIs and keywords), read as libpq reads them and without any network.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace unibox::pg {

// Whether libpq can read it; empty: no.
bool IsConnectionString(std::string_view text);

// What may be printed of it: the text itself if there is no secret in it, else all its settings as
// keywords, with "****" for those that libpq counts among the secrets. What libpq cannot read, or
// reads otherwise than it was meant (a piece of a password, with an @ or a / in it, as host, port
// or database), is masked whole: too much is hidden rather than too little.
std::string MaskConnectionString(std::string_view text);

// The same for each of its hosts alone, in their order; the text itself if it names at most one, or
// wants its hosts compared (target_session_attrs=prefer-standby).
std::vector<std::string> ConnectionStringPerHost(std::string_view text);

// "host:port" of its first host, for people; "" if libpq cannot read it.
std::string FirstServer(std::string_view text);

}  // namespace unibox::pg

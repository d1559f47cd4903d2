#include "redis/script.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

#include <utility>

namespace unibox::redis {

Script::Script(std::string source) {
    std::string sha = HexEncode(crypto::Sha1(source));
    text_ = std::make_shared<const ScriptText>(ScriptText{std::move(source), std::move(sha)});
}

}  // namespace unibox::redis

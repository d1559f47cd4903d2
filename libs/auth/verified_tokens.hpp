// Which tokens were found to be signed by which keys. That is true for ever, whatever becomes of
// key, issuer and time, which are looked at for each call; so nothing here grows old.
// Bounded: the pair that was used longest ago goes. Thread safety: any thread.
#pragma once

#include "base/mutex.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

namespace unibox::auth {

class VerifiedTokens {
public:
    // `count_max`: 1 or more; about 250 bytes each.
    explicit VerifiedTokens(std::size_t count_max) : count_max_(count_max) {}

    // `digest`: SHA-256 of the whole token; `key`: VerifyKey::fingerprint().
    bool Contains(const std::string& digest, const std::string& key);
    void Add(const std::string& digest, const std::string& key);
    std::size_t count() const;

private:
    using Order = std::list<std::string>;

    const std::size_t count_max_;
    mutable Mutex mutex_;
    Order order_ UNIBOX_GUARDED_BY(mutex_);  // The latest used first.
    std::unordered_map<std::string, Order::iterator> by_pair_ UNIBOX_GUARDED_BY(mutex_);
};

}  // namespace unibox::auth

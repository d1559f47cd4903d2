#include "auth/verified_tokens.hpp"

namespace unibox::auth {

bool VerifiedTokens::Contains(const std::string& digest, const std::string& key) {
    const MutexLock lock(mutex_);
    const auto found = by_pair_.find(digest + key);
    if (found == by_pair_.end()) return false;
    order_.splice(order_.begin(), order_, found->second);
    return true;
}

void VerifiedTokens::Add(const std::string& digest, const std::string& key) {
    const MutexLock lock(mutex_);
    const auto [at, is_new] = by_pair_.try_emplace(digest + key);
    if (!is_new) return;
    order_.push_front(at->first);
    at->second = order_.begin();
    if (by_pair_.size() <= count_max_) return;
    by_pair_.erase(order_.back());
    order_.pop_back();
}

std::size_t VerifiedTokens::count() const {
    const MutexLock lock(mutex_);
    return by_pair_.size();
}

}  // namespace unibox::auth

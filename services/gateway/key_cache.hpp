// What is known of API keys, by key hash: found ones for known_ms_max, others for unknown_ms_max,
// both bounded in number (the oldest leaves first), so unknown keys cannot push out known ones.
// Thread safety: one owner at a time.
#pragma once

#include "base/clock.hpp"
#include "gateway/config.hpp"
#include "store/directory/lookups.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace unibox::gateway {

// Entries by key hash that live for a while, at most so many.
template <typename T>
class AgingMap {
public:
    explicit AgingMap(std::size_t count_max) : count_max_(count_max) {}

    // Also when it is too old.
    bool Contains(const std::string& hash) const { return entries_.contains(hash); }
    const T* Find(const std::string& hash, SteadyTime now) const {
        const auto found = entries_.find(hash);
        return found != entries_.end() && now < found->second.until ? &found->second.value
                                                                    : nullptr;
    }
    void Put(const std::string& hash, T value, SteadyTime until) {
        const auto [entry, is_new] =
            entries_.insert_or_assign(hash, Entry{std::move(value), until});
        static_cast<void>(entry);
        if (is_new) order_.push_back(hash);
        while (order_.size() > count_max_) {
            entries_.erase(order_.front());
            order_.pop_front();
        }
    }
    // Its place in the order is kept.
    void Expire(const std::string& hash) {
        const auto found = entries_.find(hash);
        if (found != entries_.end()) found->second.until = SteadyTime::min();
    }
    void Clear() {
        entries_.clear();
        order_.clear();
    }
    std::vector<std::string> Live(SteadyTime now) const {
        std::vector<std::string> hashes;
        for (const auto& [hash, entry] : entries_) {
            if (now < entry.until) hashes.push_back(hash);
        }
        return hashes;
    }

private:
    struct Entry {
        T value;
        SteadyTime until;
    };
    const std::size_t count_max_;
    std::unordered_map<std::string, Entry> entries_;
    std::deque<std::string> order_;  // Every hash of entries_ once, by first arrival.
};

class KeyCache {
public:
    explicit KeyCache(const AuthnSettings& settings)
        : settings_(settings),
          known_(static_cast<std::size_t>(settings.known_count_max)),
          unknown_(static_cast<std::size_t>(settings.unknown_count_max)) {}

    const store::ApiKeyInfo* Find(const std::string& hash, SteadyTime now) const {
        return known_.Find(hash, now);
    }
    bool IsUnknown(const std::string& hash, SteadyTime now) const {
        return unknown_.Find(hash, now) != nullptr;
    }
    // Found once, however long ago: worth another lookup without suspicion.
    bool WasKnown(const std::string& hash) const { return known_.Contains(hash); }

    void PutFound(const std::string& hash, store::ApiKeyInfo info, SteadyTime now) {
        known_.Put(hash, std::move(info), now + Millis(settings_.known_ms_max));
    }
    void PutUnknown(const std::string& hash, SteadyTime now) {
        known_.Expire(hash);
        unknown_.Put(hash, {}, now + Millis(settings_.unknown_ms_max));
    }
    // The hashes of the keys that are believed now.
    std::vector<std::string> Believed(SteadyTime now) const { return known_.Live(now); }
    void ForgetUnknown() { unknown_.Clear(); }

private:
    struct Nothing {};

    const AuthnSettings settings_;
    AgingMap<store::ApiKeyInfo> known_;
    AgingMap<Nothing> unknown_;
};

}  // namespace unibox::gateway

// A cache in front of blocking look-ups: answers at once what it knows, loads the rest in two lanes
// of threads, each key once however many wait for it (single flight). What was found before is
// loaded again in a lane of its own: no number of made up keys stands in its way. In both lanes the
// askers (tenants, client networks) have their turns, and an asker whose keys lead nowhere too
// often is told so without a look-up.
//
// What is known is served for refresh_ms as it is; then it is served while a new load runs behind
// it; after known_ms_max, or after Forget, the caller waits for the new load. "There is no such
// key" is remembered for unknown_ms_max.
//
// When a load fails, what is known is served on, up to stale_ms_max, and for keys that are not
// known the error is the answer at once, also for those that wait in the pool. One load at a time,
// of whichever key is asked for first, then probes: retry_ms after the last failure.
//
// Bounded: known_count_max and unknown_count_max entries, least recently used ones go first.
// Thread safety: any thread. Callbacks run on the calling thread (all known) or on a pool thread.
#pragma once

#include "async/fair_pool.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/status.hpp"
#include "base/token_buckets.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace unibox::async {

struct LookupSettings {
    std::int64_t refresh_ms = 30'000;
    std::int64_t known_ms_max = 300'000;
    std::int64_t stale_ms_max = 24LL * 3600 * 1000;
    std::int64_t unknown_ms_max = 5'000;
    std::int64_t retry_ms = 1'000;
    std::size_t known_count_max = 200'000;
    std::size_t unknown_count_max = 10'000;
    // Keys of one client network that lead nowhere; 0 = no such limit.
    std::int64_t failed_per_s = 100;
    std::int64_t failed_burst = 1'000;
    std::size_t failed_network_count_max = 10'000;
};

// Who asks.
struct Asker {
    Flow flow = 0;
    bool is_stranger = false;  // Has not proven anything: what it asks for in vain is limited.
};

// What the caches of one process load in.
struct LookupLanes {
    FairPool& known;       // What was found before.
    FairPool& unknown;     // The rest.
    TokenBuckets& failed;  // By stranger: look-ups that led nowhere.
};

enum class LookupOutcome { kHit, kNegativeHit, kStale, kWaited, kFailing, kLimited, kCount };
inline constexpr std::size_t kLookupOutcomeCount = static_cast<std::size_t>(LookupOutcome::kCount);
// In their order, as metrics call them.
inline constexpr std::array<const char*, kLookupOutcomeCount> kLookupOutcomeNames = {
    "hit", "negative_hit", "stale", "waited", "failing", "limited"};

// `Hash` is that of Key, which may be copied often.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LookupCache {
public:
    using ValuePtr = std::shared_ptr<const Value>;
    using Keys = std::vector<Key>;
    using Found = std::unordered_map<Key, ValuePtr, Hash>;
    // Blocking, on a pool thread: those of the keys that exist.
    using Loader = std::function<Result<Found>(const Keys&)>;
    // One result for each key, in order; NOT_FOUND if there is none, else the loader's error.
    using Done = std::function<void(std::vector<Result<ValuePtr>>)>;
    // Whether a value may not be served any more without asking (it has an end of its own).
    using Expired = std::function<bool(const Value&)>;
    using Count = std::function<void(LookupOutcome)>;

    // All arguments given by reference must outlive the cache; the lanes must be stopped before it
    // dies.
    LookupCache(
        const LookupSettings& settings,
        const Clock& clock,
        const LookupLanes& lanes,
        Loader loader,
        Expired expired,
        Count count
    )
        : settings_(settings),
          clock_(clock),
          lanes_(lanes),
          loader_(std::move(loader)),
          expired_(std::move(expired)),
          count_(std::move(count)) {}

    void Get(const Keys& keys, const Asker& asker, Done done) {
        std::vector<Result<ValuePtr>> results(keys.size());
        std::shared_ptr<Call> call;
        Load known;
        Load unknown;
        unknown.charged = true;
        {
            const MutexLock lock(mutex_);
            const bool may_load = MayLoadLocked();
            for (std::size_t i = 0; i < keys.size(); ++i) {
                const auto at = entries_.try_emplace(keys[i]).first;
                Entry& entry = at->second;
                bool wanted = false;
                if (!ServeLocked(keys[i], entry, asker, may_load, &results[i], &wanted)) {
                    if (!call) call = std::make_shared<Call>();
                    ++call->pending;
                    entry.waiters.push_back({call, i});
                }
                if (wanted && !entry.loading) {
                    entry.loading = true;
                    // While loads fail there is one, the probe.
                    (entry.value && !failing_ ? known : unknown).keys.push_back(keys[i]);
                }
                if (!entry.known && !entry.loading) entries_.erase(at);  // Failed at once.
            }
            Begin(asker, &known);
            Begin(asker, &unknown);
            // Nobody can deliver to the call before the lock is free.
            if (call) {
                call->results = std::move(results);
                call->done = std::move(done);
            }
        }
        if (!call) done(std::move(results));  // NOLINT(bugprone-use-after-move): moved into a call
        if (!known.keys.empty()) Start(lanes_.known, std::move(known));
        if (!unknown.keys.empty()) Start(lanes_.unknown, std::move(unknown));
    }

    // Whatever is known must be confirmed by a new load before it is served (unless loads fail).
    void Forget() {
        const MutexLock lock(mutex_);
        ++epoch_;
    }

    std::size_t positive_count() const {
        const MutexLock lock(mutex_);
        return positives_.size();
    }
    std::size_t negative_count() const {
        const MutexLock lock(mutex_);
        return negatives_.size();
    }

private:
    struct Call {
        std::vector<Result<ValuePtr>> results;
        Done done;
        std::atomic<std::size_t> pending{0};
    };
    struct Waiter {
        std::shared_ptr<Call> call;
        std::size_t index;
    };
    using Order = std::list<Key>;
    struct Entry {
        bool known = false;
        ValuePtr value;  // Null and known: there is no such key.
        SteadyTime loaded_at{};
        std::uint64_t epoch = 0;
        bool loading = false;
        std::vector<Waiter> waiters;
        Order* order = nullptr;  // The list that holds it, if any.
        typename Order::iterator place;
    };
    struct Load {
        Keys keys;
        Asker asker;
        bool charged = false;  // By TakeFailure.
        std::uint64_t epoch = 0;
        bool probe = false;  // Begun while loads fail, to see whether they still do.
    };
    struct Delivery {
        Waiter waiter;
        Result<ValuePtr> result;
    };

    static Status NoSuchKey() { return NotFound("no such key"); }

    bool MayLoadLocked() const UNIBOX_REQUIRES(mutex_) {
        if (!failing_) return true;
        return !probing_ && clock_.Steady() - failed_at_ >= Millis(settings_.retry_ms);
    }

    void Begin(const Asker& asker, Load* load) UNIBOX_REQUIRES(mutex_) {
        load->asker = asker;
        load->charged &= asker.is_stranger && settings_.failed_per_s > 0;
        load->epoch = epoch_;
        load->probe = failing_ && !load->keys.empty();
        probing_ |= load->probe;
    }

    // Taken before the look-up, given back if it led somewhere. 0, or how long to wait for one.
    Millis TakeFailure(const Asker& asker) {
        if (!asker.is_stranger || settings_.failed_per_s == 0) return Millis(0);
        return lanes_.failed.Take(asker.flow, settings_.failed_per_s, settings_.failed_burst);
    }

    // True: `result` is set. `load`: a load is due, behind the answer or for it.
    bool ServeLocked(
        const Key& key,
        Entry& entry,
        const Asker& asker,
        bool may_load,
        Result<ValuePtr>* result,
        bool* load
    ) UNIBOX_REQUIRES(mutex_) {
        const SteadyTime now = clock_.Steady();
        const Millis age = std::chrono::duration_cast<Millis>(now - entry.loaded_at);
        const bool current = entry.known && entry.epoch == epoch_;
        if (entry.known && !entry.value) {
            if (current && age.count() < settings_.unknown_ms_max) {
                count_(LookupOutcome::kNegativeHit);
                *result = NoSuchKey();
                return true;
            }
        } else if (entry.known && age.count() < settings_.stale_ms_max) {
            const bool expired = expired_(*entry.value);
            const bool due = !current || expired || age.count() >= settings_.refresh_ms;
            const bool must = !current || expired || age.count() >= settings_.known_ms_max;
            *load = due && may_load;
            if (!must || failing_) {
                count_(due ? LookupOutcome::kStale : LookupOutcome::kHit);
                Touch(key, entry, positives_, settings_.known_count_max);
                *result = entry.value;
                return true;
            }
        }
        if (!may_load) {
            count_(LookupOutcome::kFailing);
            *result = failure_;
            return true;
        }
        const bool suspect = !entry.value && !entry.loading;
        if (const Millis wait = suspect ? TakeFailure(asker) : Millis(0); wait > Millis(0)) {
            count_(LookupOutcome::kLimited);
            *result = ResourceExhausted("too many keys of this network lead nowhere")
                          .WithReason("LOOKUPS_LIMITED")
                          .WithRetryAfter(wait);
            return true;
        }
        count_(LookupOutcome::kWaited);
        *load = true;
        return false;
    }

    void Start(FairPool& lane, Load load) {
        const Flow flow = load.asker.flow;
        const auto shared = std::make_shared<const Load>(std::move(load));
        lane.Post(
            flow,
            {.run =
                 [this, shared] {
                     const Status futile = WhyFutile(*shared);
                     Finish(*shared, futile.ok() ? RecordOutcome(loader_(shared->keys)) : futile);
                 },
             // Says nothing about the others: they have their own turns.
             .refuse =
                 [this, shared] {
                     Finish(
                         *shared,
                         ResourceExhausted("too many look-ups are waiting")
                             .WithReason("LOOKUPS_OVERLOADED")
                     );
                 }}
        );
    }

    // Loads that were begun before others failed do not each wait for their own failure.
    Status WhyFutile(const Load& load) const {
        const MutexLock lock(mutex_);
        return failing_ && !load.probe ? failure_ : Status();
    }

    Result<Found> RecordOutcome(Result<Found> loaded) {
        const MutexLock lock(mutex_);
        failing_ = !loaded.ok();
        failure_ = loaded.status();
        if (failing_) failed_at_ = clock_.Steady();
        return loaded;
    }

    void Finish(const Load& load, const Result<Found>& loaded) {
        std::vector<Delivery> deliveries;
        {
            const MutexLock lock(mutex_);
            if (load.probe) probing_ = false;
            for (const Key& key : load.keys) {
                SettleLocked(key, load.epoch, loaded, &deliveries);
                const bool in_vain = loaded.ok() && !loaded->contains(key);
                if (load.charged && !in_vain) lanes_.failed.GiveBack(load.asker.flow);
            }
        }
        for (Delivery& delivery : deliveries) {
            Call& call = *delivery.waiter.call;
            call.results[delivery.waiter.index] = std::move(delivery.result);
            if (--call.pending == 0) call.done(std::move(call.results));
        }
    }

    void SettleLocked(
        const Key& key,
        std::uint64_t epoch,
        const Result<Found>& loaded,
        std::vector<Delivery>* deliveries
    ) UNIBOX_REQUIRES(mutex_) {
        const auto at = entries_.find(key);
        if (at == entries_.end()) return;
        Entry& entry = at->second;
        entry.loading = false;
        Result<ValuePtr> result = loaded.status();
        if (loaded.ok()) {
            const auto value = loaded->find(key);
            entry.known = true;
            entry.value = value == loaded->end() ? nullptr : value->second;
            entry.loaded_at = clock_.Steady();
            entry.epoch = epoch;
        }
        if (entry.known) result = entry.value ? Result<ValuePtr>(entry.value) : NoSuchKey();
        // What is too old, or was only known to be missing, does not outlive a failed load.
        const bool too_old = clock_.Steady() - entry.loaded_at >= Millis(settings_.stale_ms_max);
        if (!loaded.ok() && (!entry.value || too_old)) result = loaded.status();
        for (Waiter& waiter : entry.waiters) deliveries->push_back({std::move(waiter), result});
        entry.waiters.clear();
        if (!entry.known) {
            entries_.erase(at);
        } else if (entry.value) {
            Touch(key, entry, positives_, settings_.known_count_max);
        } else {
            Touch(key, entry, negatives_, settings_.unknown_count_max);
        }
    }

    // Puts the entry in front of `order` and drops what is over the limit there.
    void Touch(const Key& key, Entry& entry, Order& order, std::size_t count_max)
        UNIBOX_REQUIRES(mutex_) {
        if (entry.order == nullptr) {
            order.push_front(key);
        } else {
            order.splice(order.begin(), *entry.order, entry.place);
        }
        entry.order = &order;
        entry.place = order.begin();
        while (order.size() > count_max) {
            const auto last = entries_.find(order.back());
            order.pop_back();
            if (last == entries_.end()) continue;
            last->second.order = nullptr;
            // One that is being loaded has waiters; its load puts it in place again.
            if (!last->second.loading) entries_.erase(last);
        }
    }

    const LookupSettings settings_;
    const Clock& clock_;
    const LookupLanes lanes_;
    const Loader loader_;
    const Expired expired_;
    const Count count_;

    mutable Mutex mutex_;
    std::unordered_map<Key, Entry, Hash> entries_ UNIBOX_GUARDED_BY(mutex_);
    Order positives_ UNIBOX_GUARDED_BY(mutex_);
    Order negatives_ UNIBOX_GUARDED_BY(mutex_);
    std::uint64_t epoch_ UNIBOX_GUARDED_BY(mutex_) = 0;
    bool failing_ UNIBOX_GUARDED_BY(mutex_) = false;
    Status failure_ UNIBOX_GUARDED_BY(mutex_);
    SteadyTime failed_at_ UNIBOX_GUARDED_BY(mutex_){};
    bool probing_ UNIBOX_GUARDED_BY(mutex_) = false;
};

}  // namespace unibox::async

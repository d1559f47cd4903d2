// In which order the calls of many flows (tenants; networks) come to a few threads, so that one
// flow's load is its own business. A pure data structure: it runs nothing and knows no time.
//
// Each flow has a clock of the service that it has had, in microseconds of work. The next call is
// of the flow that has had the least (start-time fair queueing): with equal costs that is round
// robin, with unequal ones the flow of costly calls comes less often. What a call costs is known
// when it is done; until then it counts as much as the flow's calls did lately. A flow that comes
// back is put level with the others: idleness saves nothing up, and what it had beyond its share is
// remembered while anything is at work, of kRememberedMax flows without calls: those that had most.
//
// A call of a flow that has nothing at work, nothing waiting and not more than its share is
// `fresh`: it may take any thread. The others, "the backlog", hold at most backlog_thread_count of
// the threads, and each flow of it at most its part of that by the number of flows that contend for
// it. So there is a thread for whoever asks for little, however many ask for much.
//
// Limits: waiting_max calls wait. One more takes the place of the latest call of the flow with the
// most waiting; a flow with nothing waiting is never refused (waiting_max and thread_count are 1 or
// more). One flow fills at most flow_waiting_max. Thread safety: one owner at a time.
#pragma once

#include "base/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace unibox::async {

struct FairLimits {
    std::size_t thread_count = 1;
    std::size_t backlog_thread_count = 1;  // Of these, at most for the backlog; 1 or more.
    std::size_t waiting_max = 1;
    std::size_t flow_waiting_max = 1;  // 1 or more.
};

using Flow = std::uint64_t;

template <typename Item>
class FairQueue {
public:
    // A call that is at work.
    struct Ticket {
        Flow flow = 0;
        bool fresh = false;
        std::int64_t charged_us = 0;  // What it counts as until it is done.
    };
    struct Taken {
        Ticket ticket;
        Item item;
    };

    // Whoever can come as ever new flows (IPv6 networks) would else be remembered without end.
    static constexpr std::size_t kRememberedMax = 10'000;

    explicit FairQueue(FairLimits limits) : limits_(limits) {
        UNIBOX_ASSERT(limits.thread_count > 0 && limits.backlog_thread_count > 0);
        UNIBOX_ASSERT(limits.waiting_max > 0 && limits.flow_waiting_max > 0);
    }

    // Lets `item` wait. Returns what is refused for it, if there is no room: the latest call of the
    // longest flow, or the item itself if its own flow is the longest.
    std::optional<Item> Offer(Flow flow, Item item) {
        const auto found = flows_.find(flow);
        const std::size_t own = found == flows_.end() ? 0 : found->second.waiting.size();
        if (own >= limits_.flow_waiting_max) return item;
        std::optional<Item> refused;
        if (waiting_ >= limits_.waiting_max && !IsFreshFree(found)) {
            const auto longest = *lengths_.rbegin();
            if (own >= longest.first) return item;
            refused = PopLatest(longest.second);
        }
        Add(flow, std::move(item));
        return refused;
    }

    // The next call, if one may be begun now. Done must follow.
    std::optional<Taken> Take() {
        if (running_ >= limits_.thread_count) return {};
        const auto fresh = fresh_.begin();
        const auto backlog = NextOfBacklog();
        const bool any_fresh = fresh != fresh_.end();
        if (!any_fresh && backlog == backlog_.end()) return {};
        const bool fresh_first =
            any_fresh && (backlog == backlog_.end() || fresh->served_us <= backlog->served_us);
        return Begin(fresh_first ? fresh->flow : backlog->flow);
    }

    // What Take gave has ended, after `cost_us` of work.
    void Done(const Ticket& ticket, std::int64_t cost_us) {
        const Flow flow = ticket.flow;
        State& state = flows_.at(flow);
        Unlist(flow, state);
        state.served_us += cost_us - ticket.charged_us;
        state.usual_us = (state.usual_us * 7 + cost_us) / 8;
        --running_;
        --state.running;
        if (!ticket.fresh && --state.of_backlog == 0) holders_.erase(flow);
        List(flow, state);
        if (state.running == 0 && state.waiting.empty()) Rest(flow, state);
    }

    std::size_t waiting_count() const { return waiting_; }
    std::size_t running_count() const { return running_; }
    // Flows with a call that waits or is at work.
    std::size_t active_count() const { return flows_.size() - resting_.size(); }
    // Those that are remembered, active or not.
    std::size_t flow_count() const { return flows_.size(); }

private:
    static constexpr std::int64_t kFirstGuessUs = 1'000;
    // So far a flow may be ahead of the others and still be fresh.
    static constexpr std::int64_t kFreshAheadUs = 10'000;

    // Among equals, the one that was served longest ago.
    struct Place {
        std::int64_t served_us = 0;
        std::uint64_t turn = 0;
        Flow flow = 0;
        auto operator<=>(const Place&) const = default;
    };
    struct State {
        std::int64_t served_us = 0;
        std::uint64_t turn = 0;
        std::int64_t usual_us = kFirstGuessUs;
        std::size_t running = 0;
        std::size_t of_backlog = 0;  // Of the running ones.
        bool fresh = false;          // The one that waits.
        std::deque<Item> waiting;
    };
    using Flows = std::unordered_map<Flow, State>;
    using Places = std::set<Place>;

    bool IsFresh(const State& state) const {
        return state.running == 0 && state.waiting.empty() &&
               state.served_us <= now_us_ + kFreshAheadUs;
    }
    // A fresh call with a thread free for it does not wait at all.
    bool IsFreshFree(typename Flows::const_iterator found) const {
        return running_ < limits_.thread_count && fresh_.empty() &&
               (found == flows_.end() || IsFresh(found->second));
    }

    void Add(Flow flow, Item item) {
        State& state = flows_[flow];
        if (state.running == 0 && state.waiting.empty()) {
            resting_.erase({state.served_us, state.turn, flow});
            state.served_us = std::max(state.served_us, now_us_);
            state.fresh = IsFresh(state);
        }
        Unlist(flow, state);
        state.waiting.push_back(std::move(item));
        ++waiting_;
        List(flow, state);
    }

    Item PopLatest(Flow flow) {
        State& state = flows_.at(flow);
        Unlist(flow, state);
        Item item = std::move(state.waiting.back());
        state.waiting.pop_back();
        --waiting_;
        List(flow, state);
        if (state.running == 0 && state.waiting.empty()) Rest(flow, state);
        return item;
    }

    Taken Begin(Flow flow) {
        State& state = flows_.at(flow);
        Unlist(flow, state);
        Taken taken{{flow, state.fresh, state.usual_us}, std::move(state.waiting.front())};
        state.waiting.pop_front();
        --waiting_;
        now_us_ = std::max(now_us_, state.served_us);
        state.served_us += state.usual_us;
        state.turn = ++turns_;
        if (!state.fresh && ++state.of_backlog == 1) holders_.insert(flow);
        state.fresh = false;
        ++state.running;
        ++running_;
        List(flow, state);
        ForgetLevelOnes();
        return taken;
    }

    // The first flow of the backlog that may have another thread.
    typename Places::const_iterator NextOfBacklog() const {
        const std::size_t share = std::min(limits_.backlog_thread_count, limits_.thread_count);
        std::size_t contenders = backlog_.size();
        for (const Flow flow : holders_) {
            const State& state = flows_.at(flow);
            if (state.waiting.empty() || state.fresh) ++contenders;
        }
        const std::size_t part = (share + contenders - 1) / std::max<std::size_t>(1, contenders);
        // What a flow holds beyond its part, from when there were fewer, is not the others' loss.
        std::size_t held = 0;
        for (const Flow flow : holders_) held += std::min(flows_.at(flow).of_backlog, part);
        if (held >= share) return backlog_.end();
        return std::find_if(backlog_.begin(), backlog_.end(), [&](const Place& place) {
            return flows_.at(place.flow).running < part;
        });
    }

    void List(Flow flow, const State& state) {
        if (state.waiting.empty()) return;
        lengths_.insert({state.waiting.size(), flow});
        (state.fresh ? fresh_ : backlog_).insert({state.served_us, state.turn, flow});
    }
    void Unlist(Flow flow, const State& state) {
        if (state.waiting.empty()) return;
        lengths_.erase({state.waiting.size(), flow});
        (state.fresh ? fresh_ : backlog_).erase({state.served_us, state.turn, flow});
    }

    // A flow without calls is remembered while it has had more than the others.
    void Rest(Flow flow, const State& state) {
        resting_.insert({state.served_us, state.turn, flow});
        if (resting_.size() > kRememberedMax) Forget(resting_.begin());
        if (waiting_ == 0 && running_ == 0)
            now_us_ = std::max(now_us_, resting_.rbegin()->served_us);
        ForgetLevelOnes();
    }
    void ForgetLevelOnes() {
        while (!resting_.empty() && resting_.begin()->served_us <= now_us_) {
            Forget(resting_.begin());
        }
    }
    void Forget(typename Places::const_iterator resting) {
        flows_.erase(resting->flow);
        resting_.erase(resting);
    }

    const FairLimits limits_;
    Flows flows_;
    Places fresh_;    // Flows whose waiting call may take any thread.
    Places backlog_;  // The other flows that have calls waiting.
    Places resting_;  // Flows without calls.
    std::set<std::pair<std::size_t, Flow>> lengths_;  // Of those that wait.
    std::set<Flow> holders_;   // Those that have calls of the backlog at work.
    std::int64_t now_us_ = 0;  // What the flow that was last in turn had had.
    std::uint64_t turns_ = 0;
    std::size_t waiting_ = 0;
    std::size_t running_ = 0;
};

}  // namespace unibox::async

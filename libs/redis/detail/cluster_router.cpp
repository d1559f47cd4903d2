#include "redis/detail/cluster_router.hpp"

#include "redis/key_slot.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace unibox::redis::detail {
namespace {

constexpr std::size_t kNodesMax = 1'000;  // As large as a cluster is recommended to be.
// What tells that the map may be wrong mostly comes more than once.
constexpr Millis kRefreshPause{50};

}  // namespace

ClusterRouter::ClusterRouter(
    Surroundings& surroundings, Presence& presence, const Endpoints& endpoints
)
    : Router(surroundings, presence, endpoints),
      slots_(kSlotCount, nullptr),
      timer_(surroundings.loop) {}

void ClusterRouter::Start() {
    AddSeeds();
    RefreshWithin(Millis(around_.settings.topology_interval_ms));
}

void ClusterRouter::Stop(const Status& why) {
    stopping_ = true;
    presence_.Set(false);
    timer_.cancel();
    for (const auto& [address, node] : nodes_) node->Close(why);
}

void ClusterRouter::Route(RequestPtr request) {
    Node* const node = request->slot ? slots_[*request->slot] : AnyNode();
    if (node != nullptr && node->TrySend(request)) return;
    RefreshWithin(kRefreshPause);
    Refuse(std::move(request));
}

void ClusterRouter::OnUp(Connection&) {
    UpdatePresence();
    if (!is_known_) Refresh();
}

void ClusterRouter::OnDown(Connection&, const Status& why) {
    presence_.Note(why);
    UpdatePresence();
    RefreshWithin(kRefreshPause);
}

bool ClusterRouter::Redirect(
    const Connection& connection, RequestPtr& request, const Reply& error
) {
    const auto redirection = ParseRedirection(error.raw_text(), connection.address());
    if (!redirection) return false;
    RefreshWithin(kRefreshPause);
    if (request->redirects_left-- <= 0) return false;
    Node* const node = NodeAt(redirection->to);
    if (node == nullptr) return false;
    if (!redirection->is_ask) slots_[redirection->slot] = node;
    around_.metrics.CountRedirect();
    request->is_asking = redirection->is_ask;
    request->is_written = false;
    if (!node->TrySend(request, IfAway::kAwaitFirstAttempt)) Refuse(std::move(request));
    return true;
}

void ClusterRouter::AddSeeds() {
    for (const Address& address : addresses_) NodeAt(address);
}

Node* ClusterRouter::NodeAt(const Address& address) {
    const auto found = nodes_.find(address);
    if (found != nodes_.end()) return found->second.get();
    if (nodes_.size() >= kNodesMax) return nullptr;
    auto node = std::make_unique<Node>(around_, address, greeting_, *this);
    return nodes_.emplace(address, std::move(node)).first->second.get();
}

Node* ClusterRouter::AnyNode() {
    std::vector<Node*> ready;
    for (const auto& [address, node] : nodes_) {
        if (node->ready()) ready.push_back(node.get());
    }
    return ready.empty() ? nullptr : ready[turn_++ % ready.size()];
}

void ClusterRouter::UpdatePresence() {
    const bool some_ready = std::any_of(nodes_.begin(), nodes_.end(), [](const auto& entry) {
        return entry.second->ready();
    });
    presence_.Set(is_known_ && some_ready);
}

void ClusterRouter::RefreshWithin(Millis wait) {
    const SteadyTime at = std::chrono::steady_clock::now() + wait;
    if (at >= refresh_at_ || stopping_) return;
    refresh_at_ = at;
    timer_.expires_at(at);
    timer_.async_wait([this](async::error_code error) {
        if (error || stopping_) return;
        refresh_at_ = SteadyTime::max();
        Refresh();
        RefreshWithin(Millis(around_.settings.topology_interval_ms));
    });
}

void ClusterRouter::Refresh() {
    if (is_asking_ || stopping_) return;
    Node* const node = AnyNode();
    // Where all that is known is away, its addresses may be of yesterday; the settings' are names.
    if (node == nullptr) return AddSeeds();
    is_asking_ = true;
    const std::string question[] = {"CLUSTER", "SLOTS"};
    RequestPtr request =
        Question(question, [this, asked = node->address()](const Result<Reply>& answer) {
            OnMap(answer, asked);
        });
    node->TrySend(request);
}

void ClusterRouter::OnMap(const Result<Reply>& answer, const Address& asked) {
    is_asking_ = false;
    if (stopping_) return;
    const auto ranges = answer.ok() ? ParseSlots(*answer, asked) : answer.status();
    if (!ranges.ok()) return presence_.Note(ranges.status());
    // Of a node that is not, or no longer, of a cluster.
    if (ranges->empty()) return presence_.Note(Unavailable(asked.text() + " knows no slots"));
    Use(*ranges);
    is_known_ = true;
    UpdatePresence();
}

void ClusterRouter::Use(const std::vector<SlotRange>& ranges) {
    std::fill(slots_.begin(), slots_.end(), nullptr);
    std::set<Node*> used;
    for (const SlotRange& range : ranges) {
        Node* const node = NodeAt(range.master);
        used.insert(node);
        std::fill(slots_.begin() + range.first, slots_.begin() + range.last + 1, node);
    }
    // Others go when nothing is under way there: at the latest with the next map but one.
    std::erase_if(nodes_, [&](const auto& entry) {
        const auto& node = entry.second;
        const bool goes = !used.contains(node.get()) && node->idle();
        if (goes) node->Close(Unavailable("the node has left the cluster"));
        return goes;
    });
}

}  // namespace unibox::redis::detail

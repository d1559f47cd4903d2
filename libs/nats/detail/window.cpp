#include "nats/detail/window.hpp"

#include "base/assert.hpp"
#include "nats/reasons.hpp"

#include <algorithm>
#include <charconv>

namespace unibox::nats::detail {
namespace {

constexpr std::size_t kIndexDigits = 4;
constexpr std::size_t kTokenDigits = 12;

void WriteHex(std::string& text, std::uint32_t value, std::size_t digits) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = digits; i-- > 0;) text += kDigits[(value >> (4 * i)) & 0xF];
}

std::optional<std::uint32_t> ReadHex(std::string_view text) {
    std::uint32_t value = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value, 16);
    if (error != std::errc() || end != last) return std::nullopt;
    return value;
}

}  // namespace

void Recipient::Tell(Result<PubAck> result) {
    if (!group) {
        done(std::move(result));
        return;
    }
    group->results[index] = std::move(result);
    if (--group->remaining == 0) group->done(std::move(group->results));
}

Status NotSentAgain() {
    return Unavailable("it may not have been stored, and is not sent again")
        .WithReason("NOT_SENT_AGAIN");
}

Status WindowFull() {
    return ResourceExhausted("the publish window is full").WithReason("WINDOW_FULL");
}

Status StatusAtDeadline(const Slot& slot) {
    if (slot.awaiting || slot.maybe_stored) {
        return DeadlineExceeded("JetStream did not acknowledge in time").WithReason(kNoAck);
    }
    if (slot.refusals > 0) return slot.refusal;
    return Unavailable("no connection to NATS until the deadline").WithReason("NOT_CONNECTED");
}

Window::Window(std::size_t slots, std::uint32_t first_generation)
    : slots_(slots), due_(slots, kNever) {
    UNIBOX_ASSERT(slots >= 1 && slots <= kSlotsMax);
    for (std::size_t i = slots; i-- > 0;) {
        slots_[i].generation = first_generation;
        free_.push_back(static_cast<std::uint32_t>(i));
    }
}

std::uint32_t Window::Take() {
    UNIBOX_ASSERT(!free_.empty());
    const std::uint32_t index = free_.back();
    free_.pop_back();
    slots_[index].used = true;
    return index;
}

void Window::Recycle(std::uint32_t index) {
    const std::uint32_t generation = slots_[index].generation + 1;
    slots_[index] = Slot();
    slots_[index].generation = generation;
    due_[index] = kNever;
    free_.push_back(index);
}

SteadyTime Window::EarliestDue() const {
    return *std::min_element(due_.begin(), due_.end());
}

std::string Window::Token(std::uint32_t index, std::uint32_t generation) {
    std::string token;
    WriteHex(token, index, kIndexDigits);
    WriteHex(token, generation, kTokenDigits - kIndexDigits);
    return token;
}

std::optional<std::uint32_t> Window::Find(std::string_view token) const {
    if (token.size() != kTokenDigits) return std::nullopt;
    const auto index = ReadHex(token.substr(0, kIndexDigits));
    const auto generation = ReadHex(token.substr(kIndexDigits));
    if (!index || !generation || *index >= slots_.size()) return std::nullopt;
    const Slot& slot = slots_[*index];
    if (!slot.used || slot.settled || slot.generation != *generation) return std::nullopt;
    return index;
}

}  // namespace unibox::nats::detail

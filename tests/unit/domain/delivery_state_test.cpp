#include "domain/delivery_state.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <set>

namespace unibox::domain {
namespace {

constexpr std::array kUpwards = {
    v1::DELIVERY_STATE_UNSPECIFIED,
    v1::DELIVERY_STATE_QUEUED,
    v1::DELIVERY_STATE_SENT,
    v1::DELIVERY_STATE_FAILED,
    v1::DELIVERY_STATE_DELIVERED,
    v1::DELIVERY_STATE_READ};

TEST_CASE("DeliveryState: one order, which is not that of the numbers", "[unit][domain]") {
    for (std::size_t i = 0; i < kUpwards.size(); ++i) {
        for (std::size_t k = 0; k < kUpwards.size(); ++k) {
            CAPTURE(kUpwards[i], kUpwards[k]);
            CHECK(IsLower(kUpwards[i], kUpwards[k]) == (i < k));
        }
    }
}

TEST_CASE("DeliveryState: every number of the API has its place", "[unit][domain]") {
    const auto* numbers = v1::DeliveryState_descriptor();
    std::set<int> ranks;
    for (int i = 0; i < numbers->value_count(); ++i) {
        CAPTURE(numbers->value(i)->name());
        const auto state = static_cast<v1::DeliveryState>(numbers->value(i)->number());
        CHECK(ranks.insert(DeliveryRank(state)).second);
    }
}

}  // namespace
}  // namespace unibox::domain

// The order of delivery states, in which an outbound message only moves up: QUEUED < SENT < FAILED
// < DELIVERED < READ. Their numbers are in another one, since they are stored for ever and QUEUED
// came last. Nothing known is below all.
//
// Thread safety: pure functions.
#pragma once

#include "unibox/v1/common.pb.h"

namespace unibox::domain {

constexpr int DeliveryRank(v1::DeliveryState state) {
    switch (state) {
        case v1::DELIVERY_STATE_QUEUED:
            return 1;
        case v1::DELIVERY_STATE_SENT:
            return 2;
        case v1::DELIVERY_STATE_FAILED:
            return 3;
        case v1::DELIVERY_STATE_DELIVERED:
            return 4;
        case v1::DELIVERY_STATE_READ:
            return 5;
        default:
            return 0;
    }
}

constexpr bool IsLower(v1::DeliveryState a, v1::DeliveryState b) {
    return DeliveryRank(a) < DeliveryRank(b);
}

}  // namespace unibox::domain

#include "rpc/detail/shared.hpp"

namespace unibox::rpc::detail {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Ended::kCount)> kEndedNames = {
    "header_block",
    "frame_order",
    "frame_time",
    "stream_count",
    "cancellations",
    "preface",
    "write_time",
    "request_time",
    "held_bytes",
};

bool EndsOneCall(Ended why) {
    return why == Ended::kRequestTime || why == Ended::kHeldBytes;
}

}  // namespace

RelayMetrics::RelayMetrics(obs::Metrics& metrics)
    : connections_(metrics.GetGauge("unibox_rpc_connections", "Open connections of gRPC clients.")),
      accept_failures_(metrics.GetCounter(
          "unibox_rpc_accept_failed_total",
          "Failures of accept(), most likely for want of file descriptors."
      )) {
    const char* const places[] = {"connection_count", "connection_count_of_client"};
    for (std::size_t i = 0; i < refused_.size(); ++i) {
        refused_[i] = &metrics.GetCounter(
            "unibox_rpc_connections_refused_total",
            "Connections closed at once because there were too many.",
            {{"reason", places[i]}}
        );
    }
    for (std::size_t i = 0; i < ended_.size(); ++i) {
        const bool one_call = EndsOneCall(static_cast<Ended>(i));
        ended_[i] = &metrics.GetCounter(
            one_call ? "unibox_rpc_calls_ended_total" : "unibox_rpc_connections_ended_total",
            one_call ? "Calls ended because their requests were over a limit."
                     : "Connections ended because of what their clients did.",
            {{"reason", kEndedNames[i]}}
        );
    }
}

void RelayMetrics::CountRefused(net::NoPlace why) {
    refused_[why == net::NoPlace::kInAll ? 0 : 1]->Add();
}

void RelayMetrics::CountEnded(Ended why, int count) {
    if (count > 0) ended_[static_cast<std::size_t>(why)]->Add(count);
}

}  // namespace unibox::rpc::detail

#include "rpc/detail/shared.hpp"

#include "net/client_network.hpp"
#include "obs/accept_log.hpp"
#include "obs/log.hpp"

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
    const char* const reasons[] = {"connection_count", "connection_count_of_client", "peer_name"};
    for (std::size_t i = 0; i < refused_.size(); ++i) {
        refused_[i] = &metrics.GetCounter(
            "unibox_rpc_connections_refused_total",
            "Connections closed at once: too many, or from an address that cannot be told to gRPC.",
            {{"reason", reasons[i]}}
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

void RelayMetrics::TellAcceptFailure(const std::string& error, bool first) {
    obs::TellAcceptFailure(accept_failures_, "grpc", error, first);
}

void RelayMetrics::CountRefused(net::NoPlace why) {
    refused_[why == net::NoPlace::kInAll ? 0 : 1]->Add();
}

void RelayMetrics::TellUnnamed(const std::string& peer_address, const Status& why) {
    refused_[2]->Add();
    if (unnamed_lines_.Take(0, 1, 1) != Millis(0)) {
        ++unnamed_untold_;
        return;
    }
    obs::Log(
        obs::Level::kError,
        "a connection is refused because its client's address cannot be told to gRPC",
        {{"listener", "grpc"},
         {"network", net::NetworkText(peer_address)},
         {"error", why},
         {"more", unnamed_untold_.exchange(0)}}
    );
}

void RelayMetrics::CountEnded(Ended why, int count) {
    if (count > 0) ended_[static_cast<std::size_t>(why)]->Add(count);
}

}  // namespace unibox::rpc::detail

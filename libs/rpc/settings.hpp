// Settings of a gRPC server.
// Thread safety: values.
#pragma once

#include <cstddef>
#include <string>

namespace unibox::config {
class FieldTable;
}

namespace unibox::rpc {

struct Settings {
    std::string listen = "127.0.0.1:0";
    int receive_bytes_max = 4 * 1024 * 1024;
    int send_bytes_max = 16 * 1024 * 1024;
    int connection_streams_max = 256;
    int keepalive_ms = 60'000;
    int keepalive_timeout_ms = 20'000;
    int deadline_default_ms = 10'000;  // For calls without a deadline.
    int deadline_ms_max = 60'000;      // A later deadline is cut to this.

    // Section "grpc".
    void Describe(config::FieldTable& table);
};

}  // namespace unibox::rpc

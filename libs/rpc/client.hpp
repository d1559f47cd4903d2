// Calls to another service of ours: one gRPC channel to all servers of a target, round robin.
//
// gRPC's own service config does what can be done in it: it balances, bounds each method, and
// repeats a call of an idempotent method that ended with UNAVAILABLE, on the next server, after
// exponential backoff, up to attempt_count_max attempts; not while many calls fail (its retry
// throttling: over about a tenth). A call of another method is repeated only if it has certainly
// not reached a server's handler. A server that is away is tried again by itself
// (reconnect_ms_max), and the name is resolved anew when a connection ends.
//
// Our services know each other by their certificates (mutual TLS): a caller's API key is not passed
// on. Metrics: unibox_rpc_client_seconds{method,code}.
// Thread safety: every function from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "obs/metrics.hpp"
#include "rpc/client_settings.hpp"
#include "rpc/dispatch.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <vector>

namespace unibox::rpc {

// A unary method that a client may call.
struct ClientMethod {
    const google::protobuf::MethodDescriptor* descriptor = nullptr;
    Millis deadline_max{1'000};  // A call with all its attempts; the caller's deadline may be less.
    bool is_idempotent = false;  // Twice is as good as once: it may be repeated.
};

class Client {
public:
    // Connects when the first call comes; the server may be away. INVALID_ARGUMENT with the field
    // of the settings for a target that is none, plaintext to another machine, or TLS files that
    // cannot be used. `metrics` must outlive the object.
    static Result<std::unique_ptr<Client>> Create(
        const ClientSettings& settings,
        const std::vector<ClientMethod>& methods,
        obs::Metrics& metrics
    );
    // No call may be running.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Blocks for the answer; `method` is one that Create was given, of which request and response
    // have the types. Passes on the trace of `caller`. After any failure `response` is empty.
    // The server's Status, with its reason, field and time to wait. Besides: UNAVAILABLE if no
    // server could be reached; DEADLINE_EXCEEDED after the shorter of caller.deadline and the
    // method's deadline_max: a server may have done it all the same; CANCELLED, little later than
    // caller.is_cancelled says so; RESOURCE_EXHAUSTED for a message over receive_bytes_max or
    // send_bytes_max.
    Status Call(
        const google::protobuf::MethodDescriptor& method,
        const rpc::Call& caller,
        const google::protobuf::Message& request,
        google::protobuf::Message& response
    ) const;

private:
    struct Parts;
    explicit Client(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace unibox::rpc

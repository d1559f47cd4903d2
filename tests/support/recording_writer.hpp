// unibox.writer.v1.WriterService in this process: records what it is told, and answers as the test
// says. The real one is tested with the gateway in tests/e2e.
// Thread safety: any thread.
#pragma once

#include "async/worker_pool.hpp"
#include "base/mutex.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/server.hpp"
#include "unibox/writer/v1/writer_service.grpc.pb.h"

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace unibox::test {

class RecordingWriter final : public writer::v1::WriterService::CallbackService {
public:
    struct Heard {
        bool was_append = false;
        writer::v1::Command command;
        std::string traceparent;  // Of the call.
        std::int64_t left_ms = 0;
    };
    // What becomes of a command; fills the response, whose token it may leave.
    using Answer = std::function<Status(const Heard&, writer::v1::ApplyResponse&)>;

    RecordingWriter();
    ~RecordingWriter() override;

    std::string address() const { return server_->address(); }
    void AnswerWith(Answer answer);
    std::vector<Heard> heard() const;

    grpc::ServerUnaryReactor* Append(
        grpc::CallbackServerContext* context,
        const writer::v1::AppendRequest* request,
        writer::v1::AppendResponse* response
    ) override;
    grpc::ServerUnaryReactor* Apply(
        grpc::CallbackServerContext* context,
        const writer::v1::ApplyRequest* request,
        writer::v1::ApplyResponse* response
    ) override;

private:
    Status Handle(Heard heard, const rpc::Call& call, writer::v1::ApplyResponse& response);

    rpc::Settings settings_;
    obs::Metrics metrics_;
    mutable Mutex mutex_;
    Answer answer_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<Heard> heard_ UNIBOX_GUARDED_BY(mutex_);
    async::WorkerPool pool_{{.name = "writer", .thread_count = 4, .queue_count_max = 64}};
    rpc::Dispatcher dispatcher_{settings_, pool_, metrics_};
    std::unique_ptr<rpc::Server> server_;
};

}  // namespace unibox::test

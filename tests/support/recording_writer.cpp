#include "support/recording_writer.hpp"

#include "support/status_matchers.hpp"

#include <utility>

namespace unibox::test {

RecordingWriter::RecordingWriter() {
    settings_.receive_bytes_max = 512 << 10;
    auto started = rpc::Server::Start(
        settings_, {{writer::v1::WriterService::service_full_name(), this}}, metrics_
    );
    REQUIRE_OK(started);
    server_ = std::move(started).value();
}

RecordingWriter::~RecordingWriter() {
    server_.reset();
}

void RecordingWriter::AnswerWith(Answer answer) {
    const MutexLock lock(mutex_);
    answer_ = std::move(answer);
}

std::vector<RecordingWriter::Heard> RecordingWriter::heard() const {
    const MutexLock lock(mutex_);
    return heard_;
}

Status RecordingWriter::Handle(
    Heard heard, const rpc::Call& call, writer::v1::ApplyResponse& response
) {
    heard.traceparent = call.traceparent;
    heard.left_ms =
        std::chrono::duration_cast<Millis>(call.deadline - std::chrono::steady_clock::now())
            .count();
    Answer answer;
    {
        const MutexLock lock(mutex_);
        heard_.push_back(heard);
        answer = answer_;
    }
    return answer ? answer(heard, response) : Status();
}

grpc::ServerUnaryReactor* RecordingWriter::Append(
    grpc::CallbackServerContext* context,
    const writer::v1::AppendRequest* request,
    writer::v1::AppendResponse* response
) {
    return rpc::Dispatch(
        context,
        request,
        response,
        dispatcher_,
        "Append",
        [this](const rpc::Call& call, const auto& in, auto& out) {
            Heard heard;
            heard.was_append = true;
            *heard.command.mutable_header() = in.header();
            *heard.command.mutable_append() = in.message();
            writer::v1::ApplyResponse answer;
            UNIBOX_RETURN_IF_ERROR(Handle(std::move(heard), call, answer));
            out.mutable_message()->Swap(answer.mutable_message());
            out.mutable_conversation()->Swap(answer.mutable_conversation());
            out.set_consistency_token(answer.consistency_token());
            return Status();
        }
    );
}

grpc::ServerUnaryReactor* RecordingWriter::Apply(
    grpc::CallbackServerContext* context,
    const writer::v1::ApplyRequest* request,
    writer::v1::ApplyResponse* response
) {
    return rpc::Dispatch(
        context,
        request,
        response,
        dispatcher_,
        "Apply",
        [this](const rpc::Call& call, const auto& in, auto& out) {
            Heard heard;
            heard.command = in.command();
            return Handle(std::move(heard), call, out);
        }
    );
}

}  // namespace unibox::test

// One accepted connection: reads a request, hands it to its handler, writes the answer, again.
//
// While a request is handled or answered nothing is read, so a pipelining client is held back by
// TCP; at most one read buffer of later requests is kept. Idle connections hold no buffer.
// Reading requests is in connection.cpp, answering them in connection_answers.cpp.
// Thread safety: its net thread only, but for the answers that come through LoopInbox.
#pragma once

#include "async/asio.hpp"
#include "base/clock.hpp"
#include "http/chunked.hpp"
#include "http/detail/answer_head.hpp"
#include "http/detail/body_queue.hpp"
#include "http/detail/net_thread.hpp"
#include "http/detail/shared.hpp"
#include "http/request_head.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace unibox::http::detail {

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(NetThread& thread, async::tcp::socket socket, std::string address, Client& client);

    void Start();
    void Close();
    // Closes it if it waits for a request; shortens what a client that has vanished would hold up.
    void BeginStop();
    void CheckDeadline();
    // The handler's answer to request `request_number`; dropped if that is not the one in hand.
    void Answer(std::uint64_t request_number, Response response);

    std::size_t index = 0;  // In NetThread's list.

private:
    enum class State {
        kHead,
        kBody,
        kHandling,
        kWriting,
        kStreaming,    // The head is out, the body comes from body_.
        kHandingOver,  // The head is out, session_ takes the connection.
        kLingering,
        kClosed,
    };

    bool WantsInput() const {
        return state_ == State::kHead || state_ == State::kBody || state_ == State::kLingering;
    }
    void ArmRead();
    // While nothing is read: the client may go away all the same.
    bool WatchesClient() const { return state_ == State::kHandling || state_ == State::kStreaming; }
    // Tells the request when its client has gone. False if it has.
    bool WatchClient();
    void Abandon();
    void ArmWrite();
    void OnReadable();
    void OnWritable();
    void Consume(std::string_view data);
    void ProcessBuffered();
    // Works on `data` as far as possible; returns the bytes used.
    std::size_t Process(std::string_view data);
    bool ProcessHead(std::string_view data, std::size_t* used);
    bool ProcessBody(std::string_view data, std::size_t* used);
    void BeginRequest(std::string_view head);
    // False: refused, with the answer sent.
    bool Admit();
    bool SendContinue();
    bool CountBodyBytes();
    // Why a body that makes this many bytes in flight, and of its client, cannot be held.
    std::optional<Refusal> OverBytes(std::int64_t in_all, std::int64_t of_client) const;
    void SetBodyDeadline();
    // A new deadline, if the body has grown by enough since the last one.
    void RenewBodyDeadline();
    void Dispatch();
    // After an answer was written outside Process: goes on with what came behind its request.
    void ProcessPipelined();
    // The session has the connection; `received` came behind its request.
    void HandOver(std::string_view received);

    // Answers before any handler; closes the connection after it if `close`.
    void Refuse(Refusal refusal, const Response& response, bool close);
    // Closes after it if asked to, if the client does, and while the server drains.
    void Respond(const Response& response, bool wants_close);
    // Takes over what the answer goes on with after its head; makes it a 503 or 500 if it may not.
    void TakeSequel(Response* response);
    BodyEnd BodyEndOf(const Response& response) const;
    void Serialize(const Response& response, BodyEnd end, bool close, std::string* out) const;
    void Send();
    // True once all of out_ is out; else it waits for room, or has closed.
    bool WriteOut();
    void AfterWrite();
    void BeginStream();
    // Sends what the body's producer has given, as far as the client takes it.
    void Stream();
    void TakePiece();
    void EndStream();
    void CutStream(StreamEnd end);
    void ReleaseRequest();
    void SetDeadline(std::int64_t after_ms) { deadline_ = thread_.now() + Millis(after_ms); }
    void SetWriteDeadline();
    // No later than kFarewell from now.
    void ShortenDeadline();

    NetThread& thread_;
    Shared& shared_;
    async::tcp::socket socket_;
    std::unique_ptr<Transport> transport_;
    const std::string address_;
    Client& client_;  // Its place is held until Close.

    State state_ = State::kHead;
    bool processing_ = false;  // Inside Process: answers do not recurse into it.
    bool read_armed_ = false;
    bool write_armed_ = false;
    bool watch_by_sweep_ = false;  // Pipelined input hides the end of the stream from the loop.
    bool close_after_write_ = false;
    bool input_left_ = false;  // The closing answer was sent before the request was read.
    bool skipped_empty_line_ = false;
    bool head_begun_ = false;  // Part of a head is here: its deadline runs.
    SteadyTime deadline_{};

    std::string buffered_;  // Received, not used yet.
    std::shared_ptr<Request> request_;
    PathParams params_;
    Framing framing_;
    ChunkedDecoder chunks_;
    std::size_t route_index_ = 0;
    std::uint64_t body_bytes_left_ = 0;
    std::size_t body_bytes_max_ = 0;
    std::int64_t counted_body_bytes_ = 0;
    std::int64_t renewed_body_bytes_ = 0;  // Those at which its deadline was set.
    SteadyTime body_end_{};                // No deadline of the body is later.
    std::int64_t counted_requests_ = 0;
    std::uint64_t request_number_ = 0;
    SteadyTime request_begin_{};

    std::string out_;  // What could not be written at once.
    std::size_t out_sent_ = 0;
    std::shared_ptr<Session> session_;
    std::shared_ptr<BodyReader> body_;
    std::size_t piece_bytes_ = 0;  // Of the body in out_.
    bool body_in_chunks_ = false;
    bool body_at_end_ = false;  // out_ holds its last bytes.
    StreamEnd stream_end_ = StreamEnd::kClientGone;
    std::size_t lingered_bytes_ = 0;
};

}  // namespace unibox::http::detail

// A TCP client that says exactly what a test wants said.
// Thread safety: one thread at a time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace unibox::test {

class RawSocket {
public:
    // `from`: the address of 127.0.0.0/8 to come from; empty: the system's choice.
    explicit RawSocket(const std::string& address, const std::string& from = {});
    ~RawSocket();
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;

    // False if the peer has closed.
    bool Send(std::string_view data);
    void FinishSending();
    // Closes with a reset, whatever is still under way.
    void Reset();
    // Reads until `text` has come, the peer closes or `timeout` passes; all that came since the
    // last call.
    std::string ReadUntil(
        std::string_view text, std::chrono::milliseconds timeout = std::chrono::seconds(30)
    );
    // Reads until the peer closes; false after `timeout`. What came is in `received`.
    bool ReadToEnd(
        std::string* received, std::chrono::milliseconds timeout = std::chrono::seconds(30)
    );

    int handle() const { return socket_; }

private:
    int socket_ = -1;
};

// Status of the first response in `text`, 0 if there is none.
int StatusOf(std::string_view text);
std::size_t CountOf(std::string_view text, std::string_view part);

}  // namespace unibox::test

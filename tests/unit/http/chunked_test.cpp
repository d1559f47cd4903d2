#include "http/chunked.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::http {
namespace {

using State = ChunkedDecoder::State;

struct Decoded {
    State state = State::kMore;
    std::string body;
    std::size_t consumed = 0;
};

Decoded Decode(const std::string& input, std::size_t piece_bytes, std::size_t body_max = 1000) {
    ChunkedDecoder decoder;
    Decoded decoded;
    for (std::size_t at = 0; at < input.size() && decoded.state == State::kMore;) {
        std::size_t consumed = 0;
        const std::string piece = input.substr(at, piece_bytes);
        decoded.state = decoder.Feed(piece, body_max, &decoded.body, &consumed);
        decoded.consumed += consumed;
        at += piece.size();
    }
    return decoded;
}

TEST_CASE("Chunked: any slicing gives the same body", "[unit][http]") {
    const std::string input = "5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\nX-T: 1\r\n\r\nGET /";
    for (std::size_t piece = 1; piece <= input.size(); ++piece) {
        const Decoded decoded = Decode(input, piece);
        CAPTURE(piece);
        CHECK(decoded.state == State::kDone);
        CHECK(decoded.body == "hello world");
        CHECK(decoded.consumed == input.size() - 5);
    }
}

TEST_CASE("Chunked: what is not exactly chunked is broken", "[unit][http]") {
    for (const std::string input :
         {"\r\n",
          "g\r\n",
          "5\nhello\r\n",
          "5\r\nhelloX\r\n",
          "5\r\nhello\n0\r\n\r\n",
          "+5\r\nhello",
          "0x5\r\nhello",
          "-1\r\n",
          " 5\r\nhello",
          "5 \r\nhello",
          "5;\x01\r\nhello",
          "1111111111111111\r\n",
          "0\r\nno colon\r\n\r\n",
          "0\r\n folded\r\n\r\n",
          "0\r\nA : b\r\n\r\n",
          "0\r\nContent-Length: 5\r\n\r\n",
          "0\r\nX: 1\r\ntransfer-ENCODING: chunked\r\n\r\n",
          "0\r\nHost: b\r\n\r\n"}) {
        CAPTURE(input);
        CHECK(Decode(input, 1).state == State::kBroken);
        CHECK(Decode(input, input.size()).state == State::kBroken);
    }
}

TEST_CASE("Chunked: a body over the limit is never cut", "[unit][http]") {
    CHECK(Decode("5\r\nhello\r\n0\r\n\r\n", 64, 5).state == State::kDone);
    CHECK(Decode("6\r\n", 64, 5).state == State::kTooLarge);
    CHECK(Decode("3\r\nabc\r\n3\r\n", 64, 5).state == State::kTooLarge);
    CHECK(Decode("fffffffffffffff\r\n", 64, 5).state == State::kTooLarge);
}

TEST_CASE("Chunked: extensions and trailers are bounded", "[unit][http]") {
    CHECK(Decode("5;" + std::string(2000, 'x') + "\r\n", 64).state == State::kBroken);
    std::string trailers = "0\r\n";
    for (int i = 0; i < 40; ++i) trailers += "X: " + std::string(500, 'a') + "\r\n";
    CHECK(Decode(trailers, 64).state == State::kBroken);
}

}  // namespace
}  // namespace unibox::http

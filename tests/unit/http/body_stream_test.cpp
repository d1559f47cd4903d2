#include "http/body_stream.hpp"

#include "http/detail/body_queue.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::http {
namespace {

using Outcome = BodyStream::Outcome;

struct Stream {
    int changes = 0;
    int wakes = 0;
    BodyStream stream{10, [this] { ++changes; }};
    Response answer = stream.Begin(200, "text/plain");
    detail::BodyQueue& queue = answer.streamed_body->queue();

    Stream() {
        queue.Attach([this] { ++wakes; });
        queue.Take();
    }
};

TEST_CASE("Body stream: what is taken is held until it was sent", "[unit][http]") {
    Stream test;
    CHECK(test.stream.Write("123456") == Outcome::kTaken);
    CHECK(test.stream.Write("78901") == Outcome::kFull);
    CHECK(test.stream.Write("7890") == Outcome::kTaken);
    CHECK(test.queue.Take().bytes == "1234567890");
    CHECK(test.stream.Write("a") == Outcome::kFull);
    test.queue.Sent(4);
    CHECK(test.changes == 0);  // Half of the room is not free yet.
    test.queue.Sent(1);
    CHECK(test.changes == 1);
    test.queue.Sent(5);
    CHECK(test.changes == 1);  // Nothing was refused since.
    CHECK(test.stream.Write("a") == Outcome::kTaken);
}

TEST_CASE("Body stream: a piece larger than all of the room goes alone", "[unit][http]") {
    Stream test;
    CHECK(test.stream.Write("a") == Outcome::kTaken);
    CHECK(test.stream.Write("123456789012") == Outcome::kFull);
    test.queue.Sent(test.queue.Take().bytes.size());
    CHECK(test.stream.Write("123456789012") == Outcome::kTaken);
    CHECK(test.stream.Write("b") == Outcome::kFull);
}

TEST_CASE("Body stream: the reader is woken once for all that is there", "[unit][http]") {
    Stream test;
    test.stream.Write("a");
    test.stream.Write("b");
    CHECK(test.wakes == 1);
    CHECK(test.queue.Take().bytes == "ab");
    test.stream.Finish();
    CHECK(test.wakes == 2);
    CHECK(test.queue.Take().is_last);
    CHECK(test.stream.Write("c") == Outcome::kGone);
}

TEST_CASE("Body stream: whoever is left learns that the other has gone", "[unit][http]") {
    int changes = 0;
    BodyStream reader_dies(10, [&] { ++changes; });
    reader_dies.Begin(200, "");  // The answer was dropped.
    CHECK(changes == 1);
    CHECK(reader_dies.Write("a") == Outcome::kGone);

    for (const bool finishes : {true, false}) {
        CAPTURE(finishes);
        Response answer;
        {
            BodyStream producer_dies(10, [&] { ++changes; });
            answer = producer_dies.Begin(200, "");
            producer_dies.Write("abc");
            if (finishes) producer_dies.Finish();
        }
        const auto piece = answer.streamed_body->queue().Take();
        CHECK(piece.bytes == "abc");
        CHECK(piece.is_last == finishes);
        CHECK(piece.is_cut == !finishes);
    }
    CHECK(changes == 1);  // Nobody is told who is not there any more.
}

}  // namespace
}  // namespace unibox::http

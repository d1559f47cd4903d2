#include "subjects/subjects.hpp"

#include <catch2/catch.hpp>

using namespace unibox;
using namespace unibox::subjects;

TEST_CASE("Subjects: names of streams and subjects", "[unit][subjects]") {
    CHECK(InStream(1, 0) == "UB_IN_1_00");
    CHECK(InStream(12, 31) == "UB_IN_12_31");
    CHECK(InSubject(1, 7, TenantId{42}) == "ub.in.1.07.42");
    CHECK(InSubjects(1, 7) == "ub.in.1.07.>");
    CHECK(EvSubject(TenantId{42}, "message") == "ub.ev.42.message");
    CHECK(OutSubject("chat", TenantId{42}) == "ub.out.chat.42");
    CHECK(RawSubject("telegram") == "ub.raw.telegram");
}

TEST_CASE("Subjects: a stream name is read back", "[unit][subjects]") {
    for (const int generation : {1, 2, 10, kGenerationMax}) {
        for (const int partition : {0, 9, 10, kPartitionMax}) {
            CHECK(
                ParseInStream(InStream(generation, partition)) == InStreamId{generation, partition}
            );
        }
    }
}

TEST_CASE("Subjects: a foreign stream name is none of ours", "[unit][subjects]") {
    const auto* const name = GENERATE(
        "",
        "UB_IN_",
        "UB_IN_1",
        "UB_IN_1_",
        "UB_IN_1_0",
        "UB_IN_01_00",
        "UB_IN_0_00",
        "UB_IN_1_100",
        "UB_IN_1_00_2",
        "UB_IN_-1_00",
        "UB_IN_1_-1",
        "UB_IN_1_0x",
        "UB_EV",
        "ub_in_1_00",
        "UB_IN_10000_00",
        "UB_IN_+1_00"
    );
    CAPTURE(name);
    CHECK_FALSE(ParseInStream(name));
}

TEST_CASE("Subjects: nothing from outside can widen a subject", "[unit][subjects]") {
    CHECK(RawSubject("a.b") == "ub.raw.a_b");
    CHECK(RawSubject(">") == "ub.raw._");
    CHECK(RawSubject("*") == "ub.raw._");
    CHECK(RawSubject("a b\r\nPUB x") == "ub.raw.a_b__PUB_x");
    CHECK(RawSubject("") == "ub.raw._");
    CHECK(SubjectToken(std::string(1000, 'x')).size() == 64);
    CHECK(SubjectToken("\xc3\xa9") == "__");
}

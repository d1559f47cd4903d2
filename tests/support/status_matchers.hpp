// Catch2 matchers for Status and Result: REQUIRE_THAT(F(), IsOk()), REQUIRE_THAT(F(),
// HasCode(Code::kNotFound)). Thread safety: assertions on the test's thread only (Catch2 2).
#pragma once

#include "base/status.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace unibox::test {

inline const Status& StatusOf(const Status& status) {
    return status;
}
template <typename T>
const Status& StatusOf(const Result<T>& result) {
    return result.status();
}

class StatusMatcher : public Catch::MatcherBase<Status> {
public:
    explicit StatusMatcher(Code code) : code_(code) {}
    bool match(const Status& status) const override { return status.code() == code_; }
    std::string describe() const override { return "has code " + std::string(CodeName(code_)); }

private:
    Code code_;
};

inline StatusMatcher IsOk() {
    return StatusMatcher(Code::kOk);
}
inline StatusMatcher HasCode(Code code) {
    return StatusMatcher(code);
}

}  // namespace unibox::test

template <>
struct Catch::StringMaker<unibox::Status> {
    static std::string convert(const unibox::Status& status) { return status.ToString(); }
};

// Requires an Ok Status or Result and shows its text otherwise. The status is copied: the
// expression may be a part of a temporary, which is gone at the end of its line.
#define REQUIRE_OK(expression)                                                        \
    do {                                                                              \
        const ::unibox::Status unibox_outcome = ::unibox::test::StatusOf(expression); \
        REQUIRE_THAT(unibox_outcome, ::unibox::test::IsOk());                         \
    } while (false)

// A string that must not be printed: it has no stream operator and wipes its memory when it dies.
// Thread safety: a value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace unibox {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(const Secret&) = default;
    Secret& operator=(Secret&&) noexcept = default;
    ~Secret() {
        for (volatile char& c : value_) c = 0;
    }

    bool empty() const { return value_.empty(); }
    // The one way to the value; the name is meant to be noticed in a review.
    std::string_view Reveal() const { return value_; }

private:
    std::string value_;
};

}  // namespace unibox

// A string that must not be printed: it has no stream operator, and wipes its memory when its value
// goes: when it dies, is moved from or is given another value. What a caller makes of Reveal() is
// the caller's to wipe. Thread safety: a value.
#pragma once

#include <string.h>  // explicit_bzero

#include <string>
#include <string_view>
#include <utility>

namespace unibox {

// Leaves the string empty, and zeros in all of its memory; also what a move left behind.
inline void Wipe(std::string& text) noexcept {
    text.resize(text.capacity());  // NOLINT(clang-analyzer-cplusplus.Move)
    explicit_bzero(text.data(), text.size());
    text.clear();
}

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) { Wipe(value); }
    Secret(const Secret&) = default;
    // A short value is copied and stays behind.
    Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { Wipe(other.value_); }
    Secret& operator=(const Secret& other) { return *this = Secret(other); }
    Secret& operator=(Secret&& other) noexcept {
        if (this == &other) return *this;
        Wipe(value_);
        value_ = std::move(other.value_);
        Wipe(other.value_);
        return *this;
    }
    ~Secret() { Wipe(value_); }

    bool empty() const { return value_.empty(); }
    // The one way to the value; the name is meant to be noticed in a review.
    std::string_view Reveal() const { return value_; }

private:
    std::string value_;
};

}  // namespace unibox

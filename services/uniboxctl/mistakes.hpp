// The mistakes of a file, each with its line and the path of its field.
// Thread safety: one thread.
#pragma once

#include "base/status.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ctl {

class Mistakes {
public:
    static constexpr std::size_t kShownMax = 20;
    static constexpr std::size_t kKeptMax = 10'000;

    explicit Mistakes(std::string file) : file_(std::move(file)) {}
    // `line` from 1; `field` may be empty.
    void Add(int line, std::string_view field, std::string_view text);
    std::size_t count() const { return count_; }
    // Ok, or INVALID_ARGUMENT: "tenants.yaml:12: tenants[0].channels[1].provider: unknown
    // provider", one a line in their order in the file; field() is the first one's.
    Status ToStatus() const;

private:
    struct Mistake {
        int line;
        std::string field;
        std::string text;
    };
    std::string file_;
    std::vector<Mistake> kept_;
    std::size_t count_ = 0;
};

// What a rule of the API says of a field, without the field's name.
std::string TextWithoutField(const Status& fault);

}  // namespace unibox::ctl

#include "uniboxctl/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace unibox::ctl {

void Mistakes::Add(int line, std::string_view field, std::string_view text) {
    ++count_;
    if (kept_.size() < kKeptMax) kept_.push_back({line, std::string(field), std::string(text)});
}

Status Mistakes::ToStatus() const {
    if (count_ == 0) return {};
    std::vector<Mistake> mistakes = kept_;
    std::stable_sort(mistakes.begin(), mistakes.end(), [](const Mistake& a, const Mistake& b) {
        return a.line < b.line;
    });
    std::string text;
    for (std::size_t i = 0; i < std::min(kShownMax, mistakes.size()); ++i) {
        const Mistake& mistake = mistakes[i];
        const std::string_view separator = mistake.field.empty() ? "" : ": ";
        text += fmt::format(
            "{}{}:{}: {}{}{}",
            i > 0 ? "\n" : "",
            file_,
            mistake.line,
            mistake.field,
            separator,
            mistake.text
        );
    }
    if (count_ > kShownMax) text += fmt::format("\nand {} more", count_ - kShownMax);
    return InvalidArgument(text).WithReason("BAD_TENANTS_FILE").WithField(mistakes.front().field);
}

std::string TextWithoutField(const Status& fault) {
    const std::string& text = fault.message();
    const std::string prefix = fault.field() + " ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

}  // namespace unibox::ctl

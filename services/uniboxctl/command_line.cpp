#include "uniboxctl/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <ostream>

namespace unibox::ctl {
namespace {

constexpr std::size_t kTypingMistakesMax = 2;

// Insertions, deletions and replacements that lead from one to the other.
std::size_t DistanceOf(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

// The verb that was to be followed by another verb and was not.
const CLI::App* VerbThatWantsOne(const CLI::App& app) {
    const CLI::App* verb = &app;
    while (!verb->get_subcommands().empty()) verb = verb->get_subcommands().front();
    return verb->get_require_subcommand_min() > 0 ? verb : nullptr;
}

std::optional<std::string> FirstWord(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
        if (!word.starts_with('-')) return word;
    }
    return std::nullopt;
}

}  // namespace

Status MistakeOf(const CLI::App& app, const CLI::ParseError& failure) {
    const CLI::App* verb = VerbThatWantsOne(app);
    if (verb == nullptr) return InvalidArgument(failure.what());
    std::vector<std::string> known;
    for (const CLI::App* one : verb->get_subcommands([](const CLI::App*) { return true; })) {
        known.push_back(one->get_name());
    }
    const std::string verbs = fmt::format("{}", fmt::join(known, ", "));
    const auto unknown = FirstWord(app.remaining(/*recurse=*/true));
    if (!unknown) return InvalidArgument("a verb is missing, one of " + verbs);
    const auto nearest = std::min_element(known.begin(), known.end(), [&](auto& a, auto& b) {
        return DistanceOf(*unknown, a) < DistanceOf(*unknown, b);
    });
    std::string text = "there is no verb " + *unknown;
    if (DistanceOf(*unknown, *nearest) <= kTypingMistakesMax) text += "; was it " + *nearest + "?";
    return InvalidArgument(text + "; known: " + verbs);
}

bool WantsJson(const std::vector<std::string>& arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--output=json") return true;
        const bool has_value = arguments[i] == "--output" && i + 1 < arguments.size();
        if (has_value && arguments[i + 1] == "json") return true;
    }
    return false;
}

void PrintError(const Status& status, bool as_json, std::ostream& log) {
    if (!as_json) {
        log << "uniboxctl: " << status.ToString() << std::endl;
        return;
    }
    const nlohmann::ordered_json error{
        {"code", CodeName(status.code())},
        {"reason", status.reason()},
        {"field", status.field()},
        {"message", status.message()}};
    using nlohmann::ordered_json;
    const ordered_json object{{"error", error}};
    log << object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << std::endl;
}

}  // namespace unibox::ctl

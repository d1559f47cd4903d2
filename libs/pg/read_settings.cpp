#include "pg/read_settings.hpp"

#include "base/strings.hpp"
#include "config/field_table.hpp"
#include "pg/connection_string.hpp"

#include <algorithm>

namespace unibox::pg {
namespace {

bool IsPublic(const std::string& url) {
    return IsConnectionString(url) && MaskConnectionString(url) == url;
}

}  // namespace

std::vector<std::string> ReadSettings::Urls() const {
    if (urls_file.empty()) return urls;
    std::vector<std::string> in_file;
    for (const std::string_view line : Split(urls_file.Reveal(), '\n')) {
        const std::string_view url = TrimSpace(line);
        if (!url.empty()) in_file.emplace_back(url);
    }
    return in_file;
}

void ReadSettings::Describe(config::FieldTable& table) {
    table.Section("postgres")
        .Add(
            "read_urls",
            &urls,
            "Replicas of it that are read from, as url; empty: the primary alone.",
            {"connection strings without a password",
             [](const config::Value& value) {
                 const auto& list = std::get<config::TextList>(value);
                 return std::all_of(list.begin(), list.end(), IsPublic);
             }}
        )
        .AddSecretFile(
            "read_urls_file",
            &urls_file,
            "The same with passwords: a file with one a line, in place of read_urls."
        )
        .Add(
            "read_connection_count_max",
            &connection_count_max,
            "Connections to each replica at most; what finds none free goes to the primary.",
            config::InRange(1, 1000)
        )
        .Add(
            "read_lag_ms_max",
            &lag_ms_max,
            "How far behind the primary a replica may be and be read from; without the primary, "
            "reads without a consistency token fail after this time.",
            config::InRange(10, 3'600'000)
        )
        .Add(
            "read_probe_interval_ms",
            &probe_interval_ms,
            "How often the primary and each replica are asked where they are.",
            config::InRange(5, 60'000)
        )
        .Add(
            "read_timeout_ms",
            &timeout_ms,
            "Longest read at a replica, and not more than half of the time that the call has left; "
            "then it is repeated at the primary.",
            config::InRange(1, 600'000)
        )
        .AddRule([this] {
            if (probe_interval_ms <= lag_ms_max / 2) return Status();
            return InvalidArgument("more than half of read_lag_ms_max: no replica would be used")
                .WithField("read_probe_interval_ms");
        });
}

}  // namespace unibox::pg

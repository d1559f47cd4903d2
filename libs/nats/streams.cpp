#include "nats/streams.hpp"

#include "nats/detail/js_api.hpp"
#include "wire/subjects.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace unibox::nats {
namespace {

using detail::CallApi;
using nlohmann::json;

constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr int kListPagesMax = 1000;

std::string_view RetentionName(Retention retention) {
    return retention == Retention::kLimits ? "limits" : "workqueue";
}

std::string_view DiscardName(Discard discard) {
    return discard == Discard::kNew ? "new" : "old";
}

// What an update may change.
json LimitsOf(const StreamSpec& spec) {
    return {
        {"discard", DiscardName(spec.discard)},
        {"max_age", spec.age_max_ms * kNanosPerMilli},
        {"max_bytes", spec.bytes_max > 0 ? spec.bytes_max : -1},
        {"max_msg_size", spec.message_bytes_max > 0 ? spec.message_bytes_max : -1},
        {"duplicate_window", spec.dedup_window_ms * kNanosPerMilli},
        {"num_replicas", spec.replicas},
        {"deny_delete", spec.deny_delete},
    };
}

json ConfigOf(const StreamSpec& spec) {
    json config = LimitsOf(spec);
    config["name"] = spec.name;
    config["subjects"] = spec.subjects;
    config["retention"] = RetentionName(spec.retention);
    config["storage"] = "file";
    config["max_consumers"] = -1;
    config["max_msgs"] = -1;
    return config;
}

Status Incompatible(const StreamSpec& spec, std::string_view what) {
    return FailedPrecondition(
               fmt::format(
                   "stream {} exists with another {}; it must not be changed in place",
                   spec.name,
                   what
               )
    )
        .WithReason("incompatible_stream");
}

Status CheckCompatible(const StreamSpec& spec, const json& config) {
    if (config.value("storage", "") != "file") return Incompatible(spec, "storage");
    if (config.value("retention", "") != RetentionName(spec.retention)) {
        return Incompatible(spec, "retention");
    }
    auto wanted = spec.subjects;
    auto present = config.value("subjects", std::vector<std::string>());
    std::sort(wanted.begin(), wanted.end());
    std::sort(present.begin(), present.end());
    if (wanted != present) return Incompatible(spec, "set of subjects");
    if (config.value("sealed", false)) return Incompatible(spec, "state: it is sealed");
    if (config.value("deny_delete", false) && !spec.deny_delete) {
        return Incompatible(spec, "deny_delete, which cannot be cleared");
    }
    return {};
}

// The server leaves out what is zero or false; both sides are brought to one form.
bool SameLimits(const json& limits, const json& config) {
    for (const auto& [key, wanted] : limits.items()) {
        const auto found = config.find(key);
        if (wanted.is_boolean()) {
            const bool present = found != config.end() && found->get<bool>();
            if (present != wanted.get<bool>()) return false;
        } else if (wanted.is_number()) {
            const std::int64_t present = found == config.end() ? 0 : found->get<std::int64_t>();
            const std::int64_t want = wanted.get<std::int64_t>();
            if (present != want && (present > 0 || want > 0)) return false;
        } else if (found == config.end() || *found != wanted) {
            return false;
        }
    }
    return true;
}

Status Verify(const StreamSpec& spec, const json& reply) {
    const json& config = reply.at("config");
    UNIBOX_RETURN_IF_ERROR(CheckCompatible(spec, config));
    if (!SameLimits(LimitsOf(spec), config)) return Incompatible(spec, "set of limits");
    return {};
}

Status Create(Connection& connection, const StreamSpec& spec) {
    UNIBOX_ASSIGN_OR_RETURN(
        const json reply, CallApi(connection, "STREAM.CREATE." + spec.name, ConfigOf(spec))
    );
    return Verify(spec, reply);
}

Status BringUpToDate(Connection& connection, const StreamSpec& spec, const json& info) {
    json config = info.at("config");
    UNIBOX_RETURN_IF_ERROR(CheckCompatible(spec, config));
    const json limits = LimitsOf(spec);
    if (SameLimits(limits, config)) return {};
    config.update(limits);  // What we do not declare stays as the operator set it.
    UNIBOX_ASSIGN_OR_RETURN(
        const json reply, CallApi(connection, "STREAM.UPDATE." + spec.name, config)
    );
    return Verify(spec, reply);
}

Status EnsureOnce(Connection& connection, const StreamSpec& spec) {
    const auto info = CallApi(connection, "STREAM.INFO." + spec.name, nullptr);
    if (info.ok()) return BringUpToDate(connection, spec, *info);
    if (info.status().code() != Code::kNotFound) return info.status();
    return Create(connection, spec);
}

bool IsStreamName(std::string_view name) {
    return !name.empty() && name.find_first_of(" .*>/\\\t\r\n") == std::string_view::npos;
}

Status CheckName(std::string_view name) {
    if (IsStreamName(name)) return {};
    return InvalidArgument(fmt::format("'{}' is no name for a stream", name)).WithField("name");
}

StreamSpec InSpec(const StreamOptions& options, int partition) {
    StreamSpec spec;
    spec.name = wire::InStream(options.generation, partition);
    spec.subjects = {wire::InSubjects(options.generation, partition)};
    spec.discard = Discard::kNew;
    spec.age_max_ms = options.in_age_max_ms;
    spec.bytes_max = options.in_bytes_max;
    spec.deny_delete = true;
    return spec;
}

StreamSpec LogStream(std::string_view name, std::string_view subjects) {
    StreamSpec spec;
    spec.name = name;
    spec.subjects = {std::string(subjects)};
    return spec;
}

}  // namespace

std::vector<StreamSpec> UniboxStreams(const StreamOptions& options) {
    std::vector<StreamSpec> specs;
    for (int partition = 0; partition < options.partition_count; ++partition) {
        specs.push_back(InSpec(options, partition));
    }
    StreamSpec ev = LogStream(wire::kEvStream, wire::kEvSubjects);
    ev.discard = Discard::kOld;  // A replay buffer: the truth is in PostgreSQL.
    ev.age_max_ms = options.ev_age_max_ms;
    ev.bytes_max = options.ev_bytes_max;
    specs.push_back(ev);
    StreamSpec raw = LogStream(wire::kRawStream, wire::kRawSubjects);
    // A log for diagnosis: full, it must not turn the webhooks away that it would have described.
    raw.discard = Discard::kOld;
    raw.age_max_ms = options.keep_age_max_ms;
    raw.bytes_max = options.raw_bytes_max;
    specs.push_back(raw);
    StreamSpec dlq = LogStream(wire::kDlqStream, wire::kDlqSubjects);
    dlq.age_max_ms = options.keep_age_max_ms;
    dlq.bytes_max = options.dlq_bytes_max;
    specs.push_back(dlq);
    for (StreamSpec& spec : specs) {
        spec.replicas = options.replicas;
        spec.dedup_window_ms = options.dedup_window_ms;
    }
    return specs;
}

Status Streams::Ensure(const StreamSpec& spec) {
    UNIBOX_RETURN_IF_ERROR(CheckName(spec.name));
    try {
        Status status = EnsureOnce(connection_, spec);
        // Another process created it between our look and our create.
        if (status.code() == Code::kAlreadyExists) status = EnsureOnce(connection_, spec);
        return status;
    } catch (const json::exception& error) {
        return Internal(fmt::format("stream {}: {}", spec.name, error.what()));
    }
}

Result<StreamInfo> Streams::Info(std::string_view name) {
    UNIBOX_RETURN_IF_ERROR(CheckName(name));
    UNIBOX_ASSIGN_OR_RETURN(
        const json reply, CallApi(connection_, fmt::format("STREAM.INFO.{}", name), nullptr)
    );
    return detail::ReadStreamInfo(reply);
}

Result<std::vector<StreamInfo>> Streams::List(std::string_view prefix) {
    std::vector<StreamInfo> found;
    std::size_t seen = 0;
    for (int page = 0; page < kListPagesMax; ++page) {
        UNIBOX_ASSIGN_OR_RETURN(
            const json reply, CallApi(connection_, "STREAM.LIST", {{"offset", seen}})
        );
        const auto streams = reply.find("streams");
        if (streams == reply.end() || !streams->is_array() || streams->empty()) break;
        for (const json& stream : *streams) {
            UNIBOX_ASSIGN_OR_RETURN(StreamInfo info, detail::ReadStreamInfo(stream));
            if (info.name.starts_with(prefix)) found.push_back(std::move(info));
        }
        seen += streams->size();
        const auto total = reply.find("total");
        if (total == reply.end() || !total->is_number() || seen >= total->get<std::size_t>()) break;
    }
    std::sort(found.begin(), found.end(), [](const StreamInfo& a, const StreamInfo& b) {
        return a.name < b.name;
    });
    return found;
}

Status Streams::PurgeUpTo(std::string_view name, std::uint64_t sequence) {
    UNIBOX_RETURN_IF_ERROR(CheckName(name));
    if (sequence <= 1) return {};  // The server takes 0 for "all".
    return CallApi(connection_, fmt::format("STREAM.PURGE.{}", name), {{"seq", sequence}}).status();
}

Result<LogMessage> Streams::Get(std::string_view name, std::uint64_t sequence) {
    UNIBOX_RETURN_IF_ERROR(CheckName(name));
    if (sequence == 0) return InvalidArgument("sequences begin with 1").WithField("sequence");
    UNIBOX_ASSIGN_OR_RETURN(
        const json reply,
        CallApi(connection_, fmt::format("STREAM.MSG.GET.{}", name), {{"seq", sequence}})
    );
    return detail::ReadStoredMessage(reply);
}

Status Streams::Delete(std::string_view name) {
    UNIBOX_RETURN_IF_ERROR(CheckName(name));
    return CallApi(connection_, fmt::format("STREAM.DELETE.{}", name), nullptr).status();
}

Status Streams::CheckServer(std::int64_t payload_bytes) {
    auto account = CallApi(connection_, "INFO", nullptr);
    if (!account.ok()) {
        const bool off = account.status().reason() == "no_responders";
        return off ? Unavailable("JetStream is off on this NATS server").WithReason("no_jetstream")
                   : account.status();
    }
    if (connection_.payload_bytes_max() >= payload_bytes) return {};
    return FailedPrecondition(fmt::format(
                                  "max_payload of the NATS server is {} bytes, {} are needed",
                                  connection_.payload_bytes_max(),
                                  payload_bytes
                              ))
        .WithReason("max_payload");
}

}  // namespace unibox::nats

#include "nats/streams.hpp"

#include "nats/detail/connection_impl.hpp"
#include "nats/detail/js_api.hpp"
#include "nats/generations.hpp"
#include "nats/reasons.hpp"
#include "subjects/subjects.hpp"

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

std::int64_t OrNone(std::int64_t limit) {
    return limit > 0 ? limit : -1;
}

// What an update may change. Defaults only for a new stream.
json LimitsOf(const StreamSpec& spec, bool with_defaults) {
    json limits{
        {"discard", DiscardName(spec.discard)},
        {"deny_delete", spec.deny_delete},
        // Not ours to choose: each would lose messages, or their acknowledgements.
        {"max_msgs", -1},
        {"max_msgs_per_subject", -1},
        {"no_ack", false}};
    const auto add = [&](const char* key, const Limit& limit, std::int64_t wanted) {
        if (with_defaults || !limit.is_default) limits[key] = wanted;
    };
    add("max_age", spec.age_max_ms, spec.age_max_ms.value * kNanosPerMilli);
    add("max_bytes", spec.bytes_max, OrNone(spec.bytes_max.value));
    add("max_msg_size", spec.message_bytes_max, OrNone(spec.message_bytes_max.value));
    add("duplicate_window", spec.dedup_window_ms, spec.dedup_window_ms.value * kNanosPerMilli);
    add("num_replicas", spec.replicas, spec.replicas.value);
    return limits;
}

json ConfigOf(const StreamSpec& spec) {
    json config = LimitsOf(spec, true);
    config["name"] = spec.name;
    if (!spec.description.empty()) config["description"] = spec.description;
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
        .WithReason("INCOMPATIBLE_STREAM");
}

Status CheckCompatible(const StreamSpec& spec, const json& config) {
    if (config.value("storage", "") != "file") return Incompatible(spec, "storage");
    if (config.value("retention", "") != RetentionName(spec.retention)) {
        return Incompatible(spec, "retention");
    }
    auto wanted = spec.subjects;
    auto present = config.value("subjects", std::vector<std::string>());
    if (present == std::vector{subjects::SealedSubject(spec.name)}) {
        return Incompatible(spec, "state: it is sealed");
    }
    std::sort(wanted.begin(), wanted.end());
    std::sort(present.begin(), present.end());
    if (wanted != present) return Incompatible(spec, "set of subjects");
    if (config.value("sealed", false)) return Incompatible(spec, "state: it is sealed");
    if (config.contains("mirror") || config.contains("sources")) {
        return Incompatible(spec, "origin: its messages come from another stream");
    }
    if (config.value("deny_purge", false)) {
        return Incompatible(spec, "deny_purge, which cannot be cleared");
    }
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

Status Verify(const StreamSpec& spec, const json& limits, const json& reply) {
    const json& config = reply.at("config");
    UNIBOX_RETURN_IF_ERROR(CheckCompatible(spec, config));
    if (!SameLimits(limits, config)) return Incompatible(spec, "set of limits");
    return {};
}

Status Create(Connection& connection, const StreamSpec& spec) {
    UNIBOX_ASSIGN_OR_RETURN(
        const json reply, CallApi(connection, "STREAM.CREATE." + spec.name, ConfigOf(spec))
    );
    return Verify(spec, LimitsOf(spec, true), reply);
}

Status WouldDrop(const StreamSpec& spec, std::string_view why) {
    return FailedPrecondition(fmt::format("stream {} {}", spec.name, why))
        .WithReason("WOULD_DROP_MESSAGES");
}

// The server deletes the oldest messages until lowered limits are met, whatever `discard` says.
Status CheckDropsNothing(const StreamSpec& spec, const json& info, std::int64_t now_ms) {
    const json& state = info.at("state");
    if (state.at("messages").get<std::uint64_t>() == 0) return {};
    const auto bytes = state.at("bytes").get<std::int64_t>();
    const Limit& bytes_max = spec.bytes_max;
    if (!bytes_max.is_default && bytes_max.value > 0 && bytes_max.value < bytes) {
        return WouldDrop(
            spec,
            fmt::format(
                "holds {} bytes: at most {} bytes would delete the oldest", bytes, bytes_max.value
            )
        );
    }
    const Limit& age_max = spec.age_max_ms;
    if (age_max.is_default || age_max.value <= 0) return {};
    const auto age_max_now = info.at("config").value("max_age", std::int64_t{0}) / kNanosPerMilli;
    if (age_max_now > 0 && age_max_now <= age_max.value) return {};
    const auto first = detail::ParseTimeNanos(state.at("first_ts").get<std::string>());
    const std::int64_t age = now_ms - first.value_or(0) / kNanosPerMilli;
    if (age < age_max.value) return {};
    return WouldDrop(
        spec,
        fmt::format(
            "holds {} bytes, the oldest {} ms old: at most {} ms would delete them",
            bytes,
            age,
            age_max.value
        )
    );
}

Status CheckReplicas(const StreamSpec& spec, const json& config) {
    const auto present = config.value("num_replicas", std::int64_t{1});
    if (spec.replicas.is_default || spec.replicas.value >= present) return {};
    return FailedPrecondition(fmt::format(
                                  "stream {} has {} replicas, {} would make it less safe",
                                  spec.name,
                                  present,
                                  spec.replicas.value
                              ))
        .WithReason(kFewerReplicas);
}

Status BringUpToDate(
    Connection& connection, const StreamSpec& spec, const json& info, Replicas replicas
) {
    json config = info.at("config");
    UNIBOX_RETURN_IF_ERROR(CheckCompatible(spec, config));
    const json limits = LimitsOf(spec, false);
    if (SameLimits(limits, config)) return {};
    UNIBOX_RETURN_IF_ERROR(CheckDropsNothing(spec, info, connection.impl().clock().UnixMillis()));
    if (replicas == Replicas::kKeep) UNIBOX_RETURN_IF_ERROR(CheckReplicas(spec, config));
    config.update(limits);  // What we do not declare stays as the operator set it.
    UNIBOX_ASSIGN_OR_RETURN(
        const json reply, CallApi(connection, "STREAM.UPDATE." + spec.name, config)
    );
    return Verify(spec, limits, reply);
}

Status EnsureOnce(Connection& connection, const StreamSpec& spec, Replicas replicas) {
    const auto info = CallApi(connection, "STREAM.INFO." + spec.name, nullptr);
    if (info.ok()) return BringUpToDate(connection, spec, *info, replicas);
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
    spec.name = subjects::InStream(options.generation, partition);
    spec.description = PartitionText(partition, options.partition_count);
    spec.subjects = {subjects::InSubjects(options.generation, partition)};
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
    for (int partition = options.partition_count - 1; partition >= 0; --partition) {
        specs.push_back(InSpec(options, partition));
    }
    StreamSpec ev = LogStream(subjects::kEvStream, subjects::kEvSubjects);
    ev.discard = Discard::kOld;  // A replay buffer: the truth is in PostgreSQL.
    ev.age_max_ms = options.ev_age_max_ms;
    ev.bytes_max = options.ev_bytes_max;
    specs.push_back(ev);
    StreamSpec raw = LogStream(subjects::kRawStream, subjects::kRawSubjects);
    // A log for diagnosis: full, it must not turn the webhooks away that it would have described.
    raw.discard = Discard::kOld;
    raw.age_max_ms = options.raw_age_max_ms;
    raw.bytes_max = options.raw_bytes_max;
    specs.push_back(raw);
    for (StreamSpec& spec : specs) {
        spec.replicas = options.replicas;
        spec.dedup_window_ms = options.dedup_window_ms;
    }
    return specs;
}

Status Streams::Ensure(const StreamSpec& spec, Replicas replicas) {
    UNIBOX_RETURN_IF_ERROR(CheckName(spec.name));
    try {
        Status status = EnsureOnce(connection_, spec, replicas);
        // Another process created it between our look and our create.
        if (status.code() == Code::kAlreadyExists) status = EnsureOnce(connection_, spec, replicas);
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

Result<StreamList> Streams::Look(std::string_view prefix, std::optional<Millis> wait) {
    StreamList list;
    std::size_t seen = 0;
    for (int page = 0; page < kListPagesMax; ++page) {
        UNIBOX_ASSIGN_OR_RETURN(
            const json reply, CallApi(connection_, "STREAM.LIST", {{"offset", seen}}, wait)
        );
        for (auto& name : detail::SilentStreams(reply)) {
            if (name.starts_with(prefix)) list.silent.push_back(std::move(name));
        }
        const auto streams = reply.find("streams");
        if (streams == reply.end() || !streams->is_array() || streams->empty()) break;
        for (const json& stream : *streams) {
            UNIBOX_ASSIGN_OR_RETURN(StreamInfo info, detail::ReadStreamInfo(stream));
            if (info.name.starts_with(prefix)) list.streams.push_back(std::move(info));
        }
        seen += streams->size();
        const auto total = reply.find("total");
        if (total == reply.end() || !total->is_number() || seen >= total->get<std::size_t>()) break;
    }
    std::sort(list.streams.begin(), list.streams.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    std::sort(list.silent.begin(), list.silent.end());
    const auto repeated = std::unique(list.silent.begin(), list.silent.end());
    list.silent.erase(repeated, list.silent.end());
    return list;
}

Result<std::vector<StreamInfo>> Streams::List(std::string_view prefix) {
    UNIBOX_ASSIGN_OR_RETURN(StreamList list, Look(prefix));
    if (list.silent.empty()) return std::move(list.streams);
    return Unavailable(fmt::format(
                           "{} streams do not answer now, {} among them: their cluster has no "
                           "leader for them",
                           list.silent.size(),
                           list.silent.front()
                       ))
        .WithReason("STREAM_SILENT");
}

Status Streams::Seal(std::string_view name) {
    UNIBOX_RETURN_IF_ERROR(CheckName(name));
    try {
        UNIBOX_ASSIGN_OR_RETURN(
            const json info, CallApi(connection_, fmt::format("STREAM.INFO.{}", name), nullptr)
        );
        json config = info.at("config");
        const std::vector<std::string> wanted{subjects::SealedSubject(name)};
        if (config.value("subjects", std::vector<std::string>()) == wanted) return {};
        config["subjects"] = wanted;
        return CallApi(connection_, fmt::format("STREAM.UPDATE.{}", name), config).status();
    } catch (const json::exception& error) {
        return Internal(fmt::format("stream {}: {}", name, error.what()));
    }
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
        const bool off = account.status().reason() == kNoResponders;
        return off ? Unavailable("JetStream is off on this NATS server").WithReason("NO_JETSTREAM")
                   : account.status();
    }
    if (connection_.payload_bytes_max() >= payload_bytes) return {};
    return FailedPrecondition(fmt::format(
                                  "max_payload of the NATS server is {} bytes, {} are needed",
                                  connection_.payload_bytes_max(),
                                  payload_bytes
                              ))
        .WithReason("MAX_PAYLOAD");
}

}  // namespace unibox::nats

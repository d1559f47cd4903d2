// The second pipeline of the writer's transaction: what is counted.
#include "store/writer/detail/batch_arrays.hpp"
#include "store/writer/detail/count_pipeline.hpp"
#include "store/writer/detail/count_sql.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace unibox::store::detail {
namespace {

template <typename Key>
struct Columns {
    std::vector<std::int64_t> tenants;
    std::vector<ChannelId> channels;
    std::vector<AgentId> agents;  // nil: none

    void Add(const Key& key, const std::optional<AgentId>& agent) {
        tenants.push_back(key.tenant.value);
        channels.push_back(key.channel);
        agents.push_back(agent.value_or(AgentId{}));
    }
};

void AddTallies(const domain::Tallies& tallies, pg::Params& params) {
    Columns<domain::TallyKey> keys;
    std::vector<std::int16_t> statuses;
    std::vector<TeamId> teams;
    std::array<std::vector<std::int64_t>, 4> counts;
    for (const auto& [key, tally] : tallies) {
        keys.Add(key, key.assignee);
        statuses.push_back(static_cast<std::int16_t>(key.status));
        teams.push_back(key.team.value_or(TeamId{}));
        counts[0].push_back(tally.conversations);
        counts[1].push_back(tally.unread);
        counts[2].push_back(tally.unread_messages);
        counts[3].push_back(tally.waiting);
    }
    params.AddArray(keys.tenants).AddArray(keys.channels).AddArray(statuses);
    params.AddArray(keys.agents).AddArray(teams);
    for (const auto& column : counts) params.AddArray(column);
}

void AddVolumes(const domain::Volumes& volumes, pg::Params& params) {
    Columns<domain::VolumeKey> keys;
    std::vector<pg::TimestampMs> hours;
    std::array<std::vector<std::int64_t>, domain::kVolumeFields.size()> counts;
    for (const auto& [key, volume] : volumes) {
        keys.Add(key, key.agent);
        hours.push_back(Time(key.hour_ms));
        for (std::size_t i = 0; i < counts.size(); ++i) {
            counts[i].push_back(volume.*domain::kVolumeFields[i]);
        }
    }
    params.AddArray(keys.tenants).AddArray(hours).AddArray(keys.channels).AddArray(keys.agents);
    for (const auto& column : counts) params.AddArray(column);
}

}  // namespace

Status WriteCounts(pg::WriterTx& tx, domain::ShardId shard, const domain::Effects& effects) {
    if (effects.tallies.empty() && effects.volumes.empty()) return {};
    auto params = pg::Params::Of(shard.number());
    AddTallies(effects.tallies, params);
    AddVolumes(effects.volumes, params);
    return tx.Send(kAddCounts, params);
}

}  // namespace unibox::store::detail

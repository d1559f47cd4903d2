#include "redis/detail/topology.hpp"

#include "base/strings.hpp"
#include "redis/key_slot.hpp"
#include "redis/reasons.hpp"

#include <utility>

namespace unibox::redis::detail {
namespace {

Status Odd(std::string_view what) {
    return Internal("redis describes its servers in a way that is not known: " + std::string(what))
        .WithReason(kUnexpectedReply);
}

bool IsPort(std::int64_t number) {
    return number > 0 && number <= 65'535;
}

Result<SlotRange> ParseRange(const Reply& reply, const Address& asked) {
    UNIBOX_ASSIGN_OR_RETURN(const auto parts, reply.Items());
    if (parts.size() < 3) return Odd("a range of slots without a master");
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t first, parts[0].Integer());
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t last, parts[1].Integer());
    if (first < 0 || last < first || last >= kSlotCount) return Odd("a range of slots");
    UNIBOX_ASSIGN_OR_RETURN(const auto master, parts[2].Items());
    if (master.size() < 2) return Odd("a node without port");
    UNIBOX_ASSIGN_OR_RETURN(const std::int64_t port, master[1].Integer());
    if (!IsPort(port)) return Odd("a port");
    const std::string& host = master[0].raw_text();  // Nil or empty: it does not know.
    return SlotRange{
        static_cast<std::uint16_t>(first),
        static_cast<std::uint16_t>(last),
        {host.empty() ? asked.host : host, static_cast<std::uint16_t>(port)}};
}

}  // namespace

Result<Master> ParseMaster(const Reply& reply) {
    UNIBOX_ASSIGN_OR_RETURN(const auto parts, reply.Items());
    Master master;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
        UNIBOX_ASSIGN_OR_RETURN(const std::string_view name, parts[i].Text());
        UNIBOX_ASSIGN_OR_RETURN(const std::string_view value, parts[i + 1].Text());
        const std::int64_t number = ParseInt64(value).value_or(-1);
        if (name == "ip") master.address.host = value;
        if (name == "port" && IsPort(number)) {
            master.address.port = static_cast<std::uint16_t>(number);
        }
        if (name == "config-epoch") master.config_epoch = number;
    }
    if (master.address.host.empty() || master.address.port == 0) return Odd("a master's address");
    return master;
}

Result<std::vector<SlotRange>> ParseSlots(const Reply& reply, const Address& asked) {
    UNIBOX_ASSIGN_OR_RETURN(const auto ranges, reply.Items());
    std::vector<SlotRange> parsed;
    for (const Reply& range : ranges) {
        UNIBOX_ASSIGN_OR_RETURN(SlotRange one, ParseRange(range, asked));
        parsed.push_back(std::move(one));
    }
    return parsed;
}

std::optional<Redirection> ParseRedirection(std::string_view error, const Address& asked) {
    const auto words = Split(error, ' ');
    if (words.size() < 3 || (words[0] != kMoved && words[0] != kAsk)) return std::nullopt;
    const auto slot = ParseInt64(words[1]);
    auto to = ParseNode(words[2]);
    if (!slot || *slot < 0 || *slot >= kSlotCount || !to) return std::nullopt;
    if (to->host.empty()) to->host = asked.host;
    return Redirection{words[0] == kAsk, static_cast<std::uint16_t>(*slot), std::move(*to)};
}

}  // namespace unibox::redis::detail

// A command or a call of a script, built from left to right; the arguments that are keys are named,
// because a cluster is asked by them:
//   Command("SET").Key(key).Arg(value).Arg("PX").Arg(ttl_ms)
//   Command(kScript).Key(key).Arg(rate)      keys first: KEYS[1] …, then ARGV[1] …
// Any bytes may be in keys and arguments. Thread safety: a value.
#pragma once

#include "base/status.hpp"
#include "redis/script.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::redis {

class Command {
public:
    explicit Command(std::string_view name);
    explicit Command(const Script& script);

    Command& Key(std::string_view key) &;
    Command& Arg(std::string_view argument) &;
    template <std::integral Number>
    Command& Arg(Number number) & {
        return Arg(std::string_view(std::to_string(number)));
    }
    Command&& Key(std::string_view key) && { return std::move(Key(key)); }
    Command&& Arg(std::string_view argument) && { return std::move(Arg(argument)); }
    template <std::integral Number>
    Command&& Arg(Number number) && {
        return std::move(Arg(number));
    }

    // INVALID_ARGUMENT: its keys lie in different slots ("CROSS_SLOT": also where no cluster is, so
    // that it is found before there is one), it would change or occupy the connection that it
    // shares with all others ("NOT_SHARED": MULTI, SUBSCRIBE, BLPOP, SELECT …), or a script's key
    // stands behind an argument.
    Status Check() const;
    // In the form of the wire.
    std::string Encode() const;
    // Of its keys; nothing if it has none.
    std::optional<std::uint16_t> slot() const { return slot_; }
    const std::shared_ptr<const ScriptText>& script() const { return script_; }

private:
    std::vector<std::string> parts_;  // Of a script: keys and arguments only.
    std::size_t key_count_ = 0;
    std::optional<std::uint16_t> slot_;
    bool crosses_slots_ = false;
    bool key_behind_argument_ = false;
    std::shared_ptr<const ScriptText> script_;
};

}  // namespace unibox::redis

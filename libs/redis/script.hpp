// A Lua script that is sent by its SHA-1; a server that does not know it (restart, SCRIPT FLUSH,
// failover, another node) is given the source, and the caller notices nothing.
//
// One object for each script of the code, as a constant:  const redis::Script kTake(R"lua(…)lua");
// Scripts must be right when they run again after an answer was lost, as any command.
// Thread safety: immutable.
#pragma once

#include <memory>
#include <string>

namespace unibox::redis {

struct ScriptText {
    std::string source;
    std::string sha;  // 40 hexadecimal digits, lower case.
};

class Script {
public:
    explicit Script(std::string source);

    const std::string& source() const { return text_->source; }
    const std::string& sha() const { return text_->sha; }
    // Outlives the script where a command needs it.
    const std::shared_ptr<const ScriptText>& text() const { return text_; }

private:
    std::shared_ptr<const ScriptText> text_;
};

}  // namespace unibox::redis

// message-writer that stops itself (SIGSTOP) the first time it reaches the stage which FREEZE_AT
// names; without it, message-writer.
#include "message-writer/config.hpp"
#include "message-writer/service.hpp"
#include "obs/log.hpp"
#include "runtime/main.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>

namespace {

using unibox::writer::CommitStage;

unibox::writer::StageHook HookOf(const char* freeze_at) {
    static const std::map<std::string, CommitStage> kStages = {
        {"before_transaction", CommitStage::kBeforeTransaction},
        {"between_pipelines", CommitStage::kBetweenPipelines},
        {"before_publish", CommitStage::kBeforePublish}};
    if (freeze_at == nullptr || *freeze_at == '\0') return {};
    return [wanted = kStages.at(freeze_at)](CommitStage stage) {
        static std::atomic<bool> done{false};
        if (stage == wanted && !done.exchange(true)) ::raise(SIGSTOP);
    };
}

}  // namespace

int main(int argc, char** argv) {
    using unibox::writer::Config;
    return unibox::runtime::Main<Config>(
        "message-writer",
        argc,
        argv,
        [](const Config& config, const unibox::Clock& clock, unibox::obs::Metrics& metrics) {
            return unibox::writer::CreateService(
                config, clock, metrics, HookOf(std::getenv("FREEZE_AT"))
            );
        }
    );
}

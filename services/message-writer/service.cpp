#include "message-writer/service.hpp"

#include "message-writer/writer_api.hpp"
#include "message-writer/writing.hpp"
#include "rpc/server.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace unibox::writer {
namespace {

struct Objects {
    Objects(const Config& config, std::unique_ptr<Writing> the_writing, obs::Metrics& metrics)
        : settings(config.grpc),
          registry(metrics),
          writing(std::move(the_writing)),
          calls(settings, registry),
          api(writing->commands(), calls) {}

    const rpc::Settings settings;
    obs::Metrics& registry;
    const std::unique_ptr<Writing> writing;
    rpc::Calls calls;
    WriterApi api;
    std::unique_ptr<rpc::Server> grpc;
};

}  // namespace

Result<std::unique_ptr<runtime::Service>> CreateService(
    const Config& config, const Clock& clock, obs::Metrics& metrics, StageHook on_stage
) {
    UNIBOX_ASSIGN_OR_RETURN(
        auto writing, Writing::Create(config, clock, metrics, std::move(on_stage))
    );
    const auto objects = std::make_shared<Objects>(config, std::move(writing), metrics);
    std::vector<runtime::Part> parts = objects->writing->Parts();
    parts.push_back(runtime::ListenerPart("grpc", objects->grpc, [objects = objects.get()] {
        return rpc::Server::Start(
            objects->settings,
            {{v1::WriterService::service_full_name(), &objects->api}},
            objects->registry
        );
    }));
    return std::make_unique<runtime::Service>(objects, std::move(parts));
}

}  // namespace unibox::writer

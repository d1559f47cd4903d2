#include "message-writer/run.hpp"

#include "message-writer/writer.hpp"

namespace unibox::writer {

Status Run(runtime::Service& service, const Config& config, StageHook on_stage) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto writer, Writer::Create(config, service.metrics(), std::move(on_stage))
    );
    service.AddStartupCheck("schema", [&] { return writer->SchemaIsCurrent(); });
    service.AddWorker(
        "writer", [&] { return writer->Start(); }, [&] { writer->Stop(); }
    );
    // Nobody sends requests here: the partitions go to the other writers at once.
    service.OnStopping([&] { writer->Stop(); });
    return service.RunUntilSignal();
}

}  // namespace unibox::writer

// message-writer: moves accepted events from JetStream into PostgreSQL, in batches, and publishes
// what became true.
#include "runtime/main.hpp"

#include "message-writer/config.hpp"
#include "message-writer/writer.hpp"

namespace {

unibox::Status Run(unibox::runtime::Service& service, const unibox::writer::Config& config) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto writer, unibox::writer::Writer::Create(config, service.metrics())
    );
    service.AddStartupCheck("schema", [&] { return writer->SchemaIsCurrent(); });
    service.AddWorker(
        "writer", [&] { return writer->Start(); }, [&] { writer->Stop(); }
    );
    // Nobody sends requests here: the partitions go to the other writers at once.
    service.OnStopping([&] { writer->Stop(); });
    return service.RunUntilSignal();
}

}  // namespace

int main(int argc, char** argv) {
    return unibox::runtime::Main<unibox::writer::Config>("message-writer", argc, argv, Run);
}

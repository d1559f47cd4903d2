// webhook-ingest: takes providers' webhooks and answers when JetStream has stored them.
#include "runtime/main.hpp"

#include "webhook-ingest/config.hpp"
#include "webhook-ingest/service.hpp"

namespace {

unibox::Status Run(unibox::runtime::Service& service, const unibox::ingest::Config& config) {
    UNIBOX_ASSIGN_OR_RETURN(
        const auto ingest,
        unibox::ingest::WebhookIngest::Create(config, service.clock(), service.metrics())
    );
    service.OnStopping([&] { ingest->AnnounceStop(); });
    service.AddWorker(
        "ingest",
        [&]() -> unibox::Status {
            UNIBOX_RETURN_IF_ERROR(ingest->Start());
            service.AddAddress("http", ingest->http_address());
            service.AddAddress("grpc", ingest->grpc_address());
            return {};
        },
        [&] { ingest->Stop(); }
    );
    service.AddLivenessCheck("ingest", [&] { return ingest->Alive(); });
    return service.RunUntilSignal();
}

}  // namespace

int main(int argc, char** argv) {
    return unibox::runtime::Main<unibox::ingest::Config>("webhook-ingest", argc, argv, Run);
}

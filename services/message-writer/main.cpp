// message-writer: moves accepted events from JetStream into PostgreSQL, in batches, and publishes
// what became true.
#include "runtime/main.hpp"

#include "message-writer/config.hpp"
#include "message-writer/service.hpp"

int main(int argc, char** argv) {
    using unibox::writer::Config;
    return unibox::runtime::Main<Config>(
        "message-writer",
        argc,
        argv,
        [](const Config& config, const unibox::Clock& clock, unibox::obs::Metrics& metrics) {
            return unibox::writer::CreateService(config, clock, metrics);
        }
    );
}

// message-writer: moves accepted events from JetStream into PostgreSQL, in batches, and publishes
// what became true.
#include "runtime/main.hpp"

#include "message-writer/run.hpp"

int main(int argc, char** argv) {
    using unibox::writer::Config;
    return unibox::runtime::Main<Config>(
        "message-writer",
        argc,
        argv,
        [](unibox::runtime::Service& service, const Config& config) {
            return unibox::writer::Run(service, config);
        }
    );
}

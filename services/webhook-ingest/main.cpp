// webhook-ingest: takes providers' webhooks and answers when JetStream has stored them.
#include "runtime/main.hpp"

#include "webhook-ingest/config.hpp"
#include "webhook-ingest/service.hpp"

int main(int argc, char** argv) {
    using unibox::ingest::Config;
    return unibox::runtime::Main<Config>(
        "webhook-ingest", argc, argv, unibox::ingest::CreateService
    );
}

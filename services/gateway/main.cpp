// gateway: the inbox over gRPC and HTTP+JSON.
#include "runtime/main.hpp"

#include "gateway/config.hpp"
#include "gateway/service.hpp"

int main(int argc, char** argv) {
    using unibox::gateway::Config;
    return unibox::runtime::Main<Config>("gateway", argc, argv, unibox::gateway::CreateService);
}

#include "key_server.hpp"

#include "base/clock.hpp"
#include "support/status_matchers.hpp"

#include <csignal>

namespace unibox::test {

KeyServer::KeyServer() {
    std::signal(SIGPIPE, SIG_IGN);  // As runtime does for every program.
    http::Settings settings;
    settings.listen = "127.0.0.1:0";
    settings.tls.cert = identity.cert_file;
    settings.tls.key = identity.key_file;
    http::Route keys;
    keys.method = "GET";
    keys.pattern = "/keys";
    keys.handler = [this](auto, const auto&, http::Respond respond) {
        ++asked_count_;
        Answer(std::move(respond));
    };
    http::Route elsewhere;
    elsewhere.method = "GET";
    elsewhere.pattern = "/elsewhere";
    elsewhere.handler = [this](auto, const auto&, const http::Respond& respond) {
        ++followed_count_;
        const MutexLock lock(mutex_);
        http::Response response;
        response.body = jwks_;
        respond(std::move(response));
    };
    auto started =
        http::Server::Start(settings, {keys, elsewhere}, SystemClock(), metrics_, "keys");
    REQUIRE_OK(started);
    server_ = std::move(started).value();
}

KeyServer::~KeyServer() {
    server_->Stop(Millis(0));
}

void KeyServer::Publish(const std::string& jwks) {
    const MutexLock lock(mutex_);
    jwks_ = jwks;
}

void KeyServer::Answer(http::Respond respond) {
    const MutexLock lock(mutex_);
    http::Response response;
    switch (mood_.load()) {
        case Mood::kAnswers:
            response.body = jwks_;
            break;
        case Mood::kRedirects:
            response.status = 302;
            response.headers.push_back({"Location", "/elsewhere"});
            break;
        case Mood::kIsHuge:
            response.body = jwks_ + std::string(256 << 10, ' ');
            break;
        case Mood::kHangs:
            held_.push_back(std::move(respond));
            return;
        case Mood::kFails:
            response.status = 500;
            break;
    }
    respond(std::move(response));
}

std::string KeyServer::url() const {
    const std::string address = server_->address();
    return "https://localhost" + address.substr(address.rfind(':')) + "/keys";
}

}  // namespace unibox::test

// The HTTPS server of an issuer: its key set, or what a bad one answers.
// Thread safety: every function from any thread.
#pragma once

#include "base/mutex.hpp"
#include "http/server.hpp"
#include "obs/metrics.hpp"
#include "support/tls_identity.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace unibox::test {

class KeyServer {
public:
    enum class Mood { kAnswers, kRedirects, kIsHuge, kHangs, kFails };

    KeyServer();
    ~KeyServer();

    void Publish(const std::string& jwks);
    void Be(Mood mood) { mood_ = mood; }
    // Nobody listens any more.
    void GoAway() { server_->Stop(Millis(0)); }
    // Of /keys.
    int asked_count() const { return asked_count_; }
    // Of /elsewhere, to which it redirects.
    int followed_count() const { return followed_count_; }
    // "https://localhost:<port>/keys"
    std::string url() const;

    const TlsIdentity identity;

private:
    void Answer(http::Respond respond);

    std::atomic<Mood> mood_{Mood::kAnswers};
    std::atomic<int> asked_count_{0};
    std::atomic<int> followed_count_{0};
    mutable Mutex mutex_;
    std::string jwks_ UNIBOX_GUARDED_BY(mutex_);
    std::vector<http::Respond> held_ UNIBOX_GUARDED_BY(mutex_);
    obs::Metrics metrics_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace unibox::test

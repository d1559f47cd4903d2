// webhook-ingest, message-writer and uniboxctl in this process: what was kept raw, read anew, down
// to the rows.
// Thread safety: one thread.
#pragma once

#include "ingest_fixture.hpp"
#include "support/writing_service.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace unibox::test {

class ReplayFixture : public IngestFixture {
public:
    ReplayFixture();
    ~ReplayFixture();

    struct Outcome {
        int code = -1;
        std::string out;
        std::string log;
    };
    Outcome Ctl(std::vector<std::string> arguments);
    // `raw replay` of the newest record.
    Outcome Replay(std::vector<std::string> more = {});
    // Signs as Twilio does by GET, with the secret "auth-token". Status of the answer.
    int GetFromTwilio(const std::string& target);
    // Stores what an older release kept.
    void StoreRaw(const event::v1::RawWebhook& raw);
    // Until everything that is in the log is in the database.
    void WaitUntilWritten();
    // Rows of this provider's id.
    std::int64_t MessageCount(const std::string& provider_id);
    // Events larger than this do not fit into the log; 0 = all do.
    void LimitEvents(std::int64_t bytes_max);
    // What the newest record says.
    event::v1::RawWebhook NewestRaw();

private:
    std::string Ask(const std::string& sql);

    std::unique_ptr<pg::Pool> all_;  // As superuser.
    std::unique_ptr<runtime::Service> writer_;
};

}  // namespace unibox::test

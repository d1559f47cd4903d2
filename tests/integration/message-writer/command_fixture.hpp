// Commands as the gateway sends them, to writers of this process or others.
// Thread safety: WriterClient from any thread; the builders are values.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "rpc/client.hpp"
#include "unibox/writer/v1/writer_service.pb.h"

#include <memory>
#include <string>

namespace unibox::test {

// A command of tenant 1's agent Ana, of a number that no other has.
class CommandBuilder {
public:
    explicit CommandBuilder(const ConversationId& conversation);

    CommandBuilder& WithTenant(std::int64_t tenant);
    // Its repetitions are recognised; the digest is that of the body.
    CommandBuilder& WithKey(const std::string& key);
    CommandBuilder& IfVersion(std::int64_t version);

    writer::v1::AppendRequest Reply(const std::string& text) const;
    writer::v1::AppendRequest Note(const std::string& text) const;
    writer::v1::ApplyRequest SetStatus(
        v1::ConversationStatus status, std::int64_t snooze_time_ms = 0
    ) const;
    writer::v1::ApplyRequest AddLabel(const std::string& label) const;

private:
    writer::v1::AppendRequest Message(v1::MessageKind kind, const std::string& text) const;
    writer::v1::CommandHeader HeaderFor(const google::protobuf::Message& body) const;

    writer::v1::CommandHeader header_;
};

class WriterClient {
public:
    // Addresses of one writer or several, separated by commas.
    explicit WriterClient(const std::string& target, Millis deadline_max = Millis(20'000));

    Result<writer::v1::AppendResponse> Append(const writer::v1::AppendRequest& request) const;
    Result<writer::v1::ApplyResponse> Apply(const writer::v1::ApplyRequest& request) const;

private:
    obs::Metrics metrics_;
    std::unique_ptr<rpc::Client> client_;
};

}  // namespace unibox::test

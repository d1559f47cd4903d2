#include "uniboxctl/context.hpp"

#include "base/clock.hpp"

#include <ostream>

namespace unibox::ctl {
namespace {

constexpr Millis kConnectWait{3000};

}  // namespace

Context::Context(Settings settings, OutputFormat format, std::ostream& out, std::ostream& log)
    : settings_(std::move(settings)), format_(format), out_(out), log_(log) {}

Context::~Context() = default;

Result<pg::Pool*> Context::Database() {
    if (!pool_) {
        UNIBOX_ASSIGN_OR_RETURN(auto pool, pg::Pool::Create(settings_.postgres, metrics_));
        if (Status up = pool->Ping(); !up.ok()) return std::move(up).WithContext("PostgreSQL");
        pool_ = std::move(pool);
    }
    return pool_.get();
}

Result<nats::Connection*> Context::Nats() {
    if (!nats_) {
        UNIBOX_ASSIGN_OR_RETURN(auto nats, nats::Connection::Connect(settings_.nats, metrics_));
        if (Status up = nats->Flush(kConnectWait); !up.ok()) {
            return Unavailable("NATS does not answer: " + up.message());
        }
        nats_ = std::move(nats);
    }
    return nats_.get();
}

Result<const crypto::SealedBox*> Context::Box() {
    if (!box_) {
        if (settings_.secrets_key_file.empty()) {
            return InvalidArgument(
                       "no sealing key: set UNIBOX_SECRETS_KEY_FILE; `uniboxctl key generate` "
                       "makes one"
            )
                .WithField("secrets.key_file");
        }
        UNIBOX_ASSIGN_OR_RETURN(
            auto box, crypto::SealedBox::FromKeyFile(settings_.secrets_key_file)
        );
        box_ = std::move(box);
    }
    return &*box_;
}

void Context::Print(const Answer& answer) {
    out_ << (format_ == OutputFormat::kJson ? answer.ToJson() : answer.ToText()) << std::flush;
}

void Context::Note(std::string_view line) {
    (format_ == OutputFormat::kJson ? log_ : out_) << line << std::endl;
}

void Context::NoteForPeople(std::string_view line) {
    if (format_ == OutputFormat::kTable) Note(line);
}

std::int64_t NowMs() {
    return SystemClock().UnixMillis();
}

}  // namespace unibox::ctl

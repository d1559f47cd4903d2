#include "uniboxctl/context.hpp"

#include "base/clock.hpp"

#include <ostream>

namespace unibox::ctl {
namespace {

constexpr Millis kConnectWait{3000};
constexpr Millis kProgressPause{2000};

}  // namespace

Context::Context(
    Settings settings, std::string by, OutputFormat format, std::ostream& out, std::ostream& log
)
    : settings_(std::move(settings)),
      by_(std::move(by)),
      format_(format),
      out_(out),
      log_(log),
      progress_at_(std::chrono::steady_clock::now() + kProgressPause) {}

Context::~Context() = default;

Result<std::string> Context::By() const {
    if (!by_.empty()) return by_;
    return InvalidArgument("say who answers for it: --by NAME").WithField("by");
}

Result<pg::Pool*> Context::Database() {
    if (!pool_) {
        UNIBOX_ASSIGN_OR_RETURN(auto pool, pg::Pool::Create(settings_.postgres, metrics_));
        if (Status up = pool->Ping(); !up.ok()) return std::move(up).WithContext("PostgreSQL");
        pool_ = std::move(pool);
    }
    return pool_.get();
}

Result<std::unique_ptr<store::AdminSession>> Context::OpenAdminSession() {
    // Says that the server is away in the words of every verb.
    UNIBOX_RETURN_IF_ERROR(Database().status());
    return store::AdminSession::Open(settings_.postgres, metrics_);
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

void Context::PrintText(std::string name, const std::string& text) {
    if (format_ == OutputFormat::kJson) return Print(Answer().Add(std::move(name), text));
    out_ << text << std::flush;
}

bool Context::CouldPrint() const {
    return out_.good();
}

void Context::Progress(std::string_view what, std::size_t done, std::size_t of) {
    const auto now = std::chrono::steady_clock::now();
    if (now < progress_at_) return;
    progress_at_ = now + kProgressPause;
    log_ << what << ": " << done << " of " << of << std::endl;
}

void Context::Note(std::string_view line) {
    (format_ == OutputFormat::kJson ? log_ : out_) << line << std::endl;
}

std::int64_t NowMs() {
    return SystemClock().UnixMillis();
}

}  // namespace unibox::ctl

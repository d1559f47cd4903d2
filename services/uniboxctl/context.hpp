// What a verb works with: settings, connections that are opened at the first use, and where to
// print. Thread safety: one thread.
#pragma once

#include "base/clock.hpp"
#include "base/status.hpp"
#include "crypto/sealed_box.hpp"
#include "nats/connection.hpp"
#include "obs/metrics.hpp"
#include "pg/pool.hpp"
#include "store/admin/session.hpp"
#include "uniboxctl/settings.hpp"
#include "uniboxctl/table.hpp"

#include <iosfwd>
#include <memory>
#include <optional>

namespace unibox::ctl {

enum class OutputFormat { kTable, kJson };

class Context {
public:
    // `by`: as given on the command line, "" = not.
    Context(
        Settings settings, std::string by, OutputFormat format, std::ostream& out, std::ostream& log
    );
    ~Context();

    const Settings& settings() const { return settings_; }
    // Who answers for what the verb does; INVALID_ARGUMENT if nobody was named.
    Result<std::string> By() const;
    obs::Metrics& metrics() { return metrics_; }

    // Opened once; UNAVAILABLE when the server does not answer.
    Result<pg::Pool*> Database();
    Result<nats::Connection*> Nats();
    // What `apply` works with; UNAVAILABLE as above.
    Result<std::unique_ptr<store::AdminSession>> OpenAdminSession();
    // INVALID_ARGUMENT if no key file is set; else as SealedBox::FromKeyFile.
    Result<const crypto::SealedBox*> Box();

    void Print(const Answer& answer);
    // Of several lines, as it is; in JSON the one member `name`.
    void PrintText(std::string name, const std::string& text);
    // False once something could not be printed.
    bool CouldPrint() const;
    // A line for people; to the log when the output is JSON.
    void Note(std::string_view line);
    // How far a long command is: a line of the log at most every two seconds, none in the first.
    void Progress(std::string_view what, std::size_t done, std::size_t of);

private:
    Settings settings_;
    std::string by_;
    OutputFormat format_;
    std::ostream& out_;
    std::ostream& log_;
    obs::Metrics metrics_;
    std::unique_ptr<pg::Pool> pool_;
    std::unique_ptr<nats::Connection> nats_;
    std::optional<crypto::SealedBox> box_;
    SteadyTime progress_at_;
};

// Unix milliseconds, UTC.
std::int64_t NowMs();

}  // namespace unibox::ctl

// uniboxctl key generate: new keys and secrets, made with the kernel's generator.
#include "crypto/random.hpp"
#include "crypto/sealed_box.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/verbs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

namespace unibox::ctl {
namespace {

struct Options {
    std::string kind = "sealing";
    std::string file;
};

Secret Generate(const std::string& kind) {
    if (kind == "api") return crypto::NewApiKey();
    if (kind == "token") return crypto::NewChannelToken();
    if (kind == "standard") return crypto::NewStandardWebhookSecret();
    return crypto::GenerateKeyFileText();
}

// A new file that its owner alone may read.
Status WriteNewFile(const std::string& path, std::string_view text) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        const bool exists = errno == EEXIST;
        return {
            exists ? Code::kAlreadyExists : Code::kInvalidArgument,
            (exists ? "there is a file " : "cannot make ") + path};
    }
    const auto written = write(file, text.data(), text.size());
    const bool ok = fsync(file) == 0 && written == static_cast<ssize_t>(text.size());
    if (close(file) != 0 || !ok) return Internal("cannot write " + path);
    return {};
}

Status Generate(Context& context, const Options& options) {
    const Secret secret = Generate(options.kind);
    std::string text(secret.Reveal());
    if (text.back() != '\n') text += '\n';
    if (!options.file.empty()) {
        UNIBOX_RETURN_IF_ERROR(WriteNewFile(options.file, text));
        context.Print(Answer().Add("file", options.file));
        return {};
    }
    text.pop_back();
    context.Print(Answer().Add("key", text));
    return {};
}

}  // namespace

void AddKey(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("key", "Keys and secrets");
    verb->require_subcommand(1);
    auto* generate = verb->add_subcommand("generate", "Makes one");
    const auto options = std::make_shared<Options>();
    generate->add_option("--kind", options->kind, "What it is for")
        ->check(CLI::IsMember({"sealing", "api", "token", "standard"}))
        ->capture_default_str();
    generate->add_option("--file", options->file, "A new file (mode 0600) instead of the terminal");
    generate->footer(
        "sealing: secrets.key_file, 32 bytes; api: ubk_…; token: of a channel's URL; standard: "
        "whsec_….\n"
        "Example: uniboxctl key generate --file /etc/unibox/seal.key"
    );
    generate->callback([options, &action] {
        action = [options](Context& context) { return Generate(context, *options); };
    });
}

}  // namespace unibox::ctl

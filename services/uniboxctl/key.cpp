// uniboxctl key generate: new keys and secrets, made with the kernel's generator.
#include "crypto/random.hpp"
#include "crypto/sealed_box.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/verbs.hpp"

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

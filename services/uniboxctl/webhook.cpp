// uniboxctl webhook send: signs a body as a provider would and posts it.
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "channels/sign.hpp"
#include "crypto/hash.hpp"
#include "domain/hook_url.hpp"
#include "http/client.hpp"
#include "store/admin/channel_rules.hpp"
#include "store/admin/objects.hpp"
#include "store/directory/lookups.hpp"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/retime.hpp"
#include "uniboxctl/secret_input.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>

namespace unibox::ctl {
namespace {

constexpr std::size_t kBodyBytesMax = 16 * 1024 * 1024;

struct Options {
    std::string provider;
    std::string url;
    std::string signed_url;
    std::string secret;
    std::string secret_file;
    std::string channel;  // tenant/channel
    std::string body_file;
    std::string webhook_id;
    bool retime = false;
    std::int64_t timeout_ms = 10'000;
};

// Where to post and what to sign with.
struct Target {
    const channels::Adapter* adapter = nullptr;
    std::string url;
    std::string signed_url;
    Secret secret;
};

Result<Secret> SecretOf(
    Context& context,
    pg::Pool& pool,
    const store::ChannelInfo& channel,
    const domain::WebhookSource& source
) {
    UNIBOX_ASSIGN_OR_RETURN(const crypto::SealedBox* box, context.Box());
    if (!channel.sealed_secrets.empty()) {
        return box->Open(channel.sealed_secrets.front(), "channel:" + channel.channel.ToString());
    }
    UNIBOX_ASSIGN_OR_RETURN(const auto apps, store::FindProviderApps(pool, source.url_name));
    for (const store::ProviderApp& app : apps) {
        if (app.sealed_secrets.empty()) continue;
        return box->Open(app.sealed_secrets.front(), "app:" + app.app_id.ToString());
    }
    return FailedPrecondition("the channel has no live secret, and no provider app has one");
}

// The channel's own URL and secret, as the provider knows them.
Result<Target> TargetOfChannel(Context& context, const Options& options) {
    const auto parts = Split(options.channel, '/');
    if (parts.size() != 2) return InvalidArgument("--channel is TENANT/CHANNEL");
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context.Database());
    UNIBOX_ASSIGN_OR_RETURN(const auto tenant, store::FindTenant(*pool, parts[0]));
    UNIBOX_ASSIGN_OR_RETURN(
        const auto row, store::FindChannelBySlug(*pool, tenant.tenant, parts[1])
    );
    UNIBOX_ASSIGN_OR_RETURN(const auto info, store::FindChannel(*pool, tenant.tenant, row.channel));
    Target target;
    const v1::Provider provider = row.spec.provider;
    target.adapter = channels::FindAdapter(domain::ProviderName(provider));
    if (target.adapter == nullptr) {
        return FailedPrecondition("the channel was written by a later version of uniboxctl");
    }
    const domain::WebhookSource& source = target.adapter->source;
    UNIBOX_ASSIGN_OR_RETURN(target.secret, SecretOf(context, *pool, info, source));
    const std::string& own_base = row.spec.public_base_url;
    std::string token;
    if (row.spec.token_hash.has_value() && !info.sealed_secrets.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(const crypto::SealedBox* box, context.Box());
        token = store::DerivedChannelToken(*box, row.channel);
        if (crypto::Sha256(token) != *row.spec.token_hash) {
            return FailedPrecondition("the channel's token is not derived; give --url");
        }
    }
    target.url = domain::JoinHookUrl(
        own_base.empty() ? context.settings().public_base_url : own_base, source, token
    );
    target.signed_url = target.url;
    return target;
}

Result<Target> MakeTarget(Context& context, const Options& options) {
    Target target;
    if (!options.channel.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(target, TargetOfChannel(context, options));
    }
    if (!options.provider.empty()) {
        target.adapter = channels::FindAdapter(options.provider);
        if (target.adapter == nullptr) return NotFound("unknown provider: " + options.provider);
    }
    if (!options.url.empty()) target.url = domain::WithoutFragment(options.url);
    if (!options.signed_url.empty())
        target.signed_url = domain::WithoutFragment(options.signed_url);
    if (target.signed_url.empty()) target.signed_url = target.url;
    if (!options.secret.empty()) target.secret = Secret(options.secret);
    if (!options.secret_file.empty()) {
        UNIBOX_ASSIGN_OR_RETURN(target.secret, ReadSecretFile(options.secret_file));
    }
    if (target.adapter == nullptr) return InvalidArgument("give --provider, or --channel");
    if (target.url.empty()) return InvalidArgument("give --url, or --channel");
    if (target.secret.empty()) return InvalidArgument("give --secret-file, or --channel");
    if (!target.url.starts_with("http://")) {
        return InvalidArgument(
            "only http:// can be posted to, not " + target.url +
            ": give --url with an address behind whatever ends TLS; what the provider signs stays "
            "the channel's URL"
        );
    }
    return target;
}

Result<std::vector<http::Header>> SignedHeaders(
    const Options& options,
    const Target& target,
    const std::string& body,
    std::string_view id_source
) {
    // Of the body as recorded: sending the same file twice repeats the same webhook.
    std::string id = options.webhook_id;
    if (id.empty()) id = "msg_" + HexEncode(crypto::Sha256(id_source)).substr(0, 24);
    const channels::SignInput input{target.secret, body, target.signed_url, NowMs(), id};
    UNIBOX_ASSIGN_OR_RETURN(const auto signatures, target.adapter->sign(input));
    std::vector<http::Header> headers;
    headers.reserve(signatures.size());
    for (const channels::Header& header : signatures)
        headers.push_back({header.name, header.value});
    return headers;
}

Status Send(Context& context, const Options& options) {
    UNIBOX_ASSIGN_OR_RETURN(const Target target, MakeTarget(context, options));
    UNIBOX_ASSIGN_OR_RETURN(
        const std::string recorded, ReadWholeFile(options.body_file, kBodyBytesMax)
    );
    const auto time_members = target.adapter->source.time_members;
    const std::string body =
        options.retime ? RetimeBody(recorded, time_members, NowMs()) : recorded;
    UNIBOX_ASSIGN_OR_RETURN(const auto headers, SignedHeaders(options, target, body, recorded));
    const auto start = std::chrono::steady_clock::now();
    UNIBOX_ASSIGN_OR_RETURN(
        const auto response,
        http::Send("POST", target.url, headers, body, Millis(options.timeout_ms))
    );
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    context.Print(Answer()
                      .Add("http_status", std::int64_t{response.status})
                      .Add("milliseconds", took.count())
                      .AddBytes("answer", response.body));
    if (response.status / 100 == 2) return {};
    return FailedPrecondition(fmt::format("the answer was {}", response.status));
}

}  // namespace

void AddWebhook(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("webhook", "Webhooks as a provider sends them");
    verb->require_subcommand(1);
    auto* send = verb->add_subcommand("send", "Signs the body of a file and posts it");
    const auto options = std::make_shared<Options>();
    send->add_option("--body", options->body_file, "File with the body; - is standard input")
        ->required();
    send->add_option(
        "--channel", options->channel, "TENANT/CHANNEL: its URL and its newest secret"
    );
    send->add_option(
        "--provider",
        options->provider,
        fmt::format("One of {}; or as in URLs", fmt::join(domain::ProviderNames(), ", "))
    );
    send->add_option("--url", options->url, "Where to post: http:// only");
    send->add_option(
        "--signed-url", options->signed_url, "What Twilio signs (the channel's URL, else --url)"
    );
    auto* inline_secret = send->add_option("--secret", options->secret, "The secret");
    send->add_option("--secret-file", options->secret_file, "A file with the secret")
        ->excludes(inline_secret);
    send->add_option("--id", options->webhook_id, "webhook-id of standard (else from the body)");
    send->add_flag("--retime", options->retime, "Moves the times inside the body to now");
    send->add_option("--timeout-ms", options->timeout_ms, "Longest wait for the answer")
        ->check(WholeNumber(1, 600'000))
        ->capture_default_str();
    send->footer(
        "Exit code 0 only for a 2xx answer.\n"
        "Example: uniboxctl webhook send --channel demo/telegram --body update.json --retime"
    );
    send->callback([options, &action] {
        action = [options](Context& context) { return Send(context, *options); };
    });
}

}  // namespace unibox::ctl

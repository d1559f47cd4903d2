// uniboxctl selftest: asks every dependency, then sends a signed webhook through the whole path and
// waits until the inbox shows it.
#include "auth/scopes.hpp"
#include "base/encoding.hpp"
#include "channels/sign.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/client.hpp"
#include "nats/streams.hpp"
#include "store/admin/channel_rules.hpp"
#include "store/admin/objects.hpp"
#include "store/schema/migrate.hpp"
#include "store/schema/periods.hpp"
#include "subjects/subjects.hpp"
#include "unibox/v1/common.pb.h"
#include "uniboxctl/context.hpp"
#include "uniboxctl/options.hpp"
#include "uniboxctl/verbs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

namespace unibox::ctl {
namespace {

constexpr std::int64_t kPayloadBytesMin = 8 * 1024 * 1024;
constexpr Millis kHttpTimeout{5000};
constexpr Millis kPollPause{50};
constexpr const char* kTenant = "unibox-selftest";

struct Options {
    std::string gateway_url;
    std::string ingest_url;
    std::int64_t timeout_ms = 20'000;
};

// The tenant, channel and key that the test leaves behind; the key is revoked at the end.
struct Fixture {
    TenantId tenant;
    Secret secret;
    std::string webhook_path;
    std::string key_name;
    Secret api_key;
};

class Selftest {
public:
    Selftest(Context& context, const Options& options) : context_(context), options_(options) {}
    Status Run();

private:
    bool Check(const std::string& name, const std::function<Status()>& check);
    Status CheckStreams();
    Status CheckPeriods();
    Status MakeFixture();
    Status SendWebhook();
    Status WaitForMessage();
    Result<bool> MessageIsThere();

    Context& context_;
    const Options& options_;
    Fixture fixture_;
    std::string text_;
    Status first_failure_;
    Table table_{{"check", "result", "milliseconds"}};
};

bool Selftest::Check(const std::string& name, const std::function<Status()>& check) {
    const auto start = std::chrono::steady_clock::now();
    const Status status = check();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    table_.Add({name, status.ok() ? "ok" : status.ToString(), took.count()});
    if (first_failure_.ok()) first_failure_ = status;
    return status.ok();
}

Status Selftest::CheckStreams() {
    UNIBOX_ASSIGN_OR_RETURN(nats::Connection * connection, context_.Nats());
    nats::Streams streams(*connection);
    UNIBOX_RETURN_IF_ERROR(streams.CheckServer(kPayloadBytesMin));
    for (const nats::StreamSpec& spec : nats::UniboxStreams({.partition_count = 0})) {
        UNIBOX_RETURN_IF_ERROR(streams.Info(spec.name).status());
    }
    UNIBOX_ASSIGN_OR_RETURN(const auto partitions, streams.List(subjects::kInStreamPrefix));
    if (partitions.empty()) return FailedPrecondition("there are no ingest streams");
    return {};
}

Status Selftest::CheckPeriods() {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context_.Database());
    UNIBOX_RETURN_IF_ERROR(store::SchemaIsCurrent(*pool));
    UNIBOX_ASSIGN_OR_RETURN(const auto ahead, store::PeriodsAhead(*pool));
    if (ahead < 1) return FailedPrecondition("no partitions are made for the coming period");
    return {};
}

Status Selftest::MakeFixture() {
    UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context_.Database());
    UNIBOX_ASSIGN_OR_RETURN(const crypto::SealedBox* box, context_.Box());
    store::TenantSpec tenant_spec;
    tenant_spec.slug = kTenant;
    tenant_spec.name = "Self-test";
    UNIBOX_ASSIGN_OR_RETURN(const auto tenant, store::PutTenant(*pool, tenant_spec));
    fixture_.tenant = tenant.tenant;

    store::ChannelSpec spec;
    spec.slug = "selftest";
    spec.name = "Self-test";
    spec.provider = v1::PROVIDER_STANDARD;
    UNIBOX_ASSIGN_OR_RETURN(const auto first, store::PutChannel(*pool, tenant.tenant, spec));
    const std::string token = store::DerivedChannelToken(*box, first.channel);
    spec.token_hash = crypto::Sha256(token);
    UNIBOX_RETURN_IF_ERROR(store::PutChannel(*pool, tenant.tenant, spec).status());
    fixture_.webhook_path = "/v1/hooks/standard/" + token;

    // Derived, so that a second run finds it unchanged.
    const std::string label = "selftest-secret:" + first.channel.ToString();
    const std::string bytes = crypto::Sha256(box->Fingerprint(Secret(label)));
    fixture_.secret = Secret("whsec_" + Base64Encode(bytes));
    const store::NewSecret sealed{
        box->Seal(fixture_.secret, "channel:" + first.channel.ToString()),
        box->Fingerprint(fixture_.secret)};
    UNIBOX_RETURN_IF_ERROR(
        store::PutChannelSecret(*pool, tenant.tenant, first.channel, sealed, Millis(0)).status()
    );
    fixture_.api_key = crypto::NewApiKey();
    fixture_.key_name = "selftest-" + NewUuidV7(NowMs()).ToString();
    const store::ApiKeySpec key{
        fixture_.key_name,
        crypto::Sha256(fixture_.api_key.Reveal()),
        {std::string(auth::kScopeInboxRead)}};
    return store::PutApiKey(*pool, tenant.tenant, key).status();
}

Status Selftest::SendWebhook() {
    const std::string id = NewUuidV7(NowMs()).ToString();
    text_ = "self-test " + id;
    const nlohmann::json body{
        {"type", "message.created"},
        {"data",
         {{"message_id", id},
          {"conversation_ref", "selftest"},
          {"contact", {{"external_id", "selftest"}, {"name", "Self-test"}}},
          {"text", text_}}}};
    const std::string bytes = body.dump();
    const channels::SignInput input{fixture_.secret, bytes, "", NowMs(), id};
    UNIBOX_ASSIGN_OR_RETURN(const auto signatures, channels::Sign("standard", input));
    std::vector<http::Header> headers;
    headers.reserve(signatures.size());
    for (const channels::Header& header : signatures)
        headers.push_back({header.name, header.value});
    const std::string url = options_.ingest_url + fixture_.webhook_path;
    UNIBOX_ASSIGN_OR_RETURN(
        const auto response, http::Send("POST", url, headers, bytes, kHttpTimeout)
    );
    if (response.status == 200) return {};
    return FailedPrecondition(fmt::format("answer {}: {}", response.status, response.body));
}

Result<bool> Selftest::MessageIsThere() {
    const std::vector<http::Header> headers{
        {"Authorization", "Bearer " + std::string(fixture_.api_key.Reveal())}};
    const auto get = [&](const std::string& path) -> Result<nlohmann::json> {
        UNIBOX_ASSIGN_OR_RETURN(
            const auto response,
            http::Send("GET", options_.gateway_url + path, headers, "", kHttpTimeout)
        );
        if (response.status != 200) {
            return FailedPrecondition(fmt::format("answer {}: {}", response.status, response.body));
        }
        auto json = nlohmann::json::parse(response.body, nullptr, false);
        if (!json.is_object()) return Internal("the gateway's answer is no JSON object");
        return json;
    };
    UNIBOX_ASSIGN_OR_RETURN(const auto page, get("/v1/conversations?pageSize=1"));
    const auto conversations = page.value("conversations", nlohmann::json::array());
    if (conversations.empty()) return false;
    return conversations[0].dump().find(text_) != std::string::npos;
}

Status Selftest::WaitForMessage() {
    const auto deadline = std::chrono::steady_clock::now() + Millis(options_.timeout_ms);
    while (std::chrono::steady_clock::now() < deadline) {
        UNIBOX_ASSIGN_OR_RETURN(const bool there, MessageIsThere());
        if (there) return {};
        std::this_thread::sleep_for(kPollPause);
    }
    return DeadlineExceeded("the inbox did not show the message; is message-writer running?");
}

Status Selftest::Run() {
    if (options_.gateway_url.empty() != options_.ingest_url.empty()) {
        return InvalidArgument("give --gateway-url and --ingest-url, or neither");
    }
    bool ok = Check("postgresql: schema and partitions", [this] { return CheckPeriods(); });
    ok = Check("nats: server and streams", [this] { return CheckStreams(); }) && ok;
    const bool whole_path = !options_.gateway_url.empty();
    if (ok && whole_path) {
        ok = Check("self-test channel and key", [this] { return MakeFixture(); }) &&
             Check("webhook-ingest stores a webhook", [this] { return SendWebhook(); }) &&
             Check("the inbox shows it", [this] { return WaitForMessage(); });
        if (!fixture_.key_name.empty()) {
            UNIBOX_ASSIGN_OR_RETURN(pg::Pool * pool, context_.Database());
            ok = Check(
                     "the key is revoked",
                     [&] {
                         return store::RevokeApiKey(*pool, fixture_.tenant, fixture_.key_name)
                             .status();
                     }
                 ) &&
                 ok;
        }
    }
    context_.Print(Answer().Add("checks", table_));
    // With its code: a dependency that does not answer ends with another exit code than a fault.
    return ok ? Status() : std::move(first_failure_).WithContext("the self-test failed");
}

}  // namespace

void AddSelftest(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("selftest", "Checks every dependency and the whole path");
    const auto options = std::make_shared<Options>();
    verb->add_option("--gateway-url", options->gateway_url, "The gateway, http://host:port");
    verb->add_option("--ingest-url", options->ingest_url, "webhook-ingest, http://host:port");
    verb->add_option("--timeout-ms", options->timeout_ms, "Longest wait for the message")
        ->check(WholeNumber(100, 600'000))
        ->capture_default_str();
    verb->footer(
        "Without the two URLs only the dependencies are checked. With both a message goes through "
        "the\n"
        "tenant unibox-selftest, which stays.\n"
        "Example: uniboxctl selftest --gateway-url $UNIBOX_GATEWAY_URL --ingest-url "
        "$UNIBOX_INGEST_URL"
    );
    verb->callback([options, &action] {
        action = [options](Context& context) { return Selftest(context, *options).Run(); };
    });
}

}  // namespace unibox::ctl

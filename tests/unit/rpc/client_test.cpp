#include "rpc/client.hpp"

#include "async/worker_pool.hpp"
#include "base/mutex.hpp"
#include "config/field_table.hpp"
#include "config/load.hpp"
#include "obs/trace_id.hpp"
#include "rpc/method_service.hpp"
#include "rpc/server.hpp"
#include "support/eventually.hpp"
#include "support/status_matchers.hpp"
#include "support/tls_identity.hpp"
#include "unibox/v1/inbox_service.pb.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <string>

using namespace unibox;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using test::Eventually;
using test::HasCode;
using test::TlsIdentity;

namespace {

const google::protobuf::MethodDescriptor& MethodOf(const char* name) {
    const auto* file = v1::GetContactRequest::descriptor()->file();
    return *file->FindServiceByName("InboxService")->FindMethodByName(name);
}

// A server that counts, fails and waits as the test says.
class Backend {
public:
    explicit Backend(const rpc::Settings& given = {}) : settings(given) {
        service_.Add<v1::GetContactRequest, v1::Contact>(MethodOf("GetContact"), Begin());
        service_.Add<v1::GetConversationRequest, v1::Conversation>(
            MethodOf("GetConversation"), Begin()
        );
        Start();
    }
    ~Backend() {
        gate_.set_value();
        server.reset();
    }
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    // On the address of before, if there was one.
    void Start() {
        auto started = rpc::Server::Start(settings, {{service_.name(), &service_}}, metrics_);
        REQUIRE_OK(started);
        server = std::move(started).value();
        settings.listen = server->address();
    }
    std::string trace() {
        const MutexLock lock(mutex_);
        return traceparent_;
    }

    rpc::Settings settings;
    std::atomic<int> call_count{0};
    std::atomic<int> failures_left{0};  // Of these calls each is UNAVAILABLE.
    std::atomic<bool> waits{false};     // Calls wait for the end.
    std::atomic<std::int64_t> left_ms{0};
    std::unique_ptr<rpc::Server> server;

private:
    using Message = google::protobuf::Message;

    rpc::MethodService::Begin Begin() {
        return [this](grpc::CallbackServerContext& context, const Message&, Message& response) {
            grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
            rpc::Call call = dispatcher_.CallOf(context);
            rpc::Finish finish = rpc::FinishOf(context, *reactor, call);
            dispatcher_.Run(
                "Method",
                std::move(call),
                [this, &response](const rpc::Call& running) { return Handle(running, response); },
                std::move(finish)
            );
            return reactor;
        };
    }
    Status Handle(const rpc::Call& call, Message& response) {
        {
            const MutexLock lock(mutex_);
            traceparent_ = call.traceparent;
        }
        left_ms =
            std::chrono::duration_cast<Millis>(call.deadline - std::chrono::steady_clock::now())
                .count();
        ++call_count;
        if (waits) open_.wait();
        if (failures_left > 0) {
            --failures_left;
            return Unavailable("not now");
        }
        if (auto* contact = dynamic_cast<v1::Contact*>(&response)) contact->set_display_name("Ada");
        return {};
    }

    obs::Metrics metrics_;
    async::WorkerPool pool_{{.name = "t", .thread_count = 4, .queue_count_max = 64}};
    rpc::Dispatcher dispatcher_{settings, pool_, metrics_};
    rpc::MethodService service_{*MethodOf("GetContact").service()};
    Mutex mutex_;
    std::string traceparent_ UNIBOX_GUARDED_BY(mutex_);
    std::promise<void> gate_;
    std::shared_future<void> open_{gate_.get_future().share()};
};

rpc::ClientSettings SettingsFor(const std::string& target) {
    rpc::ClientSettings settings;
    settings.target = target;
    settings.retry_first_ms = 5;
    settings.reconnect_ms_max = 100;
    return settings;
}

// GetContact may be repeated, GetConversation may not.
struct Caller {
    explicit Caller(const rpc::ClientSettings& settings, Millis deadline_max = 60s) {
        auto created = rpc::Client::Create(
            settings,
            {{&MethodOf("GetContact"), deadline_max, true},
             {&MethodOf("GetConversation"), deadline_max, false}},
            metrics
        );
        REQUIRE_OK(created);
        client = std::move(created).value();
        call.traceparent = obs::NewTraceparent();
        call.deadline = std::chrono::steady_clock::now() + 60s;
    }
    Status GetContact() {
        return client->Call(MethodOf("GetContact"), call, v1::GetContactRequest(), contact);
    }
    Status GetConversation() const {
        v1::Conversation conversation;
        return client->Call(
            MethodOf("GetConversation"), call, v1::GetConversationRequest(), conversation
        );
    }

    obs::Metrics metrics;
    rpc::Call call;
    v1::Contact contact;
    std::unique_ptr<rpc::Client> client;
};

}  // namespace

TEST_CASE("Client: request, answer, trace and metric", "[unit][rpc]") {
    Backend backend;
    Caller caller(SettingsFor(backend.server->address()));
    REQUIRE_OK(caller.GetContact());
    CHECK(caller.contact.display_name() == "Ada");
    CHECK(backend.trace() == caller.call.traceparent);
    CHECK(
        caller.metrics.Render().find(
            "unibox_rpc_client_seconds_count{code=\"OK\",method=\"GetContact\"} 1"
        ) != std::string::npos
    );
}

TEST_CASE("Client: a call has the shorter of two deadlines, the server too", "[unit][rpc]") {
    Backend backend;
    Caller patient(SettingsFor(backend.server->address()));
    REQUIRE_OK(patient.GetContact());
    // A deadline travels as a length of time, which gRPC rounds up.
    CHECK(backend.left_ms > 50'000);
    Caller method_short(SettingsFor(backend.server->address()), 40s);
    REQUIRE_OK(method_short.GetConversation());
    CHECK(backend.left_ms <= 45'000);
    patient.call.deadline = std::chrono::steady_clock::now() + 30s;
    REQUIRE_OK(patient.GetContact());
    CHECK(backend.left_ms <= 35'000);

    backend.waits = true;
    Caller method_shorter(SettingsFor(backend.server->address()), 100ms);
    CHECK_THAT(method_shorter.GetConversation(), HasCode(Code::kDeadlineExceeded));
    patient.call.deadline = std::chrono::steady_clock::now() + 100ms;
    CHECK_THAT(patient.GetContact(), HasCode(Code::kDeadlineExceeded));
    CHECK(patient.contact.display_name().empty());
    patient.call.deadline = std::chrono::steady_clock::now() - 1s;
    CHECK_THAT(patient.GetContact(), HasCode(Code::kDeadlineExceeded));
}

TEST_CASE("Client: a deadline of one second is not over at its beginning", "[unit][rpc]") {
    Backend backend;
    Caller caller(SettingsFor(backend.server->address()), 1s);
    // One of several: a busy machine can be late.
    CHECK(Eventually(60s, [&] { return caller.GetContact().ok(); }));
    CHECK(backend.left_ms <= 2'000);
}

TEST_CASE("Client: a caller that has gone ends the call", "[unit][rpc]") {
    Backend backend;
    backend.waits = true;
    Caller caller(SettingsFor(backend.server->address()));
    caller.call.is_cancelled = [&] { return backend.call_count == 1; };
    CHECK_THAT(caller.GetContact(), HasCode(Code::kCancelled));
    CHECK(backend.call_count == 1);
}

TEST_CASE("Client: UNAVAILABLE is repeated where that does no harm, not for ever", "[unit][rpc]") {
    Backend backend;
    Caller caller(SettingsFor(backend.server->address()));
    backend.failures_left = 2;
    REQUIRE_OK(caller.GetContact());
    CHECK(backend.call_count == 3);

    backend.call_count = 0;
    backend.failures_left = 1'000;
    const Status failed = caller.GetContact();
    CHECK_THAT(failed, HasCode(Code::kUnavailable));
    CHECK(failed.message() == "not now");
    CHECK(backend.call_count == 4);  // attempt_count_max

    backend.call_count = 0;
    backend.failures_left = 1;
    CHECK_THAT(caller.GetConversation(), HasCode(Code::kUnavailable));
    CHECK(backend.call_count == 1);
}

TEST_CASE("Client: a server that comes back is found again", "[unit][rpc]") {
    Backend backend;
    Caller caller(SettingsFor(backend.server->address()));
    REQUIRE_OK(caller.GetConversation());
    backend.server.reset();
    CHECK_THAT(caller.GetConversation(), HasCode(Code::kUnavailable));
    CHECK_THAT(caller.GetContact(), HasCode(Code::kUnavailable));
    backend.Start();
    CHECK(Eventually(60s, [&] { return caller.GetConversation().ok(); }));
}

TEST_CASE("Client: two servers have their turns, and one is enough", "[unit][rpc]") {
    Backend first;
    Backend second;
    Caller caller(SettingsFor(first.server->address() + "," + second.server->address()));
    REQUIRE(Eventually(60s, [&] {
        REQUIRE_OK(caller.GetContact());
        return first.call_count > 0 && second.call_count > 0;
    }));
    first.call_count = second.call_count = 0;
    for (int i = 0; i < 20; ++i) REQUIRE_OK(caller.GetContact());
    CHECK(first.call_count >= 5);
    CHECK(second.call_count >= 5);
    CHECK(first.call_count + second.call_count == 20);
    // What one refuses the other gets.
    first.failures_left = 10;
    for (int i = 0; i < 10; ++i) REQUIRE_OK(caller.GetContact());
    second.server.reset();
    first.failures_left = 0;
    for (int i = 0; i < 10; ++i) REQUIRE_OK(caller.GetContact());
}

TEST_CASE("Client: TLS both ways, as the server has it", "[unit][rpc]") {
    std::signal(SIGPIPE, SIG_IGN);  // As runtime does.
    const TlsIdentity identity;
    const TlsIdentity own;
    rpc::Settings served;
    served.tls.cert = identity.cert_file;
    served.tls.key = identity.key_file;
    served.tls.client_ca = own.cert_file;
    Backend backend(served);
    rpc::ClientSettings settings = SettingsFor(backend.server->address());
    settings.tls_ca_file = identity.cert_file;
    settings.tls_cert_file = own.cert_file;
    settings.tls_key_file = own.key_file;
    settings.tls_server_name = "localhost";
    CHECK_THAT(Caller(settings).GetContact(), test::IsOk());

    rpc::ClientSettings nameless = settings;
    nameless.tls_cert_file = nameless.tls_key_file = "";
    CHECK_THAT(Caller(nameless).GetContact(), HasCode(Code::kUnavailable));
    rpc::ClientSettings elsewhere = settings;
    elsewhere.tls_server_name = "writer.example.com";
    CHECK_THAT(Caller(elsewhere).GetContact(), HasCode(Code::kUnavailable));
    rpc::ClientSettings mistrustful = settings;
    mistrustful.tls_ca_file = own.cert_file;
    CHECK_THAT(Caller(mistrustful).GetContact(), HasCode(Code::kUnavailable));
    CHECK_THAT(
        Caller(SettingsFor(backend.server->address())).GetContact(), HasCode(Code::kUnavailable)
    );
    CHECK(backend.call_count == 1);
}

TEST_CASE("Client: its settings are a section of the service that calls", "[unit][rpc]") {
    const auto field = [](const std::vector<std::string>& flags) {
        rpc::ClientSettings settings;
        config::FieldTable table;
        settings.Describe(table, "writer", "message-writer");
        return config::Load(table, {}, {}, flags).field();
    };
    CHECK(field({}).empty());
    CHECK(field({"writer.target=127.0.0.1:1,127.0.0.2:1", "writer.retry_ms_max=7"}).empty());
    CHECK(field({"writer.target=writer:9092"}) == "writer.target");
    CHECK(field({"writer.target=writer:9092", "writer.plaintext_allowed=true"}).empty());
    CHECK(field({"writer.attempt_count_max=6"}) == "writer.attempt_count_max");
    CHECK(field({"writer.tls_ca_file=/nowhere"}) == "writer.tls_ca_file");
}

TEST_CASE("Client: settings that cannot be used are refused, by their field", "[unit][rpc]") {
    obs::Metrics metrics;
    const auto refused_field = [&](const std::function<void(rpc::ClientSettings&)>& change) {
        rpc::ClientSettings settings = SettingsFor("127.0.0.1:9092");
        change(settings);
        const Status status = rpc::Client::Create(settings, {}, metrics).status();
        CHECK_THAT(status, HasCode(Code::kInvalidArgument));
        return status.field();
    };
    for (const std::string target :
         {"", "writer", "writer:0", "writer:65536", ":1", "a:1,b:2", "127.0.0.1:1,", "a b:1"}) {
        INFO(target);
        CHECK(refused_field([&](auto& settings) {
                  settings.target = target;
                  settings.plaintext_allowed = true;
              }) == "target");
    }
    for (const std::string target : {"writer:9092", "127.0.0.1:1,10.0.0.1:1"}) {
        CHECK(refused_field([&](auto& settings) { settings.target = target; }) == "target");
        rpc::ClientSettings settings = SettingsFor(target);
        settings.plaintext_allowed = true;
        CHECK_THAT(rpc::Client::Create(settings, {}, metrics).status(), test::IsOk());
    }
    const TlsIdentity identity;
    CHECK(refused_field([&](auto& settings) {
              settings.tls_ca_file = identity.key_file;
          }) == "tls_ca_file");
    CHECK(refused_field([&](auto& settings) {
              settings.tls_cert_file = identity.cert_file;
          }) == "tls_cert_file");
    CHECK(refused_field([&](auto& settings) {
              settings.tls_cert_file = identity.cert_file;
              settings.tls_key_file = identity.key_file;
          }) == "tls_ca_file");
    CHECK(refused_field([&](auto& settings) {
              settings.tls_ca_file = settings.tls_cert_file = identity.cert_file;
              settings.tls_key_file = TlsIdentity().key_file;
          }) == "tls_key_file");
}

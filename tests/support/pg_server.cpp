#include "support/pg_server.hpp"

#include "base/assert.hpp"
#include "store/schema/migrate.hpp"
#include "support/eventually.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace unibox::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTemplate = "unibox_template";

[[noreturn]] void Fail(const std::string& what) {
    std::fprintf(stderr, "PgServer: %s\n", what.c_str());
    std::abort();
}

std::string BinFolder() {
    for (const char* folder :
         {"/usr/lib/postgresql/15/bin",
          "/usr/lib/postgresql/16/bin",
          "/usr/lib/postgresql/17/bin"}) {
        if (access((std::string(folder) + "/initdb").c_str(), X_OK) == 0) return folder;
    }
    Fail("PostgreSQL is not installed (apt-get install postgresql-15)");
}

// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`.
const passwd* ServerUser() {
    if (geteuid() != 0) return nullptr;
    const passwd* user = getpwnam("postgres");       // NOLINT(concurrency-mt-unsafe): test support
    if (user == nullptr) user = getpwnam("nobody");  // NOLINT(concurrency-mt-unsafe)
    if (user == nullptr) Fail("there is neither a user postgres nor nobody to run the server as");
    return user;
}

pid_t Spawn(const std::vector<std::string>& command, const std::string& log_path) {
    const passwd* user = ServerUser();
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    UNIBOX_ASSERT(log >= 0);
    const pid_t child = fork();
    UNIBOX_ASSERT(child >= 0);
    if (child == 0) {
        dup2(log, 1);
        dup2(log, 2);
        if (user != nullptr) {
            if (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 ||
                setuid(user->pw_uid) != 0 || chdir("/") != 0) {
                _exit(126);
            }
        }
        prctl(PR_SET_PDEATHSIG, SIGQUIT);  // Immediate shutdown when the test dies.
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(log);
    return child;
}

std::uint16_t FreePort() {
    const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    UNIBOX_ASSERT(bind(socket_fd, generic, size) == 0);
    UNIBOX_ASSERT(getsockname(socket_fd, generic, &size) == 0);
    close(socket_fd);
    return ntohs(address.sin_port);
}

std::string ReadAll(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The direct children of a process: PostgreSQL's backends.
std::vector<pid_t> ChildrenOf(pid_t parent) {
    std::istringstream list(ReadAll(fmt::format("/proc/{}/task/{}/children", parent, parent)));
    std::vector<pid_t> children;
    for (pid_t child = 0; list >> child;) children.push_back(child);
    return children;
}

constexpr const char* kConfiguration =
    "listen_addresses = '127.0.0.1'\n"
    "unix_socket_directories = ''\n"
    "max_connections = 100\n"
    "shared_buffers = 64MB\n"
    // The data survives kill -9 of the server (the kernel keeps its pages), not a power loss.
    "fsync = off\n"
    "full_page_writes = off\n"
    "wal_level = minimal\n"
    "max_wal_senders = 0\n"
    "max_wal_size = 1GB\n"
    "jit = off\n"
    "log_line_prefix = '%m [%p] %q%u@%d '\n";

}  // namespace

std::string PgDatabase::url(std::string_view role) const {
    return fmt::format("postgresql://{}@127.0.0.1:{}/{}?sslmode=disable", role, port_, name_);
}

pg::Settings PgDatabase::settings(std::string_view role) const {
    pg::Settings settings;
    settings.url = url(role);
    return settings;
}

PgServer& PgServer::Shared() {
    static PgServer server;
    return server;
}

PgServer::PgServer(const std::vector<std::string>& extra_settings) {
    MakeDataFolder();
    InitDb(extra_settings);
    Start();
}

PgServer::~PgServer() {
    if (pid_ <= 0) return;
    kill(pid_, SIGQUIT);  // Nobody reads this data again.
    waitpid(pid_, nullptr, 0);
}

void PgServer::MakeDataFolder() {
    chmod(dir_.path().c_str(), 0755);
    std::filesystem::create_directory(data());
    if (const passwd* user = ServerUser()) {
        UNIBOX_ASSERT(chown(data().c_str(), user->pw_uid, user->pw_gid) == 0);
    }
    chmod(data().c_str(), 0700);
}

void PgServer::RunTool(const std::vector<std::string>& command) {
    std::vector<std::string> with_path = command;
    with_path[0] = BinFolder() + "/" + command[0];
    const pid_t child = Spawn(with_path, dir_ / "log");
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) Fail(command[0] + " failed:\n" + Log());
}

void PgServer::InitDb(const std::vector<std::string>& extra_settings) {
    RunTool(
        {"initdb",
         "-D",
         data().string(),
         "-U",
         "postgres",
         "-A",
         "trust",
         "-E",
         "UTF8",
         "--locale=C",
         "--no-sync",
         "--no-instructions"}
    );
    std::ofstream file(data() / "postgresql.conf", std::ios::app);
    file << kConfiguration;
    for (const std::string& line : extra_settings) file << line << '\n';
}

void PgServer::Start() {
    UNIBOX_ASSERT(pid_ <= 0);
    for (int attempt = 0; attempt < 5; ++attempt) {
        if (port_ == 0) port_ = FreePort();
        pid_ = Spawn(
            {BinFolder() + "/postgres", "-D", data().string(), "-p", std::to_string(port_)},
            dir_ / "log"
        );
        const std::string url = PgDatabase(port_, "postgres").url();
        bool ended = false;
        const bool ready = Eventually(30s, [&] {
            ended = waitpid(pid_, nullptr, WNOHANG) == pid_;
            return ended || PQping(url.c_str()) == PQPING_OK;
        });
        if (ready && !ended) return;
        if (!ended) Fail("the server does not answer:\n" + Log());
        pid_ = -1;
        if (!template_ready_) port_ = 0;  // Perhaps someone was quicker with the port.
    }
    Fail("the server does not start:\n" + Log());
}

void PgServer::Stop() {
    UNIBOX_ASSERT(pid_ > 0);
    kill(pid_, SIGINT);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void PgServer::Kill9() {
    UNIBOX_ASSERT(pid_ > 0);
    kill(pid_, SIGSTOP);  // So that it starts no new process while its children are listed.
    const std::vector<pid_t> children = ChildrenOf(pid_);
    for (const pid_t child : children) kill(child, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    // A new server refuses to start while an old process holds the shared memory.
    Eventually(5s, [&] {
        return std::all_of(children.begin(), children.end(), [](pid_t child) {
            return kill(child, 0) != 0;
        });
    });
    pid_ = -1;
}

void PgServer::Run(const std::string& database, const std::string& sql) {
    PGconn* connection = PQconnectdb(PgDatabase(port_, database).url().c_str());
    PQsetNoticeReceiver(
        connection, [](void*, const PGresult*) {}, nullptr
    );
    PGresult* result = PQexec(connection, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    const std::string error = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) Fail(sql + ": " + error);
}

void PgServer::MakeTemplate() {
    Run("postgres", std::string("CREATE DATABASE ") + kTemplate);
    obs::Metrics metrics;
    auto session = pg::Session::Create(PgDatabase(port_, kTemplate).settings(), metrics).value();
    const auto report = store::Migrate(*session, store::EmbeddedMigrations());
    if (!report.ok()) Fail("migrations failed: " + report.status().ToString());
    template_ready_ = true;
}

PgDatabase PgServer::Create(std::string_view template_name) {
    const std::string name = "unibox_" + std::to_string(++database_count_);
    Run("postgres", fmt::format("CREATE DATABASE {} TEMPLATE {}", name, template_name));
    return {port_, name};
}

PgDatabase PgServer::CreateDatabase() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!template_ready_) MakeTemplate();
    return Create(kTemplate);
}

PgDatabase PgServer::CreateEmptyDatabase() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return Create("template0");
}

std::string PgServer::Log(std::size_t bytes_max) const {
    const std::string log = ReadAll(dir_ / "log");
    return log.size() > bytes_max ? log.substr(log.size() - bytes_max) : log;
}

}  // namespace unibox::test

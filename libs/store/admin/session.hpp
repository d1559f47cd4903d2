// What `uniboxctl apply` reads and writes: many tenants over one connection, in one transaction,
// one apply at a time.
//
// The lock is PostgreSQL's (advisory, of the session), so it ends with the connection, and nothing
// is written over another one: a lost connection is ABORTED. Role ub_admin; each statement on a
// tenant's rows runs under row-level security as that tenant. Not through a pooler that changes the
// connection between transactions. Thread safety: one thread.
#pragma once

#include "base/ids.hpp"
#include "base/status.hpp"
#include "pg/pool.hpp"
#include "pg/transaction.hpp"
#include "store/admin/objects.hpp"
#include "store/admin/rows.hpp"
#include "store/directory/lookups.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace unibox::store {

struct StoredChannel {
    ChannelId channel;
    ChannelSpec spec;
    std::string newest_fingerprint;  // Of the secret that does not expire; "" = none.
    std::string newest_sealed = {};  // The secret itself, if secrets were wanted.
};
struct StoredKey {
    Uuid key_id;
    ApiKeySpec spec;
    bool revoked = false;
};
// Rows of rows.hpp, each kind in the order in which they were made.
class StoredRows {
public:
    template <typename Spec>
    std::vector<StoredRow<Spec>>& Of() {
        return std::get<std::vector<StoredRow<Spec>>>(rows_);
    }
    template <typename Spec>
    const std::vector<StoredRow<Spec>>& Of() const {
        return std::get<std::vector<StoredRow<Spec>>>(rows_);
    }

private:
    std::tuple<
        std::vector<StoredRow<AgentSpec>>,
        std::vector<StoredRow<TeamSpec>>,
        std::vector<StoredRow<LabelSpec>>,
        std::vector<StoredRow<AttributeSpec>>,
        std::vector<StoredRow<CannedReplySpec>>,
        std::vector<StoredRow<WebhookEndpointSpec>>>
        rows_;
};
enum class GroupKind { kTeam, kChannel };
struct Member {
    Uuid group;
    AgentId agent;
};
struct StoredTenant {
    TenantId tenant;
    TenantSpec spec;
    std::vector<StoredChannel> channels;
    std::vector<StoredKey> keys;
    // If they were wanted.
    StoredRows rows = {};
    std::vector<Member> team_members = {};
    std::vector<Member> channel_members = {};
};
struct WantedTenant {
    std::string slug;
    bool rows = false;     // Also its rows and members,
    bool secrets = false;  // and the newest sealed secrets of its channels.
};
struct StoredApp {
    Uuid app_id;
    AppSpec spec;
    bool disabled = false;
    std::string verify_token_sealed;
    std::string newest_fingerprint;       // As of a channel.
    std::vector<NewSecret> live_secrets;  // Newest first.
};

// A key of the directory and whose it is.
struct Holder {
    TenantId tenant;
    Uuid object;  // channel or API key
};
struct RouteKey {
    v1::Provider provider = v1::PROVIDER_UNSPECIFIED;
    std::string route_key;
    auto operator<=>(const RouteKey&) const = default;
};

// `before` of each: what it was read as; an update of what is not so any more is CHANGED_MEANWHILE,
// so that nothing is written over what the file does not say. Absent: whatever stands there.
struct TenantWrite {
    TenantId tenant;
    Change change = Change::kUnchanged;
    TenantSpec spec;
    std::optional<TenantSpec> before = {};
};
struct ChannelWrite {
    TenantId tenant;
    ChannelId channel;
    Change change = Change::kUnchanged;
    ChannelSpec spec;  // token_hash: what it shall have.
    // What it had; "" = nothing.
    std::string old_route_key;
    std::string old_token_hash;
    std::optional<NewSecret> secret;  // Becomes the newest one.
    std::optional<ChannelSpec> before = {};
};
struct KeyWrite {
    TenantId tenant;
    Uuid key_id;
    Change change = Change::kUnchanged;
    bool revoke = false;
    ApiKeySpec spec;
};
struct MemberWrite {
    TenantId tenant;
    GroupKind kind = GroupKind::kTeam;
    Member member;
    bool remove = false;
};
struct AppWrite {
    Uuid app_id;
    Change change = Change::kUnchanged;
    AppSpec spec;
    std::optional<std::string> verify_token_sealed;  // Absent: what is there stays.
    std::optional<NewSecret> secret;
};

// What must have come of a statement of an AdminTx.
struct Expected {
    bool one_row = false;
    std::optional<Holder> holder;
    std::function<bool(const pg::Row& row)> as_read = {};  // Of the one row of the answer.
};

// Everything or nothing. Statements are collected and sent some hundreds at a time, so a call may
// answer the error of an earlier one; the transaction is over then. ABORTED, reason
// CHANGED_MEANWHILE: something that does not take the lock changed the same objects.
class AdminTx {
public:
    // `overlap_time`: how long a replaced secret stays live.
    AdminTx(pg::WriterTx tx, Millis overlap_time)
        : tx_(std::move(tx)), overlap_time_(overlap_time) {}

    Status Write(const AppWrite& app);
    // Gives up the route and the token that the channel shall not have any more. Of all channels
    // before the first Write of one, so that they can exchange theirs.
    Status Release(const ChannelWrite& channel);
    Status Write(const TenantWrite& tenant);
    // Of the tenant that was written last.
    Status Write(const ChannelWrite& channel);
    Status Write(const KeyWrite& key);
    template <typename Spec>
    Status Write(const RowWrite<Spec>& row);
    // After its agent and its group.
    Status Write(const MemberWrite& member);
    Status Commit();
    // After a failed Commit: it may have taken place all the same.
    bool outcome_unknown() const { return tx_.outcome_unknown(); }

private:
    Status Send(const pg::Statement& statement, const pg::Params& params, Expected expected = {});
    Status Flush();
    Status Check(const std::vector<pg::Rows>& results);
    Status EnterChannel(const ChannelWrite& channel);
    Status ExpectAsRead(const ChannelWrite& channel);

    pg::WriterTx tx_;
    Millis overlap_time_;
    std::vector<Expected> expected_;
};

class AdminSession {
public:
    // Called between two round trips with the number of tenants done; an error ends the reading.
    using Progress = std::function<Status(std::size_t done)>;

    // UNAVAILABLE: the server does not answer.
    static Result<std::unique_ptr<AdminSession>> Open(
        const pg::Settings& settings, obs::Metrics& metrics
    );
    // Waits for at most a second. False: another session has it.
    Result<bool> Lock();

    // Those that exist, with all their channels and keys, in the order of `wanted`.
    Result<std::vector<StoredTenant>> ReadTenants(
        const std::vector<WantedTenant>& wanted, const Progress& progress
    );
    Result<std::vector<StoredApp>> ReadApps();
    // For each key its holder, or nothing. `hashes`: of 32 bytes.
    Result<std::vector<std::optional<Holder>>> FindHolders(
        DirectoryKind kind, const std::vector<std::string>& hashes
    );
    Result<std::vector<std::optional<Holder>>> FindRoutes(const std::vector<RouteKey>& routes);
    // "tenant/channel", for messages. NOT_FOUND.
    Result<std::string> NameOf(const Holder& channel);
    // Ids of tenants that are to be made; not given to anybody else.
    Result<std::vector<TenantId>> NewTenantIds(std::size_t count);

    // Only with the lock. ABORTED: the connection, and with it the lock, was lost.
    Result<AdminTx> Begin(Millis overlap_time);

private:
    explicit AdminSession(std::unique_ptr<pg::Session> session) : session_(std::move(session)) {}
    struct FoundTenant {
        const WantedTenant* wanted = nullptr;
        TenantId tenant;
    };
    Result<std::vector<FoundTenant>> FindTenants(const std::vector<WantedTenant>& wanted);

    std::unique_ptr<pg::Session> session_;
    std::int64_t locked_connection_ = -1;  // pg::Session::connection_count() when it was taken.
};

}  // namespace unibox::store

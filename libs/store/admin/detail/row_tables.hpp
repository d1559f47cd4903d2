// The tables of rows.hpp: their statements and columns. Private to libs/store.
// Thread safety: constants and pure functions.
#pragma once

#include "pg/transaction.hpp"
#include "store/admin/rows.hpp"
#include "store/admin/specs.hpp"

#include <cstdint>
#include <string>

namespace unibox::store::detail {

struct RowStatements {
    // $1 tenant, $2 id, $3 name, then the columns.
    pg::Statement insert;
    pg::Statement update;
    // $1 tenant, $2 id.
    pg::Statement get;
    pg::Statement lock;
    pg::Statement remove;
    // $1 tenant, $2 name.
    pg::Statement find;
    pg::Statement lock_named;
    // $1 tenant, $2 id, $3 count.
    pg::Statement list;
};

// `shown`: id, created_at, when it was disabled, name, and from column 4 what Read takes.
// `values` and `changes` are the same but for the time of being disabled, which is kept.
#define UNIBOX_ROW_STATEMENTS(table, id, name, off, shown, columns, values, changes)               \
    {                                                                                              \
        {"row_insert_" table,                                                                      \
         "INSERT INTO " table " (tenant_id, " id ", " name ", " columns                            \
         ") VALUES ($1, $2, $3, " values ") ON CONFLICT (tenant_id, " name ") DO NOTHING"},        \
            {"row_update_" table,                                                                  \
             "UPDATE " table " SET (" columns ") = ROW(" changes ") WHERE tenant_id = $1 AND " id  \
             " = $2 AND " name " = $3"},                                                           \
            {"row_get_" table, UNIBOX_ROW_SELECT(table, id, name, off, shown) id " = $2"},         \
            {"row_lock_" table,                                                                    \
             UNIBOX_ROW_SELECT(table, id, name, off, shown) id " = $2 FOR UPDATE"},                \
            {"row_remove_" table, "DELETE FROM " table " WHERE tenant_id = $1 AND " id " = $2"},   \
            {"row_find_" table, UNIBOX_ROW_SELECT(table, id, name, off, shown) name " = $2"},      \
            {"row_lock_named_" table,                                                              \
             UNIBOX_ROW_SELECT(table, id, name, off, shown) name " = $2 FOR UPDATE"},              \
        {                                                                                          \
            "row_list_" table,                                                                     \
                UNIBOX_ROW_SELECT(table, id, name, off, shown) id " > $2 ORDER BY " id " LIMIT $3" \
        }                                                                                          \
    }
#define UNIBOX_ROW_SELECT(table, id, name, off, shown)                                 \
    "SELECT " id ", created_at, " off "::timestamptz, " name ", " shown " FROM " table \
    " WHERE tenant_id = $1 AND "

template <typename Spec>
struct RowTable;

template <>
struct RowTable<AgentSpec> {
    static constexpr const char* kWhat = "agent";
    static constexpr RowStatements kSql = UNIBOX_ROW_STATEMENTS(
        "agents",
        "agent_id",
        "external_id",
        "disabled_at",
        "name, email, role",
        "name, email, role, disabled_at",
        "$4, $5, $6, CASE WHEN $7 THEN now() END",
        "$4, $5, $6, CASE WHEN $7 THEN coalesce(disabled_at, now()) END"
    );
    static const std::string& NameOf(const AgentSpec& spec) { return spec.external_id; }
    static void Add(const AgentSpec& spec, pg::Params* params) {
        params->Add(spec.name).Add(spec.email).Add(static_cast<std::int16_t>(spec.role));
        params->Add(spec.disabled);
    }
    static AgentSpec Read(const pg::Row& row) {
        return {
            std::string(row.Text(3)),
            std::string(row.Text(4)),
            std::string(row.Text(5)),
            static_cast<v1::AgentRole>(row.Int16(6)),
            !row.IsNull(2)};
    }
};

template <>
struct RowTable<TeamSpec> {
    static constexpr const char* kWhat = "team";
    static constexpr RowStatements kSql = UNIBOX_ROW_STATEMENTS(
        "teams",
        "team_id",
        "slug",
        "disabled_at",
        "name",
        "name, disabled_at",
        "$4, CASE WHEN $5 THEN now() END",
        "$4, CASE WHEN $5 THEN coalesce(disabled_at, now()) END"
    );
    static const std::string& NameOf(const TeamSpec& spec) { return spec.slug; }
    static void Add(const TeamSpec& spec, pg::Params* params) {
        params->Add(spec.name).Add(spec.disabled);
    }
    static TeamSpec Read(const pg::Row& row) {
        return {std::string(row.Text(3)), std::string(row.Text(4)), !row.IsNull(2)};
    }
};

// Never made here: a key has more than its settings.
template <>
struct RowTable<ApiKeySettings> {
    static constexpr const char* kWhat = "API key";
    static constexpr RowStatements kSql = UNIBOX_ROW_STATEMENTS(
        "api_keys",
        "key_id",
        "name",
        "revoked_at",
        "scopes",
        "scopes, revoked_at",
        "$4, CASE WHEN $5 THEN now() END",
        "$4, CASE WHEN $5 THEN coalesce(revoked_at, now()) END"
    );
    static const std::string& NameOf(const ApiKeySettings& spec) { return spec.name; }
    static void Add(const ApiKeySettings& spec, pg::Params* params) {
        params->AddArray(spec.scopes).Add(spec.disabled);
    }
    static ApiKeySettings Read(const pg::Row& row) {
        return {std::string(row.Text(3)), row.TextArray(4), !row.IsNull(2)};
    }
};

template <>
struct RowTable<LabelSpec> {
    static constexpr const char* kWhat = "label";
    static constexpr RowStatements kSql = UNIBOX_ROW_STATEMENTS(
        "labels",
        "label_id",
        "name",
        "NULL",
        "color, description",
        "color, description",
        "$4, $5",
        "$4, $5"
    );
    static const std::string& NameOf(const LabelSpec& spec) { return spec.name; }
    static void Add(const LabelSpec& spec, pg::Params* params) {
        params->Add(spec.color).Add(spec.description);
    }
    static LabelSpec Read(const pg::Row& row) {
        return {std::string(row.Text(3)), std::string(row.Text(4)), std::string(row.Text(5))};
    }
};

template <>
struct RowTable<AttributeSpec> {
    static constexpr const char* kWhat = "attribute definition";
    static constexpr RowStatements kSql = UNIBOX_ROW_STATEMENTS(
        "attribute_definitions",
        "attribute_id",
        "name",
        "NULL",
        "display_name, type, options",
        "display_name, type, options",
        "$4, $5, $6",
        "$4, $5, $6"
    );
    static const std::string& NameOf(const AttributeSpec& spec) { return spec.name; }
    static void Add(const AttributeSpec& spec, pg::Params* params) {
        params->Add(spec.display_name).Add(static_cast<std::int16_t>(spec.type));
        params->AddArray(spec.options);
    }
    static AttributeSpec Read(const pg::Row& row) {
        return {
            std::string(row.Text(3)),
            std::string(row.Text(4)),
            static_cast<v1::AttributeType>(row.Int16(5)),
            row.TextArray(6)};
    }
};

template <>
struct RowTable<CannedReplySpec> {
    static constexpr const char* kWhat = "canned reply";
    static constexpr RowStatements kSql = UNIBOX_ROW_STATEMENTS(
        "canned_replies", "reply_id", "slug", "NULL", "body", "body", "$4", "$4"
    );
    static const std::string& NameOf(const CannedReplySpec& spec) { return spec.slug; }
    static void Add(const CannedReplySpec& spec, pg::Params* params) { params->Add(spec.text); }
    static CannedReplySpec Read(const pg::Row& row) {
        return {std::string(row.Text(3)), std::string(row.Text(4))};
    }
};

template <>
struct RowTable<WebhookEndpointSpec> {
    static constexpr const char* kWhat = "webhook endpoint";
    static constexpr RowStatements kSql = UNIBOX_ROW_STATEMENTS(
        "webhook_endpoints",
        "endpoint_id",
        "slug",
        "disabled_at",
        "url, events, sealed_secrets",
        "url, events, sealed_secrets, disabled_at",
        "$4, $5, $6, CASE WHEN $7 THEN now() END",
        "$4, $5, $6, CASE WHEN $7 THEN coalesce(disabled_at, now()) END"
    );
    static const std::string& NameOf(const WebhookEndpointSpec& spec) { return spec.slug; }
    static void Add(const WebhookEndpointSpec& spec, pg::Params* params) {
        std::vector<pg::Bytes> secrets;
        for (const std::string& sealed : spec.sealed_secrets) secrets.push_back({sealed});
        params->Add(spec.url).AddArray(spec.events).AddArray(secrets).Add(spec.disabled);
    }
    static WebhookEndpointSpec Read(const pg::Row& row) {
        return {
            std::string(row.Text(3)),
            std::string(row.Text(4)),
            row.TextArray(5),
            row.TextArray(6),
            !row.IsNull(2)};
    }
};

// Of a row of `get`, `lock`, `find` or `list`.
template <typename Spec>
StoredRow<Spec> ToStored(const pg::Row& row) {
    StoredRow<Spec> stored{row.GetUuid(0), RowTable<Spec>::Read(row), row.Timestamp(1).unix_ms, {}};
    if (const auto disabled = row.OptionalTimestamp(2)) stored.disabled_at_ms = disabled->unix_ms;
    return stored;
}

// Of `insert` and `update`.
template <typename Spec>
pg::Params ParamsOf(TenantId tenant, const Uuid& id, const Spec& spec) {
    auto params = pg::Params::Of(tenant, id, RowTable<Spec>::NameOf(spec));
    RowTable<Spec>::Add(spec, &params);
    return params;
}

}  // namespace unibox::store::detail

-- What a tenant's people choose from in the inbox, and whom the tenant wants to be told of it.

CREATE TABLE labels (
    tenant_id   bigint NOT NULL,
    label_id    uuid NOT NULL,
    name        text NOT NULL,                 -- what stands at conversations
    color       text NOT NULL,
    description text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, label_id),
    UNIQUE (tenant_id, name)
);
CREATE TABLE attribute_definitions (
    tenant_id    bigint NOT NULL,
    attribute_id uuid NOT NULL,
    name         text NOT NULL,                -- the key at conversations
    display_name text NOT NULL,
    type         smallint NOT NULL,            -- unibox.v1.AttributeType
    options      text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, attribute_id),
    UNIQUE (tenant_id, name)
);
CREATE TABLE canned_replies (
    tenant_id  bigint NOT NULL,
    reply_id   uuid NOT NULL,
    slug       text NOT NULL,
    body       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, reply_id),
    UNIQUE (tenant_id, slug)
);
-- Secrets are sealed with the installation's key (additional data "webhook_endpoint:<endpoint_id>"), the newest first.
CREATE TABLE webhook_endpoints (
    tenant_id      bigint NOT NULL,
    endpoint_id    uuid NOT NULL,
    slug           text NOT NULL,
    url            text NOT NULL,
    events         text[] NOT NULL,            -- kinds of the feed; none = all
    sealed_secrets bytea[] NOT NULL CHECK (cardinality(sealed_secrets) BETWEEN 1 AND 2),
    created_at     timestamptz NOT NULL DEFAULT now(),
    disabled_at    timestamptz,
    PRIMARY KEY (tenant_id, endpoint_id),
    UNIQUE (tenant_id, slug)
);

DO $$
DECLARE
    tenant_table text;
    tenant_is    constant text := '(tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::bigint))';
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['labels', 'attribute_definitions', 'canned_replies', 'webhook_endpoints']
    LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO ub_owner', tenant_table);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', tenant_table);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant_isolation ON %I TO ub_gateway, ub_admin, ub_console USING %s WITH CHECK %s',
                       tenant_table, tenant_is, tenant_is);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ub_admin, ub_console', tenant_table);
    END LOOP;
END $$;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON labels FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'label', 'label_id', 'name', '{name,color,description}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON attribute_definitions FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'attribute_definition', 'attribute_id', 'name', '{name,display_name,type,options}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON canned_replies FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'canned_reply', 'reply_id', 'slug', '{slug,body}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON webhook_endpoints FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'webhook_endpoint', 'endpoint_id', 'slug', '{slug,url,events,disabled_at}', '{sealed_secrets}');

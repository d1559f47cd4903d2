-- Who works in a tenant's inbox: agents, their teams, and the channels that they belong to.

CREATE TABLE agents (
    tenant_id   bigint NOT NULL,
    agent_id    uuid NOT NULL,
    external_id text NOT NULL,                 -- as the tenant's identity provider calls the person: the subject of a token
    name        text NOT NULL,
    email       text NOT NULL DEFAULT '',
    role        smallint NOT NULL,             -- unibox.v1.AgentRole
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    PRIMARY KEY (tenant_id, agent_id),
    UNIQUE (tenant_id, external_id)
);

CREATE TABLE teams (
    tenant_id   bigint NOT NULL,
    team_id     uuid NOT NULL,
    slug        text NOT NULL,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    PRIMARY KEY (tenant_id, team_id),
    UNIQUE (tenant_id, slug)
);

CREATE TABLE team_members (
    tenant_id bigint NOT NULL,
    team_id   uuid NOT NULL,
    agent_id  uuid NOT NULL,
    PRIMARY KEY (tenant_id, team_id, agent_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents
);
CREATE INDEX team_members_by_agent ON team_members (tenant_id, agent_id);

-- Agents of role AGENT see the conversations of these channels alone; the other roles see all.
CREATE TABLE channel_members (
    tenant_id  bigint NOT NULL,
    channel_id uuid NOT NULL,
    agent_id   uuid NOT NULL,
    PRIMARY KEY (tenant_id, channel_id, agent_id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents
);
CREATE INDEX channel_members_by_agent ON channel_members (tenant_id, agent_id);

DO $$
DECLARE
    tenant_table text;
    tenant_is    constant text := '(tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::bigint))';
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['agents', 'teams', 'team_members', 'channel_members']
    LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO ub_owner', tenant_table);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY tenant_isolation ON %I TO ub_gateway, ub_admin USING %s WITH CHECK %s',
                       tenant_table, tenant_is, tenant_is);
        EXECUTE format('CREATE POLICY writer_all_tenants ON %I FOR SELECT TO ub_writer USING (true)', tenant_table);
        EXECUTE format('GRANT SELECT ON %I TO ub_writer, ub_gateway', tenant_table);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ub_admin', tenant_table);
    END LOOP;
END $$;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON agents FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'agent', 'agent_id', 'name', '{external_id,name,email,role,disabled_at}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON teams FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'team', 'team_id', 'slug', '{slug,name,disabled_at}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON team_members FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'team_member', 'team_id', 'agent_id', '{team_id,agent_id}', '{}');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON channel_members FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'channel_member', 'channel_id', 'agent_id', '{channel_id,agent_id}', '{}');

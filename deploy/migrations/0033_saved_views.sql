-- Lists of conversations under a name: of the whole tenant, or of one agent.

CREATE TABLE saved_views (
    tenant_id  bigint NOT NULL,
    view_id    uuid NOT NULL,
    owner_id   uuid NOT NULL,                  -- the agent; the nil UUID: everybody's
    name       text NOT NULL,
    filter     bytea NOT NULL,                 -- unibox.v1.ConversationFilter
    sort_order smallint NOT NULL,              -- unibox.v1.ConversationOrder
    place      int NOT NULL,                   -- among the others, ascending
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, view_id),
    UNIQUE (tenant_id, owner_id, name)
);
ALTER TABLE saved_views OWNER TO ub_owner;
REVOKE ALL ON saved_views FROM PUBLIC;
ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_views FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON saved_views TO ub_gateway, ub_admin, ub_console
    USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint));
GRANT SELECT ON saved_views TO ub_gateway, ub_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO ub_console;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON saved_views FOR EACH ROW EXECUTE FUNCTION ub_audit_row(
    'saved_view', 'view_id', 'name', '{owner_id,name,sort_order,place}', '{filter}');

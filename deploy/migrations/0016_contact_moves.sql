-- Ids under which a contact goes on (WhatsApp: a new phone number), as the provider told them: later events that name one are of
-- that contact. An id that is a contact of its own, because it wrote before the notice came, stays one.
CREATE TABLE contact_moves (
    tenant_id   bigint NOT NULL,
    channel_id  uuid NOT NULL,
    contact_key text NOT NULL,                 -- the new id
    contact_id  uuid NOT NULL,
    moved_at    timestamptz NOT NULL,          -- the latest notice counts: numbers are given to other people
    PRIMARY KEY (tenant_id, channel_id, contact_key)
);
ALTER TABLE contact_moves OWNER TO ub_owner;
ALTER TABLE contact_moves ENABLE ROW LEVEL SECURITY;
ALTER TABLE contact_moves FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON contact_moves TO ub_gateway, ub_admin
    USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::bigint));
CREATE POLICY writer_all_tenants ON contact_moves TO ub_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON contact_moves TO ub_writer;
GRANT SELECT ON contact_moves TO ub_admin;

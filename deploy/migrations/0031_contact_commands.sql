-- Commands about contacts (proto/unibox/writer/v1/command.proto): what the tenant knows of one, who is the same person, who is blocked.

ALTER TABLE contacts
    -- The contact that it is. That one was never merged itself, so there is one step at most. Its threads and conversations keep the id
    -- that they were begun with, and show the one that remains: a merge is as large as the ids, however much was written under them.
    ADD COLUMN merged_into    uuid,
    ADD COLUMN identity_count int NOT NULL DEFAULT 1,         -- its own id, and those merged into it
    ADD COLUMN blocked_at     timestamptz,                    -- NULL in those that were merged
    ADD COLUMN name_given     boolean NOT NULL DEFAULT false, -- display_name is the tenant's: no provider changes it
    ADD COLUMN phone          text NOT NULL DEFAULT '',
    ADD COLUMN email          text NOT NULL DEFAULT '',
    ADD COLUMN attributes     bytea NOT NULL DEFAULT '',      -- unibox.v1.Conversation with nothing but attributes set
    ADD COLUMN version        bigint NOT NULL DEFAULT 0,      -- counts what commands changed
    ADD CONSTRAINT contacts_merged CHECK (merged_into IS NULL OR (blocked_at IS NULL AND merged_into <> contact_id));
CREATE INDEX contacts_by_survivor ON contacts (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX contacts_blocked ON contacts (tenant_id, blocked_at, contact_id) WHERE blocked_at IS NOT NULL;

-- Who did what with which contact: the nil UUID stands for the conversation then.
ALTER TABLE command_audit ADD COLUMN contact_id uuid;
CREATE INDEX command_audit_by_contact ON command_audit (tenant_id, contact_id, at, command_id) WHERE contact_id IS NOT NULL;

-- uniboxctl looks channels and apps up like webhook-ingest: to print a webhook URL, to send a signed sample, to read a
-- raw webhook anew.
GRANT EXECUTE ON FUNCTION ub_find_channel(bigint, uuid), ub_find_channel_by_token(bytea),
    ub_find_channels_by_route(smallint, text[]), ub_find_provider_apps(text) TO ub_admin;

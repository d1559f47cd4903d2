# Sourced by up: the demo tenant, its sample webhooks, the inbox that they make, and the work that agents do in it.

# The samples' page and phone number ids are the stack's own, so that they never look like another stack's.
demo_route() { cksum <<<"$(secret demo_route)" | cut -d ' ' -f 1; }

fill_in() {
    sed -e "s|@ROUTE@|90$(demo_route)|g" -e "s|@KEY_FILE@|$stack/secrets/demo.key|g" "$1"
}

make_demo_tenant() {
    if [[ ! -s $stack/secrets/demo.key ]]; then
        ctl key generate --kind api --file "$stack/secrets/demo.key" >/dev/null ||
            fail "the demo key could not be made" "look at $stack/secrets"
    fi
    fill_in "$repo/scripts/demo/tenants.yaml" | write_private "$stack/tenants.yaml"
    tail_on_failure "$stack/logs/apply.log" "the demo tenant could not be made" "read the message above" \
        ctl apply -f "$stack/tenants.yaml" --public-base-url "$ingest_url"
}

# Through the real path: signed as the providers sign, their times moved to now. Sending them again changes nothing.
send_demo_webhooks() {
    local body channel name folder="$stack/state/demo-bodies" answers="$stack/state/demo-answers"
    rm -rf "$answers"
    mkdir -p "$folder" "$answers"
    for body in "$repo"/scripts/demo/bodies/*; do
        name=$(basename "${body%.*}")
        fill_in "$body" >"$folder/${body##*/}"
        tail_on_failure "$answers/$name.json" "the sample webhook ${body##*/} was refused" \
            "read $stack/logs/webhook-ingest.log" \
            ctl --output json webhook send --channel "demo/${name#*-}" --body "$folder/${body##*/}" --retime
    done
}

show_inbox() {
    python3 "$repo/scripts/lib/inbox.py" "$gateway_url" "$stack/secrets/demo.key" "$stack/state/demo-answers" "$1" ||
        fail "the inbox could not be read" "read the logs in $stack/logs"
}

show_agents_at_work() {
    python3 -B "$repo/scripts/lib/agents_at_work.py" "$gateway_url" "$stack/secrets/demo.key" ||
        fail "no work could be done in the inbox" "read the logs in $stack/logs"
}

# The demo tenant's key is there when this or an earlier run made one.
write_environment() {
    local demo_key
    demo_key=$(cat "$stack/secrets/demo.key" 2>/dev/null || true)
    {
        service_addresses
        echo "UNIBOX_DATABASE_URL=$database_url"
        echo "UNIBOX_NATS_URL=$nats_url"
        echo "UNIBOX_API_KEY=$demo_key"
    } | write_private "$stack/env"
}

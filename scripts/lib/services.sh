# Sourced by up and down: the services of a stack, their settings, the roles' passwords.
source "$repo/scripts/lib/service_list.sh"

# Set by up: build/<preset>/bin.
binaries=
# Of gateway's second pool, for administration by API.
console_role=ub_console

# Before any program reads its settings: they name these files, which must exist. The roles come with the migrations.
write_role_urls() {
    local role
    for role in "${role_of[@]}" "$console_role"; do
        write_private "$stack/secrets/$role.url" \
            <<<"postgresql://$role:$(secret "$role.password")@$postgres_address/unibox"
    done
}

set_role_passwords() {
    local role statements=""
    for role in "${role_of[@]}" "$console_role"; do
        statements+="ALTER ROLE $role PASSWORD '$(secret "$role.password")';"$'\n'
    done
    psql_statements "$database_url" <<<"$statements"
}

make_sealing_key() {
    if [[ -s $stack/secrets/seal.key ]]; then return; fi
    "$binaries/uniboxctl" key generate --file "$stack/secrets/seal.key" >/dev/null ||
        fail "the sealing key could not be made" "look at $stack/secrets"
}

# listen_address NAME LISTENER: http, grpc or admin of a service; loopback's, with a port that is chosen once.
listen_address() { echo "127.0.0.1:$(port_of "${short_name[$1]}-$2" "$1")"; }

# write_settings NAME: the TOML file of a service or of uniboxctl.
write_settings() {
    local name=$1 listener
    {
        echo "# Made by scripts/up; every setting: docs/config.md"
        printf '[postgres]\nurl_file = "%s"\n' "$stack/secrets/${role_of[$name]}.url"
        printf '[nats]\nurl = "%s"\n' "$nats_url"
        if needs "$name" redis; then printf '[redis]\nurl = "%s"\n' "$redis_url"; fi
        for listener in http grpc; do
            if listens "$name" "$listener"; then
                printf '[%s]\nlisten = "%s"\n' "$listener" "$(listen_address "$name" "$listener")"
            fi
        done
        if needs "$name" writer; then printf '[writer]\ntarget = "%s"\n' "$(listen_address message-writer grpc)"; fi
        if needs "$name" public_url; then printf '[ingest]\npublic_base_url = "%s"\n' "$ingest_url"; fi
        if needs "$name" console; then printf '[console]\nurl_file = "%s"\n' "$stack/secrets/$console_role.url"; fi
        if needs "$name" seal_key; then printf '[secrets]\nkey_file = "%s"\n' "$stack/secrets/seal.key"; fi
        if [[ $name != uniboxctl ]]; then
            printf '[admin]\nlisten = "%s"\n' "$(listen_address "$name" admin)"
            printf '[runtime]\ndrain_ms = 0\n'  # Nobody balances load over this one.
        fi
    } | write_private "$stack/config/$name.toml"
}

choose_addresses() {
    ingest_url="http://$(listen_address webhook-ingest http)"
    gateway_url="http://$(listen_address gateway http)"
}

# Lines for DIR/env: where each service listens.
service_addresses() {
    local name prefix
    for name in "${services[@]}"; do
        prefix="UNIBOX_${short_name[$name]^^}"
        if listens "$name" http; then echo "${prefix}_URL=http://$(listen_address "$name" http)"; fi
        if listens "$name" grpc; then echo "${prefix}_GRPC=$(listen_address "$name" grpc)"; fi
        echo "${prefix}_ADMIN_URL=http://$(listen_address "$name" admin)"
    done
}

start_services() {
    local name
    for name in "${services[@]}"; do
        write_settings "$name"
        ensure_process "$name" "$(fingerprint_of "$binaries/$name" "$stack/config/$name.toml")" \
            env -i PATH="$PATH" LC_ALL="$LC_ALL" "$binaries/$name" --config "$stack/config/$name.toml"
    done
    for name in "${services[@]}"; do
        wait_until 30 "$name" grep -q '"message":"ready"' "$stack/logs/$name.log"
    done
}

stop_services() {
    local i
    for ((i = ${#services[@]} - 1; i >= 0; i--)); do stop_process "${services[i]}"; done
}

# The operator's command with the settings of this stack and nothing of the caller's environment.
ctl() { env -i PATH="$PATH" LC_ALL="$LC_ALL" "$binaries/uniboxctl" --config "$stack/config/uniboxctl.toml" "$@"; }

migrate() {
    write_private "$stack/secrets/owner.url" <<<"$database_url"
    tail_on_failure "$stack/logs/migrate.log" "the migrations failed" "read the message above" \
        ctl --set "postgres.url_file=$stack/secrets/owner.url" migrate
}

ensure_streams() {
    tail_on_failure "$stack/logs/streams.log" "the streams could not be made" "read $stack/logs/nats-server.log" \
        ctl streams ensure
}

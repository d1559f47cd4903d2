# Sourced by up and down: the services of a stack, their settings, the roles' passwords.

services=(webhook-ingest message-writer gateway)
# Set by up: build/<preset>/bin.
binaries=

# A database role for each service; its password and URL lie in secrets/.
role_of() {
    case $1 in
        webhook-ingest) echo ub_ingest ;;
        message-writer) echo ub_writer ;;
        gateway) echo ub_gateway ;;
        uniboxctl) echo ub_admin ;;
    esac
}

roles=(ub_ingest ub_writer ub_gateway ub_admin)

# Before any program reads its settings: they name these files, which must exist. The roles come with the migrations.
write_role_urls() {
    local role
    for role in "${roles[@]}"; do
        write_private "$stack/secrets/$role.url" \
            <<<"postgresql://$role:$(secret "$role.password")@$postgres_address/unibox"
    done
}

set_role_passwords() {
    local role statements=""
    for role in "${roles[@]}"; do
        statements+="ALTER ROLE $role PASSWORD '$(secret "$role.password")';"$'\n'
    done
    psql_statements "$database_url" <<<"$statements"
}

make_sealing_key() {
    if [[ -s $stack/secrets/seal.key ]]; then return; fi
    "$binaries/uniboxctl" key generate --file "$stack/secrets/seal.key" >/dev/null ||
        fail "the sealing key could not be made" "look at $stack/secrets"
}

# write_settings NAME: the TOML file of a service. Ports are loopback's.
write_settings() {
    local name=$1
    {
        echo "# Made by scripts/up; every setting: docs/config.md"
        printf '[postgres]\nurl_file = "%s"\n' "$stack/secrets/$(role_of "$name").url"
        printf '[nats]\nurl = "%s"\n' "$nats_url"
        case $name in
            webhook-ingest)
                printf '[http]\nlisten = "127.0.0.1:%s"\n' "$(port_of ingest-http "$name")"
                printf '[grpc]\nlisten = "127.0.0.1:%s"\n' "$(port_of ingest-grpc "$name")"
                printf '[ingest]\npublic_base_url = "%s"\n' "$ingest_url"
                ;;
            gateway)
                printf '[http]\nlisten = "127.0.0.1:%s"\n' "$(port_of gateway-http "$name")"
                printf '[grpc]\nlisten = "127.0.0.1:%s"\n' "$(port_of gateway-grpc "$name")"
                ;;
            uniboxctl) printf '[ingest]\npublic_base_url = "%s"\n' "$ingest_url" ;;
        esac
        case $name in
            webhook-ingest | uniboxctl) printf '[secrets]\nkey_file = "%s"\n' "$stack/secrets/seal.key" ;;
        esac
        if [[ $name != uniboxctl ]]; then
            printf '[admin]\nlisten = "127.0.0.1:%s"\n' "$(port_of "$name-admin" "$name")"
            printf '[runtime]\ndrain_ms = 0\n'  # Nobody balances load over this one.
        fi
    } | write_private "$stack/config/$name.toml"
}

choose_addresses() {
    ingest_url="http://127.0.0.1:$(port_of ingest-http webhook-ingest)"
    gateway_url="http://127.0.0.1:$(port_of gateway-http gateway)"
    gateway_grpc="127.0.0.1:$(port_of gateway-grpc gateway)"
    ingest_grpc="127.0.0.1:$(port_of ingest-grpc webhook-ingest)"
    ingest_admin_url="http://127.0.0.1:$(port_of webhook-ingest-admin webhook-ingest)"
    writer_admin_url="http://127.0.0.1:$(port_of message-writer-admin message-writer)"
    gateway_admin_url="http://127.0.0.1:$(port_of gateway-admin gateway)"
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
    local name
    for name in gateway webhook-ingest message-writer; do stop_process "$name"; done
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

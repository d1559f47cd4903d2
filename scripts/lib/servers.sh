# Sourced by up and down: the private nats-server, Redis and PostgreSQL of a stack.

payload_bytes_max=8388608

start_nats() {
    local port
    port=$(port_of nats nats-server)
    write_private "$stack/config/nats.conf" <<CONF
listen: "127.0.0.1:$port"
max_payload: $payload_bytes_max
max_pending: 134217728
jetstream { store_dir: "$stack/nats", max_mem: 256MB, max_file: 64GB }
authorization { user: unibox, password: "$(secret nats_password)" }
CONF
    # docs/adr/2026-11-26-nats-garbage-collector.md
    ensure_process nats-server "$(fingerprint_of "$stack/config/nats.conf")" \
        env GOGC="${GOGC:-400}" nats-server -c "$stack/config/nats.conf"
    wait_until 20 nats-server grep -q 'Server is ready' "$stack/logs/nats-server.log"
    nats_url="nats://unibox:$(secret nats_password)@127.0.0.1:$port"
}

# Nothing is written to disk: it holds limits and copies, which are whole again in seconds when it starts empty. Full, it drops
# what was used longest ago.
start_redis() {
    local port
    port=$(port_of redis redis-server)
    mkdir -p "$stack/redis"
    write_private "$stack/config/redis.conf" <<CONF
bind 127.0.0.1
port $port
requirepass $(secret redis_password)
dir "$stack/redis"
save ""
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lru
CONF
    ensure_process redis-server "$(fingerprint_of "$stack/config/redis.conf")" \
        redis-server "$stack/config/redis.conf"
    wait_until 20 redis-server grep -q 'Ready to accept connections' "$stack/logs/redis-server.log"
    redis_url="redis://:$(secret redis_password)@127.0.0.1:$port"
}

postgres_bin() {
    local found
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [[ -x $found/initdb ]] || fail "PostgreSQL's server programs are missing" "apt-get install postgresql"
    echo "$found"
}

# PostgreSQL refuses to run as root. Then it runs as its own user, with its data where that user can enter; the stack
# remembers where, so that it finds them again by whatever path it is reached.
postgres_folder() {
    if [[ $EUID -ne 0 ]]; then echo "$stack/postgres"; return; fi
    local file="$stack/state/postgres-folder"
    if [[ ! -s $file ]]; then echo "/var/lib/postgresql/unibox-$(sha256sum <<<"$stack" | cut -c 1-12)" >"$file"; fi
    cat "$file"
}

# The lock of the stack is not for the server that outlives the script.
as_postgres() {
    if [[ $EUID -ne 0 ]]; then "$@" {stack_lock}>&-; return; fi
    (cd / && runuser -u postgres -- "$@" {stack_lock}>&-)
}

make_postgres_cluster() {
    local folder=$1 password_file="$1/password"
    say "making a PostgreSQL cluster in $folder"
    mkdir -p "$folder"
    rm -rf --one-file-system "$folder/data.new"  # Of a creation that was interrupted.
    secret postgres_password >"$password_file"
    chmod 700 "$folder"
    if [[ $EUID -eq 0 ]]; then chown -R postgres: "$folder"; fi
    tail_on_failure "$stack/logs/initdb.log" "initdb failed" "look for space and permissions in $folder" \
        as_postgres "$(postgres_bin)/initdb" --pgdata "$folder/data.new" --username unibox --pwfile "$password_file" \
        --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8
    rm -f "$password_file"
    as_postgres tee -a "$folder/data.new/postgresql.conf" >/dev/null <<'CONF'
# Loopback only; no socket in a shared folder.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
log_min_messages = warning
CONF
    mv "$folder/data.new" "$folder/data"
}

# postmaster.pid outlives a crash, and its id may be another process's by now: ours is a postgres that works in our folder.
postgres_is_running() {
    local data pid
    data=$(postgres_folder)/data
    pid=$(as_postgres head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && $(as_postgres readlink "/proc/$pid/exe") == */postgres?(' (deleted)') ]] &&
        as_postgres test "/proc/$pid/cwd" -ef "$data"
}

# PostgreSQL would not start beside a living process of that id. While any process of a crashed server still works in
# the folder, the file stays and PostgreSQL itself refuses.
forget_stale_postmaster() {
    local data=$1/data working
    working=$(as_postgres find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' -lname "$data" -print -quit 2>/dev/null || true)
    if [[ -z $working ]]; then as_postgres rm -f "$data/postmaster.pid"; fi
}

start_postgres() {
    local folder port
    folder=$(postgres_folder)
    [[ -d $folder/data ]] || make_postgres_cluster "$folder"
    if postgres_is_running; then
        port=$(as_postgres sed -n 4p "$folder/data/postmaster.pid")
    else
        forget_stale_postmaster "$folder"
        port=$(port_of postgres postgres)
        tail_on_failure "$stack/logs/postgres-start.log" "PostgreSQL did not start; its log is $folder/log" \
            "read that log" \
            as_postgres "$(postgres_bin)/pg_ctl" start --wait --timeout 60 --pgdata "$folder/data" --log "$folder/log" \
            --options "-p $port"
    fi
    postgres_address="127.0.0.1:$port"
    database_url="postgresql://unibox:$(secret postgres_password)@$postgres_address/unibox"
    if ! psql_quietly "${database_url%/unibox}/postgres" -c 'CREATE DATABASE unibox' 2>"$stack/logs/createdb.log"; then
        if grep -q 'password authentication failed' "$stack/logs/createdb.log"; then
            fail "the PostgreSQL data in $folder are of another stack: they do not know this one's password" \
                "scripts/down --data $stack --wipe removes them; scripts/up begins anew"
        fi
        grep -q 'already exists' "$stack/logs/createdb.log" ||
            fail "the database could not be made: $(cat "$stack/logs/createdb.log")" "read $folder/log"
    fi
}

# First without waiting for clients, then at once: what was committed is kept, and the next start recovers it.
stop_postgres() {
    local folder mode
    folder=$(postgres_folder)
    for mode in fast immediate; do
        if [[ ! -d $folder/data ]] || ! postgres_is_running; then return; fi
        if as_postgres "$(postgres_bin)/pg_ctl" stop --wait --timeout 60 --mode "$mode" --pgdata "$folder/data" >/dev/null; then
            return
        fi
        say "PostgreSQL did not stop in 60 s (mode $mode)"
    done
    fail "PostgreSQL did not stop" "read $folder/log"
}

# psql_quietly URL ARGUMENT...: the password goes through the environment, not through the argument list.
psql_quietly() {
    local url=$1 password
    shift
    password=${url#*://*:}
    PGPASSWORD=${password%%@*} psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
        "${url/:${password%%@*}@/@}" "$@" </dev/null
}

# psql_statements URL: runs the statements of standard input.
psql_statements() {
    local password=${1#*://*:}
    PGPASSWORD=${password%%@*} psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file - "${1/:${password%%@*}@/@}" >/dev/null
}

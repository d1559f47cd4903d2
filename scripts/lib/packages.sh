# Sourced: ensure_packages GROUP... installs what is missing of scripts/lib/packages.txt. Only apt is used.

packages_of() {
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group { print $2 }' "$repo/scripts/lib/packages.txt"
    done
}

missing_packages() {
    local package state
    for package in "$@"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        if [[ $state != installed ]]; then echo "$package"; fi
    done
}

ensure_packages() {
    local -a wanted missing
    mapfile -t wanted < <(packages_of "$@")
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    if [[ ${#missing[@]} -eq 0 ]]; then return; fi
    command -v apt-get >/dev/null || fail "packages are missing: ${missing[*]}" \
        "this script installs on Debian 12 only; install their like by hand"
    demand_root
    local log start=$SECONDS
    log=$(mktemp "${TMPDIR:-/tmp}/unibox-apt.XXXXXX")
    say "installing ${#missing[@]} packages: ${missing[*]}"
    run_apt "$log" "look at the network and at /etc/apt/sources.list" update
    keep_debian_services_off
    install_packages "$log" "${missing[@]}"
    allow_debian_services
    rm -f "$log"
    say "packages installed in $((SECONDS - start)) s"
}

install_packages() {
    local log=$1 advice="mend what apt says, then run this again"
    shift
    # postgresql-common comes first: its settings decide whether the server package makes a cluster of its own.
    if [[ " $* " == *" postgresql "* ]]; then
        run_apt "$log" "$advice" install postgresql-common
        forbid_default_cluster
    fi
    run_apt "$log" "$advice" install "$@"
    # What has been installed for its program alone must not start with the machine either.
    if [[ -d /run/systemd/system ]]; then
        if [[ " $* " == *" nats-server "* ]]; then as_root systemctl disable --now --quiet nats-server || true; fi
        if [[ " $* " == *" redis-server "* ]]; then as_root systemctl disable --now --quiet redis-server || true; fi
        if [[ " $* " == *" nginx-light "* ]]; then as_root systemctl disable --now --quiet nginx || true; fi
    fi
}

# run_apt LOG ADVICE ARGUMENT...: waits for another apt to end; a failure shows the end of its output.
run_apt() {
    local log=$1 advice=$2
    shift 2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold --no-install-recommends "$@" 2>&1 </dev/null |
        log_with_progress "$log" && return
    tail -n 25 "$log" >&2
    fail "apt-get $1 failed (the whole output: $log)" "$advice"
}

# log_with_progress LOG: standard input goes to LOG; every ten seconds one of its lines is shown.
log_with_progress() {
    local line shown_at=$SECONDS
    while IFS= read -r line; do
        echo "$line"
        if ((SECONDS - shown_at >= 10)); then
            shown_at=$SECONDS
            say "  ${line:0:90}"
        fi
    done >"$1"
}

# Debian would start a PostgreSQL, a nats-server and a Redis of its own at installation and take their usual ports.
# What this project starts lies in a folder of its own, on ports of its own.
forbid_default_cluster() {
    local file=/etc/postgresql-common/createcluster.conf
    if [[ -f $file ]] && ! grep -q '^create_main_cluster' "$file"; then
        echo 'create_main_cluster = false' | as_root tee -a "$file" >/dev/null
    fi
}

keep_debian_services_off() {
    if [[ -e /usr/sbin/policy-rc.d ]]; then return; fi
    at_exit allow_debian_services
    printf '#!/bin/sh\n# unibox: nothing starts while packages are installed\nexit 101\n' |
        as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
}

allow_debian_services() {
    if grep -qs '^# unibox:' /usr/sbin/policy-rc.d; then as_root rm -f /usr/sbin/policy-rc.d; fi
}

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
    say "installing ${#missing[@]} packages: ${missing[*]}"
    local log
    log=$(mktemp "${TMPDIR:-/tmp}/unibox-apt.XXXXXX")
    update_package_lists "$log"
    keep_debian_services_off
    install_packages "$log" "${missing[@]}"
    rm -f "$log"
    say "packages installed"
}

update_package_lists() {
    tail_on_failure "$1" "apt-get update failed" "look at the network and at /etc/apt/sources.list" \
        as_root apt-get -q -o Acquire::Retries=3 update
}

install_packages() {
    local log=$1 advice="mend what apt says, then run this again"
    shift
    # postgresql-common comes first: its settings decide whether the server package makes a cluster of its own.
    if [[ " $* " == *" postgresql "* ]]; then
        tail_on_failure "$log" "apt-get install postgresql-common failed" "$advice" apt_install postgresql-common
        forbid_default_cluster
    fi
    tail_on_failure "$log" "apt-get install failed" "$advice" apt_install "$@"
    if [[ " $* " == *" nats-server "* ]] && [[ -d /run/systemd/system ]]; then
        as_root systemctl disable --now --quiet nats-server || true
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confold --no-install-recommends install "$@"
    local status=$?
    allow_debian_services
    return $status
}

# Debian would start a PostgreSQL and a nats-server of its own at installation and take their usual ports.
# What this project starts lies in a folder of its own, on ports of its own.
forbid_default_cluster() {
    local file=/etc/postgresql-common/createcluster.conf
    if [[ -f $file ]] && ! grep -q '^create_main_cluster' "$file"; then
        echo 'create_main_cluster = false' | as_root tee -a "$file" >/dev/null
    fi
}

keep_debian_services_off() {
    if [[ -e /usr/sbin/policy-rc.d ]]; then return; fi
    printf '#!/bin/sh\n# unibox: nothing starts while packages are installed\nexit 101\n' |
        as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
    trap allow_debian_services EXIT
}

allow_debian_services() {
    if grep -qs '^# unibox:' /usr/sbin/policy-rc.d; then as_root rm -f /usr/sbin/policy-rc.d; fi
}

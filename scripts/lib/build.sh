# Sourced: the build folders. Progress is one line every ten seconds.

build_jobs() { echo "${UNIBOX_JOBS:-$(nproc)}"; }

# configure PRESET [-D...]; build PRESET TARGET...: one at a time for a build folder.
configure() { with_build_lock "$1" configure_locked "$@"; }
build() { with_build_lock "$1" build_locked "$@"; }

# with_build_lock PRESET COMMAND...
with_build_lock() {
    local folder="$repo/build/$1" lock
    shift
    if ! mkdir -p "$folder" 2>/dev/null || [[ ! -w $repo/build || ! -w $folder ]]; then
        fail "$folder cannot be written" "it was made by another user (sudo?): remove $repo/build"
    fi
    exec {lock}>"$folder/.lock"
    flock -n "$lock" || { say "waiting for another build of ${folder#"$repo"/}"; flock "$lock"; }
    "$@"
    exec {lock}>&-
}

configure_locked() {
    local preset=$1 start=$SECONDS
    shift
    local -a command=(cmake --preset "$preset" "$@")
    # Configured already, with the same options and presets: ninja re-runs CMake by itself when a list file changed.
    local stamp="$repo/build/$preset/.configured" wanted
    wanted="$* $(sha256sum <"$repo/CMakePresets.json")"
    if [[ -f $repo/build/$preset/build.ninja && $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then return; fi
    say "configuring build/$preset"
    (cd "$repo" && tail_on_failure "build/$preset-configure.log" "CMake refused the configuration" \
        "read the last lines above; 'rm -rf build/$preset' begins anew" "${command[@]}") || exit 1
    echo "$wanted" >"$stamp"
    say "configured in $((SECONDS - start)) s"
}

build_locked() {
    local preset=$1 log="$repo/build/$1-build.log"
    shift
    say "building build/$preset (${*:-everything})"
    local status=0
    NINJA_STATUS='%f/%t ' ninja -C "$repo/build/$preset" -j "$(build_jobs)" "$@" </dev/null 2>&1 |
        python3 "$repo/scripts/lib/build_progress.py" "$log" || status=1
    [[ $status -eq 0 ]] || fail "the build failed (the whole output: $log)" \
        "mend what the compiler says above; 'rm -rf build/$preset' begins anew"
}

# build_ahead PRESET TARGET: at the lowest priority, while tests wait for time, until stop_building_ahead. Whoever builds it then goes
# on from there, and says what is wrong with it. A process group of its own, to be ended whole, but no session: Linux shares the
# processors out among sessions first, whatever their priorities.
# shellcheck disable=SC2016 # it is the other shell that expands them
build_ahead() {
    set -m
    nice -n 19 bash -c 'source "$0/scripts/lib/common.sh"; source "$0/scripts/lib/build.sh"; configure "$1"; build "$1" "$2"' \
        "$repo" "$1" "$2" </dev/null >/dev/null 2>&1 &
    ahead_pid=$!
    set +m
}

stop_building_ahead() {
    if [[ -z ${ahead_pid:-} ]]; then return; fi
    kill -TERM -- "-$ahead_pid" 2>/dev/null || true
    wait "$ahead_pid" 2>/dev/null || true
    ahead_pid=
}

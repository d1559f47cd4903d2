# Sourced: configure PRESET [-D...]; build PRESET TARGET... . Progress is one line every ten seconds.

build_jobs() { echo "${UNIBOX_JOBS:-$(nproc)}"; }

configure() {
    local preset=$1
    shift
    mkdir -p "$repo/build"
    local -a command=(cmake --preset "$preset" "$@")
    # Configured already, with the same options: ninja re-runs CMake by itself when a list file changed.
    local stamp="$repo/build/$preset/.configured"
    if [[ -f $repo/build/$preset/build.ninja && $(cat "$stamp" 2>/dev/null) == "$*" ]]; then return; fi
    say "configuring build/$preset"
    (cd "$repo" && tail_on_failure "build/$preset-configure.log" "CMake refused the configuration" \
        "read the last lines above; 'rm -rf build/$preset' begins anew" "${command[@]}") || exit 1
    echo "$*" >"$stamp"
}

build() {
    local preset=$1 log="$repo/build/$1-build.log"
    shift
    say "building build/$preset (${*:-everything})"
    local status=0
    NINJA_STATUS='%f/%t ' ninja -C "$repo/build/$preset" -j "$(build_jobs)" "$@" </dev/null 2>&1 |
        python3 "$repo/scripts/lib/build_progress.py" "$log" || status=1
    [[ $status -eq 0 ]] || fail "the build failed (the whole output: $log)" \
        "mend what the compiler says above; 'rm -rf build/$preset' begins anew"
}

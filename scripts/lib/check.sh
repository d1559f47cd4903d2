# Sourced by scripts/dev and .ci/run: formatting, lint, thread-safety analysis, the thread sanitizer, generated docs, git hooks.
source "$repo/scripts/lib/service_list.sh"

cpp_files() { git -C "$repo" ls-files --cached --others --exclude-standard '*.cpp' '*.hpp'; }

format_sources() {
    case "$*" in '' | --check) ;; *) fail "unknown argument $*" "scripts/dev --help" ;; esac
    local -a files
    mapfile -t files < <(cd "$repo" && cpp_files)
    if [[ ${1:-} != --check ]]; then
        (cd "$repo" && clang-format-14 -i "${files[@]}")
        return
    fi
    (cd "$repo" && clang-format-14 --dry-run --Werror "${files[@]}") ||
        fail "some files are not formatted" "scripts/dev format"
}

check_shell() {
    local -a files
    mapfile -t files < <(git -C "$repo" grep --untracked -lE '^#!.*\b(ba)?sh$|^# Sourced' -- .ci scripts deploy)
    (cd "$repo" && shellcheck --severity=style "${files[@]}")
}

demand_check_arguments() {
    case "$*" in '' | --all | --staged) ;; *) fail "unknown argument $*" "scripts/dev --help" ;; esac
}

# The .cpp files to look at: changed since main (default), --staged, or --all; generated code is never ours to lint.
files_to_check() {
    case ${1:-} in
        --all) cpp_files ;;
        --staged) git -C "$repo" diff --cached --name-only --diff-filter=d ;;
        *)
            git -C "$repo" diff --name-only --diff-filter=d \
                "$(git -C "$repo" merge-base HEAD main 2>/dev/null || git -C "$repo" rev-parse HEAD)"
            git -C "$repo" ls-files --others --exclude-standard
            ;;
    esac | { grep '\.cpp$' || true; } | sort -u
}

# clang-tidy and clang's thread-safety analysis; needs build/dev.
check_with_clang() { python3 -B "$repo/scripts/lib/clang_check.py" "$repo" "$(build_jobs)" "$@"; }

# All .cpp files, the one that was changed last first.
files_by_age() {
    git -C "$repo" log --format= --name-only --diff-filter=d -- '*.cpp' | awk '!seen[$0]++' |
        while IFS= read -r file; do if [[ -e $repo/$file ]]; then printf '%s\n' "$file"; fi; done
}

check_everything() {
    local listed
    local -a files
    listed=$(files_to_check "$@")
    mapfile -t files < <(printf '%s' "${listed:+$listed$'\n'}")
    format_sources --check
    check_shell
    python3 -B "$repo/scripts/tidy.py"
    configure dev
    build dev
    say "clang-tidy of ${#files[@]} files"
    if [[ ${#files[@]} -gt 0 ]]; then
        check_with_clang "${files[@]}"
    fi
    if [[ ${UNIBOX_SKIP_TSAN:-} == 1 ]]; then return; fi
    run_sanitizer tsan
    report_tests
}

# A commit waits for what finds mistakes in the staged files, not for the thread sanitizer's tests.
install_hooks() {
    local file mark='# Made by scripts/dev hooks.'
    file=$(git -C "$repo" rev-parse --path-format=absolute --git-path hooks/pre-commit)
    if [[ -e $file ]] && ! grep -qxF "$mark" "$file"; then
        fail "there is a pre-commit hook already: $file" "move it away, or call scripts/dev check --staged from it"
    fi
    mkdir -p "${file%/*}"
    cat >"$file.part" <<HOOK
#!/bin/sh
$mark
cd "\$(git rev-parse --show-toplevel)" && UNIBOX_SKIP_TSAN=1 exec scripts/dev check --staged
HOOK
    chmod 755 "$file.part"
    mv "$file.part" "$file"
    say "installed $file; git commit --no-verify goes past it"
}

build_fuzzers() {
    configure fuzz
    build fuzz fuzzers
}

# run_fuzzers SECONDS: each target for so long. Each begins with the recorded webhooks and keeps what it learns in
# build/fuzz/corpus.
run_fuzzers() {
    local seconds=$1 name target
    [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "$seconds is not a number of seconds" "scripts/dev --help"
    for target in "$repo"/build/fuzz/fuzz/*_fuzz; do
        name=${target##*/}
        say "$name for $seconds s"
        mkdir -p "$repo/build/fuzz/corpus/$name" "$repo/build/fuzz/found"
        tail_on_failure "$repo/build/fuzz/$name.log" "$name found an input that breaks it" \
            "mend it and make a test of the input, which lies in build/fuzz/found" \
            "$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -print_final_stats=1 \
            -artifact_prefix="$repo/build/fuzz/found/$name-" "$repo/build/fuzz/corpus/$name" "$repo/tests/data/webhooks/bodies"
    done
}

# docs/config.md: each program describes its own settings; a test fails when the file is stale.
make_config_docs() {
    local name
    build dev "${services[@]}"
    {
        echo "# Settings"
        echo
        echo "Made by \`scripts/dev docs\`; do not edit. A TOML file (\`--config FILE\`), then the environment, then flags"
        echo "(\`--section.field=value\`), each overriding the one before. Secrets are given as files."
        for name in "${services[@]}"; do
            echo
            "$repo/build/dev/bin/$name" --print-config --format markdown
        done
    } >"$repo/docs/config.md.part"
    mv "$repo/docs/config.md.part" "$repo/docs/config.md"
}

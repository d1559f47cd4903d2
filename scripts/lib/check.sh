# Sourced by scripts/dev: formatting, lint, thread-safety analysis, the thread sanitizer, generated docs.

cpp_files() { git -C "$repo" ls-files --cached --others --exclude-standard '*.cpp' '*.hpp'; }

format_sources() {
    local -a files
    mapfile -t files < <(cd "$repo" && cpp_files)
    if [[ ${1:-} != --check ]]; then
        (cd "$repo" && clang-format-14 -i "${files[@]}")
        return
    fi
    (cd "$repo" && clang-format-14 --dry-run --Werror "${files[@]}") ||
        fail "some files are not formatted" "scripts/dev format"
}

# The .cpp files to look at: changed since main (default), --staged, or --all; generated code is never ours to lint.
files_to_check() {
    case ${1:-} in
        --all) cpp_files ;;
        --staged) git -C "$repo" diff --cached --name-only --diff-filter=d ;;
        '')
            git -C "$repo" diff --name-only --diff-filter=d "$(git -C "$repo" merge-base HEAD main 2>/dev/null || echo HEAD~1)"
            git -C "$repo" ls-files --others --exclude-standard
            ;;
        *) fail "unknown option $1" "scripts/dev --help" ;;
    esac | { grep '\.cpp$' || true; } | sort -u
}

check_everything() {
    local -a files
    mapfile -t files < <(files_to_check "$@")
    format_sources --check
    python3 -B "$repo/scripts/tidy.py"
    configure dev
    build dev
    say "clang-tidy of ${#files[@]} files"
    if [[ ${#files[@]} -gt 0 ]]; then
        python3 "$repo/scripts/lib/clang_check.py" "$repo" "$(build_jobs)" "${files[@]}"
    fi
    if [[ ${UNIBOX_SKIP_TSAN:-} == 1 ]]; then return; fi
    run_thread_sanitizer
}

run_thread_sanitizer() {
    configure tsan
    build tsan sanitized_tests
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    run_tests tsan --label-regex "^($sanitized_labels)\$"
    report_tests
}

# docs/config.md: each program describes its own settings; a test fails when the file is stale.
make_config_docs() {
    local name
    build dev webhook-ingest message-writer gateway
    {
        echo "# Settings"
        echo
        echo "Made by \`scripts/dev docs\`; do not edit. A TOML file (\`--config FILE\`), then the environment, then flags"
        echo "(\`--section.field=value\`), each overriding the one before. Secrets are given as files."
        for name in webhook-ingest message-writer gateway; do
            echo
            "$repo/build/dev/bin/$name" --print-config --format markdown
        done
    } >"$repo/docs/config.md.part"
    mv "$repo/docs/config.md.part" "$repo/docs/config.md"
}

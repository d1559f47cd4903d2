# Sourced: run_tests PRESET [ctest arguments] runs CTest and adds its test cases to passed_count and failed_count.

# What runs under sanitizers: these labels, built by the target sanitized_tests (unibox_test in scripts/cmake).
sanitized_labels='unit|pg|nats|redis|net'

passed_count=0
failed_count=0
is_reported=no

# Where the tests' servers have their files, hundreds of databases that nobody reads again: in memory where there is plenty, which
# takes a sixth of the time that a disk takes. TMPDIR says otherwise.
temporary_folder() {
    local memory=/dev/shm demanded_kb=$((10 * 1024 * 1024)) folder_kb available_kb
    folder_kb=$(df --output=avail "$memory" 2>/dev/null | tail -n 1)
    available_kb=$(awk '$1 == "MemAvailable:" {print $2}' /proc/meminfo)
    if [[ -z ${TMPDIR:-} && -w $memory && ${folder_kb:-0} -ge $demanded_kb && $available_kb -ge $demanded_kb ]]; then
        echo "$memory"
    else
        echo "${TMPDIR:-/tmp}"
    fi
}

run_tests() {
    local preset=$1 folder="$repo/build/$1" status=0 counts
    local junit="$folder/tests.xml"
    shift
    rm -f "$junit"
    say "running the tests of build/$preset"
    TMPDIR=$(temporary_folder) ctest --test-dir "$folder" --parallel "${UNIBOX_TEST_JOBS:-2}" --output-on-failure --no-tests=ignore \
        --output-junit "$junit" --test-output-truncation head \
        --test-output-size-passed 1048576 --test-output-size-failed 1048576 "$@" </dev/null >&2 || status=$?
    counts=$(python3 -B "$repo/scripts/lib/count_tests.py" "$junit" "$status")
    passed_count=$((passed_count + ${counts% *}))
    failed_count=$((failed_count + ${counts#* }))
}

# run_sanitizer asan|tsan [PRESET TARGET]: a build that fails counts as one failure. During the tests the other one is built ahead.
run_sanitizer() {
    export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    if (configure "$1" && build "$1" sanitized_tests); then
        if [[ $# -gt 1 ]]; then build_ahead "$2" "$3"; fi
        run_tests "$1" --label-regex "^($sanitized_labels)\$"
        stop_building_ahead
    else
        failed_count=$((failed_count + 1))
    fi
}

# count_check NAME COMMAND...: a check that is no test program counts as one test.
count_check() {
    local name=$1 start=$SECONDS
    shift
    say "$name"
    if ("$@"); then
        say "$name: passed in $((SECONDS - start)) s"
        passed_count=$((passed_count + 1))
    else
        say "$name: FAILED, the reason is above"
        failed_count=$((failed_count + 1))
    fi
}

# The closing line; the script's exit code is that of this function.
report_tests() {
    is_reported=yes
    printf '%d passed, %d failed\n' "$passed_count" "$failed_count"
    [[ $failed_count -eq 0 && $passed_count -gt 0 ]]
}

# From here on the script ends with the closing line, whatever ends it; ending before report_tests is one failure more.
promise_report() { at_exit report_if_not_yet; }

report_if_not_yet() {
    if [[ $is_reported == yes ]]; then return; fi
    failed_count=$((failed_count + 1))
    exit_status=1
    report_tests || true
}

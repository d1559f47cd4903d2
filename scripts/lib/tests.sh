# Sourced: run_tests PRESET [ctest arguments] runs CTest and adds its test cases to passed_count and failed_count.

# What runs under sanitizers: these labels, built by the target sanitized_tests (unibox_test in scripts/cmake).
sanitized_labels='unit|pg|nats|net'

passed_count=0
failed_count=0

run_tests() {
    local preset=$1 folder="$repo/build/$1" junit
    shift
    rm -f "$folder/Testing/Temporary/LastTest.log"
    say "running the tests of build/$preset"
    ctest --test-dir "$folder" --parallel "${UNIBOX_TEST_JOBS:-2}" --output-on-failure --no-tests=ignore \
        --test-output-size-passed 1048576 --test-output-size-failed 1048576 "$@" </dev/null >&2 || true
    local counts
    counts=$(python3 "$repo/scripts/lib/count_tests.py" "$folder/Testing/Temporary/LastTest.log") ||
        fail "the test run left no log" "look at the output of ctest above"
    passed_count=$((passed_count + ${counts% *}))
    failed_count=$((failed_count + ${counts#* }))
}

# The closing line; the script's exit code is that of this function.
report_tests() {
    printf '%d passed, %d failed\n' "$passed_count" "$failed_count"
    [[ $failed_count -eq 0 && $passed_count -gt 0 ]]
}

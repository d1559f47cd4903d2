# Sourced by every script: messages, failure with advice, running as root, what happens at the end.
set -euo pipefail
unset CDPATH

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export LC_ALL=C.UTF-8

# say TEXT: one progress line on standard error, with the seconds since the start.
say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }

# fail TEXT [WHAT-TO-DO]: ends the script.
fail() {
    printf '%s: error: %s\n' "${0##*/}" "$1" >&2
    if [[ -n ${2:-} ]]; then printf '  what to do: %s\n' "$2" >&2; fi
    exit 1
}

# The text between the first line of the script and its first line without '#' is its help.
show_help() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

exit_commands=()

# at_exit COMMAND: runs it when the script ends, however it ends; the latest first. A command may set exit_status.
at_exit() {
    exit_commands=("$1" ${exit_commands[@]+"${exit_commands[@]}"})
    trap run_exit_commands EXIT
}

run_exit_commands() {
    exit_status=$?
    local command
    for command in "${exit_commands[@]}"; do "$command" || true; done
    exit "$exit_status"
}

# demand_root: as_root will work from here on. Asks for sudo's password now, while there is a terminal to ask on.
demand_root() {
    if [[ $EUID -eq 0 ]]; then return; fi
    command -v sudo >/dev/null ||
        fail "this needs root once, to install packages, and sudo is not here" "run it as root, or install sudo"
    sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; } ||
        fail "sudo wants a password and there is no terminal to ask for it, or it was wrong" "run sudo -v first"
}

# as_root COMMAND...: directly when root, else through sudo, which never asks here (demand_root did).
as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# timed TEXT COMMAND...: runs the command and says how long it took.
timed() {
    local text=$1 start=$SECONDS
    shift
    say "$text"
    "$@"
    say "$text: done in $((SECONDS - start)) s"
}

# tail_on_failure LOG TEXT ADVICE COMMAND...: output goes to LOG; a failure shows its end.
tail_on_failure() {
    local log=$1 text=$2 advice=$3
    shift 3
    if "$@" >"$log" 2>&1 </dev/null; then return; fi
    tail -n 25 "$log" >&2
    fail "$text (the whole output: $log)" "$advice"
}

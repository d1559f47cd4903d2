# Sourced by up and down: the folder of a stack, its remembered ports and the processes it started.
#   DIR/env        addresses and demo keys (mode 0600)      DIR/config   settings of the services
#   DIR/secrets    passwords and the sealing key            DIR/logs     one log for each process
#   DIR/state      ports, process ids, what was done        DIR/nats     JetStream's files
#   DIR/redis      where Redis works; it writes nothing

export PATH="$PATH:/usr/sbin:/sbin"

# A folder with this file in it is a stack; nothing is changed, stopped or removed in any other.
stack_marker=.unibox-stack

# make_stack DIR: open_stack, after making a stack of a folder that is new or empty.
make_stack() {
    demand_own_folder "$1" "sudo scripts/down --data $1 --wipe, or choose another folder with --data DIR"
    mkdir -p "$1" 2>/dev/null || fail "the folder $1 cannot be made" "choose another with --data DIR"
    if [[ ! -e $1/$stack_marker ]]; then
        [[ -z $(ls -A "$1") ]] || fail "the folder $1 is not empty and is no stack" \
            "choose another with --data DIR; if scripts/up made it before it left marks: touch $1/$stack_marker"
        echo "A stack of Unibox: scripts/up made this folder, scripts/down --wipe removes what is in it." \
            >"$1/$stack_marker"
    fi
    open_stack "$1"
}

# open_stack DIR: sets `stack` to its absolute path and locks the stack for this script.
open_stack() {
    demand_own_folder "$1" "sudo scripts/down --data $1"
    [[ -f $1/$stack_marker ]] || fail "the folder $1 is no stack: nothing has been changed" \
        "give the folder that scripts/up made; if it made it before it left marks: touch $1/$stack_marker"
    stack=$(cd "$1" && pwd -P)
    chmod 700 "$stack"
    mkdir -p "$stack"/{secrets,config,logs,state}
    exec {stack_lock}>"$stack/state/lock"
    flock -n "$stack_lock" || fail "another scripts/up or scripts/down works on $stack" "wait for it to end"
}

# demand_own_folder DIR ADVICE: DIR is this user's, or is not there. ADVICE is for a folder of root's.
demand_own_folder() {
    if [[ ! -e $1 || -O $1 ]]; then return; fi
    local owner
    owner=$(stat --dereference --format %U "$1")
    if [[ $owner != root ]]; then fail "the folder $1 belongs to $owner" "run this as $owner"; fi
    fail "the folder $1 belongs to root" "$2"
}

# random_secret: 32 bytes as 64 hex digits.
random_secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# secret NAME: the stack's secret of that name, made at the first call.
secret() {
    local file="$stack/secrets/$1"
    if [[ ! -s $file ]]; then (umask 077 && random_secret >"$file"); fi
    cat "$file"
}

# write_private FILE: standard input becomes FILE (mode 0600) in one step.
write_private() {
    (umask 077 && cat >"$1.part")
    mv "$1.part" "$1"
}

# port_of NAME PROCESS: the remembered port of a listener; chosen anew when PROCESS does not run and somebody else has it.
port_of() {
    local file="$stack/state/$1.port" port
    port=$(cat "$file" 2>/dev/null || true)
    if [[ -n $port ]] && ! is_running "$2" && ! python3 "$repo/scripts/lib/free_port.py" "$port" >/dev/null; then
        say "port $port of $1 is taken by somebody else; taking another"
        port=
    fi
    if [[ -z $port ]]; then
        port=$(python3 "$repo/scripts/lib/free_port.py") || fail "no free port" "stop something that listens"
        echo "$port" >"$file"
    fi
    echo "$port"
}

# A process is known by its id and its start time, so that a reused id is never taken for it.
start_time_of() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    stat=${stat##*) }
    if [[ ${stat%% *} != Z ]]; then cut -d ' ' -f 20 <<<"$stat"; fi
}

is_running() {
    local pid started rest
    read -r pid started rest 2>/dev/null <"$stack/state/$1.pid" || return 1
    [[ -n $started && $(start_time_of "$pid") == "$started" ]]
}

# ensure_process NAME FINGERPRINT COMMAND...: starts it in the background, or keeps it, or restarts it when what it was
# started from (binary, settings) has changed. Output goes to DIR/logs/NAME.log.
ensure_process() {
    local name=$1 fingerprint=$2 known
    shift 2
    if is_running "$name"; then
        known=$(cut -d ' ' -f 3 "$stack/state/$name.pid")
        if [[ $known == "$fingerprint" ]]; then return; fi
        say "$name has changed: restarting it"
        stop_process "$name"
    fi
    : >"$stack/logs/$name.log"
    setsid "$@" >>"$stack/logs/$name.log" 2>&1 </dev/null {stack_lock}>&- &
    local pid=$!
    echo "$pid $(start_time_of "$pid") $fingerprint" >"$stack/state/$name.pid"
}

# Longer than any service drains.
stop_seconds_max=20

# has_ended NAME SECONDS: whether it ends within that time.
has_ended() {
    local deadline=$((SECONDS + $2))
    while is_running "$1"; do
        if ((SECONDS >= deadline)); then return 1; fi
        sleep 0.1
    done
}

# stop_process NAME: asks, waits, then kills. Says so, and when even that is of no use (a process that hangs in the kernel).
stop_process() {
    local name=$1 pid
    if is_running "$name"; then
        read -r pid _ <"$stack/state/$name.pid"
        kill -TERM "$pid" 2>/dev/null || true
        if ! has_ended "$name" "$stop_seconds_max"; then
            say "$name did not stop in $stop_seconds_max s: killing it"
            kill -KILL "$pid" 2>/dev/null || true
            has_ended "$name" "$stop_seconds_max" ||
                fail "$name (process $pid) lives on after SIGKILL" "look at it: ps -o pid,stat,wchan,args -p $pid"
        fi
    fi
    rm -f "$stack/state/$name.pid"
}

# wait_until SECONDS NAME COMMAND...: repeats the command until it succeeds; fails with NAME's log when NAME ended or time is up.
wait_until() {
    local seconds=$1 name=$2 deadline=$((SECONDS + $1))
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! is_running "$name" || ((SECONDS > deadline)); then
            tail -n 15 "$stack/logs/$name.log" >&2 || true
            fail "$name did not become ready within $seconds s" "read $stack/logs/$name.log"
        fi
        sleep 0.1
    done
}

fingerprint_of() { cat "$@" | sha256sum | cut -c 1-16; }

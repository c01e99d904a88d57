# Shared by install, up and down. Sourced, never run.
#
# Everything is under $PEERS_STATE (data, rendered configuration, logs, pids) and $PEERS_VENVS (a virtualenv for each
# project). Nothing else is written.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PEERS_VENVS=${PEERS_VENVS:-${XDG_CACHE_HOME:-$HOME/.cache}/pileus/originals}
PEERS_STATE=${PEERS_STATE:-/tmp/pileus-originals}
PEERS_OFFSET=${PEERS_OFFSET:-0}         # added to every port
PEERS_PROCESSES=${PEERS_PROCESSES:-2}   # uwsgi's processes for each API
PEERS_THREADS=${PEERS_THREADS:-4}       # and threads for each process
PYTHON=$HERE/../../.venv/bin/python
PATH=$PATH:/usr/sbin                    # not in every account's

IP=127.0.0.1 REGION=RegionOne
ADMIN_PASSWORD=password SERVICE_PASSWORD=service-secret DB_PASSWORD=db-secret MQ_PASSWORD=mq-secret

port() { echo $(($1 + PEERS_OFFSET)); }
P_KEYSTONE=$(port 15000) P_GLANCE=$(port 19292) P_PLACEMENT=$(port 18778) P_NOVA=$(port 18774) P_NETSTUB=$(port 19696)
P_MYSQL=$(port 13306) P_MEMCACHED=$(port 11311) P_RABBIT=$(port 15673) P_RABBIT_DIST=$(port 15674) P_EPMD=$(port 14369)

die() { echo "originals: $*" >&2; exit 1; }
say() { printf '[%6.2fs] %s\n' "$(awk -v a="$T0" -v b="$(now)" 'BEGIN { print b - a }')" "$*"; }
now() { date +%s.%N; }

# ---- processes ---------------------------------------------------------------------------------

# Field 22 of /proc/PID/stat: with the pid it names one process for good, so a pid that is used again is not taken
# for ours.
birth() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

alive() { # NAME: does the process that was recorded still run?
    local pid born
    [ -f "$PEERS_STATE/pids/$1" ] || return 1
    read -r pid born <"$PEERS_STATE/pids/$1"
    [ -n "$born" ] && [ "$(birth "$pid")" = "$born" ]
}

pid_of() { cut -d' ' -f1 "$PEERS_STATE/pids/$1"; }

spawn() { # NAME COMMAND...: in a session of its own, with a log file, and its pid recorded
    local name=$1 pid
    shift
    if alive "$name"; then return; fi
    [ ! -e "$PEERS_STATE/log/$name.log" ] || mv -f "$PEERS_STATE/log/$name.log" "$PEERS_STATE/log/$name.log.1"
    setsid "$@" </dev/null >>"$PEERS_STATE/log/$name.log" 2>&1 &
    pid=$!
    echo "$pid $(birth $pid)" >"$PEERS_STATE/pids/$name"
}

wait_for() { # NAME SECONDS COMMAND...: until COMMAND succeeds
    local name=$1 left=$(($2 * 5))
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! alive "$name"; then
            tail -n 25 "$PEERS_STATE/log/$name.log" >&2
            die "$name died while starting; see $PEERS_STATE/log/$name.log"
        fi
        left=$((left - 1))
        [ "$left" -gt 0 ] || die "$name did not answer in time; see $PEERS_STATE/log/$name.log"
        sleep 0.2
    done
}

port_open() { (exec 3<>"/dev/tcp/$IP/$1") 2>/dev/null; }
http_ok() { curl -sf --noproxy '*' -m 5 -o /dev/null "$1"; }
# Placement and Nova answer 200 or 300 at their root; any status is "up".
http_answers() { [ "$(curl -s --noproxy '*' -m 20 -o /dev/null -w '%{http_code}' "$1")" != 000 ]; }

sql() { mariadb --no-defaults --socket="$PEERS_STATE/run/mysqld.sock" -uroot -N -B "$@"; }

# What has been initialised in this state directory.
is_done() { [ -e "$PEERS_STATE/done/$1" ]; }
mark() { : >"$PEERS_STATE/done/$1"; }

render() { # TEMPLATE TARGET [NAME=VALUE...]: @NAME@ in the template becomes VALUE
    local template=$HERE/etc/$1 target=$2 pair rules=()
    shift 2
    for pair in "$@" IP=$IP STATE="$PEERS_STATE" VENVS="$PEERS_VENVS" REGION=$REGION USER="$(id -un)" \
        PROCESSES="$PEERS_PROCESSES" THREADS="$PEERS_THREADS" \
        P_KEYSTONE="$P_KEYSTONE" P_GLANCE="$P_GLANCE" P_PLACEMENT="$P_PLACEMENT" P_NOVA="$P_NOVA" \
        P_MYSQL="$P_MYSQL" P_MEMCACHED="$P_MEMCACHED" P_RABBIT="$P_RABBIT" \
        DB_PASSWORD=$DB_PASSWORD MQ_PASSWORD=$MQ_PASSWORD SERVICE_PASSWORD=$SERVICE_PASSWORD; do
        rules+=(-e "s|@${pair%%=*}@|${pair#*=}|g")
    done
    mkdir -p "$(dirname "$target")"
    sed "${rules[@]}" "$template" >"$target"
    if grep -q '@[A-Z_]\+@' "$target"; then die "unfilled placeholder in $target"; fi
}

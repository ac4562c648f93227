#!/bin/bash
# Measures the same hand-over on Handover, Restate and PostgreSQL side by side and prints a Markdown table.
# Options after the script's name go to `rivals measure`; see README.md. Linux with apt, npm and cargo; run as root,
# because PostgreSQL refuses to run as root and is therefore started as the user postgres.
set -euo pipefail
cd "$(dirname "$0")"

restate_version=1.7.12
pool=${RIVALS_POOL:-16}
# One first port, eleven in a row are used: RIVALS_PORT moves them all.
port=${RIVALS_PORT:-45600}
restate_ingress=$port
restate_admin=$((port + 1))
restate_fabric=$((port + 2))
restate_service=$((port + 3))
postgres_service=$((port + 4))
postgres_socket=$((port + 5))
handover_port=$((port + 6))
delivering_port=$((port + 8))
silence=$((port + 10))

log() { echo "run.sh: $*" >&2; }

# --- what is needed -------------------------------------------------------------------------------------------------
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    log "installing PostgreSQL"
    # Debian starts a server of its own after installing unless told not to create one.
    apt-get update >&2
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql >&2
fi
pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)

restate_bin=$(ls node_modules/@restatedev/restate-server-*/bin/restate-server 2>/dev/null | head -1 || true)
if [ -z "$restate_bin" ]; then
    log "installing restate-server $restate_version from npm"
    npm install --prefix . --no-audit --no-fund --ignore-scripts "@restatedev/restate-server@$restate_version" >&2
    restate_bin=$(ls node_modules/@restatedev/restate-server-*/bin/restate-server | head -1)
fi
nice -n 10 cargo build --release --quiet
rivals=$PWD/target/release/rivals
root=$(cd ../.. && pwd)
(cd "$root" && nice -n 10 cargo build --release --quiet --bin handover --bench path)
handover=$root/target/release/handover
# Cargo names the measuring program after what it was built from.
path_bench=$(cd "$root" && cargo build --release --quiet --bin handover --bench path --message-format json |
    sed -n 's/.*"executable":"\([^"]*\/path-[^"]*\)".*/\1/p' | tail -1)

# --- a place that vanishes with the run -----------------------------------------------------------------------------
# On the disk of the working directory unless RIVALS_DIR names another: a memory file system would make fsync free.
home=$(mktemp -d "${RIVALS_DIR:-/var/tmp}/rivals.XXXXXX")
case "$(stat -f -c %T "$home")" in
    tmpfs | ramfs) log "$home is in memory; name a directory on a disk in RIVALS_DIR" && rm -r "$home" && exit 1 ;;
esac
chmod 755 "$home"
pids=()
stop() {
    status=$?
    trap - EXIT INT TERM
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    if [ -e "$home/postgres/postmaster.pid" ]; then
        runuser -u postgres -- "$pg_bin/pg_ctl" -D "$home/postgres" -m fast -w stop >/dev/null 2>&1 || true
    fi
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$home"/*-service.log "$home"/restate.log "$home"/socket/*.log >&2 || true
    fi
    rm -rf "$home"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

wait_for() { # URL NAME
    for _ in $(seq 300); do
        # Any answer will do, a refusal too: it is up.
        if curl --silent --output /dev/null --max-time 2 "$1"; then return; fi
        sleep 0.1
    done
    log "$2 does not answer at $1"
    exit 1
}

# --- PostgreSQL: durable as it comes; memory and checkpoints as anyone who measures it would set them -----------------
mkdir "$home/postgres" "$home/socket"
chown postgres "$home/postgres" "$home/socket"
runuser -u postgres -- "$pg_bin/initdb" -D "$home/postgres" --auth=trust --encoding=UTF8 --locale=C >"$home/initdb.log"
cat >>"$home/postgres/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$home/socket'
port = $postgres_socket
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 1GB
max_wal_size = 8GB
checkpoint_timeout = 15min
EOF
runuser -u postgres -- "$pg_bin/pg_ctl" -D "$home/postgres" -l "$home/socket/postgres.log" -w start >/dev/null
postgres_pid=$(head -1 "$home/postgres/postmaster.pid")
"$rivals" serve-postgres --listen "127.0.0.1:$postgres_service" --pool "$pool" \
    --database "host=$home/socket port=$postgres_socket user=postgres dbname=postgres" >"$home/postgres-service.log" 2>&1 &
postgres_service_pid=$!
pids+=("$postgres_service_pid")

# --- Restate: its defaults, but for addresses and telemetry -----------------------------------------------------------
cat >"$home/restate.toml" <<EOF
node-name = "rivals"
base-dir = "$home/restate"
bind-ip = "127.0.0.1"
bind-port = $restate_fabric
disable-telemetry = true
log-filter = "warn"
[ingress]
bind-port = $restate_ingress
[admin]
bind-port = $restate_admin
EOF
"$restate_bin" --no-logo --config-file "$home/restate.toml" >"$home/restate.log" 2>&1 &
restate_pid=$!
pids+=("$restate_pid")
"$rivals" serve-restate --listen "127.0.0.1:$restate_service" >"$home/restate-service.log" 2>&1 &
restate_service_pid=$!
pids+=("$restate_service_pid")

# --- Handover, twice: letters stay in the outbox as the others' do, or its courier runs -----------
"$rivals" serve-silence --listen "127.0.0.1:$silence" &
pids+=("$!")
mkdir "$home/handover"
"$path_bench" --people "$home/handover/store.redb" --pairs 64 >"$home/people.json"
# The daemon makes no key for a store that exists.
(umask 077 && head -c 32 /dev/urandom >"$home/handover/handover.key")
cp -r "$home/handover" "$home/delivering"
start_handover() { # FOLDER PORT MAIL
    cat >"$home/$1/handover.toml" <<EOF
[site]
public_url = "http://127.0.0.1:$2"
[server]
listen = "127.0.0.1:$2"
metrics_listen = "127.0.0.1:$(($2 + 1))"
[store]
path = "store.redb"
cache = "1GiB"
[secrets]
key_file = "handover.key"
[logging]
level = "warn"
[limits]
transfers_per_sender_per_hour = 100000
open_offers_per_recipient = 10000
letters_per_recipient_per_day = 10000
[mail]
$3
EOF
    "$handover" serve --config "$home/$1/handover.toml" 2>"$home/$1-service.log" &
    pids+=("$!")
}
start_handover handover "$handover_port" "transport = \"smtp\"
[mail.smtp]
port = $silence
timeout = \"10m\"
connections = 1"
handover_pid=${pids[-1]}
start_handover delivering "$delivering_port" 'transport = "mailbox"'
delivering_pid=${pids[-1]}

wait_for "http://127.0.0.1:$((handover_port + 1))/readyz" "Handover"
wait_for "http://127.0.0.1:$((delivering_port + 1))/readyz" "Handover with its courier running"
wait_for "http://127.0.0.1:$postgres_service/" "the service in front of PostgreSQL"
wait_for "http://127.0.0.1:$restate_admin/health" "Restate's admin interface"
wait_for "http://127.0.0.1:$restate_ingress/restate/health" "Restate's ingress"
for _ in $(seq 50); do
    registered=$(curl --silent --output "$home/registration.log" --write-out '%{http_code}' \
        "http://127.0.0.1:$restate_admin/deployments" --json "{\"uri\": \"http://127.0.0.1:$restate_service\"}" || true)
    [ "$registered" = 201 ] && break
    sleep 0.2
done
if [ "$registered" != 201 ]; then
    log "Restate did not take the handlers (status $registered)"
    exit 1
fi

# --- the measurement -------------------------------------------------------------------------------------------------
log "$(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), data on $(df --output=source "$home" | tail -1)"
log "$("$pg_bin/postgres" --version); $("$restate_bin" --version)"
"$rivals" measure \
    --handover "http://127.0.0.1:$handover_port" --handover-people "$home/people.json" \
    --handover-courier "http://127.0.0.1:$delivering_port" \
    --watch "handover.server=$handover_pid" --watch "handover-courier.server=$delivering_pid" \
    --restate "http://127.0.0.1:$restate_ingress" \
    --watch "restate.server=$restate_pid" --watch "restate.handlers=$restate_service_pid" \
    --postgres "http://127.0.0.1:$postgres_service" \
    --watch "postgres.server=$postgres_pid" --watch "postgres.service=$postgres_service_pid" \
    "$@"

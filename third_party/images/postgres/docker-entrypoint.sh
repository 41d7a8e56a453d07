#!/bin/bash
# The contract of the official postgres image: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB (each also as …_FILE),
# POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD, PGDATA, /docker-entrypoint-initdb.d/*.{sh,sql,sql.gz};
# "postgres -c x=y" or "-c x=y" as the command.
set -Eeo pipefail

from_file() {
    local name=$1 file=${1}_FILE
    if [ -n "${!file:-}" ]; then
        export "$name"="$(<"${!file}")"
        unset "$file"
    fi
}

initialise() {
    local name script
    for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS; do from_file $name; done
    : "${POSTGRES_USER:=postgres}"
    : "${POSTGRES_DB:=$POSTGRES_USER}"
    if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
        exit 1
    fi
    eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"
    if [ -z "$POSTGRES_HOST_AUTH_METHOD" ]; then
        POSTGRES_HOST_AUTH_METHOD=$(postgres -C password_encryption)
    fi
    printf '\nhost all all all %s\nhost replication all all %s\n' \
        "$POSTGRES_HOST_AUTH_METHOD" "$POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
    # Without TCP, so that nobody outside takes this server for the real one.
    PGUSER=$POSTGRES_USER PGPASSWORD=$POSTGRES_PASSWORD pg_ctl -D "$PGDATA" \
        -o "$([ $# -lt 2 ] || printf '%q ' "${@:2}") -c listen_addresses='' -p 5432" -w start
    query=(psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER")
    if [ "$POSTGRES_DB" != postgres ]; then
        "${query[@]}" -d postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
    fi
    query+=(-d "$POSTGRES_DB")
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
            *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
            *.sql) "${query[@]}" -f "$script" ;;
            *.sql.gz) gunzip -c "$script" | "${query[@]}" ;;
        esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

[ "${1:0:1}" = - ] && set -- postgres "$@"
if [ "$1" = postgres ]; then
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA" /var/run/postgresql
        chmod 700 "$PGDATA"
        chmod 3777 /var/run/postgresql
        find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres:postgres '{}' +
        exec gosu postgres "$0" "$@"
    fi
    # Not "||", which would let initialise go on after an error.
    if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise "$@"; fi
fi
exec "$@"

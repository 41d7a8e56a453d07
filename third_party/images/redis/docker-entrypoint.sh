#!/bin/sh
# The contract of the official redis image: flags or a *.conf as the command are redis-server's.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" = redis-server ]; then
    if [ "$(id -u)" = 0 ]; then
        chown redis:redis .
        exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
    fi
    # The official build has protected mode off by default.
    case " $* " in
        *" --protected-mode "*) ;;
        *) set -- "$@" --protected-mode no ;;
    esac
fi
exec "$@"

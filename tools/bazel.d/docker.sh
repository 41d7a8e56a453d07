# Sourced by tools/bazel: gives the suites that need containers a Docker engine.
#
# An engine that answers is used as it is. On a Debian machine, as root, one is installed and started; it runs on when
# Bazel ends, as a service of the machine would. Everywhere else ensure_docker says what is missing and how to go on.

docker_cache=${IBB_CACHE:-}
if [ -z "$docker_cache" ]; then
    if [ "$(id -u)" = 0 ]; then docker_cache=/var/cache/ibb; else docker_cache=${XDG_CACHE_HOME:-$HOME/.cache}/ibb; fi
fi
# How long a started engine may take to answer, and another apt-get to end.
docker_start_s_max=60
docker_apt_s_max=300

docker_say() { printf 'tools/bazel: %s\n' "$@" >&2; }

# Whether the engine answers; what the client says about it is left in docker_answer. (`docker info` of some versions
# succeeds without an engine.)
docker_answers() {
    docker_answer=$(timeout 30 docker version --format '{{.Server.Version}}' 2>&1)
}

# refuse LINE…: says why there are no containers, and what remains.
docker_refuse() {
    docker_say "$@" "Without it, 'tools/bazel test --config=quick //...' leaves out what needs containers."
    return 1
}

# ensure_docker: succeeds when a Docker engine answers, after installing and starting one where it can.
ensure_docker() {
    local installed=true docker_answer
    if ! command -v docker >/dev/null; then
        installed=false
    elif docker_answers; then
        return 0
    elif [[ $docker_answer == *"permission denied"* ]]; then
        docker_refuse "not allowed to use the Docker engine: ${docker_answer##*$'\n'}" \
            "Join the group docker ('sudo usermod -aG docker $(id -un)', then log in again), or run this as root."
        return
    elif [ -n "${DOCKER_HOST:-}" ] && [ "${DOCKER_HOST#unix:///}" = "$DOCKER_HOST" ]; then
        docker_refuse "the Docker engine at DOCKER_HOST does not answer: ${docker_answer##*$'\n'}" \
            "Start it there, or unset DOCKER_HOST for one on this machine."
        return
    fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        if $installed; then
            docker_refuse "the Docker engine is not running: ${docker_answer##*$'\n'}" \
                "Start it ('sudo systemctl start docker', or Docker Desktop), then run this again."
        else
            docker_refuse "Docker is not installed." \
                "Install it (https://docs.docker.com/engine/install, Debian: 'sudo apt-get install docker.io')."
        fi
        return
    fi
    mkdir -p "$docker_cache/log"
    # Two checkouts that begin at the same time start one engine.
    (
        flock 8
        if command -v docker >/dev/null && docker_answers; then exit 0; fi
        docker_install && docker_start
    ) 8>"$docker_cache/docker.lock"
}

# Debian's engine, and debootstrap for the images' base.
docker_install() {
    if command -v dockerd >/dev/null && command -v docker >/dev/null && command -v debootstrap >/dev/null; then
        return 0
    fi
    local log=$docker_cache/log/docker-apt.log begun=$SECONDS
    docker_say "installing docker.io and debootstrap with apt-get"
    # Another apt-get may be at work, on a new machine above all.
    until apt-get update >"$log" 2>&1 8>&- &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io debootstrap >>"$log" 2>&1 8>&-; do
        if ! grep -qiE 'could not get lock|unable to (acquire|lock)' "$log"; then
            tail -15 "$log" >&2
            docker_refuse "apt-get cannot install docker.io and debootstrap (whole log: $log)."
            return
        elif [ $((SECONDS - begun)) -ge "$docker_apt_s_max" ]; then
            docker_refuse "another apt-get has held its lock for $docker_apt_s_max s; run this again when it is done."
            return
        fi
        sleep 5 8>&-
    done
    hash -r
}

# The engine in the background: systemd's where that runs, else one of our own.
docker_start() {
    # Installing it may have started it.
    if docker_answers; then return 0; fi
    local log=$docker_cache/log/dockerd.log begun=$SECONDS engine= holder
    if [ -d /run/systemd/system ] && systemctl start docker 2>"$log"; then
        log="journalctl -u docker"
    else
        docker_say "starting dockerd (log: $log)"
        # An engine that was killed leaves its process id, which another process may have by now.
        holder=$(cat /var/run/docker.pid 2>/dev/null) || holder=
        if [ -n "$holder" ] && [ "$(cat "/proc/$holder/comm" 2>/dev/null)" != dockerd ]; then
            rm -f /var/run/docker.pid
        fi
        setsid dockerd >"$log" 2>&1 </dev/null 8>&- &
        engine=$!
    fi
    until docker_answers; do
        if [ -n "$engine" ] && ! kill -0 "$engine" 2>/dev/null; then
            tail -5 "$log" >&2
            docker_refuse "dockerd ended at once (whole log: $log). It needs a kernel that lets this root mount and" \
                "change iptables; in a container, run that one privileged or give it an engine's socket."
            return
        elif [ $((SECONDS - begun)) -ge "$docker_start_s_max" ]; then
            docker_refuse "the Docker engine did not answer within $docker_start_s_max s (log: $log)."
            return
        fi
        sleep 1 8>&-
    done
    docker_say "the Docker engine answered after $((SECONDS - begun)) s"
}

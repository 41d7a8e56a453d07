#!/bin/bash
# docker-entrypoint.sh jobmanager|taskmanager|sql-gateway. FLINK_PROPERTIES are lines of "key: value" that go above
# config.yaml's; JOB_MANAGER_RPC_ADDRESS is where the jobmanager is; JVM_ARGS are added.
set -euo pipefail
part=${1:-help}
conf=$FLINK_CONF_DIR/config.yaml

# set_property KEY VALUE: the last word on KEY; Flink refuses a file that names one twice.
set_property() {
    sed -i "/^${1//./\\.}:/d" "$conf"
    printf '%s: %s\n' "$1" "$2" >>"$conf"
}
if [ ! -e "$FLINK_CONF_DIR/config.default.yaml" ]; then cp "$conf" "$FLINK_CONF_DIR/config.default.yaml"; fi
cp "$FLINK_CONF_DIR/config.default.yaml" "$conf"
set_property jobmanager.rpc.address "${JOB_MANAGER_RPC_ADDRESS:-$(hostname)}"
if [ "$part" != jobmanager ]; then set_property rest.address "${JOB_MANAGER_RPC_ADDRESS:-$(hostname)}"; fi
if [ "$part" = taskmanager ]; then set_property taskmanager.host "$(hostname -i | cut -d' ' -f1)"; fi
while IFS= read -r line; do
    line=${line#"${line%%[![:space:]]*}"}
    case $line in
        '' | '#'*) ;;
        *:*) value=${line#*:}; set_property "${line%%:*}" "${value#"${value%%[![:space:]]*}"}" ;;
        *) echo "FLINK_PROPERTIES: '$line' is not 'key: value'" >&2; exit 64 ;;
    esac
done <<<"${FLINK_PROPERTIES:-}"

# size KEY: a size of config.yaml in MB.
size() {
    local value
    value=$(sed -n "s/^${1//./\\.}: *//p" "$conf" | tr -d ' ' | tr '[:upper:]' '[:lower:]')
    case $value in
        *gb) echo $((${value%gb} * 1024)) ;; *g) echo $((${value%g} * 1024)) ;;
        *mb) echo "${value%mb}" ;; *m) echo "${value%m}" ;;
        *) echo "$1: give '$value' in m or g" >&2; exit 64 ;;
    esac
}
opens=()
for name in java.rmi/sun.rmi.registry java.security.jgss/sun.security.krb5 \
    jdk.compiler/com.sun.tools.javac.{api,file,parser,tree,util}; do
    opens+=("--add-exports=$name=ALL-UNNAMED")
done
for name in java.base/java.{lang,net,io,nio,lang.reflect,text,time,util,util.concurrent} java.base/sun.nio.ch \
    java.base/java.util.concurrent.{atomic,locks}; do
    opens+=("--add-opens=$name=ALL-UNNAMED")
done
case $part in
    jobmanager)
        heap=$(size jobmanager.memory.heap.size)
        memory=("-Xms128m" "-Xmx${heap}m" -XX:MaxMetaspaceSize=256m)
        main=(org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir "$FLINK_CONF_DIR")
        ;;
    taskmanager)
        heap=$(($(size taskmanager.memory.framework.heap.size) + $(size taskmanager.memory.task.heap.size)))
        direct=$(($(size taskmanager.memory.framework.off-heap.size) + \
            $(size taskmanager.memory.task.off-heap.size) + $(size taskmanager.memory.network.max)))
        memory=("-Xms256m" "-Xmx${heap}m" "-XX:MaxDirectMemorySize=${direct}m"
            "-XX:MaxMetaspaceSize=$(size taskmanager.memory.jvm-metaspace.size)m")
        main=(org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir "$FLINK_CONF_DIR")
        ;;
    sql-gateway)
        memory=(-Xms128m -Xmx512m)
        main=(org.apache.flink.table.gateway.SqlGateway)
        ;;
    help)
        echo "usage: jobmanager | taskmanager | sql-gateway, or a command to run" >&2
        exit 64
        ;;
    *) exec "$@" ;;
esac
# shellcheck disable=SC2086
exec java "${memory[@]}" -XX:+UseSerialGC "-Dlog4j.configurationFile=file:$FLINK_CONF_DIR/log4j.properties" \
    "${opens[@]}" ${JVM_ARGS:-} -cp "$FLINK_LIB_DIR/*" "${main[@]}"

#!/usr/bin/env bash
# The official entry point, which knows no sql-gateway: it passes unknown commands through with the settings written.
set -euo pipefail
if [ "${1:-}" = sql-gateway ]; then
    address="sql-gateway.endpoint.rest.address: 0.0.0.0"
    manager=${JOB_MANAGER_RPC_ADDRESS:-$(hostname)}
    export FLINK_PROPERTIES="$address
rest.address: $manager
jobmanager.rpc.address: $manager
${FLINK_PROPERTIES:-}"
    set -- /opt/flink/bin/sql-gateway.sh start-foreground
fi
exec /docker-entrypoint.sh "$@"

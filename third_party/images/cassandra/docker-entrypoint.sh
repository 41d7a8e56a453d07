#!/bin/bash
# The contract of the official cassandra image for one node: CASSANDRA_CLUSTER_NAME, _NUM_TOKENS, _DC, _RACK,
# _BROADCAST_ADDRESS and so on; MAX_HEAP_SIZE, HEAP_NEWSIZE, JVM_OPTS.
set -e
home=/opt/cassandra
if [ "$(id -u)" = 0 ] && [ "${1:-cassandra}" = cassandra ]; then
    chown -R cassandra:cassandra /var/lib/cassandra $home/conf
    exec setpriv --reuid=cassandra --regid=cassandra --init-groups "$0" "$@"
fi
[ "${1:-cassandra}" = cassandra ] || exec "$@"

# One node: no ring to settle, small segments and caches, and nothing kept when a table is dropped.
address=$(hostname -i | cut -d' ' -f1)
if [ ! -e $home/conf/cassandra.yaml ]; then
    cat >$home/conf/cassandra.yaml <<EOF
cluster_name: ${CASSANDRA_CLUSTER_NAME:-Test Cluster}
num_tokens: ${CASSANDRA_NUM_TOKENS:-1}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: ${CASSANDRA_ENDPOINT_SNITCH:-SimpleSnitch}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{seeds: "${CASSANDRA_SEEDS:-$address}"}]
listen_address: ${CASSANDRA_LISTEN_ADDRESS:-$address}
broadcast_address: ${CASSANDRA_BROADCAST_ADDRESS:-$address}
rpc_address: 0.0.0.0
broadcast_rpc_address: ${CASSANDRA_BROADCAST_RPC_ADDRESS:-$address}
start_native_transport: true
native_transport_port: 9042
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 8MiB
concurrent_reads: 8
concurrent_writes: 8
concurrent_counter_writes: 4
key_cache_size: 8MiB
auto_snapshot: false
hinted_handoff_enabled: false
auto_bootstrap: false
storage_compatibility_mode: NONE
materialized_views_enabled: true
user_defined_functions_enabled: false
data_file_directories: [/var/lib/cassandra/data]
commitlog_directory: /var/lib/cassandra/commitlog
saved_caches_directory: /var/lib/cassandra/saved_caches
hints_directory: /var/lib/cassandra/hints
cdc_raw_directory: /var/lib/cassandra/cdc_raw
sstable:
  selected_format: bti
EOF
fi
printf 'dc=%s\nrack=%s\n' "${CASSANDRA_DC:-datacenter1}" "${CASSANDRA_RACK:-rack1}" \
    >$home/conf/cassandra-rackdc.properties
# shellcheck disable=SC2086
exec java "-javaagent:$(echo $home/libs/jamm-*.jar)" "-Xms${MAX_HEAP_SIZE:-512M}" "-Xmx${MAX_HEAP_SIZE:-512M}" \
    "-Xmn${HEAP_NEWSIZE:-128M}" @$home/conf/jvm17.options \
    -Dlogback.configurationFile=$home/conf/logback.xml -Dcassandra.storagedir=/var/lib/cassandra \
    -Dcassandra.logdir=/tmp -Dcassandra.config=file://$home/conf/cassandra.yaml -Dcassandra.jmx.local.port=7199 \
    -Dcassandra-foreground=yes -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.ring_delay_ms=0 \
    -Dcassandra.superuser_setup_delay_ms=0 ${JVM_OPTS:-} \
    -cp "$home/conf:$home/libs/*" org.apache.cassandra.service.CassandraDaemon

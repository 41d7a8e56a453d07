#!/usr/bin/env bash
# Writes the distribution's bin/*.sh, which Maven Central does not hold.
set -euo pipefail
mkdir -p /opt/kafka/bin
while read -r name class; do
    cat >"/opt/kafka/bin/$name" <<EOF
#!/bin/bash
exec java \${KAFKA_HEAP_OPTS:--Xmx256m} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \${KAFKA_OPTS:-} \\
    -Dlog4j2.configurationFile=\${KAFKA_TOOLS_LOG4J:-/opt/kafka/config/tools-log4j2.properties} \\
    -cp "/opt/kafka/libs/*\${CLASSPATH:+:\$CLASSPATH}" $class "\$@"
EOF
    chmod 755 "/opt/kafka/bin/$name"
done <<'EOF'
kafka-topics.sh org.apache.kafka.tools.TopicCommand
kafka-configs.sh kafka.admin.ConfigCommand
kafka-console-producer.sh org.apache.kafka.tools.ConsoleProducer
kafka-console-consumer.sh org.apache.kafka.tools.consumer.ConsoleConsumer
kafka-consumer-groups.sh org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
kafka-broker-api-versions.sh org.apache.kafka.tools.BrokerApiVersionsCommand
kafka-transactions.sh org.apache.kafka.tools.TransactionsCommand
kafka-producer-perf-test.sh org.apache.kafka.tools.ProducerPerformance
kafka-get-offsets.sh org.apache.kafka.tools.GetOffsetShell
kafka-acls.sh org.apache.kafka.tools.AclCommand
kafka-storage.sh kafka.tools.StorageTool
kafka-features.sh org.apache.kafka.tools.FeatureCommand
kafka-metadata-quorum.sh org.apache.kafka.tools.MetadataQuorumCommand
connect-standalone.sh org.apache.kafka.connect.cli.ConnectStandalone
connect-distributed.sh org.apache.kafka.connect.cli.ConnectDistributed
EOF

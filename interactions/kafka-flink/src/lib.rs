//! kafka-flink

//! The properties librdkafka 2.12 knows, from its CONFIGURATION.md, and those only the Java client knows.

/// Understood by consumers and producers.
pub(crate) const BOTH: &str = "\
    allow.auto.create.topics api.version.fallback.ms api.version.request api.version.request.timeout.ms \
    bootstrap.servers broker.address.family broker.address.ttl broker.version.fallback \
    client.dns.lookup client.id client.rack connections.max.idle.ms debug enable.metrics.push \
    enable.random.seed enable.sasl.oauthbearer.unsecure.jwt enable.ssl.certificate.verification \
    https.ca.location https.ca.pem log.connection.close log.thread.name max.in.flight \
    max.in.flight.requests.per.connection message.copy.max.bytes message.max.bytes metadata.broker.list \
    metadata.max.age.ms metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy \
    plugin.library.paths receive.message.max.bytes reconnect.backoff.jitter.ms reconnect.backoff.max.ms \
    reconnect.backoff.ms retry.backoff.max.ms retry.backoff.ms sasl.kerberos.keytab \
    sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.principal \
    sasl.kerberos.service.name sasl.mechanism sasl.mechanisms sasl.oauthbearer.assertion.algorithm \
    sasl.oauthbearer.assertion.claim.aud sasl.oauthbearer.assertion.claim.exp.seconds \
    sasl.oauthbearer.assertion.claim.iss sasl.oauthbearer.assertion.claim.jti.include \
    sasl.oauthbearer.assertion.claim.nbf.seconds sasl.oauthbearer.assertion.claim.sub \
    sasl.oauthbearer.assertion.file sasl.oauthbearer.assertion.jwt.template.file \
    sasl.oauthbearer.assertion.private.key.file sasl.oauthbearer.assertion.private.key.passphrase \
    sasl.oauthbearer.assertion.private.key.pem sasl.oauthbearer.client.credentials.client.id \
    sasl.oauthbearer.client.credentials.client.secret sasl.oauthbearer.client.id \
    sasl.oauthbearer.client.secret sasl.oauthbearer.config sasl.oauthbearer.extensions \
    sasl.oauthbearer.grant.type sasl.oauthbearer.metadata.authentication.type sasl.oauthbearer.method \
    sasl.oauthbearer.scope sasl.oauthbearer.token.endpoint.url sasl.password sasl.username \
    security.protocol socket.blocking.max.ms socket.connection.setup.timeout.ms socket.keepalive.enable \
    socket.max.fails socket.nagle.disable socket.receive.buffer.bytes socket.send.buffer.bytes \
    socket.timeout.ms ssl.ca.certificate.stores ssl.ca.location ssl.ca.pem ssl.certificate.location \
    ssl.certificate.pem ssl.cipher.suites ssl.crl.location ssl.curves.list \
    ssl.endpoint.identification.algorithm ssl.engine.id ssl.engine.location ssl.key.location \
    ssl.key.password ssl.key.pem ssl.keystore.location ssl.keystore.password ssl.providers \
    ssl.sigalgs.list statistics.interval.ms topic.blacklist topic.metadata.propagation.max.ms \
    topic.metadata.refresh.fast.cnt topic.metadata.refresh.fast.interval.ms \
    topic.metadata.refresh.interval.ms topic.metadata.refresh.sparse";

/// Understood by consumers only.
pub(crate) const CONSUMER: &str = "\
    auto.commit.enable auto.commit.interval.ms auto.offset.reset check.crcs \
    consume.callback.max.messages coordinator.query.interval.ms enable.auto.commit \
    enable.auto.offset.store enable.partition.eof fetch.error.backoff.ms fetch.max.bytes \
    fetch.message.max.bytes fetch.min.bytes fetch.queue.backoff.ms fetch.wait.max.ms group.id \
    group.instance.id group.protocol group.protocol.type group.remote.assignor heartbeat.interval.ms \
    isolation.level max.partition.fetch.bytes max.poll.interval.ms offset.store.method \
    offset.store.path offset.store.sync.interval.ms partition.assignment.strategy \
    queued.max.messages.kbytes queued.min.messages session.timeout.ms";

/// Understood by producers only.
pub(crate) const PRODUCER: &str = "\
    acks batch.num.messages batch.size compression.codec compression.level compression.type \
    delivery.report.only.error delivery.timeout.ms enable.gapless.guarantee enable.idempotence \
    linger.ms message.send.max.retries message.timeout.ms partitioner produce.offset.report \
    queue.buffering.backpressure.threshold queue.buffering.max.kbytes queue.buffering.max.messages \
    queue.buffering.max.ms queuing.strategy request.required.acks request.timeout.ms retries \
    sticky.partitioning.linger.ms transaction.timeout.ms transactional.id";

/// Set by the source and the producer themselves: another value would break a guarantee.
pub(crate) const OWNED: &str = "\
    auto.commit.enable auto.commit.interval.ms enable.auto.commit enable.auto.offset.store enable.partition.eof \
    group.instance.id group.protocol group.protocol.type group.remote.assignor offset.store.method \
    offset.store.path offset.store.sync.interval.ms partition.assignment.strategy plugin.library.paths \
    delivery.report.only.error enable.gapless.guarantee queuing.strategy transactional.id";

/// Known to the Java client alone, without any effect here, and what to do instead.
pub(crate) const JAVA_ONLY: [(&str, &str); 27] = [
    ("key.deserializer", "the table's columns and 'format' say how records decode"),
    ("value.deserializer", "the table's columns and 'format' say how records decode"),
    ("key.serializer", "the table's columns and 'format' say how records encode"),
    ("value.serializer", "the table's columns and 'format' say how records encode"),
    ("interceptor.classes", "Java classes cannot be loaded here"),
    ("metric.reporters", "metrics are served by the program itself"),
    ("metrics.num.samples", "metrics are served by the program itself"),
    ("metrics.recording.level", "metrics are served by the program itself"),
    ("metrics.sample.window.ms", "metrics are served by the program itself"),
    ("auto.include.jmx.reporter", "metrics are served by the program itself"),
    ("max.poll.records", "the engine sets the rows of a batch"),
    ("default.api.timeout.ms", "--connect-timeout says how long to try"),
    ("max.block.ms", "--connect-timeout says how long to try"),
    ("partitioner.class", "records are placed as the Java client's default does"),
    ("buffer.memory", "use queue.buffering.max.kbytes"),
    ("exclude.internal.topics", "topics are named one by one"),
    ("partition.discovery.interval.ms", "use the option 'scan.topic-partition-discovery.interval'"),
    (
        "commit.offsets.on.checkpoint",
        "offsets are committed at checkpoints whenever properties.group.id is set",
    ),
    ("security.providers", "Java classes cannot be loaded here"),
    ("sasl.client.callback.handler.class", "Java classes cannot be loaded here"),
    ("sasl.login.callback.handler.class", "Java classes cannot be loaded here"),
    ("sasl.login.class", "Java classes cannot be loaded here"),
    ("ssl.provider", "use ssl.providers for OpenSSL's"),
    ("ssl.protocol", "OpenSSL negotiates the newest version"),
    ("ssl.enabled.protocols", "OpenSSL negotiates the newest version"),
    ("ssl.keymanager.algorithm", "certificates are read as PEM"),
    ("ssl.trustmanager.algorithm", "certificates are read as PEM"),
];

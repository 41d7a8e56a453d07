//! One round trip per client library.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use redis::AsyncCommands as _;
use serde_json::{Value, json};
use sqlx::Row as _;
use std::time::Duration;
use testkit::services::{Cassandra, Isolation, Kafka, Postgres, Redis, SchemaRegistry, Trino};

const LIMIT: Duration = Duration::from_secs(60);

/// rdkafka: a committed and an aborted transaction, read at both levels of isolation.
pub async fn kafka(kafka: &Kafka) {
    let topic = kafka.topic("round_trip", 3).await.unwrap();
    let producer: FutureProducer = kafka.client_config().set("transactional.id", &topic).create().unwrap();
    let (id, client) = (topic.clone(), producer.clone());
    tokio::task::spawn_blocking(move || {
        client.init_transactions(LIMIT).unwrap_or_else(|e| panic!("{id}: {e}"))
    })
    .await
    .unwrap();
    for (value, commits) in [("kept", true), ("aborted", false), ("kept too", true)] {
        producer.begin_transaction().unwrap();
        let record = FutureRecord::to(&topic).key("k").payload(value);
        producer.send(record, LIMIT).await.unwrap();
        let client = producer.clone();
        let ended = tokio::task::spawn_blocking(move || {
            if commits { client.commit_transaction(LIMIT) } else { client.abort_transaction(LIMIT) }
        });
        ended.await.unwrap().unwrap();
    }
    let seen = async |isolation| {
        let records = kafka.read_to_end(&topic, isolation).await.unwrap();
        records.iter().map(|record| record.text().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen(Isolation::ReadCommitted).await, ["kept", "kept too"]);
    assert_eq!(seen(Isolation::ReadUncommitted).await, ["kept", "aborted", "kept too"]);

    let consumer: BaseConsumer = kafka.client_config().set("group.id", &topic).create().unwrap();
    let partitions = consumer.fetch_metadata(Some(&topic), LIMIT).unwrap().topics()[0].partitions().len();
    assert_eq!(partitions, 3);
}

/// sqlx: COPY in, a query out, and logical replication is on.
pub async fn postgres(postgres: &Postgres) {
    let database = postgres.database("round_trip").await.unwrap();
    database.run("CREATE TABLE t (k bigint PRIMARY KEY, v text)").await;
    assert_eq!(database.copy_csv("t", ["1,one", "2,two"]).await, 2);
    let mut connection = database.connect().await;
    let row =
        sqlx::query("SELECT v FROM t WHERE k = $1").bind(2_i64).fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<String, _>(0), "two");
    assert_eq!(database.texts("SHOW wal_level").await, ["logical"]);
}

/// redis: a pipeline and a script.
pub async fn redis(server: &Redis) {
    let (mut connection, prefix) = (server.connect().await.unwrap(), server.key_prefix("round_trip"));
    let (one, two) = (format!("{prefix}one"), format!("{prefix}two"));
    let (): () = redis::pipe()
        .atomic()
        .set(&one, 1)
        .ignore()
        .set(&two, 2)
        .ignore()
        .query_async(&mut connection)
        .await
        .unwrap();
    let sum: i64 = redis::cmd("EVAL")
        .arg("return redis.call('GET', KEYS[1]) + redis.call('GET', KEYS[2])")
        .arg(2)
        .arg(&one)
        .arg(&two)
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(sum, 3);
    let removed: i64 = connection.del(&[one, two]).await.unwrap();
    assert_eq!(removed, 2);
}

/// scylla: a prepared statement in, a typed row out.
pub async fn cassandra(node: &Cassandra) {
    let (keyspace, session) = (node.keyspace("round_trip").await.unwrap(), node.session().await.unwrap());
    session
        .query_unpaged(format!("CREATE TABLE {keyspace}.t (device text, at timestamp, value double, PRIMARY KEY (device, at)) WITH CLUSTERING ORDER BY (at DESC)"), ())
        .await
        .unwrap();
    let insert = format!("INSERT INTO {keyspace}.t (device, at, value) VALUES (?, toTimestamp(now()), ?)");
    let insert = session.prepare(insert).await.unwrap();
    for value in [20.5, 21.5] {
        session.execute_unpaged(&insert, ("d1", value)).await.unwrap();
    }
    let select = format!("SELECT device, sum(value) FROM {keyspace}.t WHERE device = 'd1'");
    let rows = session.query_unpaged(select, ()).await.unwrap().into_rows_result().unwrap();
    let (device, sum) = rows.single_row::<(String, f64)>().unwrap();
    assert_eq!((device.as_str(), sum), ("d1", 42.0));
    session.query_unpaged(format!("DROP KEYSPACE {keyspace}"), ()).await.unwrap();
}

/// trino: a catalog made by SQL over the PostgreSQL container, reached by its name on the common network.
pub async fn trino(trino: &Trino, postgres: &Postgres) {
    let client = trino::Client::new(&trino.url(), "ibb").unwrap();
    let counted = client.query("SELECT count(*) AS n FROM tpch.tiny.nation").await.unwrap();
    assert_eq!(counted.rows, [[json!(25)]]);
    let database = postgres.database("federated").await.unwrap();
    database
        .run("CREATE TABLE public.t (k bigint, v text); INSERT INTO t VALUES (1, 'one'), (2, 'two')")
        .await;
    let catalog = testkit::services::unique("pg");
    let made = format!(
        "CREATE CATALOG {catalog} USING postgresql WITH (\"connection-url\" = 'jdbc:postgresql://{}/{}', \
         \"connection-user\" = '{}', \"connection-password\" = '{}')",
        postgres.address_inside(),
        database.name(),
        database.user(),
        database.password()
    );
    client.query(&made).await.unwrap();
    let inside = client.clone().in_schema(&catalog, "public");
    let answer = inside.query("SELECT k, upper(v) AS v FROM t ORDER BY k").await.unwrap();
    assert_eq!(answer.rows, [[json!(1), json!("ONE")], [json!(2), json!("TWO")]]);
    let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["k", "v"]);
    let error = inside.query("SELECT nothing FROM t").await.unwrap_err();
    assert_eq!(error.query_error(), Some("COLUMN_NOT_FOUND"));
    client.query(&format!("DROP CATALOG {catalog}")).await.unwrap();
}

/// The registry's API: a schema is registered, read back by its id, and an incompatible one is refused.
pub async fn registry(registry: &SchemaRegistry) {
    let (http, subject) = (reqwest::Client::new(), registry.subject("round_trip"));
    let at = |path: &str| format!("{}{path}", registry.url());
    let schema = |fields: Value| {
        let text = json!({ "type": "record", "name": "Order", "fields": fields }).to_string();
        json!({ "schema": text })
    };
    let call = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap())
    };
    let first = schema(json!([{ "name": "id", "type": "long" }]));
    let versions = at(&format!("/subjects/{subject}/versions"));
    let (status, registered) = call(http.post(&versions).json(&first)).await;
    assert_eq!(status, 200, "{registered}");
    let id = registered["id"].as_i64().unwrap();
    let (_, read) = call(http.get(at(&format!("/schemas/ids/{id}")))).await;
    let text: Value = serde_json::from_str(read["schema"].as_str().unwrap()).unwrap();
    assert_eq!(text["fields"][0]["name"], "id");

    let (status, set) =
        call(http.put(at(&format!("/config/{subject}"))).json(&json!({ "compatibility": "BACKWARD" }))).await;
    assert_eq!(status, 200, "{set}");
    let compatible = |schema: Value| {
        let url = at(&format!("/compatibility/subjects/{subject}/versions/latest"));
        call(http.post(url).json(&schema))
    };
    let with_default = schema(
        json!([{ "name": "id", "type": "long" }, { "name": "note", "type": "string", "default": "" }]),
    );
    let without = schema(json!([{ "name": "id", "type": "long" }, { "name": "note", "type": "string" }]));
    assert_eq!(compatible(with_default).await.1["is_compatible"], true);
    assert_eq!(compatible(without.clone()).await.1["is_compatible"], false);
    let (status, refused) = call(http.post(&versions).json(&without)).await;
    assert_eq!(status, 409, "{refused}");
}

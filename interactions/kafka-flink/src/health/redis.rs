//! Redis: PING and INFO of every configured node, in RESP.

use super::finding::Facts;
use super::nodes::{Node, all_nodes};
use super::wire::{self, Tls, Wire};
use service::Redis;
use std::collections::BTreeMap;

/// Asks every node; an error if none answers.
pub async fn check(redis: &Redis) -> Result<Facts, String> {
    let nodes = all_nodes(&redis.nodes, |address| node(address, redis)).await?;
    Ok(nodes.facts("nodes"))
}

async fn node(address: String, redis: &Redis) -> Result<Node, String> {
    let tls = Tls { on: redis.tls, ca_file: redis.ca_file.clone() };
    let mut wire = wire::connect(&address, &tls).await?;
    if let Some(password) = &redis.password {
        let user = redis.username.as_deref();
        let words: Vec<&str> = ["AUTH"].into_iter().chain(user).chain([password.expose()]).collect();
        // Redis does not repeat what it was given.
        command(&mut wire, &words).await.map_err(|said| format!("{address}: AUTH refused: {said}"))?;
    }
    let pong = command(&mut wire, &["PING"]).await.map_err(|said| format!("{address}: {said}"))?;
    if pong != "PONG" {
        return Err(format!("{address}: PING was not answered with PONG"));
    }
    let info = command(&mut wire, &["INFO"]).await.map_err(|said| format!("{address}: {said}"))?;
    Ok(of_info(&info))
}

/// One command; the answer is a simple or a bulk string.
async fn command(wire: &mut Wire, words: &[&str]) -> Result<String, String> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    wire::write(wire, request.as_bytes()).await?;
    let first = wire::line(wire).await?;
    match (first.get(..1), first.get(1..).unwrap_or_default()) {
        (Some("+"), text) => Ok(text.to_owned()),
        (Some("$"), length) => {
            let length: usize = length.parse().map_err(|_| "an answer without a length".to_owned())?;
            let mut bytes = wire::read(wire, length + 2).await?;
            bytes.truncate(length);
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        (Some("-"), text) => Err(text.to_owned()),
        _ => Err("its answer is no RESP".to_owned()),
    }
}

fn of_info(info: &str) -> Node {
    let values: BTreeMap<&str, &str> = info.lines().filter_map(|line| line.trim().split_once(':')).collect();
    let text = |name: &str| values.get(name).copied().unwrap_or("?");
    let number = |name: &str| values.get(name).and_then(|text| text.parse::<u64>().ok());
    let (used, most) = (number("used_memory").unwrap_or(0), number("maxmemory").unwrap_or(0));
    let clients = number("connected_clients").unwrap_or(0);
    let (version, role) = (text("redis_version"), text("role"));
    let facts = Facts::new(format!("redis {version}, {role}, {clients} clients, {} MiB used", used >> 20))
        .with("version", version)
        .with("role", role)
        .with("connected_clients", clients)
        .with("used_memory_bytes", used)
        .with("max_memory_bytes", most)
        .with("cluster", text("cluster_enabled") == "1");
    let mut node = Node(facts);
    if text("loading") == "1" {
        node.0.alert("it is loading its data set");
    }
    if most > 0 && used * 10 >= most * 9 {
        node.0.alert(format!("{} % of its memory is used", used * 100 / most));
    }
    if text("role") == "slave" && text("master_link_status") == "down" {
        node.0.alert("it lost its master");
    }
    if text("rdb_last_bgsave_status") == "err" || text("aof_last_write_status") == "err" {
        node.0.alert("its last write to disk failed");
    }
    node
}

#[cfg(test)]
mod tests {
    use super::super::fake::serve;
    use super::*;
    use service::Secret;

    fn at(addresses: Vec<String>, password: Option<&str>) -> Redis {
        let password = password.map(Secret::new);
        Redis { nodes: addresses, database: 0, username: None, password, tls: false, ca_file: None }
    }

    /// Answers AUTH, PING and INFO like a server with password `right`.
    async fn server(info: &'static str) -> String {
        serve(move |request| {
            let request = String::from_utf8_lossy(request).into_owned();
            let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len()).into_bytes();
            match request {
                r if r.contains("AUTH") && r.contains("right") => b"+OK\r\n".to_vec(),
                r if r.contains("AUTH") => b"-WRONGPASS invalid username-password pair\r\n".to_vec(),
                r if r.contains("PING") => b"+PONG\r\n".to_vec(),
                _ => bulk(info),
            }
        })
        .await
    }

    #[tokio::test]
    async fn a_node_tells_how_it_is() {
        let address =
            server("# Server\r\nredis_version:8.0.1\r\nrole:master\r\nused_memory:2097152\r\n").await;
        let facts = check(&at(vec![address], Some("right"))).await.unwrap();
        assert_eq!(facts.alerts, [""; 0]);
        assert_eq!(facts.summary, "redis 8.0.1, master, 0 clients, 2 MiB used");
    }

    #[tokio::test]
    async fn a_wrong_password_is_said_and_not_shown() {
        let address = server("").await;
        let error = check(&at(vec![address], Some("hush-hush"))).await.unwrap_err();
        assert!(error.contains("WRONGPASS") && !error.contains("hush-hush"), "{error}");
    }

    #[tokio::test]
    async fn one_node_of_two_is_an_alert_and_none_an_error() {
        let address = server("redis_version:8\r\nrole:master\r\n").await;
        let gone = format!("127.0.0.1:{}", testkit::free_port());
        let facts = check(&at(vec![address, gone.clone()], None)).await.unwrap();
        assert_eq!(facts.alerts.len(), 1);
        assert!(facts.alerts[0].contains(&gone), "{:?}", facts.alerts);
        assert!(check(&at(vec![gone], None)).await.unwrap_err().contains("refused"));
    }

    #[test]
    fn a_full_or_loading_node_is_an_alert() {
        let node = of_info(
            "loading:1\r\nused_memory:95\r\nmaxmemory:100\r\nrole:slave\r\nmaster_link_status:down\r\n",
        );
        assert_eq!(
            node.0.alerts,
            ["it is loading its data set", "95 % of its memory is used", "it lost its master"]
        );
    }

    #[tokio::test]
    async fn what_is_no_redis_is_told_apart() {
        let address = serve(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
        let error = check(&at(vec![address], None)).await.unwrap_err();
        assert!(error.contains("no RESP"), "{error}");
    }
}

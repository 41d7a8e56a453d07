//! Tiny servers for the probes' tests.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers whatever comes in one piece by `answer`; gives its address.
pub async fn serve(answer: impl Fn(&[u8]) -> Vec<u8> + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                while let Ok(count @ 1..) = stream.read(&mut request).await {
                    if stream.write_all(&answer(&request[..count])).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Answers GET of `path` with `status` and `body`, anything else with 404; gives its URL.
pub async fn serve_http(path: &'static str, status: u16, body: &'static str) -> String {
    let address = serve(move |request| {
        let asked = String::from_utf8_lossy(request);
        let (status, body) = match asked.starts_with(&format!("GET {path} ")) {
            true => (status, body),
            false => (404, ""),
        };
        let length = body.len();
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
            .into_bytes()
    })
    .await;
    format!("http://{address}")
}

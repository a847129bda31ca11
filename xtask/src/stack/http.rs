//! Asking a server on loopback: whether it is ready, or for what it holds.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a GET of this `http://127.0.0.1:<port>/<path>` is answered with status 200.
pub(crate) fn answers(url: &str) -> bool {
    get(url, "").is_ok_and(|(status, _)| status == 200)
}

/// The status and the text of what a GET of this `http://127.0.0.1:<port>/<path>` is answered with.
/// `headers` are whole lines.
pub(crate) fn get(url: &str, headers: &str) -> io::Result<(u16, String)> {
    let rest = url.trim_start_matches("http://");
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request =
        format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    parse(&answer).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "this is no HTTP"))
}

/// Status and text of an answer that ends with its connection.
fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/health", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        url
    }

    #[test]
    fn a_server_that_says_so_is_ready() {
        assert!(answers(&server(
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        )));
    }

    #[test]
    fn a_server_that_answers_otherwise_is_not() {
        assert!(!answers(&server(
            "HTTP/1.1 503 Service Unavailable\r\n\r\n"
        )));
        assert!(!answers(&server("200 200 200 200 200")));
        assert!(!answers(&server("")));
    }

    #[test]
    fn a_server_that_is_not_there_is_not_ready() {
        let url = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        assert!(!answers(&url));
    }
}

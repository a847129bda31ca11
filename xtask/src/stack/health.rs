//! Asking a server on loopback whether it is ready.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a GET of this `http://127.0.0.1:<port>/<path>` is answered with status 200.
pub(crate) fn answers(url: &str) -> bool {
    status_line(url).is_ok_and(|line| line.starts_with("HTTP/1.") && line.contains(" 200"))
}

/// The first bytes of the answer, enough for its status line's beginning.
fn status_line(url: &str) -> std::io::Result<String> {
    let rest = url.trim_start_matches("http://");
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning)?;
    Ok(String::from_utf8_lossy(&beginning).into_owned())
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

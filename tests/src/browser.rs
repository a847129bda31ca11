//! What a web page can have a browser send, byte for byte, without a browser.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clock;

/// How long an answer may take: one that is not there by then, such as Lambda's to a function that
/// waits for work, is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The status line and headers, in lower case.
    pub head: String,
    /// The rest, as far as it is text.
    pub body: String,
}

impl Heard {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            (found == name).then(|| value.trim())
        })
    }

    /// Whether the server did nothing and told nothing, not even a page that it may read this.
    pub fn is_nothing(&self) -> bool {
        (400..500).contains(&self.status) && self.header("access-control-allow-origin").is_none()
    }
}

/// Sends a request to a port of this machine. `head` has the request line and headers, a line each;
/// what a browser adds by itself (length, end of the connection) is added.
pub async fn send(port: u16, head: &str, body: &[u8]) -> Heard {
    let exchange = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let lines: Vec<&str> = head.trim().lines().map(str::trim).collect();
        let mut request = lines.join("\r\n").into_bytes();
        let length = body.len();
        request.extend_from_slice(
            format!("\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        request.extend_from_slice(body);
        stream.write_all(&request).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = timeout(PATIENCE, exchange)
        .await
        .unwrap_or_else(|_| panic!("port {port} gives no answer to {head}"))
        .unwrap_or_else(|error| panic!("port {port}, {head}: {error}"));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Heard {
        status: status.unwrap_or_else(|| panic!("port {port} does not speak HTTP: {answer}")),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// The target of a request to Lambda with its signature in the query string, by a key's id and
/// secret.
pub fn presigned(
    (id, secret): (&str, &str),
    port: u16,
    method: &str,
    path: &str,
    body: &[u8],
) -> String {
    let identity = Credentials::new(id, secret, None, None, "test").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_mins(5));
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("lambda")
        .time(clock::now())
        .settings(settings)
        .build()
        .expect("all parameters are set above")
        .into();
    let url = format!("http://127.0.0.1:{port}{path}");
    let body = SignableBody::Bytes(body);
    let request = SignableRequest::new(method, &url, std::iter::empty(), body)
        .expect("the address is well formed");
    let (instructions, _) = sign(request, &parameters)
        .expect("the request can be signed")
        .into_parts();
    let query: Vec<String> = instructions
        .params()
        .iter()
        .map(|(name, value)| {
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            format!("{name}={value}")
        })
        .collect();
    format!("{path}?{}", query.join("&"))
}

/// The port of an address such as `http://127.0.0.1:4566`.
pub fn port(url: &str) -> u16 {
    let (_, port) = url
        .trim_end_matches('/')
        .rsplit_once(':')
        .expect("an address has a port");
    port.parse().expect("a port is a number")
}

/// Every address at which a process of a stack listens for TCP, from the system's own tables: none
/// can be forgotten. `dir` is the stack's folder.
pub fn listeners(dir: &Path) -> Vec<(String, u16)> {
    let record = fs::read_to_string(dir.join("stack.json")).expect("the stack's record");
    let record: serde_json::Value = serde_json::from_str(&record).expect("the record is JSON");
    let groups: Vec<i64> = record["parts"]
        .as_array()
        .expect("the record names the servers")
        .iter()
        .map(|part| part["pid"].as_i64().expect("a process id"))
        .collect();
    let sockets: Vec<String> = processes()
        .filter(|process| groups.contains(&group(process)))
        .flat_map(|process| sockets(&process))
        .collect();
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening(&table, &sockets))
        .collect()
}

fn processes() -> impl Iterator<Item = String> {
    let entries = fs::read_dir("/proc").expect("Linux lists its processes");
    entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        name.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(name)
    })
}

/// The process group of a process; 0 where it has ended meanwhile.
fn group(process: &str) -> i64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind_its_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let group = behind_its_name.split_whitespace().nth(2);
    group.and_then(|group| group.parse().ok()).unwrap_or(0)
}

/// The inodes of a process's sockets.
fn sockets(process: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return Vec::new();
    };
    let inode = |entry: std::io::Result<fs::DirEntry>| {
        let target = fs::read_link(entry.ok()?.path()).ok()?;
        let target = target.to_string_lossy().into_owned();
        let inode = target.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inode.to_owned())
    };
    entries.filter_map(inode).collect()
}

/// The listening sockets of a table of the kernel's, as far as they are among these: address in
/// its hexadecimal, and port.
fn listening(table: &str, sockets: &[String]) -> Vec<(String, u16)> {
    const LISTEN: &str = "0A";
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (*fields.get(1)?, *fields.get(3)?, *fields.get(9)?);
        let (address, port) = local.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let ours = state == LISTEN && sockets.iter().any(|socket| socket == inode);
        ours.then(|| (address.to_owned(), port))
    };
    table.lines().skip(1).filter_map(row).collect()
}

//! The gate before the local AWS, on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local_gate::{Settings, router};
use local_guard::{StackKey, stopped};
use tokio::net::TcpListener;

/// Lets requests through to MiniStack that are signed with this stack's key.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on, such as 127.0.0.1:4566.
    #[arg(long)]
    listen: SocketAddr,
    /// The Unix socket that MiniStack listens on.
    #[arg(long)]
    upstream: PathBuf,
    /// The port of another of the stack's servers that passes requests on with the `Host` that they
    /// came with; may be repeated.
    #[arg(long)]
    sibling: Vec<u16>,
    /// The origin of a page that may upload pictures; may be repeated.
    #[arg(long)]
    page: Vec<String>,
    /// The stack's key.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    access_key_id: String,
    /// What belongs to it.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = stopped()?;
    let listener = TcpListener::bind(arguments.listen).await?;
    let app = router(Settings {
        port: listener.local_addr()?.port(),
        siblings: arguments.sibling,
        pages: arguments.page,
        key: StackKey::new(arguments.access_key_id, arguments.secret_access_key),
        upstream: arguments.upstream,
    });
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app)
        .with_graceful_shutdown(shutdown)
        .await?)
}

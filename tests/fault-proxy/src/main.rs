//! A proxy that breaks what it is told to break; for tests.

use std::net::SocketAddr;

use clap::Parser;
use fault_proxy::{Upstreams, serve};
use local_guard::{StackKey, stopped};
use tokio::net::TcpListener;

/// Passes requests on to AWS's local stand-ins, and breaks those that it is told to.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on, such as 127.0.0.1:4569.
    #[arg(long)]
    listen: SocketAddr,
    /// Where the recognition service listens.
    #[arg(long)]
    recognition: String,
    /// Where the user pool listens, which takes mail as well.
    #[arg(long)]
    cognito: String,
    /// Where everything else listens.
    #[arg(long)]
    aws: String,
    /// The port of another of the stack's servers that passes requests on with the `Host` that they
    /// came with; may be repeated.
    #[arg(long)]
    sibling: Vec<u16>,
    /// The stack's key, which opens the proxy's own interface.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    access_key_id: String,
    /// What belongs to it.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let end = stopped()?;
    let upstreams = Upstreams {
        recognition: arguments.recognition,
        cognito: arguments.cognito,
        aws: arguments.aws,
        siblings: arguments.sibling,
    };
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let key = StackKey::new(arguments.access_key_id, arguments.secret_access_key);
    serve(listener, upstreams, key, end).await?;
    Ok(())
}

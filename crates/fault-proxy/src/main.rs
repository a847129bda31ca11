//! A proxy that breaks what it is told to break; for tests.

use std::net::SocketAddr;

use clap::Parser;
use fault_proxy::{Upstreams, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Passes requests on to AWS's local stand-ins, and breaks those that it is told to.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on, such as 127.0.0.1:4569.
    #[arg(long)]
    listen: SocketAddr,
    /// Where the recognition service listens.
    #[arg(long)]
    recognition: String,
    /// Where the user pool listens.
    #[arg(long)]
    cognito: String,
    /// Where everything else listens.
    #[arg(long)]
    aws: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let end = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let upstreams = Upstreams {
        recognition: arguments.recognition,
        cognito: arguments.cognito,
        aws: arguments.aws,
    };
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    serve(listener, upstreams, end).await?;
    Ok(())
}

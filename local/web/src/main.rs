//! The sample page, on this machine.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use local_guard::{Guard, stopped};
use local_web::router;
use tokio::net::TcpListener;

/// Serves the built page for one stack.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on, such as 127.0.0.1:5173.
    #[arg(long)]
    listen: SocketAddr,
    /// The folder with the built page.
    #[arg(long)]
    pages: PathBuf,
    /// The file with the stack's outputs.
    #[arg(long)]
    outputs: PathBuf,
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
    let guard = Guard::new(listener.local_addr()?.port()).serving_pages();
    let router = guard.protect(router(&arguments.pages, &arguments.outputs)?);
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await?)
}

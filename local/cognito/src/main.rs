//! A user pool with custom authentication, on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local_cognito::{Identity, Settings, StackAccess, serve};
use local_guard::stopped;
use tokio::net::TcpListener;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Speaks Amazon Cognito's protocol for the user pools of the stack deployed at `AWS_ENDPOINT_URL`.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on, such as 127.0.0.1:4568.
    #[arg(long)]
    listen: SocketAddr,
    /// A file in which users, sessions and tokens survive a restart. It holds secrets; without it a
    /// restart forgets everything.
    #[arg(long)]
    state: Option<PathBuf>,
    /// The port of another of the stack's servers that passes requests on with the `Host` that they
    /// came with; may be repeated.
    #[arg(long)]
    sibling: Vec<u16>,
    /// The origin of a page that may call it; may be repeated.
    #[arg(long)]
    page: Vec<String>,
    /// The ARN of an SES identity that is verified, which mail may be sent with; may be repeated.
    #[arg(long)]
    identity: Vec<Identity>,
    /// The endpoint of the deployed stack.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    stack: String,
    /// The region that requests to the stack are signed for.
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    /// Credentials that may describe user pools and invoke functions.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    access_key_id: String,
    /// What belongs to the access key.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: String,
    /// What belongs to a temporary access key.
    #[arg(long, env = "AWS_SESSION_TOKEN", hide_env_values = true)]
    session_token: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Our own lines alone, whatever the environment asks for: other crates may print requests.
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
        .with(Targets::new().with_target("local_cognito", Level::INFO))
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = stopped()?;
    let settings = Settings {
        stack: StackAccess {
            endpoint: arguments.stack,
            region: arguments.region,
            access_key_id: arguments.access_key_id,
            secret_access_key: arguments.secret_access_key,
            session_token: arguments.session_token,
        },
        trigger_timeout: Settings::TRIGGER_TIMEOUT,
        state: arguments.state,
        pages: arguments.page,
        siblings: arguments.sibling,
        identities: arguments.identity,
    };
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(serve(listener, settings, shutdown).await?)
}

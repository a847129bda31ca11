//! The faces part of Amazon Rekognition, on this machine.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, process::ExitCode};

use clap::Parser;
use face_engine::Engine;
use local_guard::{Guard, StackKey, stopped};
use local_rekognition::{ObjectStore, Recogniser, router};
use tokio::net::TcpListener;

/// Speaks Amazon Rekognition's protocol for faces; collections live in memory.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on, such as 127.0.0.1:4567.
    #[arg(long)]
    listen: SocketAddr,
    /// The folder with the engine's six model files.
    #[arg(long)]
    models: PathBuf,
    /// The S3 endpoint that pictures named as S3 objects are read from, over plain http.
    #[arg(long, env = "AWS_ENDPOINT_URL_S3")]
    s3: Option<String>,
    /// The endpoint of all services, where there is none for S3.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    aws: Option<String>,
    /// The region of the collections and of requests to S3.
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    /// For how many pictures the results are kept, so that the same pixels are not computed again; for
    /// none by default. For tests: how long an answer takes then depends on what was asked before.
    #[arg(long)]
    remember: Option<NonZeroUsize>,
    /// The port of another of the stack's servers that passes requests on with the `Host` that they
    /// came with; may be repeated.
    #[arg(long)]
    sibling: Vec<u16>,
    /// The stack's key, which requests have to be signed with, or a function's that follows from it.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    access_key_id: Option<String>,
    /// What belongs to the access key.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: Option<String>,
}

impl Arguments {
    fn store(&self) -> Option<ObjectStore> {
        Some(ObjectStore {
            endpoint: self.s3.clone().or_else(|| self.aws.clone())?,
            region: self.region.clone(),
            key: StackKey::new(self.access_key_id.clone()?, self.secret_access_key.clone()?),
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
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
    let store = arguments.store();
    let mut engine = Recogniser::from(Engine::load(&arguments.models)?);
    if let Some(pictures) = arguments.remember {
        engine = engine.remembering(pictures);
    }
    let listener = TcpListener::bind(arguments.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let guard = Guard::new(listener.local_addr()?.port()).behind(arguments.sibling.iter().copied());
    let app = guard.protect(router(engine, store, arguments.region));
    Ok(axum::serve(listener, app)
        .with_graceful_shutdown(shutdown)
        .await?)
}

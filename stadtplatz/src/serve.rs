//! The HTTP side of the process: accepts, limits and serves connections, stops without losing a request. Slow clients
//! cost a task each, never a thread. TLS is the reverse proxy's business.

use anyhow::Context;
use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower::Layer;

/// Open connections; a proxy needs far fewer.
const CONNECTIONS_MAX: usize = 10_000;
const HEADER_SECONDS: u64 = 15;
/// Requests under way get this long when the process stops.
const FAREWELL: Duration = Duration::from_secs(30);

/// Serves until `stop` changes, then refuses new connections and finishes the requests under way.
pub async fn run(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    while !*stop.borrow() {
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot.context("the connection counter is closed")?,
            _ = stop.changed() => break,
        };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => serve_one(stream, peer, router.clone(), &graceful, slot),
                // Out of file handles or a client that gave up: the next accept may work.
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    Ok(())
}

fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    graceful: &GracefulShutdown,
    slot: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    let service = axum::Extension(ConnectInfo(peer)).layer(router);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEADER_SECONDS));
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(Duration::from_secs(30)));
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).into_owned();
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        // A client that breaks off is its own business.
        let _ = watched.await;
        drop(slot);
    });
}

/// Changes `wait` after `stop`: until then requests are taken as ever, while `/readyz` tells the proxies to send none.
pub fn drained(mut stop: watch::Receiver<bool>, wait: Duration) -> watch::Receiver<bool> {
    let (tell, drained) = watch::channel(false);
    tokio::spawn(async move {
        // An error means that nobody can ask us to stop any more; then the end is near all the same.
        let _ = stop.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(wait).await;
        let _ = tell.send(true);
        std::future::pending::<()>().await;
    });
    drained
}

/// Changes when the operating system asks the process to end.
pub fn stop_on_signal() -> anyhow::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (tell, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("no signal handler for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no signal handler for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        let _ = tell.send(true);
        // Keep the sender: a closed channel would look like a second change.
        std::future::pending::<()>().await;
    });
    Ok(stop)
}

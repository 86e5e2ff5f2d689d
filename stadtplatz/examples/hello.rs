//! The measuring stick of the bench: a bare axum that says hello. No part of the program.

use axum::{Router, routing::get};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let listener = TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route("/", get(|| async { "hello" }))).await
}

//! How slowly a request may arrive and how long a handler may take. A body may pause for a moment and must keep an average;
//! only the time that is spent waiting for the client counts, so that a busy house blames nobody. Not here: how large a
//! body may be. Invariant: whoever drips from the start is answered 408 after half a minute; whoever sent more before
//! may drip as long as the average holds, half an hour at most.

use crate::PageError;
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body::{Body as _, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// A body that stands still for so long is given up: a tunnel, a lift.
const PAUSE: Duration = Duration::from_secs(20);
/// So much waiting is everybody's, however little comes of it.
const GRACE: Duration = Duration::from_secs(30);
/// Afterwards the average counts. The slowest mobile network that still exists (EDGE) brings ten times as much.
const BYTES_PER_SECOND_MIN: u64 = 1024;
/// Nobody is waited for longer. At 20 kB/s three photos of 10 MB each arrive within it.
const WAIT_MAX: Duration = Duration::from_secs(30 * 60);
/// A handler gets so long from the last that it heard of its client, then the answer is 503.
const HANDLER: Duration = Duration::from_secs(300);

#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

/// What body and handler of one request tell each other.
struct Pace {
    began: Instant,
    /// Milliseconds after `began` at which the body brought something or ended.
    heard: AtomicU64,
    is_given_up: AtomicBool,
}

impl Pace {
    fn new() -> Self {
        Self { began: Instant::now(), heard: AtomicU64::new(0), is_given_up: AtomicBool::new(false) }
    }

    fn hear(&self) {
        let after = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(after, Ordering::Relaxed);
    }

    /// Ends when the handler has had its time.
    async fn handler_is_late(&self) {
        loop {
            let due = self.began + Duration::from_millis(self.heard.load(Ordering::Relaxed)) + HANDLER;
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    }
}

/// The layer. Whatever a handler made of a body that was given up, the client reads why.
pub async fn keep(request: Request, next: Next) -> Response {
    let pace = Arc::new(Pace::new());
    let request = match request.body().is_end_stream() {
        true => request,
        false => request.map(|body| Body::new(Paced::new(body, Arc::clone(&pace)))),
    };
    let answer = tokio::select! {
        biased;
        answer = next.run(request) => answer,
        () = pace.handler_is_late() => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let is_refused = answer.status().is_client_error() || answer.status().is_server_error();
    if is_refused && pace.is_given_up.load(Ordering::Relaxed) {
        return PageError::TooSlow.into_response();
    }
    answer
}

/// How long somebody may be waited for altogether who has sent so many bytes.
fn patience(received: u64) -> Duration {
    Duration::from_secs(received / BYTES_PER_SECOND_MIN).clamp(GRACE, WAIT_MAX)
}

/// A body that is waited for only so long.
struct Paced {
    body: Body,
    pace: Arc<Pace>,
    received: u64,
    waited: Duration,
    waiting: Option<Waiting>,
}

/// One wait for the client.
struct Waiting {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl Paced {
    const fn new(body: Body, pace: Arc<Pace>) -> Self {
        Self { body, pace, received: 0, waited: Duration::ZERO, waiting: None }
    }

    fn begin_to_wait(&self) -> Waiting {
        let left = patience(self.received).saturating_sub(self.waited);
        Waiting { since: Instant::now(), end: Box::pin(sleep(left.min(PAUSE))) }
    }
}

impl http_body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            let mut waiting = self.waiting.take().unwrap_or_else(|| self.begin_to_wait());
            let end = waiting.end.as_mut().poll(context);
            self.waiting = Some(waiting);
            ready!(end);
            self.pace.is_given_up.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
        };
        if let Some(waiting) = self.waiting.take() {
            self.waited += waiting.since.elapsed();
        }
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.received += data.len() as u64;
        }
        self.pace.hear();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, middleware::from_fn, routing::post};
    use futures_util::{StreamExt, stream};
    use tower::ServiceExt;

    /// Reads the body to its end, as a form does, and takes any break for a bad request.
    async fn count(body: Body) -> Result<String, StatusCode> {
        let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| StatusCode::BAD_REQUEST)?;
        Ok(bytes.len().to_string())
    }

    /// Sends `pieces`, each after its wait; answers status and seconds.
    async fn sent(pieces: impl Iterator<Item = (f64, usize)> + Send + 'static) -> (u16, u64) {
        let pieces = stream::iter(pieces).then(|(seconds, bytes)| async move {
            sleep(Duration::from_secs_f64(seconds)).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes]))
        });
        let router = Router::new().route("/", post(count)).layer(from_fn(keep));
        let request = Request::post("/").body(Body::from_stream(pieces)).unwrap();
        let began = Instant::now();
        let answer = router.oneshot(request).await.unwrap();
        (answer.status().as_u16(), began.elapsed().as_secs())
    }

    fn evenly(seconds: f64, bytes: usize, times: usize) -> impl Iterator<Item = (f64, usize)> + Send + 'static {
        std::iter::repeat_n((seconds, bytes), times)
    }

    #[tokio::test(start_paused = true)]
    async fn a_photo_over_a_weak_mobile_network_arrives() {
        let photo = 10 * 1024 * 1024;
        // 20 kB/s, a piece a second; and 1.5 kB/s in pieces of 16 kB.
        assert_eq!(sent(evenly(1.0, 20_000, photo / 20_000)).await, (200, 524));
        assert_eq!(sent(evenly(10.0, 16_384, 60)).await, (200, 600));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_drips_is_given_up_after_the_grace() {
        for (seconds, bytes) in [(19.0, 1), (1.0, 1), (0.1, 100), (0.5, 500)] {
            assert_eq!(sent(evenly(seconds, bytes, 10_000)).await, (408, 30), "{bytes} bytes each {seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_good_start_buys_only_what_it_brought() {
        // 100 kB at once are 100 s at the slowest pace; the drips add a byte each.
        let pieces = [(0.0, 102_400)].into_iter().chain(evenly(19.0, 1, 1000));
        assert_eq!(sent(pieces).await, (408, 100));
        // Not even all that a form may have holds a connection for hours.
        let pieces = [(0.0, 50 * 1024 * 1024)].into_iter().chain(evenly(19.0, 1, 10_000));
        assert_eq!(sent(pieces).await, (408, 1800));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_no_end_unless_it_is_long() {
        let pieces = |pause| evenly(1.0, 20_000, 30).chain([(pause, 20_000)]).chain(evenly(1.0, 20_000, 30));
        assert_eq!(sent(pieces(19.0)).await, (200, 79));
        assert_eq!(sent(pieces(21.0)).await, (408, 50));
        assert_eq!(sent([(19.0, 20_000)].into_iter()).await, (200, 19));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_house_is_not_the_clients_fault() {
        async fn slow_reader(body: Body) -> StatusCode {
            let mut pieces = body.into_data_stream();
            while let Some(Ok(_)) = pieces.next().await {
                sleep(Duration::from_secs(15)).await;
            }
            StatusCode::OK
        }
        let router = Router::new().route("/", post(slow_reader)).layer(from_fn(keep));
        let pieces = stream::iter((0..30).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"x"))));
        let answer = router.oneshot(Request::post("/").body(Body::from_stream(pieces)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_has_its_time_from_the_last_that_it_heard() {
        async fn never(body: Body) {
            let _ = axum::body::to_bytes(body, usize::MAX).await;
            std::future::pending().await
        }
        let router = Router::new().route("/", post(never)).layer(from_fn(keep));
        let began = Instant::now();
        let answer = router.clone().oneshot(Request::post("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!((answer.status().as_u16(), began.elapsed().as_secs()), (503, 300));
        let pieces = stream::iter(0..200).then(|_| async {
            sleep(Duration::from_secs(2)).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![0; 20_000]))
        });
        let began = Instant::now();
        let answer = router.oneshot(Request::post("/").body(Body::from_stream(pieces)).unwrap()).await.unwrap();
        assert_eq!((answer.status().as_u16(), began.elapsed().as_secs()), (503, 700));
    }
}

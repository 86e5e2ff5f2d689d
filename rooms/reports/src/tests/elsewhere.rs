//! A server of somebody else, for tests of what leaves the house and what is fetched: real HTTP on a port of its own. It
//! answers what was set and remembers what it was asked.

use crate::tests::{rooms, town};
use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base::MunicipalityId;
use db::Next;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::{TestSite, databases, migrations};
use web::{JobError, JobRun, Settings};

type Answers = HashMap<String, (u16, &'static str, Vec<u8>)>;

#[derive(Clone)]
pub struct Elsewhere {
    port: u16,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Elsewhere {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, answers: Arc::default(), asked: Arc::default() };
        let app = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From now on this method and path (without query) gets this answer.
    pub fn says(&self, what: &str, status: u16, kind: &'static str, body: impl Into<Vec<u8>>) {
        self.answers.lock().unwrap().insert(what.to_owned(), (status, kind, body.into()));
    }

    /// `METHOD path?query body`, oldest first, of all calls so far that begin like this.
    pub fn asked(&self, start: &str) -> Vec<String> {
        self.asked.lock().unwrap().iter().filter(|call| call.starts_with(start)).cloned().collect()
    }
}

async fn answer(State(server): State<Elsewhere>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let call = format!("{} {target} {}", parts.method, String::from_utf8_lossy(&body));
    server.asked.lock().unwrap().push(call);
    let known = server.answers.lock().unwrap().get(&format!("{} {}", parts.method, parts.uri.path())).cloned();
    match known {
        Some((status, kind, body)) => {
            (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, kind)], body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A site for which this server is somebody's on the internet, on every database, with its town. The second server is one
/// of the intranet, which the operator allowed.
pub async fn with_elsewhere(test: impl AsyncFn(TestSite, [Elsewhere; 2], MunicipalityId)) {
    for database in databases(&migrations(&rooms())).await {
        let (server, inner) = (Elsewhere::start().await, Elsewhere::start().await);
        let host = |server: &Elsewhere| vec![format!("127.0.0.1:{}", server.port)];
        let settings = Settings { intranet: host(&inner), ..Settings::default() };
        let site = TestSite::beside(database, rooms().into(), settings, host(&server)).await;
        let id = town(&site).await;
        test(site, [server, inner], id).await;
    }
}

/// Runs what is due of this room's own jobs, as the worker would, and says how each ended: its kind and, if it failed,
/// the word for it. Others come back later.
pub async fn work(site: &TestSite) -> Vec<(String, Option<&'static str>)> {
    let mut seen = vec![];
    for job in site.site.db.claim_jobs(100, Duration::from_secs(60)).await.unwrap() {
        let own = crate::room().jobs.iter().find(|known| known.kind == job.kind);
        let (Some(kind), Some(town)) = (own, job.municipality) else { continue };
        let run = JobRun { site: site.site.clone(), town, id: job.ticket.id, payload: job.payload };
        let (word, next) = match (kind.run)(run).await {
            Ok(()) => {
                assert!(site.site.db.finish_job(job.ticket).await.unwrap());
                seen.push((job.kind, None));
                continue;
            }
            Err(JobError::Later(word)) => (word, Next::Later),
            Err(JobError::Never(word)) => (word, Next::Stuck),
            Err(JobError::Db(error)) => panic!("{error}"),
        };
        assert!(site.site.db.fail_job(job.ticket, word, next).await.unwrap());
        seen.push((job.kind, Some(word)));
    }
    seen
}

//! Any request to any route of the house, by a stranger or by somebody who may do everything: no panic, and no answer that
//! blames the house. Paths, queries, cookies, headers and bodies (of forms, with files, of programs) pass the whole router
//! and a database of their own.
#![no_main]

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, header},
};
use libfuzzer_sys::fuzz_target;
use std::{cell::RefCell, sync::OnceLock};
use testkit::TestSite;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const HOST: &str = "ahornfurt.example";
const PASSWORD: &str = "sehr-langes-kennwort-42";

struct House {
    runtime: Runtime,
    router: Router,
    routes: Vec<(&'static str, &'static str)>,
    cookies: String,
    _site: TestSite,
}

thread_local! {
    static HOUSE: RefCell<Option<House>> = const { RefCell::new(None) };
}
static STARTED: OnceLock<()> = OnceLock::new();

impl House {
    fn build() -> Self {
        STARTED.set(()).expect("one house for one thread");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let rooms = stadtplatz::rooms::rooms();
        let (site, cookies) = runtime.block_on(async {
            let migrations = stadtplatz::rooms::migrations(&rooms);
            let database = db::testing::databases(&migrations).await.swap_remove(0);
            let site = TestSite::new(database, rooms.clone(), web::Settings::default()).await;
            let id = site.found(HOST, "Ahornfurt").await;
            let password = identity::hash_password_blocking(&*site.site.chance, PASSWORD).expect("a hash");
            let written = site.site.db.write::<_, db::DbError>(id, move |tx| {
                db::testing::unaudited(tx, "the person of a fuzz target");
                let roles = ["head", "moderator", "editor", "administrator"];
                let new = identity::NewStaff {
                    name: "Kim Muster".to_owned(),
                    email: "kim@ahornfurt.example".to_owned(),
                    password: Some(password.clone()),
                    roles: roles.map(|role| (role.to_owned(), None)).to_vec(),
                    home_unit: None,
                };
                identity::create_staff(tx, &new).map(|_| ())
            });
            written.await.expect("a person");
            let mut kim = site.visitor(HOST);
            let page = kim.visit("/anmelden").await;
            let typed = [("email", "kim@ahornfurt.example"), ("password", PASSWORD)];
            kim.send(&page, "/anmelden", &typed).await.is(200);
            (site, kim.cookie_line())
        });
        let routes = site.routes.iter().map(|route| (route.method, route.path)).collect();
        Self { runtime, router: site.router.clone(), routes, cookies, _site: site }
    }

    fn ask(&self, (route, path, [query, cookie, headers, extra], body): Input<'_>) {
        let known = self.routes.get(usize::from(route) % (self.routes.len() * 2));
        let (method, path) = match known {
            Some((method, pattern)) => (*method, filled(pattern, path)),
            None => (if route.is_multiple_of(2) { "GET" } else { "POST" }, path.to_owned()),
        };
        let is_post = method == "POST";
        let uri = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut request = Request::builder().method(method).uri(uri).header(header::HOST, HOST);
        let mut lines = headers.split('\n');
        for name in [header::ACCEPT_LANGUAGE, header::RANGE, header::ACCEPT, header::IF_NONE_MATCH, header::REFERER] {
            if let Some(value) = lines.next().and_then(|line| HeaderValue::from_str(line).ok()) {
                request = request.header(name, value);
            }
        }
        let signed_in = if extra.len() % 2 == 0 { self.cookies.as_str() } else { "" };
        if let Ok(value) = HeaderValue::from_str(&format!("{signed_in}; {cookie}")) {
            request = request.header(header::COOKIE, value);
        }
        let mut bytes = vec![];
        if is_post {
            request = request.header("sec-fetch-site", "same-origin");
            // A form without a key of this length is refused before anything of it is read.
            let once = format!("{:016x}", body.len());
            if extra.starts_with('-') {
                request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
                bytes.extend(format!("--b\r\nContent-Disposition: form-data; name=\"once\"\r\n\r\n{once}\r\n").bytes());
            } else {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                bytes.extend(format!("once={once}&").bytes());
            }
            bytes.extend_from_slice(body);
        }
        let Ok(request) = request.body(Body::from(bytes)) else { return };
        let shown = format!("{} {}", request.method(), request.uri());
        let answer = self.runtime.block_on(self.router.clone().oneshot(request)).expect("the router always answers");
        assert!(answer.status().as_u16() < 500, "{shown} gave {}", answer.status());
    }
}

/// Which route, the words for its path or the path itself, query with three kinds of headers, body.
type Input<'a> = (u16, &'a str, [&'a str; 4], &'a [u8]);

/// The pattern with words in the place of its names.
fn filled(pattern: &str, words: &str) -> String {
    let mut words = words.split(['/', '?', '#', ' ']);
    let part = |part: &str| match part.starts_with('{') {
        true => words.next().filter(|word| !word.is_empty()).unwrap_or("2026-11-1").to_owned(),
        false => part.to_owned(),
    };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/")
}

fuzz_target!(|input: Input<'_>| {
    HOUSE.with_borrow_mut(|house| house.get_or_insert_with(House::build).ask(input));
});

//! Every route says who may call it before its handler runs. The list of routes with their access is also data: the
//! access matrix test walks it. What may be done with one single thing is checked where that thing is read.

use crate::{PageError, Visit, kept, signed_out};
use axum::{
    Router,
    extract::Request,
    handler::Handler,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use base::{Permission, Scope, may};

/// Who may call a route at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without account.
    Public,
    /// Every signed-in person of the staff.
    Staff,
    /// Staff who have this permission anywhere; the handler narrows it to the thing.
    Needs(Permission),
    /// Staff who have this permission for the whole town: what they change concerns every office.
    NeedsInTown(Permission),
}

/// One line of the access matrix.
#[derive(Debug, Clone)]
pub struct SeenRoute {
    pub room: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
}

/// Collects a room's routes. A path may be registered for GET and for POST separately.
#[derive(Default)]
pub struct Routes {
    pub(crate) router: Router,
    pub(crate) seen: Vec<SeenRoute>,
    pub(crate) room: &'static str,
    pub(crate) kept: Vec<&'static str>,
}

impl Routes {
    /// A page for everybody that may be kept and handed out again until the town's data change (`kept.rs`): what it
    /// shows depends on host, address, language and display settings, and on nothing else of the request.
    pub fn kept<H, T>(&mut self, path: &'static str, handler: H)
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        self.kept.push(path);
        self.add("GET", path, Access::Public, get(handler).layer(from_fn(kept::offer)));
    }

    pub fn get<H, T>(&mut self, path: &'static str, access: Access, handler: H)
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        self.add("GET", path, access, get(handler));
    }

    pub fn post<H, T>(&mut self, path: &'static str, access: Access, handler: H)
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        self.add("POST", path, access, post(handler));
    }

    fn add(&mut self, method: &'static str, path: &'static str, access: Access, handler: MethodRouter) {
        self.seen.push(SeenRoute { room: self.room, method, path, access });
        let guarded = handler.layer(from_fn(move |request: Request, next: Next| guard(access, request, next)));
        self.router = std::mem::take(&mut self.router).route(path, guarded);
    }
}

/// Where to go on after signing in: the page itself, or for a form that was sent the page it stands on.
fn way_back(visit: &Visit, request: &Request) -> String {
    if request.method() == http::Method::GET {
        return visit.path_and_query.clone();
    }
    let from = request.headers().get(http::header::REFERER).and_then(|value| value.to_str().ok());
    let path = from.and_then(|url| url.split_once("://")).and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    path.unwrap_or("/arbeit").to_owned()
}

/// Travels with what a page of the staff answers: its errors are German too.
#[derive(Clone, Copy)]
pub(crate) struct InGerman;

async fn guard(access: Access, request: Request, next: Next) -> Response {
    let mut response = admit(access, request, next).await;
    if access != Access::Public {
        response.extensions_mut().insert(InGerman);
    }
    response
}

async fn admit(access: Access, mut request: Request, next: Next) -> Response {
    let Some(visit) = request.extensions_mut().get_mut::<Visit>() else {
        return PageError::internal("a request reached a route without a visit").into_response();
    };
    // The desk's own texts are German: around them the layout says so too, whatever the browser prefers.
    if access != Access::Public {
        visit.speak_german();
    }
    let visit = visit.clone();
    let allowed = match access {
        Access::Public => true,
        Access::Staff => visit.actor.staff().is_some(),
        Access::Needs(permission) => may(&visit.actor, permission, Scope::Anywhere),
        Access::NeedsInTown(permission) => may(&visit.actor, permission, Scope::Town),
    };
    if allowed {
        return next.run(request).await;
    }
    if visit.actor.staff().is_none() {
        let back = way_back(&visit, &request);
        return match signed_out::keep_words(&visit, request).await {
            Ok(Some(page)) => page,
            Ok(None) => PageError::SignInNeeded { back }.into_response(),
            Err(error) => error.into_response(),
        };
    }
    PageError::Forbidden.into_response()
}

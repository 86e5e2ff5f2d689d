//! One request of one visitor to one town: who, where, in which language, with which settings. Made once by the router's
//! outer layer and handed to handlers as an extractor. Invariant: no handler runs without a town.

use crate::{
    Answer, Display, FooterGroup, LimitKind, NavLink, Page, PageError, Site, Texts, Town, cookies,
    page::{DeskGroup, DeskShell},
    room::{CaseLink, DeskContext},
    texts::Lang,
};
use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use base::{Actor, MunicipalityId, Permission, Scope, may, new_id, uuid::Uuid};
use db::{DbError, OnceKey, Tx};
use std::{net::IpAddr, sync::Arc};

/// The address of the client, after trusted proxies were taken off. Never logged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl std::fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientAddress(***)")
    }
}

impl ClientAddress {
    /// The address as brakes count it: of IPv6 the network of one household.
    pub fn household(self) -> IpAddr {
        crate::limits::household(self.0)
    }
}

#[derive(Clone)]
pub struct Visit {
    pub site: Site,
    pub town: Arc<Town>,
    pub actor: Actor,
    pub t: &'static Texts,
    pub display: Display,
    pub client: ClientAddress,
    /// The secret of the staff session cookie, if one was sent.
    pub session: Option<String>,
    pub headers: HeaderMap,
    pub path: String,
    pub path_and_query: String,
    pub(crate) flash: Option<&'static str>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| PageError::internal("no visit in the request"))
    }
}

impl Visit {
    pub fn town_id(&self) -> MunicipalityId {
        self.town.id
    }

    /// Goes on in German, the notice of the page before included.
    pub(crate) fn speak_german(&mut self) {
        self.t = self.site.texts().of(Lang::De);
        self.flash = flash_of(&self.headers, self.t);
    }

    /// The notice of the page this very request answers with; `key` is a text key that begins with `flash-`.
    pub fn say(&mut self, key: &'static str) {
        self.flash = Some(self.t.s(key));
    }

    /// Reads in this town.
    pub async fn read<T, E>(&self, f: impl Fn(&Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.site.db.read(self.town.id, f).await
    }

    /// Writes in this town: one transaction; when it answers, it is on disk.
    pub async fn write<T, E>(&self, f: impl Fn(&Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.site.db.write(self.town.id, f).await
    }

    /// May this person do that anywhere in the town?
    pub fn may(&self, permission: Permission) -> bool {
        may(&self.actor, permission, Scope::Anywhere)
    }

    /// Counts this request against a limit; over it, the answer is 429.
    pub fn limit(&self, kind: LimitKind) -> Result<(), PageError> {
        self.site.limits.check(kind, self.client.0).map_err(|retry_seconds| PageError::TooMany { retry_seconds })
    }

    /// Counts one try at a secret (sign-in, PIN, invitation, key of a program) of this client in this town, by all nodes
    /// together; over the limit, the answer is 429.
    pub async fn limit_secret(&self) -> Result<(), PageError> {
        if self.site.limits.are_off() {
            return Ok(());
        }
        let client = crate::store::client_hash(self.client.household());
        let may = self.write(move |tx| crate::store::count_secret(tx, &client)).await?;
        may.then_some(()).ok_or(PageError::TooMany { retry_seconds: crate::limits::SECRET_WAIT_SECONDS })
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookies::read(&self.headers, name)
    }

    /// The layout's part of a page.
    pub fn page(&self, title: impl Into<String>) -> Page {
        let other = if self.t.lang == Lang::De { (Lang::En, "English") } else { (Lang::De, "Deutsch") };
        let back = percent_encoding::utf8_percent_encode(&self.path_and_query, percent_encoding::NON_ALPHANUMERIC);
        let other_language = NavLink::new(format!("/sprache?zu={}&zurueck={back}", other.0.code()), other.1);
        let mut page = Page {
            title: title.into(),
            town: Arc::clone(&self.town),
            t: self.t,
            lang: self.t.lang.code(),
            theme: "",
            text_size: "100",
            motion: "",
            links: "",
            spacing: "",
            keys: "",
            nav: self.navigation(),
            footer: footer(self.t),
            legal: legal(self.t),
            staff_name: self.actor.staff().map(|staff| staff.name.clone()),
            path: self.path.clone(),
            other_language,
            once: new_id(&*self.site.clock, &*self.site.chance).to_string(),
            flash: self.flash,
            demo: self.town.demo,
            scripts: vec![],
            desk: None,
        };
        page.display(&self.display);
        page
    }

    fn navigation(&self) -> Vec<NavLink> {
        let entries = self.site.rooms.iter().flat_map(|room| room.nav);
        let here = entries
            .clone()
            .filter(|(path, _)| self.path == *path || self.path.starts_with(&format!("{path}/")))
            .map(|(path, _)| *path)
            .max_by_key(|path| path.len());
        entries
            .map(|(path, key)| NavLink {
                href: (*path).to_owned(),
                label: self.t.s(key).to_owned(),
                current: here == Some(*path),
            })
            .collect()
    }

    /// The desk's left rail for this person, with counts from this transaction.
    pub fn desk(&self, tx: &Tx<'_>) -> Result<DeskShell, DbError> {
        let context = DeskContext { tx, actor: &self.actor, path: &self.path_and_query };
        let mut groups: Vec<DeskGroup> = vec![];
        let rooms = self.site.rooms.iter().map(|room| room.desk_links);
        for links in rooms.chain([crate::operations::desk_links as crate::room::DeskLinks]) {
            for group in links(&context)? {
                match groups.iter_mut().find(|known| known.title == group.title) {
                    Some(known) => known.links.extend(group.links),
                    None => groups.push(group),
                }
            }
        }
        Ok(DeskShell { groups, search: String::new(), may_search: self.may(Permission::CaseRead) })
    }

    /// What the rooms offer this person to do with this case.
    pub fn case_links(&self, tx: &Tx<'_>, case: Uuid) -> Result<Vec<CaseLink>, DbError> {
        let context = DeskContext { tx, actor: &self.actor, path: &self.path_and_query };
        let mut links = vec![];
        for room in self.site.rooms.iter() {
            links.extend((room.case_links)(&context, case)?);
        }
        Ok(links)
    }

    /// The once-only key of a form; a missing or malformed one is a broken client, not a person's mistake.
    pub fn once_key(&self, form: &crate::Form) -> Result<OnceKey, PageError> {
        self.once_key_of(form, "")
    }

    /// The same for one of several deeds that a form has buttons for: each is done once.
    pub fn once_key_of(&self, form: &crate::Form, deed: &str) -> Result<OnceKey, PageError> {
        let token = form.text("once");
        if !(16..=64).contains(&token.len()) {
            return Err(PageError::BadRequest("the form carries no once-only key"));
        }
        let purpose = if deed.is_empty() { self.path.clone() } else { format!("{} {deed}", self.path) };
        Ok(OnceKey::of(&purpose, token))
    }

    /// After a POST: go there by GET (303), so that reload sends nothing twice.
    pub fn see_other(&self, path: &str) -> Response {
        Redirect::to(path).into_response()
    }

    /// The same with a notice on the next page; `key` is a text key that begins with `flash-`.
    pub fn see_other_saying(&self, path: &str, key: &'static str) -> Response {
        let mut response = self.see_other(path);
        response.headers_mut().append(header::SET_COOKIE, crate::cookie("hinweis", key, Some(60)));
        response
    }
}

/// The notice the page before left in a cookie; only keys that are made for it are shown.
pub(crate) fn flash_of(headers: &HeaderMap, t: &'static Texts) -> Option<&'static str> {
    cookies::read(headers, "hinweis").filter(|key| key.starts_with("flash-")).and_then(|key| t.find(key))
}

/// Renders a template with 200.
pub fn render(template: &impl Template) -> Answer {
    Ok(Html(template.render()?).into_response())
}

impl Visit {
    /// Renders a form that came back: 422, so that scripts and people know.
    pub fn unprocessable(template: &impl Template) -> Answer {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(template.render()?)).into_response())
    }
}

fn footer(t: &'static Texts) -> Vec<FooterGroup> {
    let links = |entries: &[(&'static str, &'static str)]| {
        entries.iter().map(|(path, key)| NavLink::new(*path, t.s(key))).collect::<Vec<_>>()
    };
    let access = [
        ("/leichte-sprache", "kit-easy-language"),
        ("/gebaerdensprache", "kit-sign-language"),
        ("/barrierefreiheit", "kit-accessibility"),
        ("/barriere-melden", "kit-report-barrier"),
        ("/darstellung", "kit-display"),
    ];
    let help = [("/hilfe", "kit-help"), ("/kontakt", "kit-contact"), ("/stand", "kit-status")];
    vec![
        FooterGroup { title: t.s("kit-footer-help").to_owned(), links: links(&help) },
        FooterGroup { title: t.s("kit-footer-access").to_owned(), links: links(&access) },
    ]
}

fn legal(t: &'static Texts) -> Vec<NavLink> {
    vec![NavLink::new("/impressum", t.s("kit-imprint")), NavLink::new("/datenschutz", t.s("kit-privacy"))]
}

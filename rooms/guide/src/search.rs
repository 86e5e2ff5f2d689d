//! The one search field: every room answers for itself, this room for the pages of the town. Not a full-text index:
//! pages are few, and reports and places bring their own. Invariant: no hit is never a dead end.

use crate::{
    markup, store,
    town_text::{self, TextPage},
};
use db::{DbError, Tx};
use web::{Answer, CardLink, Form, Lang, Page, SearchHit, Template, Texts, Visit};

/// Hits of one room under one heading.
struct Group {
    title: &'static str,
    hits: Vec<SearchHit>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    page: Page,
    query: String,
    count: String,
    groups: Vec<Group>,
    doors: Vec<CardLink>,
}

const HITS_PER_ROOM: i64 = 5;
const QUERY_MAX: usize = 200;

/// `GET /suche?q=`
pub async fn results(visit: Visit, form: Form) -> Answer {
    let query: String = form.text("q").chars().take(QUERY_MAX).collect();
    let mut hits: Vec<SearchHit> = vec![];
    if !query.is_empty() {
        let (asking, wanted) = (visit.clone(), query.clone());
        hits = visit
            .read(move |tx| {
                let mut hits = vec![];
                for room in asking.site.rooms.iter() {
                    hits.extend((room.search)(tx, asking.t, &wanted, HITS_PER_ROOM)?);
                }
                Ok::<_, DbError>(hits)
            })
            .await?;
    }
    let t = visit.t;
    let doors = visit.site.rooms.iter().flat_map(|room| (room.cards)(t)).flat_map(|card| card.links).collect();
    let count = i64::try_from(hits.len()).unwrap_or(i64::MAX);
    let title = t.s("guide-search-title");
    web::render(&SearchPage {
        page: visit.page(if query.is_empty() { title.to_owned() } else { format!("{query} – {title}") }),
        count: t.count("guide-search-count", count),
        groups: grouped(hits),
        query,
        doors,
    })
}

/// Groups in the order of their first hit.
fn grouped(hits: Vec<SearchHit>) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for hit in hits {
        match groups.iter_mut().find(|group| group.title == hit.group) {
            Some(group) => group.hits.push(hit),
            None => groups.push(Group { title: hit.group, hits: vec![hit] }),
        }
    }
    groups
}

/// Lower case, umlauts taken apart, everything else a blank.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            other if other.is_alphanumeric() => out.push(other),
            _ => out.push(' '),
        }
    }
    out
}

/// Differ these two by one wrong, missing, additional or swapped letter at most?
pub fn nearly_same(one: &str, other: &str) -> bool {
    let (short, long): (Vec<char>, Vec<char>) = match one.chars().count() <= other.chars().count() {
        true => (one.chars().collect(), other.chars().collect()),
        false => (other.chars().collect(), one.chars().collect()),
    };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same_start = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same_start..], &long[same_start..]);
    match (short, long) {
        ([], _) => true,
        ([a, b, short @ ..], [c, d, long @ ..]) if a == d && b == c && short == long => true,
        _ if short.len() == long.len() => short[1..] == long[1..],
        _ => *short == long[1..],
    }
}

/// How well a page answers: in its name, in its synonyms (a typing error forgiven), in its text. 0: not at all.
pub fn score(query: &str, title: &str, synonyms: &str, body: &str) -> u32 {
    let (query, title, synonyms, body) = (fold(query), fold(title), fold(synonyms), fold(body));
    let words: Vec<&str> = query.split_whitespace().filter(|word| word.chars().count() >= 2).collect();
    let mut sum = 0;
    for word in &words {
        let long = word.chars().count() >= 5;
        let near = |known: &str| known.starts_with(word) || (long && nearly_same(word, known));
        sum += if title.split_whitespace().any(near) {
            4
        } else if synonyms.split_whitespace().any(near) {
            3
        } else if word.chars().count() >= 4 && body.contains(word) {
            1
        } else {
            return 0;
        };
    }
    sum
}

/// Pages without a text of the town.
const OTHER_PAGES: &[(&str, &str, &str)] = &[
    ("/darstellung", "guide-display-title", "schriftgröße kontrast dunkel vergrößern größer display dark"),
    ("/barriere-melden", "guide-barrier-title", "barriere melden behinderung barrier"),
    ("/rathaus", "guide-townhall-title", "rathaus verwaltung stadtverwaltung ämter town hall"),
];

/// The pages of this room, for the search.
pub fn own_pages(tx: &Tx<'_>, t: &Texts, query: &str, limit: i64) -> Result<Vec<SearchHit>, DbError> {
    let group = t.s("guide-search-pages");
    let mut hits: Vec<(u32, SearchHit)> = vec![];
    for page in TextPage::ALL {
        let own = store::newest_text(tx, *page, t.lang)?.map(|text| text.body);
        let german = store::newest_text(tx, *page, Lang::De)?.map(|text| text.body);
        let source = town_text::choose(*page, t.lang, own, german).source;
        let body = markup::plain(&source);
        let title = t.s(page.title());
        let score = score(query, title, page.synonyms(), &body);
        hits.push((
            score,
            SearchHit { group, href: page.path().to_owned(), title: title.to_owned(), text: extract(&source) },
        ));
    }
    for (path, key, synonyms) in OTHER_PAGES {
        let title = t.s(key);
        let hit = SearchHit { group, href: (*path).to_owned(), title: title.to_owned(), text: String::new() };
        hits.push((score(query, title, synonyms, ""), hit));
    }
    hits.retain(|(score, _)| *score > 0);
    hits.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    hits.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(hits.into_iter().map(|(_, hit)| hit).collect())
}

/// The first words of a page, cut at a word; a line with a name in braces would mean nothing here.
pub fn extract(source: &str) -> String {
    let lines: Vec<&str> = source.lines().filter(|line| !line.contains('{') && !line.starts_with('#')).collect();
    let text = markup::plain(&lines.join("\n"));
    let mut out = String::new();
    for word in text.split_whitespace() {
        if out.len() + word.len() > 120 {
            out.push_str(" …");
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

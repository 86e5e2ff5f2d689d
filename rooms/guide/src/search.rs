//! The one search field: every room answers for itself, this room for the pages of the town. Not a full-text index:
//! pages are few, and reports and places bring their own. Invariant: no hit is never a dead end.

use crate::{
    markup, store,
    town_text::{self, TextPage},
};
use db::{DbError, Tx};
use web::{Answer, CardLink, Form, Lang, Page, SearchHit, Template, Texts, Visit};

/// Hits of one room under one heading.
pub struct Group {
    pub title: &'static str,
    pub hits: Vec<SearchHit>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    page: Page,
    query: String,
    count: String,
    /// "Wir haben nach „schaukel“ gesucht."; empty: we searched for what was typed.
    instead: String,
    groups: Vec<Group>,
    doors: Vec<CardLink>,
}

const HITS_PER_ROOM: i64 = 5;
const QUERY_MAX: usize = 200;

/// `GET /suche?q=`
pub async fn results(visit: Visit, form: Form) -> Answer {
    let query: String = form.text("q").chars().take(QUERY_MAX).collect();
    let mut hits: Vec<SearchHit> = vec![];
    let mut meant = String::new();
    if !query.is_empty() {
        let (asking, wanted) = (visit.clone(), query.clone());
        (hits, meant) = visit
            .read(move |tx| {
                let hits = ask_all(&asking, tx, &wanted)?;
                if hits.iter().any(|hit| fit(&wanted, hit) < GUESS) {
                    return Ok((hits, String::new()));
                }
                // Nothing has these words: perhaps one of them is misspelt.
                let known: Vec<String> = reports::search_words(tx, asking.t)?;
                let Some(better) = corrected(&wanted, &known) else { return Ok((hits, String::new())) };
                let found = ask_all(&asking, tx, &better)?;
                Ok::<_, DbError>(if found.is_empty() { (hits, String::new()) } else { (found, better) })
            })
            .await?;
    }
    let t = visit.t;
    let doors = visit.site.rooms.iter().flat_map(|room| (room.cards)(t)).flat_map(|card| card.links).collect();
    let groups = grouped(if meant.is_empty() { &query } else { &meant }, hits);
    let count = i64::try_from(groups.iter().map(|group| group.hits.len()).sum::<usize>()).unwrap_or(i64::MAX);
    let title = t.s("guide-search-title");
    web::render(&SearchPage {
        page: visit.page(if query.is_empty() { title.to_owned() } else { format!("{query} – {title}") }),
        count: t.count("guide-search-count", count),
        groups,
        instead: if meant.is_empty() { String::new() } else { t.with("guide-search-meant", &[("word", meant.into())]) },
        query,
        doors,
    })
}

fn ask_all(visit: &Visit, tx: &Tx<'_>, query: &str) -> Result<Vec<SearchHit>, DbError> {
    let mut hits = vec![];
    for room in visit.site.rooms.iter() {
        hits.extend((room.search)(tx, visit.t, query, HITS_PER_ROOM)?);
    }
    Ok(hits)
}

/// How a hit fits that has other words than the query. Only the place search forgives slips in every word; the other rooms
/// answer to a synonym because they know it.
pub const GUESS: u8 = 2;

/// 0: every word begins a word of the title; 1: every word stands somewhere in the hit; else a guess.
pub fn fit(query: &str, hit: &SearchHit) -> u8 {
    let (query, title, text) = (fold(query), fold(&hit.title), fold(&hit.text));
    let mut words = query.split_whitespace();
    if words.clone().all(|word| title.split_whitespace().any(|known| known.starts_with(word))) {
        0
    } else if !hit.href.starts_with("/orte") || words.all(|word| title.contains(word) || text.contains(word)) {
        1
    } else {
        GUESS
    }
}

/// The query with each unknown word replaced by the known one that differs by one slip; `None`: nothing to replace.
pub fn corrected(query: &str, known: &[String]) -> Option<String> {
    let known: Vec<String> = known.iter().flat_map(|text| words_of(&fold(text))).collect();
    let mut changed = false;
    let words: Vec<String> = words_of(&fold(query))
        .into_iter()
        .map(|word| {
            if word.chars().count() < 5 || known.contains(&word) {
                return word;
            }
            let near = known.iter().find(|one| nearly_same(&word, one)).cloned();
            changed |= near.is_some();
            near.unwrap_or(word)
        })
        .collect();
    changed.then(|| words.join(" "))
}

fn words_of(folded: &str) -> Vec<String> {
    folded.split_whitespace().map(str::to_owned).collect()
}

/// Groups in the order of the rooms, what was only guessed behind them; in a group what fits best stands first. One page
/// is one hit, whatever led to it.
pub fn grouped(query: &str, hits: Vec<SearchHit>) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for hit in hits {
        if groups.iter().flat_map(|group| &group.hits).any(|known| known.href == hit.href) {
            continue;
        }
        match groups.iter_mut().find(|group| group.title == hit.group) {
            Some(group) => group.hits.push(hit),
            None => groups.push(Group { title: hit.group, hits: vec![hit] }),
        }
    }
    for group in &mut groups {
        group.hits.sort_by_key(|hit| fit(query, hit));
    }
    groups.sort_by_key(|group| group.hits.iter().all(|hit| fit(query, hit) == GUESS));
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
        } else if word.chars().count() >= 4 && body.split_whitespace().any(|known| is_form_of(word, known)) {
            1
        } else {
            return 0;
        };
    }
    sum
}

/// Is the known word the typed one, perhaps with an ending of German grammar? "meldung" finds "meldungen", "perso" not
/// "personen".
fn is_form_of(word: &str, known: &str) -> bool {
    known.strip_prefix(word).is_some_and(|rest| rest.len() <= 2)
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

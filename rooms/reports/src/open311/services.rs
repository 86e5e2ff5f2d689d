//! Services: every problem that can be reported, and the questions of its category. One problem is one service, its
//! category the group. Not here: what others take care of, because nobody can report it to this town.

use super::{Format, Node, Refusal, answer, check_jurisdiction, named, refuse};
use crate::{
    category::{Category, Problem, Question, QuestionKind},
    store,
};
use axum::extract::Path;
use web::{Answer, Form, Lang, Visit};

/// `road.pothole`: a slash would not fit into an address.
pub(super) fn code(category: &str, problem: &str) -> String {
    format!("{category}.{problem}")
}

pub(super) fn split_code(code: &str) -> Option<(&str, &str)> {
    code.split_once('.')
}

/// What this code means, if it can be reported now.
pub(super) fn offered<'c>(categories: &'c [Category], wanted: &str) -> Option<(&'c Category, &'c Problem)> {
    services(categories).find(|(category, problem)| code(&category.word, &problem.word) == wanted)
}

fn services(categories: &[Category]) -> impl Iterator<Item = (&Category, &Problem)> {
    let active = categories.iter().filter(|category| category.active);
    let problems = active.flat_map(|category| category.problems.iter().map(move |problem| (category, problem)));
    problems.filter(|(_, problem)| !problem.hidden && problem.stop.is_empty())
}

/// What a service is called: the language is the caller's, by `Accept-Language`.
pub(super) fn name(category: &Category, problem: &Problem, lang: Lang) -> String {
    category.named(problem, ": ", lang)
}

pub async fn list<const XML: bool>(visit: Visit, form: Form) -> Answer {
    let format = Format::of(XML);
    if let Err(refusal) = check_jurisdiction(&visit, &form) {
        return refuse(format, &refusal);
    }
    let categories = visit.read(store::categories).await?;
    let lang = visit.t.lang;
    let service = |(category, problem): (&Category, &Problem)| {
        let keywords = category.synonyms.split_whitespace().collect::<Vec<_>>().join(",");
        Node::Fields(vec![
            ("service_code", Node::text(code(&category.word, &problem.word))),
            ("service_name", Node::text(name(category, problem, lang))),
            ("description", Node::known(problem.danger.text.of(lang))),
            ("metadata", Node::Flag(!category.questions.is_empty())),
            ("type", Node::text("realtime")),
            ("keywords", Node::known(keywords)),
            ("group", Node::text(category.label.of(lang))),
        ])
    };
    answer(format, "services", &Node::List("service", services(&categories).map(service).collect()))
}

pub async fn definition(visit: Visit, file: Path<String>, form: Form) -> Answer {
    let (wanted, format) = named(&file)?;
    if let Err(refusal) = check_jurisdiction(&visit, &form) {
        return refuse(format, &refusal);
    }
    let categories = visit.read(store::categories).await?;
    let Some((category, _)) = offered(&categories, &wanted) else {
        return refuse(format, &Refusal::unknown("service_code"));
    };
    let lang = visit.t.lang;
    let attributes = (1..).zip(&category.questions).map(|(order, question)| attribute(order, question, lang));
    let node = Node::Fields(vec![
        ("service_code", Node::text(wanted)),
        ("attributes", Node::List("attribute", attributes.collect())),
    ]);
    answer(format, "service_definition", &node)
}

fn attribute(order: i64, question: &Question, lang: Lang) -> Node {
    let kind = match question.kind {
        QuestionKind::Text => "text",
        QuestionKind::Choice => "singlevaluelist",
        QuestionKind::Number => "number",
        QuestionKind::Date => "datetime",
    };
    let hint = [question.hint.of(lang), question.unit.of(lang)].join(" ");
    let mut fields = vec![
        ("variable", Node::Flag(true)),
        ("code", Node::text(question.word.as_str())),
        ("datatype", Node::text(kind)),
        ("required", Node::Flag(question.required)),
        ("datatype_description", Node::known(hint.trim())),
        ("order", Node::Integer(order)),
        ("description", Node::text(question.label.of(lang))),
    ];
    if question.kind == QuestionKind::Choice {
        let value = |option: &crate::category::QuestionOption| {
            let (key, label) = (option.word.as_str(), option.label.of(lang));
            Node::Fields(vec![("key", Node::text(key)), ("name", Node::text(label))])
        };
        fields.push(("values", Node::List("value", question.options.iter().map(value).collect())));
    }
    Node::Fields(fields)
}

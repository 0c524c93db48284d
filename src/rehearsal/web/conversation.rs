//! One conversation.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Html;

use super::super::server::Shared;
use super::super::store::{Comment, Conversation, Message, Said, Store, Stored, parse_id, render_id};
use super::super::templates::{AboutLine, ConversationPage, ConversationRow, Entry, Pages};
use super::{App, PAGE, Trouble, aside, asked_here, inbox_path, page, paged, show};

/// What is copied out of the store, so that messages are read from disk without its lock.
struct Listed {
    row: ConversationRow,
    inbox_path: String,
    inbox: String,
    newer: Option<String>,
    older: Option<String>,
    pages: Pages,
    about: Vec<AboutLine>,
    messages: Vec<(u32, Message, Option<String>)>,
    comments: Vec<(u32, Comment, Option<String>)>,
}

pub(in super::super) async fn conversation(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Html<String>, Trouble> {
    // Of one message of the page, pictures on other servers are asked for.
    let remote = asked_here(&headers, query.as_deref(), "remote").and_then(|id| parse_id("msg", &id));
    aside(&shared, move |shared| render(shared, &id, query.as_deref(), remote)).await
}

fn render(shared: &Shared, id: &str, query: Option<&str>, remote: Option<u32>) -> Result<Html<String>, Trouble> {
    let listed = list(shared, id, query).ok_or(Trouble::Missing("conversation"))?;
    let mut entries = Vec::new();
    let mut comments = listed.comments.into_iter().peekable();
    for (number, message, author) in listed.messages {
        while let Some((number, comment, author)) =
            comments.next_if(|(_, comment, _)| show::seconds(comment) < message.created_at)
        {
            entries.push(entry(shared, number, &comment, author.as_deref())?);
        }
        let stored: Stored = shared.log.read(message.place)?;
        entries.push(Entry::Message(Box::new(show::message(number, &stored, author, remote == Some(number)))));
    }
    for (number, comment, author) in comments {
        entries.push(entry(shared, number, &comment, author.as_deref())?);
    }
    let content = ConversationPage {
        path: format!("/web/conversations/{id}"),
        row: &listed.row,
        inbox_path: &listed.inbox_path,
        inbox: &listed.inbox,
        newer: listed.newer,
        older: listed.older,
        about: listed.about,
        entries,
        pages: listed.pages,
        has_origins: shared.config.origins.is_some(),
    };
    page(shared, &listed.row.subject, &listed.inbox_path, "", &content)
}

fn entry(shared: &Shared, number: u32, comment: &Comment, author: Option<&str>) -> Result<Entry, Trouble> {
    let said: Said = shared.said.read(comment.place)?;
    Ok(Entry::Comment(show::comment(number, comment, author, &said)))
}

/// The comments that stand between the messages of one page: from the first of them to the first of the next page, before
/// and after which there is nothing on the first page and the last.
fn comments(store: &Store, it: &Conversation, pages: &Pages) -> Vec<(u32, Comment, Option<String>)> {
    let first_of = |page: usize| it.messages.iter().nth((page - 1) * PAGE).map(|(time, _)| *time);
    let start = first_of(pages.current).filter(|_| pages.current > 1).unwrap_or(i64::MIN);
    let end = first_of(pages.current + 1).unwrap_or(i64::MAX);
    let found = it.comments().iter().filter_map(|number| Some((*number, *store.comment(*number)?)));
    let here = found.filter(|(_, comment)| (start..end).contains(&show::seconds(comment)));
    let author = |comment: &Comment| store.teammate(comment.author).map(|it| it.name.clone());
    here.map(|(number, comment)| (number, comment, author(&comment))).collect()
}

fn list(shared: &Shared, id: &str, query: Option<&str>) -> Option<Listed> {
    let store = shared.store();
    let number = store.survivor(parse_id("cnv", id)?);
    let it = store.conversation(number)?;
    let inbox = store.inbox(it.inbox)?;
    let pages = paged(query, it.messages.len());
    let places = it.messages.iter().skip((pages.current - 1) * PAGE).take(PAGE);
    let message = |(_, number): &(i64, u32)| {
        let message = *store.message(*number)?;
        Some((*number, message, store.teammate(message.author).map(|author| author.name.clone())))
    };
    let place = (it.last(), number);
    let named = |number: u32| render_id("cnv", number);
    Some(Listed {
        row: show::row(&store, number)?,
        inbox_path: inbox_path(&inbox.id),
        inbox: inbox.name.clone(),
        newer: inbox.before(place).map(named),
        older: inbox.after(place).next().map(|(_, number)| named(number)),
        about: show::about(&store, it),
        messages: places.filter_map(message).collect(),
        comments: comments(&store, it, &pages),
        pages,
    })
}

/// A message by its id, with what is stored of it. The pages show what was accepted at once; only the API makes clients
/// wait for it.
pub(super) fn find(shared: &Arc<Shared>, id: &str) -> Option<(u32, Message)> {
    let number = parse_id("msg", id)?;
    Some((number, *shared.store().message(number)?))
}

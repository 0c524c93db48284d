//! A Front that shows what the test says, when it says so, in virtual time.

use crate::front::{Answer, Cancellation, Files, FrontError, Message, MessagePage};
use crate::request::ImportRequest;
use crate::verify::Sight;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// A message that exists from some moment on.
#[derive(Debug, Clone)]
struct Shown {
    uid: String,
    at: Instant,
    message: Message,
}

#[derive(Default)]
struct Script {
    shown: Vec<Shown>,
    asked: Vec<String>,
    imported: Vec<ImportRequest>,
    refused_from: Option<Instant>,
    down_until: Option<Instant>,
    /// Questions with this in them have an answer without sense so many times.
    senseless: Option<(&'static str, u32)>,
    /// A message that is imported again appears after so long, under a new uid.
    appears: Option<Duration>,
    /// What the next import is answered with, instead of a new uid.
    says: Option<Answer>,
    /// Questions are not answered any more.
    is_silent: bool,
    /// Conversations that were merged: the former id, and the one that it leads to.
    merged: Option<(String, String)>,
    /// What is imported again is answered at the second attempt.
    repeats: bool,
    /// Lists name no uids.
    lists_without_uids: bool,
}

#[derive(Default)]
pub(super) struct Front {
    script: Mutex<Script>,
}

impl Front {
    /// Shows a message after so long.
    pub(super) fn shows(&self, uid: &str, after: Duration, message: Message) {
        let message = Message { uid: Some(uid.to_owned()), id: format!("msg_{uid}"), ..message };
        let shown = Shown { uid: uid.to_owned(), at: Instant::now() + after, message };
        self.script.lock().unwrap().shown.push(shown);
    }

    pub(super) fn forgets(&self, uid: &str) {
        self.script.lock().unwrap().shown.retain(|shown| shown.uid != uid);
    }

    pub(super) fn refuses_the_token(&self) {
        self.script.lock().unwrap().refused_from = Some(Instant::now());
    }

    pub(super) fn is_down_for(&self, outage: Duration) {
        self.script.lock().unwrap().down_until = Some(Instant::now() + outage);
    }

    pub(super) fn makes_no_sense_of(&self, question: &'static str, times: u32) {
        self.script.lock().unwrap().senseless = Some((question, times));
    }

    pub(super) fn lists_no_uids(&self) {
        self.script.lock().unwrap().lists_without_uids = true;
    }

    /// Uids lead nowhere any more; messages stay.
    pub(super) fn forgets_uids(&self) {
        for shown in &mut self.script.lock().unwrap().shown {
            shown.message.uid = None;
        }
    }

    pub(super) fn answers_repeats(&self) {
        self.script.lock().unwrap().repeats = true;
    }

    /// What is imported again appears after so long.
    pub(super) fn makes_what_is_sent_again(&self, after: Duration) {
        self.script.lock().unwrap().appears = Some(after);
    }

    /// The next import is answered so; where that is what a stopped run says, the run is stopped.
    pub(super) fn says_to_an_import(&self, answer: Answer) {
        self.script.lock().unwrap().says = Some(answer);
    }

    /// What was in one conversation is in another, to which the former id leads.
    pub(super) fn merges(&self, former: &str, into: &str) {
        let mut script = self.script.lock().unwrap();
        for shown in &mut script.shown {
            if shown.message.conversation_id.as_deref() == Some(former) {
                shown.message.conversation_id = Some(into.to_owned());
            }
        }
        script.merged = Some((former.to_owned(), into.to_owned()));
    }

    /// Answers no question any more.
    pub(super) fn falls_silent(&self) {
        self.script.lock().unwrap().is_silent = true;
    }

    /// Questions asked so far, and none of them again.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }

    pub(super) fn imported(&self) -> Vec<ImportRequest> {
        self.script.lock().unwrap().imported.clone()
    }

    fn ask(&self, question: String) -> Result<(), FrontError> {
        let mut script = self.script.lock().unwrap();
        let path = question.clone();
        script.asked.push(question);
        if script.refused_from.is_some() {
            return Err(FrontError::Unauthorized { status: 403, path, text: "missing scope".into() });
        }
        if script.down_until.is_some_and(|until| Instant::now() < until) {
            return Err(FrontError::Unavailable { path, attempts: 6, last: "503".into() });
        }
        if let Some((part, times)) = &mut script.senseless
            && *times > 0
            && path.contains(*part)
        {
            *times -= 1;
            return Err(FrontError::Unreadable { path, why: "expected value at line 1".into() });
        }
        Ok(())
    }

    fn there(&self) -> Vec<Message> {
        let script = self.script.lock().unwrap();
        script.shown.iter().filter(|shown| shown.at <= Instant::now()).map(|shown| shown.message.clone()).collect()
    }
}

#[async_trait::async_trait]
impl Sight for Front {
    async fn by_uid(&self, uid: &str) -> Result<Option<Message>, FrontError> {
        self.ask(format!("uid {uid}"))?;
        if self.script.lock().unwrap().is_silent {
            std::future::pending::<()>().await;
        }
        Ok(self.there().into_iter().find(|message| message.uid.as_deref() == Some(uid)))
    }

    async fn by_id(&self, id: &str) -> Result<Option<Message>, FrontError> {
        self.ask(format!("id {id}"))?;
        Ok(self.there().into_iter().find(|message| message.id == id))
    }

    async fn page(
        &self,
        conversation_id: &str,
        limit: u32,
        next: Option<&str>,
    ) -> Result<Option<MessagePage>, FrontError> {
        self.ask(format!("list {conversation_id}"))?;
        let merged = self.script.lock().unwrap().merged.clone();
        let conversation_id = match &merged {
            Some((former, into)) if former == conversation_id => into,
            _ => conversation_id,
        };
        let skip: usize = next.map_or(0, |next| next.parse().unwrap());
        let mut all: Vec<Message> = self
            .there()
            .into_iter()
            .filter(|message| message.conversation_id.as_deref() == Some(conversation_id))
            .collect();
        if all.is_empty() {
            return Ok(None);
        }
        all.sort_by(|a, b| b.created_at.unwrap().total_cmp(&a.created_at.unwrap()));
        let end = skip + limit as usize;
        let next = (end < all.len()).then(|| end.to_string());
        let no_uids = self.script.lock().unwrap().lists_without_uids;
        let bare = |message: Message| if no_uids { Message { uid: None, ..message } } else { message };
        Ok(Some(MessagePage { messages: all.into_iter().skip(skip).take(limit as usize).map(bare).collect(), next }))
    }

    async fn import(&self, _inbox: &str, request: &ImportRequest, cancellation: &Cancellation) -> Answer {
        let (uid, after, repeated) = {
            let mut script = self.script.lock().unwrap();
            script.imported.push(request.clone());
            if let Some(answer) = script.says.take() {
                if let Answer::Cancelled { .. } = answer {
                    cancellation.cancel();
                }
                return answer;
            }
            (format!("again-{}", script.imported.len()), script.appears, script.repeats)
        };
        if let Some(after) = after {
            self.shows(&uid, after, message_of(request, "cnv_a"));
        }
        Answer::Accepted { uid, repeated }
    }
}

/// The message that a request becomes.
pub(super) fn message_of(request: &ImportRequest, conversation_id: &str) -> Message {
    let bytes = request.attachments.iter().map(|file| file.content.len() as u64).sum();
    Message {
        conversation_id: Some(conversation_id.to_owned()),
        subject: request.subject.clone(),
        is_inbound: Some(request.metadata.is_inbound),
        #[expect(clippy::cast_precision_loss, reason = "dates are small")]
        created_at: Some(request.created_at as f64),
        files: Some(Files { count: request.attachments.len() as u64, bytes: Some(bytes) }),
        ..Message::default()
    }
}

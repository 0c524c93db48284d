//! Who wrote a mail.

use super::addresses;
use super::header::Fields;
use crate::record::{Address, BadRecord};

/// Fields that name the author, in the order in which they are believed.
const FIELDS: [&str; 3] = ["From", "Sender", "Return-Path"];

/// The author of a mail, list munging undone.
pub(super) fn read(fields: &Fields<'_>, reply_to: &[Address], changes: &mut Vec<String>) -> Result<Address, BadRecord> {
    for field in FIELDS {
        let list = addresses::read(fields.all(field), field);
        let Some(author) = list.addresses.into_iter().next() else { continue };
        changes.extend(list.changes);
        if field != "From" {
            changes.push(format!("sender taken from {field}: From holds no address"));
            return Ok(author);
        }
        return Ok(match person_behind_list(fields, &author, reply_to) {
            Some((person, source)) => {
                changes.push(format!("sender taken from {source}: From held the mailing list's address"));
                person
            }
            None => author,
        });
    }
    Err(BadRecord::rejected(
        "no sender",
        "From, Sender and Return-Path hold no usable address",
        "add a From line with an address to the mail in the source, or leave the mail out with a [[rule]]",
    ))
}

/// Mailing lists put their own address into From where DMARC asks for it: `Jane Doe via List <list@host>`, and the
/// person elsewhere. Only mail that says it came through a list is touched: helpdesks write `via` too, and their
/// Reply-To is a machine.
fn person_behind_list(fields: &Fields<'_>, author: &Address, reply_to: &[Address]) -> Option<(Address, &'static str)> {
    let (name, _) = author.name.as_deref()?.rsplit_once(" via ")?;
    let marks = ["X-Original-From", "List-Id", "List-Post", "X-BeenThere", "X-Google-Group-Id", "Mailing-List"];
    if !marks.iter().any(|mark| fields.has(mark)) {
        return None;
    }
    let name = name.trim().trim_matches('\'').trim();
    let named = |found: Address| Address { name: found.name.or_else(|| Some(name.to_owned())), ..found };
    let other = |found: &Address| !found.handle.eq_ignore_ascii_case(&author.handle);
    let original = addresses::read(fields.all("X-Original-From"), "X-Original-From").addresses;
    if let Some(person) = original.into_iter().find(other) {
        return Some((named(person), "X-Original-From"));
    }
    let person = reply_to.iter().find(|found| other(found))?.clone();
    Some((named(person), "Reply-To"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(block: &str) -> (Result<Address, BadRecord>, Vec<String>) {
        let fields = Fields::split(block.as_bytes());
        let reply_to = addresses::read(fields.all("Reply-To"), "Reply-To").addresses;
        let mut changes = Vec::new();
        (read(&fields, &reply_to, &mut changes), changes)
    }

    fn handle(block: &str) -> String {
        sender(block).0.unwrap().handle
    }

    #[test]
    fn the_first_author_is_the_sender() {
        assert_eq!(handle("From: A <a@x.example>, b@x.example\nSender: s@x.example\n"), "a@x.example");
    }

    #[test]
    fn sender_and_return_path_stand_in_and_it_is_said() {
        let (found, changes) = sender("From: Nobody\nSender: s@x.example\n");
        assert_eq!(found.unwrap().handle, "s@x.example");
        assert_eq!(changes.len(), 1);
        assert_eq!(handle("Return-Path: <r@x.example>\n"), "r@x.example");
    }

    #[test]
    fn a_mail_without_sender_is_rejected_with_a_remedy() {
        let bad = sender("Return-Path: <>\nFrom:\n").0.unwrap_err();
        assert_eq!(bad.cause, "no sender");
        assert!(!bad.remedy.is_empty());
    }

    #[test]
    fn the_person_behind_a_list_is_found() {
        let (found, changes) = sender(
            "From: Jane Doe via Users <users@l.example>\nReply-To: jane@x.example\nList-Id: <users.l.example>\n",
        );
        assert_eq!(found.unwrap(), Address { name: Some("Jane Doe".into()), handle: "jane@x.example".into() });
        assert_eq!(changes.len(), 1);
        let original =
            "From: 'Jane' via G <g@l.example>\nX-Original-From: Jane <jane@x.example>\nReply-To: r@x.example\n";
        assert_eq!(handle(original), "jane@x.example");
    }

    #[test]
    fn a_helpdesk_that_writes_via_stays_the_sender() {
        assert_eq!(handle("From: Jane via Desk <desk@x.example>\nReply-To: ticket+1@x.example\n"), "desk@x.example");
    }
}

//! Who wrote a mail.

use super::addresses::{self, List, Unusable};
use super::charset::lossy;
use super::header::Fields;
use super::ids;
use super::stand_in;
use crate::record::{Address, BadRecord};

/// Fields that give an address to an author who has none, in the order in which they are believed: who sent it for the
/// author, who wrote it before a list did, who wants the answers, where bounces go, who passed it on.
const EVIDENCE: [&str; 10] = [
    "Sender",
    "X-Original-From",
    "X-Original-Sender",
    "Reply-To",
    "Return-Path",
    "X-Sender",
    "Envelope-From",
    "X-Envelope-From",
    "Resent-From",
    "X-Original-Return-Path",
];

/// Fields that mailing lists add. Helpdesks write `via` too, and their Reply-To is a machine.
const LIST_MARKS: [&str; 7] = [
    "X-Original-From",
    "List-Id",
    "List-Post",
    "X-BeenThere",
    "X-Google-Group-Id",
    "Mailing-List",
    "X-Mailman-Version",
];

/// Fields in which a list names the address that mail to it is sent to.
const LIST_ADDRESSES: [&str; 3] = ["X-BeenThere", "List-Post", "Mailing-List"];

/// The author of a mail, list munging undone.
///
/// Of several authors it is the first. An author without mail address takes one from other fields; a local user takes the
/// host that sent the mail; what is left stands under a made-up address, so that the message is not lost.
pub(super) fn read(fields: &Fields<'_>, reply_to: &[Address], changes: &mut Vec<String>) -> Result<Address, BadRecord> {
    let List { addresses, unusable, changes: repairs, .. } = list(fields, "From");
    let author = addresses.into_iter().next();
    if let Some(author) = &author
        && !stand_in::is_made_up(&author.handle)
        && !stand_in::is_wrapped_x500(&author.handle)
    {
        changes.extend(repairs);
        return Ok(match person_behind_list(fields, author, reply_to) {
            Some((person, source)) => {
                changes.push(format!("sender taken from {source}: From held the mailing list's address"));
                person
            }
            None => author.clone(),
        });
    }
    let first = unusable.into_iter().next();
    let name = author.as_ref().and_then(|author| author.name.clone()).or_else(|| first.as_ref().and_then(shown_name));
    if let Some((found, source)) = evidence(fields, first.as_ref()) {
        changes.push(format!("sender taken from {source}: From holds no address"));
        return Ok(Address { name: name.or(found.name), handle: found.handle });
    }
    if let Some(author) = author {
        changes.extend(repairs);
        return Ok(author);
    }
    first.and_then(|first| local_user(fields, &first, name, changes)).ok_or_else(|| {
        BadRecord::rejected(
            "no sender",
            "neither From nor any other field names who sent it",
            "add a From line with an address to the mail in the source, or leave the mail out with a [[rule]]",
        )
    })
}

/// The person that a mailing list's own address in From hides, if another field names one: whom copies of the mail that
/// did not pass the list have in From.
pub(super) fn hidden_by_list(fields: &Fields<'_>, reply_to: &[Address]) -> Option<Address> {
    if !passed_list(fields) {
        return None;
    }
    let author = list(fields, "From").addresses.into_iter().next()?;
    person_behind_list(fields, &author, reply_to).map(|(person, _)| person)
}

fn passed_list(fields: &Fields<'_>) -> bool {
    LIST_MARKS.iter().any(|mark| fields.has(mark))
}

fn list(fields: &Fields<'_>, name: &str) -> List {
    addresses::read(fields.all(name), name, fields.charset())
}

/// The name of an author without address: the display name, or the words themselves unless they are a user's.
fn shown_name(author: &Unusable) -> Option<String> {
    author.name.clone().or_else(|| author.text.contains(' ').then(|| author.text.clone()))
}

/// The first real address of the evidence; one of the same local user is better than any other.
fn evidence(fields: &Fields<'_>, author: Option<&Unusable>) -> Option<(Address, &'static str)> {
    let usable = |address: &Address| !stand_in::is_made_up(&address.handle);
    let found = EVIDENCE.iter().flat_map(|name| {
        let addresses = list(fields, name).addresses;
        addresses.into_iter().filter(usable).map(move |address| (address, *name))
    });
    let found: Vec<(Address, &'static str)> = found.collect();
    let same_user = |address: &Address| {
        let local = address.handle.rsplit_once('@').map_or("", |(local, _)| local);
        author.is_some_and(|author| author.text.eq_ignore_ascii_case(local))
    };
    let best = found.iter().position(|(address, _)| same_user(address)).unwrap_or(0);
    found.into_iter().nth(best)
}

/// An address for a local user (`root`, `MAILER-DAEMON`): on the host that took the mail in, or that made its id.
fn local_user(
    fields: &Fields<'_>,
    author: &Unusable,
    name: Option<String>,
    changes: &mut Vec<String>,
) -> Option<Address> {
    let at = |host: String| addresses::handle(&format!("{}@{host}", author.text));
    // The first hop stands last.
    let by = || fields.all("Received").filter_map(receiving_host).last();
    let id = || {
        let id = fields.all("Message-ID").find_map(ids::message_id)?;
        id.rsplit_once('@').map(|(_, host)| host.to_owned()).filter(|host| is_host(host))
    };
    let (handle, change) = if let Some(handle) = by().and_then(at) {
        (handle, "sender's host taken from Received: From holds no address")
    } else if let Some(handle) = id().and_then(at) {
        (handle, "sender's host taken from Message-ID: From holds no address")
    } else {
        (stand_in::made_up(&author.text, "")?, "made-up address for a sender who has none")
    };
    changes.push(change.to_owned());
    Some(Address { name, handle })
}

/// The host after `by` in a Received field (RFC 5321 section 4.4).
fn receiving_host(value: &[u8]) -> Option<String> {
    let text = lossy(value);
    let mut words = text.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("by"));
    let host = words.nth(1)?.trim_matches([';', '(', ')', '.']);
    is_host(host).then(|| host.to_owned())
}

/// A name with a dot, of letters, digits and hyphens, that does not end in a number as addresses do.
fn is_host(host: &str) -> bool {
    let labels = || host.split('.');
    let good = |label: &str| {
        !label.is_empty() && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-' || letter == '_')
    };
    labels().count() > 1
        && labels().all(good)
        && labels().next_back().is_some_and(|last| !last.starts_with(|c: char| c.is_ascii_digit()))
}

/// Mailing lists put an address of theirs into From where DMARC asks for it: `Jane Doe via List <list@host>`, and the
/// person elsewhere. Only mail that says it came through a list is touched, and then only if the address is the list's own,
/// or the name says `via` and the address is on the list's host. What another service has sent for a person before the mail
/// reached the list (a patch relay, a signature service) came from that service, for all readers of the list.
fn person_behind_list(fields: &Fields<'_>, author: &Address, reply_to: &[Address]) -> Option<(Address, &'static str)> {
    if !passed_list(fields) {
        return None;
    }
    let via = author.name.as_deref().and_then(|name| name.rsplit_once(" via ")).map(|(name, _)| name);
    let via = via.filter(|_| is_on_list_host(fields, &author.handle));
    if via.is_none() && !is_list_address(fields, &author.handle) {
        return None;
    }
    let name = via.or(author.name.as_deref()).unwrap_or_default().trim().trim_matches('\'').trim();
    let named = |found: Address| {
        let name = found.name.or_else(|| (!name.is_empty()).then(|| name.to_owned()));
        Address { name, ..found }
    };
    let is_person = |found: &Address| {
        !found.handle.eq_ignore_ascii_case(&author.handle)
            && !is_list_address(fields, &found.handle)
            && !stand_in::is_made_up(&found.handle)
    };
    for field in ["X-Original-From", "X-Original-Sender"] {
        if let Some(person) = list(fields, field).addresses.into_iter().find(is_person) {
            return Some((named(person), field));
        }
    }
    // The person is among the first if anywhere; a list of thousands is not searched in every list field.
    let person = reply_to.iter().take(16).find(|found| is_person(found))?.clone();
    Some((named(person), "Reply-To"))
}

/// Is it the address that mail to the list is sent to?
fn is_list_address(fields: &Fields<'_>, handle: &str) -> bool {
    let lower = handle.to_lowercase();
    LIST_ADDRESSES.iter().flat_map(|name| fields.all(name)).any(|value| words(value).any(|word| word == lower))
}

/// Is the address on the host of the list? Where no field names a host, it may be.
fn is_on_list_host(fields: &Fields<'_>, handle: &str) -> bool {
    let Some((_, host)) = handle.rsplit_once('@') else { return false };
    let host = host.to_lowercase();
    let mut names_host = false;
    // majordomo's and vger's field names the list too, but such lists write nothing into From; who does is a forger.
    let named = LIST_ADDRESSES.iter().chain(&["X-Mailing-List"]).flat_map(|name| fields.all(name));
    let of_addresses = named.into_iter().any(|value| {
        words(value).filter_map(|word| Some(word.rsplit_once('@')?.1.to_owned())).any(|found| {
            names_host = true;
            found == host
        })
    });
    // RFC 2919 section 2: `<name.host>`. A name with dots of its own is not told from its host.
    let of_ids = fields.all("List-Id").any(|value| {
        let id = words(value).filter(|word| word.contains('.')).last();
        names_host |= id.is_some();
        id.is_some_and(|id| id.split_once('.').is_some_and(|(_, rest)| rest == host))
    });
    of_addresses || of_ids || !names_host
}

/// Words of a list field: `<mailto:list@host>`, `list list@host; contact list+owners@host`.
fn words(value: &[u8]) -> impl Iterator<Item = String> {
    let text = lossy(value).to_lowercase();
    let words = text.split([' ', '<', '>', ';', ',', ':', '?', '\t', '\r', '\n']).map(str::to_owned);
    words.collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(block: &str) -> (Result<Address, BadRecord>, Vec<String>) {
        let fields = Fields::split(block.as_bytes());
        let reply_to = list(&fields, "Reply-To").addresses;
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

    #[test]
    fn a_service_that_wrote_for_a_person_before_the_list_stays_the_sender() {
        let original = "X-Original-From: Jane <jane@x.example>\nReply-To: jane@x.example\n";
        for list in ["List-Id: <users.lists.y.example>\n", "X-Mailing-List: users@lists.y.example\n"] {
            let relay = format!("From: Jane via Relay <relay+jane@y.example>\n{list}{original}");
            assert_eq!(handle(&relay), "relay+jane@y.example");
            let munged = format!("From: Jane via Users <jane=x.example@lists.y.example>\n{list}{original}");
            assert_eq!(handle(&munged), "jane@x.example");
        }
    }

    #[test]
    fn groups_that_write_for_the_person_are_seen_through() {
        let google = "From: \"'Joe' via Support\" <support@x.example>\nX-Original-Sender: joe@y.example\n\
                      X-Google-Group-Id: 1\nMailing-list: list support@x.example; contact support+owners@x.example\n";
        assert_eq!(sender(google).0.unwrap(), Address { name: Some("Joe".into()), handle: "joe@y.example".into() });
        let original =
            "From: \"'Joe Bloggs' via Support\" <support@x.example>\nX-Original-From: Joe B <joe@y.example>\n";
        assert_eq!(sender(original).0.unwrap(), Address { name: Some("Joe B".into()), handle: "joe@y.example".into() });
        // Mailman, wholly without the word.
        let munged = "From: Joe Bloggs <users@l.example>\nReply-To: Joe Bloggs <joe@y.example>, users@l.example\n\
                      List-Post: <mailto:users@l.example>\n";
        assert_eq!(handle(munged), "joe@y.example");
    }

    #[test]
    fn a_list_whose_answers_go_to_the_list_hides_nobody() {
        let block = "From: Joe <joe@y.example>\nReply-To: users@l.example\nList-Post: <mailto:users@l.example>\n";
        assert_eq!(handle(block), "joe@y.example");
        let news =
            "From: News via L <users@l.example>\nReply-To: users@l.example\nList-Post: <mailto:users@l.example>\n";
        assert_eq!(handle(news), "users@l.example");
    }

    #[test]
    fn local_users_take_the_host_that_sent_the_mail() {
        let path = "From: root (Cron Daemon)\nReturn-Path: <root@web1.example>\nSender: ops@x.example\n";
        let (found, changes) = sender(path);
        assert_eq!(found.unwrap(), Address { name: Some("Cron Daemon".into()), handle: "root@web1.example".into() });
        assert_eq!(changes.len(), 1);
        let hops = "From: MAILER-DAEMON\nReturn-Path: <>\nReceived: from a by mx.example with SMTP; x\n\
                    Received: by web1.example (Postfix, from userid 33)\n";
        assert_eq!(handle(hops), "MAILER-DAEMON@web1.example");
        assert_eq!(handle("From: <www-data>\nMessage-ID: <1@web1.example>\n"), "www-data@web1.example");
        let (found, changes) = sender("From: \"Cron\" <root>\nMessage-ID: <1@localhost>\n");
        assert_eq!(found.unwrap(), Address { name: Some("Cron".into()), handle: "root@unknown.invalid".into() });
        assert_eq!(changes, ["made-up address for a sender who has none"]);
    }

    #[test]
    fn an_author_of_exchanges_directory_takes_a_real_address_where_there_is_one() {
        let from = "From: \"Bloggs, Joe\" </O=ACME/OU=FIRST/CN=RECIPIENTS/CN=JBLOGGS>\n";
        let (found, changes) = sender(&format!("{from}Return-Path: <joe@x.example>\n"));
        assert_eq!(found.unwrap(), Address { name: Some("Bloggs, Joe".into()), handle: "joe@x.example".into() });
        assert_eq!(changes, ["sender taken from Return-Path: From holds no address"]);
        let (found, changes) = sender(from);
        assert_eq!(found.unwrap().handle, "jbloggs@acme.invalid");
        assert_eq!(changes, ["From: made-up address for one of Exchange's own directory"]);
        let wrapped = "From: IMCEAEX-_O=ACME_CN=JOE@x.example\n";
        assert_eq!(handle(&format!("{wrapped}Reply-To: joe@x.example\n")), "joe@x.example");
        assert_eq!(handle(wrapped), "IMCEAEX-_O=ACME_CN=JOE@x.example");
    }

    #[test]
    fn a_mail_without_from_is_from_whoever_another_field_names() {
        for field in ["Sender", "Reply-To", "Return-Path", "X-Sender", "Envelope-From", "Resent-From"] {
            assert_eq!(handle(&format!("{field}: <joe@x.example>\nTo: b@x.example\n")), "joe@x.example", "{field}");
        }
        assert_eq!(handle("From: joe at x.example (Joe)\n"), "joe@x.example");
    }

    #[test]
    fn a_name_alone_keeps_the_message() {
        let (found, _) = sender("From: Joe Bloggs\n");
        assert_eq!(
            found.unwrap(),
            Address { name: Some("Joe Bloggs".into()), handle: "joe-bloggs@unknown.invalid".into() }
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_search_for_the_sender_panic(value in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let names = ["From: ", "Reply-To: ", "Received: by ", "List-Post: ", "Message-ID: "];
            let block: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), value.as_slice(), b"\n"].concat()).collect();
            let _ = read(&Fields::split(&block), &[], &mut Vec::new());
        }
    }
}

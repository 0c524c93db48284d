//! Labels and keywords that exports keep in headers.

use super::header::Fields;
use super::words;
use crate::record::Direction;
use std::collections::HashSet;

/// Gmail's own label on sent mail. Takeout writes it in the language of the account, where nobody else can take the name.
#[rustfmt::skip]
const SENT: &[&str] = &[
    "Sent", "Gesendet", "Envoyé", "Envoyés", "Messages envoyés", "Enviado", "Enviados", "Inviati", "Posta inviata",
    "Verzonden", "Sendt", "Skickat", "Wysłane", "Odeslané", "Отправленные", "送信済み",
];

/// What the label fields say.
pub(super) struct Labels {
    /// Labels in order, each once.
    pub(super) labels: Vec<String>,
    /// Outbound where the origin filed the mail as sent.
    pub(super) direction: Option<Direction>,
}

impl Labels {
    /// Adds labels from elsewhere that the mail does not have yet.
    pub(super) fn add_all(&mut self, others: &[String]) {
        for label in others {
            if !self.labels.contains(label) {
                self.labels.push(label.clone());
            }
        }
    }
}

/// Reads X-Gmail-Labels (Google Takeout) and X-Keywords (Dovecot, UW-IMAP).
pub(super) fn read(fields: &Fields<'_>) -> Labels {
    let mut labels = Distinct::default();
    let mut direction = None;
    for value in fields.all("X-Gmail-Labels") {
        for label in split_commas(&words::decode(value).text) {
            if SENT.contains(&label.as_str()) {
                direction = Some(Direction::Outbound);
            }
            labels.add(label);
        }
    }
    for value in fields.all("X-Keywords") {
        let text = words::decode(value).text;
        if text.contains(',') {
            for label in split_commas(&text) {
                labels.add(label);
            }
        } else {
            for label in text.split_whitespace() {
                labels.add(label.to_owned());
            }
        }
    }
    Labels { labels: labels.order, direction }
}

/// Labels in order, each once.
#[derive(Default)]
struct Distinct {
    order: Vec<String>,
    seen: HashSet<String>,
}

impl Distinct {
    fn add(&mut self, label: String) {
        if !label.is_empty() && self.seen.insert(label.clone()) {
            self.order.push(label);
        }
    }
}

/// Splits at commas outside of double quotes; a backslash takes the next character as it is.
fn split_commas(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quoted = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => part.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(std::mem::take(&mut part)),
            other => part.push(other),
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(block: &str) -> Vec<String> {
        read(&Fields::split(block.as_bytes())).labels
    }

    #[test]
    fn a_plain_list_keeps_its_order_and_names_each_once() {
        assert_eq!(labels("X-Gmail-Labels: Inbox,Work/Billing, Inbox,Opened\n"), ["Inbox", "Work/Billing", "Opened"]);
    }

    #[test]
    fn quoted_labels_keep_their_commas_and_escapes_vanish() {
        assert_eq!(labels("X-Gmail-Labels: \"a, b\",c\\'s\n"), ["a, b", "c's"]);
    }

    #[test]
    fn a_list_cut_inside_a_label_and_a_character_is_whole_again() {
        let block = "X-Gmail-Labels: =?UTF-8?Q?Envoy=C3=A9s,Cat=C3?=\r\n =?UTF-8?Q?=A9gorie_=C2=A0:_Forums?=\r\n";
        assert_eq!(labels(block), ["Envoyés", "Catégorie \u{a0}: Forums"]);
    }

    #[test]
    fn raw_utf8_and_encoded_words_mix() {
        assert_eq!(labels("X-Gmail-Labels: Doručené,=?UTF-8?B?w4VwbmV0?=,x\n"), ["Doručené", "Åpnet", "x"]);
    }

    #[test]
    fn keywords_are_split_by_space_or_comma() {
        assert_eq!(labels("X-Keywords: NonJunk $Forwarded     \n"), ["NonJunk", "$Forwarded"]);
        assert_eq!(labels("X-Keywords: to do, done\n"), ["to do", "done"]);
    }

    #[test]
    fn the_sent_label_states_the_direction_in_the_language_of_the_account() {
        for value in ["Gesendet,Wichtig", "=?UTF-8?Q?Envoy=C3=A9s,Ouvert?=", "送信済み"] {
            let block = format!("X-Gmail-Labels: {value}\n");
            assert_eq!(read(&Fields::split(block.as_bytes())).direction, Some(Direction::Outbound), "{value}");
        }
        for value in ["Envoyés/Old", "Gesendet an Bob"] {
            let block = format!("X-Gmail-Labels: {value}\n");
            assert_eq!(read(&Fields::split(block.as_bytes())).direction, None, "{value}");
        }
    }

    #[test]
    fn the_sent_label_states_the_direction() {
        let direction = |block: &str| read(&Fields::split(block.as_bytes())).direction;
        assert_eq!(direction("X-Gmail-Labels: Sent,Opened\n"), Some(Direction::Outbound));
        assert_eq!(direction("X-Gmail-Labels: Sent to Bob\n"), None);
        assert_eq!(direction("X-Keywords: Sent\n"), None);
    }
}

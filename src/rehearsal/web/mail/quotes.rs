//! What of a message is quoted from earlier ones: its history, which is folded.

use super::tokens::Tag;

/// How an element begins quoted history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// The element itself is the history.
    Element,
    /// What follows the element is, up to the end of what holds both.
    Rest,
}

/// Classes that mail programs give the element around what they quote.
const CLASSES: [&str; 5] =
    ["gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote", "tutanota_quote"];

/// Ids of what Outlook puts between a reply and the rest.
const SEPARATORS: [&str; 4] =
    ["divrplyfwdmsg", "appendonsend", "stopspelling", "mail-editor-reference-message-container"];

pub(super) fn begins(tag: &Tag) -> Option<Begins> {
    let has_class =
        |wanted: &str| tag.get("class").split_ascii_whitespace().any(|class| class.eq_ignore_ascii_case(wanted));
    let style: String = tag.get("style").split_ascii_whitespace().collect::<String>().to_ascii_lowercase();
    // Editors of mail indent with blockquotes, too: those say that they have no line at their side.
    let is_indent = has_class("webkit-indent-blockquote") || style.contains("border:none");
    if tag.name == "blockquote" && (!is_indent || tag.get("type") == "cite") || CLASSES.into_iter().any(has_class) {
        return Some(Begins::Element);
    }
    let id = tag.get("id").trim_start_matches("x_");
    // The line that Outlook for Windows draws above the header of what it quotes.
    let is_ruled = tag.name == "div"
        && ["border:none;border-top:solid#e1e1e11.0pt", "border:none;border-top:solid#b5c4df1.0pt"]
            .iter()
            .any(|rule| style.starts_with(rule));
    (is_ruled
        || has_class("OutlookMessageHeader")
        || SEPARATORS.iter().any(|separator| id.eq_ignore_ascii_case(separator)))
    .then_some(Begins::Rest)
}

/// Labels of the lines above a quoted mail, by what they name.
const FROM: [&str; 10] = ["from", "von", "de", "da", "van", "från", "fra", "od", "lähettäjä", "expéditeur"];
const DATE: [&str; 16] = [
    "sent",
    "date",
    "gesendet",
    "datum",
    "envoyé",
    "enviado",
    "enviada",
    "fecha",
    "inviato",
    "data",
    "verzonden",
    "skickat",
    "sendt",
    "wysłano",
    "lähetetty",
    "am",
];
const OTHER: [&str; 14] =
    ["to", "an", "à", "para", "a", "aan", "till", "til", "do", "subject", "betreff", "objet", "asunto", "onderwerp"];

/// The number of the line at which a header of a quoted mail begins, if there is one.
pub(super) fn header_line(lines: &[&str]) -> Option<usize> {
    (0..lines.len()).find(|number| {
        let rest = lines.get(*number..).unwrap_or_default();
        is_separator(rest.first().copied().unwrap_or_default()) || is_header(rest)
    })
}

/// What stands between dashes above a quoted mail.
const ORIGINAL: [&str; 8] = [
    "original message",
    "ursprüngliche nachricht",
    "message d'origine",
    "mensaje original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "ursprungligt meddelande",
    "original-nachricht",
];

/// `-----Original Message-----`, in any language that is written between such lines.
fn is_separator(line: &str) -> bool {
    let line = line.trim();
    let words = line.trim_matches('-').trim();
    let dashes = line.len() - line.trim_start_matches('-').len();
    let closing = line.len() - line.trim_end_matches('-').len();
    dashes >= 3 && closing >= 3 && ORIGINAL.contains(&words.to_lowercase().as_str())
}

fn is_header(lines: &[&str]) -> bool {
    let label = |line: &str| {
        let line = line.trim().trim_start_matches('*');
        let (label, value) = line.split_once(':')?;
        let label = label.trim_end_matches(['*', ' ', '\u{a0}']).to_lowercase();
        (!value.is_empty() && label.len() < 20).then_some(label)
    };
    let mut labels = lines.iter().take(6).map(|line| label(line));
    let is_first = |labels: &[&str], found: Option<Option<String>>| {
        found.flatten().is_some_and(|label| labels.contains(&label.as_str()))
    };
    if !is_first(&FROM, labels.next()) {
        return false;
    }
    let rest: Vec<String> = labels.map_while(|label| label).collect();
    let names = |words: &[&str]| rest.iter().any(|label| words.contains(&label.as_str()));
    names(&DATE) && names(&OTHER)
}

/// How many `>` a line of plain text begins with, and what follows them.
pub(super) fn level(line: &str) -> (usize, &str) {
    let mut level = 0;
    let mut rest = line;
    while let Some(after) = rest.strip_prefix('>').or_else(|| rest.strip_prefix(" >").filter(|_| level > 0)) {
        level += 1;
        rest = after;
    }
    (level, if level > 0 { rest.strip_prefix(' ').unwrap_or(rest) } else { rest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn tag(name: &str, attributes: &[(&str, &str)]) -> Tag {
        let attributes: BTreeMap<String, String> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Tag { name: name.to_owned(), attributes }
    }

    #[test]
    fn what_mail_programs_put_around_or_above_a_quote_is_known() {
        assert_eq!(begins(&tag("blockquote", &[("type", "cite")])), Some(Begins::Element));
        assert_eq!(begins(&tag("div", &[("class", "x gmail_quote")])), Some(Begins::Element));
        assert_eq!(begins(&tag("div", &[("id", "x_divRplyFwdMsg")])), Some(Begins::Rest));
        let ruled = "border:none; border-top:solid #E1E1E1 1.0pt; padding:3.0pt 0in 0in 0in";
        assert_eq!(begins(&tag("div", &[("style", ruled)])), Some(Begins::Rest));
        assert_eq!(begins(&tag("div", &[("class", "quotation")])), None);
        assert_eq!(begins(&tag("blockquote", &[("style", "margin: 0 0 0 40px; border: none; padding: 0px")])), None);
    }

    #[test]
    fn headers_of_quoted_mails_are_known_in_the_languages_of_mail_programs() {
        assert_eq!(header_line(&["Yes.", "", "-----Original Message-----", "x"]), Some(2));
        assert_eq!(header_line(&["Ja.", "Von: Ann", "Gesendet: gestern", "An: Bob", "Betreff: x"]), Some(1));
        assert_eq!(header_line(&["*From:* Ann <a@x.example>", "*Sent:* Monday", "*To:* Bob"]), Some(0));
        assert_eq!(header_line(&["De : Ann", "Envoyé : hier", "À : Bob"]), Some(0));
        assert_eq!(header_line(&["From: here to there", "the road is long"]), None);
        assert_eq!(header_line(&["----- a title -----"]), None);
    }

    #[test]
    fn marks_are_counted_as_they_are_written() {
        assert_eq!(level("> > a"), (2, "a"));
        assert_eq!(level(">> a"), (2, "a"));
        assert_eq!(level(" > a"), (0, " > a"));
    }
}

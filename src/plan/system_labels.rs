//! Labels that mail programs give by themselves. Exports write them in the language of the account.

/// What became of a copy by a label like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It was not worth keeping, was never sent, or is a chat dressed as mail.
    NotKept,
    /// Where it lay and whether it was read; nothing that a tag should say.
    Place,
}

/// What a label means, if it is one of these. Case is ignored.
pub(super) fn meaning(label: &str) -> Option<Meaning> {
    let lower = label.to_lowercase();
    if NOT_KEPT.contains(&lower.as_str()) {
        Some(Meaning::NotKept)
    } else if PLACE.contains(&lower.as_str()) || CATEGORY.iter().any(|word| lower.starts_with(word)) {
        Some(Meaning::Place)
    } else {
        None
    }
}

/// Spam, trash, drafts and chats, as Gmail and common mail programs call them. Only words that hardly mean
/// anything else: a message that is kept in vain is easier to mend than one that is missing.
#[rustfmt::skip]
const NOT_KEPT: &[&str] = &[
    "spam", "junk", "trash", "draft", "drafts", "chat", "chats",
    "papierkorb", "entwurf", "entwürfe",                        // German
    "corbeille", "brouillon", "brouillons",                     // French
    "papelera", "borrador", "borradores",                       // Spanish
    "cestino", "bozza", "bozze",                                // Italian
    "lixeira", "rascunho", "rascunhos",                         // Portuguese
    "prullenbak", "concepten",                                  // Dutch
    "papirkurv", "kladder",                                     // Danish, Norwegian
    "papperskorgen", "utkast",                                  // Swedish, Norwegian
    "roskakori", "luonnokset",                                  // Finnish
    "kosz", "wersje robocze",                                   // Polish
    "koš", "koncepty",                                          // Czech, Slovak
    "kuka", "piszkozatok",                                      // Hungarian
    "coș de gunoi", "mesaje nefinalizate",                      // Romanian
    "çöp kutusu", "taslaklar",                                  // Turkish
    "корзина", "черновики", "спам",                             // Russian
    "кошик", "чернетки",                                        // Ukrainian
    "ゴミ箱", "下書き", "迷惑メール",                           // Japanese
    "휴지통", "임시보관함", "스팸함",                           // Korean
    "已删除邮件", "草稿", "垃圾邮件",                           // Chinese
];

#[rustfmt::skip]
const PLACE: &[&str] = &[
    "inbox", "sent", "unread", "opened", "archived", "important", "starred", "snoozed", "all mail",
    "posteingang", "gesendet", "ungelesen", "geöffnet", "archiviert", "wichtig", "markiert",                // German
    "boîte de réception", "envoyé", "envoyés", "messages envoyés", "non lus", "ouvert", "archivé", "messages archivés",
    "suivis",                                                                                   // French
    "recibidos", "enviado", "enviados", "no leídos", "abiertos", "archivados", "importantes", "destacados",  // Spanish
    "posta in arrivo", "inviati", "posta inviata", "da leggere", "aperti", "archiviati", "importanti", "speciali",
    "caixa de entrada", "não lidas", "abertas", "arquivadas", "com estrela",                                 // Portuguese
    "postvak in", "verzonden", "ongelezen", "geopend", "gearchiveerd", "belangrijk", "met ster",             // Dutch
    "indbakke", "innboks", "sendt", "ulæst", "ulest", "åbnet", "åpnet", "arkiveret", "arkivert", "vigtigt", "viktig",
    "inkorgen", "skickat", "oläst", "öppnat", "arkiverat", "viktigt",                                        // Swedish
    "odebrane", "wysłane", "nieprzeczytane", "otwarte", "ważne",                                             // Polish
    "doručené", "odeslané", "nepřečtené", "otevřené", "archivováno", "důležité",                             // Czech
    "входящие", "отправленные", "непрочитанные", "важное",                                                   // Russian
    "受信トレイ", "送信済み", "未読", "重要",                                                               // Japanese
];

/// Gmail's tabs: `Category Promotions` and its like.
const CATEGORY: &[&str] = &["category ", "kategorie ", "catégorie ", "categoría ", "categoria ", "categorie "];

#[cfg(test)]
mod tests {
    use super::{Meaning, NOT_KEPT, PLACE, meaning};

    #[test]
    fn the_tables_are_written_as_they_are_compared_and_do_not_overlap() {
        for label in NOT_KEPT.iter().chain(PLACE) {
            assert_eq!(label.to_lowercase(), **label);
        }
        assert!(NOT_KEPT.iter().all(|label| !PLACE.contains(label)));
    }

    #[test]
    fn case_is_ignored_beyond_ascii_and_other_words_mean_nothing() {
        assert_eq!(meaning("ЧЕРНОВИКИ"), Some(Meaning::NotKept));
        assert_eq!(meaning("Catégorie \u{a0}: Forums"), Some(Meaning::Place));
        for label in ["Spam/Old", "Chat with Bob", "Sent to Bob", "", "Categories"] {
            assert_eq!(meaning(label), None, "{label}");
        }
    }
}

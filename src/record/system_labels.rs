//! Words that mail programs put on mails and folders by themselves. Exports write them in the language of the account.
//!
//! The words stand in `system_labels.tsv`, with their sources. A word of a language may be somebody's own label in
//! another: the plan lists every label that left a message out with its count, and the mapping's `[labels]` come first.

use icu_normalizer::ComposingNormalizerBorrowed;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What such a word says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It was spam or in the trash, was never sent, or is a chat dressed as mail: not imported unless the mapping says so.
    NotKept,
    /// We sent it.
    Sent,
    /// Where it lay and how it was marked; nothing that a tag should say.
    Place,
}

const DATA: &str = include_str!("system_labels.tsv");

struct Table {
    words: HashMap<&'static str, Meaning>,
    /// What Gmail writes before the name of a tab: `Category Promotions`, `Catégorie : Forums`.
    categories: Vec<&'static str>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { words: HashMap::new(), categories: Vec::new() };
    for (word, kind, _) in rows() {
        match kind {
            "category" => table.categories.push(word),
            "drafts" | "spam" | "trash" | "chats" => drop(table.words.insert(word, Meaning::NotKept)),
            "sent" => drop(table.words.insert(word, Meaning::Sent)),
            _ => drop(table.words.insert(word, Meaning::Place)),
        }
    }
    table
});

/// Word, kind, languages.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    DATA.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    })
}

/// What a label means, if it is one of these. Case, composition, kinds of space and invisible marks are ignored.
#[must_use]
pub fn meaning(label: &str) -> Option<Meaning> {
    let folded = fold(label);
    let table = &*TABLE;
    let is_category = || {
        table.categories.iter().any(|word| {
            let rest = folded.strip_prefix(word).unwrap_or_default();
            rest.starts_with([' ', ':', '「', '-']) && rest.chars().any(char::is_alphanumeric)
        })
    };
    table.words.get(folded.as_str()).copied().or_else(|| is_category().then_some(Meaning::Place))
}

/// A label as labels are compared: NFKC, lower case, one space for any white space, no marks that nobody sees; Turkish
/// dotless i and final sigma as their twins, since lower case does not meet them in words that were written in capitals.
fn fold(label: &str) -> String {
    const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
    let invisible = |character: &char| {
        matches!(*character, '\u{307}' | '\u{640}' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{FEFF}')
    };
    let folded: String = NFKC
        .normalize(&NFKC.normalize(label).to_lowercase())
        .chars()
        .filter(|character| !invisible(character))
        .map(|character| match character {
            'ı' => 'i',
            'ς' => 'σ',
            '’' => '\'',
            other => other,
        })
        .collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_table_is_sorted_written_as_it_is_compared_and_no_word_means_two_things() {
        let words: Vec<&str> = rows().map(|(word, _, _)| word).collect();
        assert!(words.len() > 900, "{}", words.len());
        assert_eq!(words.len(), DATA.lines().filter(|line| !line.starts_with('#')).count(), "every line is a row");
        for pair in words.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
        }
        for word in &words {
            assert_eq!(fold(word), **word);
        }
        let known = "inbox sent drafts spam trash chats starred important unread opened archived all snoozed scheduled \
                     category flag";
        let known: BTreeSet<&str> = known.split_whitespace().collect();
        let used: BTreeSet<&str> = rows().map(|(_, kind, _)| kind).collect();
        assert_eq!(used, known);
    }

    #[test]
    fn every_language_has_words_for_what_matters() {
        let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, kind, languages) in rows() {
            for language in languages.split(' ').filter(|language| *language != "imap") {
                kinds.entry(language).or_default().insert(kind);
            }
        }
        assert!(kinds.len() >= 68, "{}", kinds.len());
        for (language, kinds) in kinds {
            for kind in ["inbox", "sent", "drafts", "spam", "trash"] {
                assert!(kinds.contains(kind), "{language} has no word for {kind}");
            }
        }
    }

    #[test]
    fn what_was_never_sent_or_thrown_away_is_known_in_many_languages() {
        for label in [
            "Spam",
            "TRASH",
            "Drafts",
            "Chats",
            "Bin",
            "Deleted Items",
            "Papierkorb",
            "Entwürfe",
            "Corbeille",
            "Brouillons",
            "Papelera",
            "Borradores",
            "Cestino",
            "Bozze",
            "Lixeira",
            "Rascunhos",
            "Prullenbak",
            "Concepten",
            "Papirkurv",
            "Kladder",
            "Papperskorgen",
            "Utkast",
            "Roskakori",
            "Luonnokset",
            "Kosz",
            "Wersje robocze",
            "Koš",
            "Koncepty",
            "Kuka",
            "Piszkozatok",
            "Coș de gunoi",
            "Çöp Kutusu",
            "TASLAKLAR",
            "ЧЕРНОВИКИ",
            "Корзина",
            "Кошик",
            "ゴミ箱",
            "下書き",
            "휴지통",
            "임시보관함",
            "已删除邮件",
            "垃圾桶",
            "草稿",
            "Κάδος απορριμμάτων",
            "ΠΡΌΧΕΙΡΑ",
            "المسودات",
            "טיוטות",
            "Thùng rác",
            "ถังขยะ",
            "कूड़ेदान",
            "Prügikast",
            "Šiukšliadėžė",
            "Smetnjak",
            "Rusl",
            "წაშლილები",
        ] {
            assert_eq!(meaning(label), Some(Meaning::NotKept), "{label}");
        }
    }

    #[test]
    fn what_we_sent_is_known_in_many_languages() {
        for label in [
            "Sent",
            "Sent Items",
            "Sent Mail",
            "Gesendet",
            "Gesendete Elemente",
            "Envoyés",
            "Éléments envoyés",
            "Enviados",
            "Posta inviata",
            "Verzonden items",
            "Sendt",
            "Skickat",
            "Wysłane",
            "Odeslané",
            "Odoslané",
            "Отправленные",
            "Надіслані",
            "送信済み",
            "보낸편지함",
            "已发送邮件",
            "寄件備份",
            "GÖNDERİLMİŞ POSTALAR",
            "gönderilmiş postalar",
            "Απεσταλμένα",
            "Đã gửi",
            "Lähetetyt",
            "Elküldött",
            "Trimise",
        ] {
            assert_eq!(meaning(label), Some(Meaning::Sent), "{label}");
        }
    }

    #[test]
    fn places_marks_and_tabs_say_nothing() {
        for label in [
            "Inbox",
            "Opened",
            "Unread",
            "Ungelesen",
            "Non lus",
            "Ouvert",
            "Åpnet",
            "Doručené",
            "Starred",
            "重要",
            "Category Promotions",
            "Catégorie\u{a0}: Forums",
            "Kategorie „Werbung“",
            "Categoría Promociones",
            "カテゴリ「新着」",
            "$Forwarded",
            "NonJunk",
            "All mail",
            "Snoozed",
        ] {
            assert_eq!(meaning(label), Some(Meaning::Place), "{label}");
        }
    }

    #[test]
    fn case_composition_space_and_invisible_marks_are_ignored() {
        for label in ["ENTWÜRFE", "Entwu\u{308}rfe", " entwürfe\u{a0}", "Entwürfe\u{200e}"] {
            assert_eq!(meaning(label), Some(Meaning::NotKept), "{label:?}");
        }
        assert_eq!(meaning("boîte\u{a0}de  réception"), Some(Meaning::Place));
    }

    #[test]
    fn other_words_mean_nothing() {
        for label in
            ["Spam/Old", "Chat with Bob", "Sent to Bob", "", " ", "Categories", "Category", "Kategorie:", "Trashcan"]
        {
            assert_eq!(meaning(label), None, "{label}");
        }
    }
}

//! A first look at the HTML of a mail: what there is in it, and how much room it will take.

use super::super::super::store::Attachment;
use super::allowed;
use super::history::{Part, parts};
use super::pictures::{self, Wanted};
use super::tokens::{Piece, Tag};

/// Letters on a line, in a frame as wide as the page has room for.
const LETTERS: usize = 100;
/// Height of a line of text in pixels.
const LINE: usize = 23;
/// Height of a picture at most, in pixels.
const HIGHEST: usize = 420;
/// Most pictures that are placed.
const MOST_PICTURES: usize = 200;

/// What was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Survey {
    /// Pictures on other servers that can be asked for. Backgrounds and styles are fetched in no case.
    pub(in super::super) remote: usize,
    /// The mail says in which direction all of it is written.
    pub(super) has_direction: bool,
    /// Pictures that should come with the mail, in the order of the text.
    pub(super) wanted: Vec<Wanted>,
    /// A height for the frame, in pixels: without script it cannot be measured.
    pub(in super::super) height: usize,
}

/// Looks through all of it once. `files` came with the mail.
pub(in super::super) fn survey(html: &str, files: &[Attachment]) -> Survey {
    let mut survey = Survey::default();
    let mut room = Room::default();
    parts(html, |part| match part {
        Part::Piece(Piece::Open(tag)) => {
            survey.open(tag);
            room.open(tag);
        }
        Part::Piece(Piece::Close(name)) => room.close(name),
        Part::Piece(Piece::Text(text)) => room.text(text),
        Part::Piece(Piece::Style(_)) => {}
        Part::Begins { is_folded } => room.begin_fold(is_folded),
        Part::Ends => room.is_folded = false,
    });
    let places = pictures::places(&survey.wanted, files);
    let unsized_ones = survey.wanted.iter().zip(places).filter(|(wanted, _)| !wanted.is_sized);
    for file in unsized_ones.filter_map(|(_, place)| files.get(place?)) {
        room.height += likely_height(file);
    }
    survey.height = room.height();
    survey
}

impl Survey {
    fn open(&mut self, tag: &Tag) {
        self.has_direction |= matches!(tag.name.as_str(), "html" | "body") && !tag.get("dir").is_empty();
        if tag.name != "img" {
            return;
        }
        let source = tag.get("src").trim();
        self.remote += usize::from(allowed::is_remote(source));
        if let Some(wanted) = wanted(tag)
            && self.wanted.len() < MOST_PICTURES
            && !self.wanted.iter().any(|known| known.cid == wanted.cid)
        {
            self.wanted.push(wanted);
        }
    }
}

/// The picture that an `img` wants from its own mail.
pub(super) fn wanted(tag: &Tag) -> Option<Wanted> {
    let source = tag.get("src").trim();
    let cid = source.get(4..).filter(|_| allowed::starts_with(source, "cid:"))?;
    Some(Wanted { cid: cid.to_owned(), alt: tag.get("alt").to_owned(), is_sized: told_height(tag).is_some() })
}

fn told_height(tag: &Tag) -> Option<usize> {
    tag.get("height").trim_end_matches("px").parse().ok()
}

/// A height for a picture by the bytes of its file: a logo has few, a photograph many.
fn likely_height(file: &Attachment) -> usize {
    usize::try_from(file.size.isqrt()).unwrap_or(HIGHEST).clamp(LINE, HIGHEST)
}

/// How much room the text takes, roughly.
#[derive(Default)]
struct Room {
    height: usize,
    /// Letters on the line that is being filled.
    line: usize,
    /// What comes is folded, and takes none.
    is_folded: bool,
}

impl Room {
    fn open(&mut self, tag: &Tag) {
        if self.is_folded {
            return;
        }
        if allowed::is_block(&tag.name) || tag.name == "br" {
            self.end_line(tag.name == "br");
        }
        match tag.name.as_str() {
            "p" | "ul" | "ol" | "table" => self.height += 14,
            "tr" => self.height += 10,
            "td" | "th" => self.line += 2,
            "img" => {
                let likely = if allowed::is_inline_data(tag.get("src")) { HIGHEST / 2 } else { LINE };
                self.height += told_height(tag).unwrap_or(likely).min(HIGHEST);
            }
            _ => {}
        }
    }

    fn begin_fold(&mut self, is_folded: bool) {
        self.end_line(false);
        self.height += 2 * LINE;
        self.is_folded = is_folded;
    }

    fn close(&mut self, name: &str) {
        if !self.is_folded && allowed::is_block(name) {
            self.end_line(false);
        }
    }

    fn text(&mut self, text: &str) {
        if !self.is_folded {
            self.line += text.split_whitespace().map(|word| word.chars().count() + 1).sum::<usize>();
        }
    }

    fn end_line(&mut self, is_break: bool) {
        let lines = self.line.div_ceil(LETTERS).max(usize::from(is_break));
        self.height += lines * LINE;
        self.line = 0;
    }

    fn height(mut self) -> usize {
        self.end_line(false);
        (self.height + 2 * LINE).clamp(80, 900)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_high_as_its_mail_seems_and_never_out_of_bounds() {
        assert_eq!(survey("", &[]).height, 80);
        assert_eq!(survey("<p>a</p><P>b</P><br>c", &[]).height, 2 * (14 + LINE) + 2 * LINE + 2 * LINE);
        assert_eq!(survey(&"<div>a".repeat(10_000), &[]).height, 900);
        let quoted = format!("yes<blockquote>{}</blockquote>", "<p>long".repeat(100));
        assert!(survey(&quoted, &[]).height < 200, "what is folded takes no room");
        let header = format!("<div>yes<div id=appendonsend></div>{}", "<p>long".repeat(100));
        assert!(survey(&header, &[]).height < 200);
        assert_eq!(
            survey(&format!("{header}</div>{}", "<p>mine".repeat(100)), &[]).height,
            900,
            "it ends with its holder"
        );
    }

    #[test]
    fn pictures_are_told_apart_by_where_they_lie() {
        let html = "<img src=cid:a@x alt=one><img src='CID:a@x'><img src=https://t.example/x><img src=data:image/png;base64,A>\
                    <td background='//t.example/y'><p style='background:url(http://t.example/z)'><p style='background:url(cid:b)'><style>@import 'x';</style>";
        let seen = survey(html, &[]);
        assert_eq!(seen.remote, 1, "backgrounds and styles are not to be had by asking");
        assert_eq!(seen.wanted, [Wanted { cid: "a@x".to_owned(), alt: "one".to_owned(), is_sized: false }]);
    }
}

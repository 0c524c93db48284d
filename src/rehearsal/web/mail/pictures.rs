//! Where pictures within the text belong.
//!
//! An import has no field that ties a file to its place: the HTML keeps `cid:` addresses, the files come beside it. So each
//! place is matched with a file by what the request shows, the strongest evidence first.

use super::super::super::store::Attachment;

/// A picture that the HTML wants, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What follows `cid:`.
    pub(super) cid: String,
    /// What the text says in place of it.
    pub(super) alt: String,
    /// The text says how high it is to be.
    pub(super) is_sized: bool,
}

/// For each wanted picture the place of its file.
///
/// Files that a browser is not shown as pictures (SVG, EMF, TIFF) are none: their places stay empty and say so. A file is taken
/// by its name: that of the cid (`image001.png@01D0…` is `image001.png`), or the one in the alternative text, or
/// the cid's without an ending. Where as many pictures as files are left then, they belong together in their order: that is
/// how programs write them.
pub(super) fn places(wanted: &[Wanted], files: &[Attachment]) -> Vec<Option<usize>> {
    let mut places = vec![None; wanted.len()];
    let mut taken = vec![false; files.len()];
    let is_picture = |file: &Attachment| super::super::files::is_picture(&file.content_type);
    let rules: [fn(&Wanted, &str) -> bool; 3] = [
        |wanted, name| name.eq_ignore_ascii_case(&wanted.cid) || name.eq_ignore_ascii_case(stem(&wanted.cid)),
        |wanted, name| !wanted.alt.is_empty() && name.eq_ignore_ascii_case(wanted.alt.trim()),
        |wanted, name| name.rsplit_once('.').is_some_and(|(bare, _)| bare.eq_ignore_ascii_case(stem(&wanted.cid))),
    ];
    for is_named in rules {
        for (wanted, place) in wanted.iter().zip(&mut places).filter(|(_, place)| place.is_none()) {
            // A picture may be shown twice, but two pictures of one name are two files.
            let mut free =
                files.iter().zip(&mut taken).enumerate().filter(|(_, (file, taken))| !**taken && is_picture(file));
            if let Some((number, (_, taken))) = free.find(|(_, (file, _))| is_named(wanted, &file.filename)) {
                *place = Some(number);
                *taken = true;
            }
        }
    }
    let left: Vec<usize> = (0..)
        .zip(files)
        .zip(&taken)
        .filter(|((_, file), taken)| !**taken && is_picture(file))
        .map(|((n, _), _)| n)
        .collect();
    if left.len() == places.iter().filter(|place| place.is_none()).count() {
        for (place, number) in places.iter_mut().filter(|place| place.is_none()).zip(left) {
            *place = Some(number);
        }
    }
    places
}

fn stem(cid: &str) -> &str {
    cid.split('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<Attachment> {
        let file = |name: &&str| Attachment {
            filename: (*name).to_owned(),
            content_type: match name.rsplit('.').next() {
                Some("pdf") => "application/pdf",
                Some("svg") => "image/svg+xml",
                _ => "image/png",
            }
            .to_owned(),
            size: 1,
            sha256: String::new(),
            cid: None,
        };
        names.iter().map(file).collect()
    }

    fn wanted(pictures: &[(&str, &str)]) -> Vec<Wanted> {
        pictures
            .iter()
            .map(|(cid, alt)| Wanted { cid: (*cid).to_owned(), alt: (*alt).to_owned(), is_sized: false })
            .collect()
    }

    #[test]
    fn a_name_in_the_cid_or_the_alternative_text_decides() {
        let named = wanted(&[("ii_k2x", "photo.jpg"), ("image001.png@01D0.AB", ""), ("logo@x", "")]);
        let found = places(&named, &files(&["report.pdf", "logo.gif", "image001.png", "photo.jpg"]));
        assert_eq!(found, [Some(3), Some(2), Some(1)]);
    }

    #[test]
    fn what_is_never_shown_as_a_picture_takes_no_place() {
        let logo = wanted(&[("logo.svg@x", "logo.svg")]);
        assert_eq!(places(&logo, &files(&["logo.svg"])), [None]);
        assert_eq!(places(&logo, &files(&["logo.svg", "logo.png"])), [Some(1)]);
    }

    #[test]
    fn what_has_no_name_is_placed_in_order_if_the_numbers_agree() {
        let two = wanted(&[("part1.A@x", ""), ("part1.B@x", "")]);
        assert_eq!(places(&two, &files(&["a.png", "report.pdf", "b.png"])), [Some(0), Some(2)]);
        assert_eq!(places(&two, &files(&["a.png"])), [None, None]);
        assert_eq!(places(&two, &files(&["a.png", "b.png", "c.png"])), [None, None]);
    }
}

//! Copies that went different ways, and are one message all the same; and those that are not.

use super::*;

const LIST: &str = "List-Post: <mailto:users@l.example>\nX-BeenThere: users@l.example\n";

/// A mail as its author wrote it: `headers` are whole lines, the text is the author's.
fn written(from: &str, subject: &str, headers: &str, body: &str) -> String {
    format!(
        "Message-ID: <a@x>\nDate: {}\nFrom: {from}\nTo: users@l.example\nSubject: {subject}\n{headers}\n{body}",
        date(0)
    )
}

/// The same through Mailman, which put its own address into From because DMARC asks for it.
fn munged(body: &str) -> String {
    let headers = format!("Reply-To: Jane Doe <Jane@x.example>\n{LIST}");
    written("Jane Doe via Users <users@l.example>", "[Users] Offer", &headers, body)
}

fn direct() -> String {
    written("Jane Doe <jane@x.example>", "Offer", "", "The text\n")
}

fn assert_one(mails: &[String]) {
    let entries = planned_mails(&mapping(""), mails);
    assert_eq!(sent(&entries).len(), 1, "{:?}", statuses(&entries));
    let turned: Vec<String> = mails.iter().rev().cloned().collect();
    let again = planned_mails(&mapping(""), &turned);
    assert_eq!(sent(&entries), sent(&again));
    assert_eq!(sent(&entries)[0].external_id.len(), "tl1-".len() + 40);
}

#[test]
fn a_list_copy_whose_sender_the_list_rewrote_is_the_direct_copy() {
    let footer = format!("The text\n\n{}\nUsers mailing list\nUsers@l.example\n", "_".repeat(47));
    assert_one(&[munged(&footer), direct()]);
    let original = "X-Original-From: Jane Doe <jane@x.example>\nReply-To: users@l.example\nX-Google-Group-Id: 1\n";
    assert_one(&[written("'Jane Doe' via Users <users@l.example>", "Offer", original, "The text\n"), direct()]);
}

#[test]
fn two_people_behind_one_list_are_two_authors() {
    let other = munged("The text\n").replace("Jane@x", "June@x");
    assert_eq!(sent(&planned_mails(&mapping(""), &[other, direct()])).len(), 2);
}

#[test]
fn a_list_copy_that_was_sent_is_known_by_the_direct_one_and_the_other_way_round() {
    for (first, second) in [(munged("The text\n"), direct()), (direct(), munged("The text\n"))] {
        let before = planned_mails(&mapping(""), std::slice::from_ref(&first));
        let pins = pins_of(&before, &accepted());
        let after = planned(&mapping(""), &mails_only(std::slice::from_ref(&second)), &pins);
        assert_eq!(of(&after, 0).external_id, of(&before, 0).external_id);
        let both = planned(&mapping(""), &mails_only(&[second, first]), &pins);
        assert_eq!(sent(&both).len(), 1);
        assert_eq!(sent(&both)[0].identity, of(&before, 0).identity, "the copy that was sent stays");
    }
}

#[test]
fn what_was_pinned_by_the_lists_address_is_still_known() {
    let list = munged("The text\n");
    let before = planned_mails(&mapping(""), std::slice::from_ref(&list));
    let as_written = list.replace(LIST, "").replace("[Users] ", "");
    let by_address = planned_mails(&mapping(""), &[as_written]);
    let mut pin = pin_of(&before[0], accepted());
    pin.identity[..16].copy_from_slice(&of(&by_address, 0).identity[..16]);
    assert_ne!(pin.identity, of(&before, 0).identity, "the list's address names another message");
    for external_id in [pin.external_id.clone(), format!("{}-{}", pin.external_id, hex_of(&pin.identity[..8]))] {
        let mut pins = Pins::default();
        pins.add(Pin { external_id: external_id.clone(), ..pin.clone() });
        let after = planned(&mapping(""), &mails_only(&[direct(), list.clone()]), &pins);
        let ids: Vec<&str> = sent(&after).iter().map(|planned| planned.external_id.as_str()).collect();
        assert!(ids.contains(&external_id.as_str()), "{ids:?}");
    }
}

fn hex_of(bytes: &[u8]) -> String {
    crate::request::hex(bytes)
}

#[test]
fn a_sent_copy_and_list_copies_in_other_encodings_are_one_message() {
    let text = "caf\u{e9} = one\n";
    let plain = written("Jane <jane@x.example>", "Offer", "Content-Type: text/plain; charset=utf-8\n", text);
    let quoted = written(
        "Jane <jane@x.example>",
        "[Users] Offer",
        &format!("{LIST}Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n"),
        &format!("caf=E9 =3D on=\ne\n{}\nUsers mailing list\n", "_".repeat(47)),
    );
    let encoded = written(
        "Jane <jane@x.example>",
        "=?utf-8?Q?Offer?=",
        "X-Gmail-Labels: Sent\nBcc: eve@x.example\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: base64\n",
        "Y2Fmw6kgPSBvbmUK\n",
    );
    assert_one(&[plain.clone(), quoted.clone(), encoded.clone()]);
    let entries = planned_mails(&mapping(""), &[plain, quoted, encoded]);
    assert_eq!(statuses(&entries), ["duplicate", "duplicate", "planned"], "the one with the blind copy is sent");
    assert!(!of(&entries, 2).is_inbound);
}

#[test]
fn a_footer_that_the_list_added_as_a_part_is_no_part_of_the_message() {
    let part = "Content-Type: text/plain; charset=utf-8\n\nThe text\n";
    let listed = written(
        "Jane Doe <jane@x.example>",
        "[Users] Offer",
        &format!("{LIST}Content-Type: multipart/mixed; boundary=b\n"),
        &format!(
            "--b\n{part}--b\nContent-Type: text/plain; charset=us-ascii\nContent-Disposition: inline\n\n{}\nUsers mailing list\n--b--\n",
            "_".repeat(47)
        ),
    );
    assert_one(&[listed, direct()]);
}

/// A mail of HTML alone, below which the list put its footer as a part of plain text.
fn html_above_footer(html: &str) -> String {
    let footer =
        format!("Content-Type: text/plain\nContent-Disposition: inline\n\n{}\nUsers mailing list\n", "_".repeat(47));
    written(
        "Jane Doe <jane@x.example>",
        "[Users] Offer",
        &format!("{LIST}Content-Type: multipart/mixed; boundary=b\n"),
        &format!("--b\nContent-Type: text/html; charset=utf-8\n\n{html}\n--b\n{footer}--b--\n"),
    )
}

#[test]
fn a_mail_of_html_alone_is_itself_with_a_footer_below_it_too() {
    let direct = written("Jane Doe <jane@x.example>", "Offer", "Content-Type: text/html\n", "<p>The text</p>\n");
    assert_one(&[html_above_footer("<p>The text</p>"), direct.clone()]);
    let other = html_above_footer("<p>Another text</p>");
    assert_eq!(sent(&planned_mails(&mapping(""), &[other, direct])).len(), 2, "the footer alone is no text");
}

#[test]
fn what_was_pinned_by_a_footer_alone_is_still_known() {
    let list = html_above_footer("<p>The text</p>");
    let before = planned_mails(&mapping(""), std::slice::from_ref(&list));
    let without_text = planned_mails(&mapping(""), &[html_above_footer("")]);
    let mut pin = pin_of(&before[0], accepted());
    pin.identity[..16].copy_from_slice(&of(&without_text, 0).identity[..16]);
    assert_ne!(pin.identity, of(&before, 0).identity);
    let mut pins = Pins::default();
    pins.add(pin);
    let after = planned(&mapping(""), &mails_only(&[list]), &pins);
    assert_eq!(of(&after, 0).external_id, of(&before, 0).external_id);
}

#[test]
fn of_copies_as_rich_as_each_other_an_export_with_other_volatile_headers_prefers_the_same() {
    let copy = |to: &str, n: u32| {
        letter("a", 0, &format!("To: {to}@shop.example\nReceived: from h{n}.example by us; x\nX-UID: {n}\n"), "Hi")
    };
    let request = |n| {
        let entries = planned_mails(&mapping(""), &[copy("bob", n), copy("eve", n + 1)]);
        assert_eq!(sent(&entries).len(), 1);
        sent(&entries)[0].request
    };
    for n in 1..12 {
        assert_eq!(request(n), request(0));
    }
}

fn with_files(files: &[&str]) -> String {
    let head = "--b\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\
                Content-Transfer-Encoding: base64\n";
    let files: String = files.iter().flat_map(|data| [head, data]).collect();
    written(
        "Jane Doe <jane@x.example>",
        "Offer",
        "Content-Type: multipart/mixed; boundary=b\n",
        &format!("--b\n\nThe text\n{files}--b--\n"),
    )
}

const ONE: &str = "\nUE5H\n";
const TWO: &str = "\nJVBERi0xLjQK\n";
const MISSING: &str = "X-Apple-Content-Length: 20\n\n";

#[test]
fn equal_files_in_another_order_are_one_message_and_other_files_are_not() {
    assert_one(&[with_files(&[ONE, TWO]), with_files(&[TWO, ONE])]);
    assert_eq!(sent(&planned_mails(&mapping(""), &[with_files(&[ONE]), with_files(&[TWO])])).len(), 2);
}

#[test]
fn a_mail_whose_file_is_missing_in_the_export_is_a_copy_of_the_whole_one() {
    for partial in [with_files(&[ONE, MISSING]), with_files(&[MISSING, MISSING])] {
        let mails = [partial, with_files(&[ONE, TWO])];
        assert_one(&mails);
        let entries = planned_mails(&mapping(""), &mails);
        assert_eq!(statuses(&entries), ["duplicate", "planned"], "the whole one is sent");
    }
    assert_one(&[with_files(&[MISSING, MISSING]), with_files(&[ONE, MISSING]), with_files(&[ONE, TWO])]);
    let blind = with_files(&[ONE, MISSING]).replace("Subject:", "Bcc: eve@x.example\nSubject:");
    let entries = planned_mails(&mapping(""), &[blind, with_files(&[ONE, TWO])]);
    assert_eq!(statuses(&entries), ["duplicate", "planned"], "a blind copy does not make up for a file");
}

#[test]
fn a_mail_that_lacks_a_file_which_no_other_could_be_is_a_message_of_its_own() {
    let whole = with_files(&[TWO]);
    for other in [
        with_files(&[ONE, MISSING]),
        with_files(&[MISSING]).replace("The text", "Another text"),
        with_files(&[MISSING]).replace("jane@", "june@"),
    ] {
        assert_eq!(sent(&planned_mails(&mapping(""), &[other, whole.clone()])).len(), 2);
    }
    let none = with_files(&[]);
    assert_eq!(sent(&planned_mails(&mapping(""), &[with_files(&[MISSING]), none])).len(), 2, "a file it never had");
}

#[test]
fn a_sent_mail_that_lacked_a_file_keeps_its_id_when_the_whole_one_comes() {
    let partial = with_files(&[MISSING]);
    let before = planned_mails(&mapping(""), std::slice::from_ref(&partial));
    let pins = pins_of(&before, &accepted());
    let after = planned(&mapping(""), &mails_only(&[with_files(&[TWO]), partial]), &pins);
    assert_eq!(statuses(&after), ["duplicate", "planned"], "what was sent stays");
    assert_eq!(of(&after, 1), of(&before, 0));
}

#[test]
fn a_thousand_different_mails_under_one_message_id_are_all_kept() {
    let mails: Vec<String> =
        (0..1_000).map(|n| with_files(&[MISSING]).replace("The text", &format!("text {n}"))).collect();
    assert_eq!(sent(&planned_mails(&mapping(""), &mails)).len(), 1_000);
}

//! Exports of any size, the same on every machine: no clock and no system's randomness.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Words of which texts are made.
const WORDS: [&str; 24] = [
    "order",
    "bicycle",
    "saddle",
    "please",
    "thanks",
    "delivery",
    "invoice",
    "the",
    "a",
    "and",
    "we",
    "you",
    "have",
    "sent",
    "wheel",
    "broken",
    "again",
    "yesterday",
    "warranty",
    "colour",
    "with",
    "kind",
    "regards",
    "number",
];

/// The first moment of all exports, Unix seconds: 2015-01-01.
const EPOCH: i64 = 1_420_070_400;

/// What an mbox is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Helpdesk mail: 70 % text of 2 to 8 kB, 25 % multipart of 20 to 80 kB in quoted-printable, 5 % with an attachment of
    /// 200 kB to 3 MB.
    Mixed,
    /// Texts of 2 to 6 kB.
    Small,
    /// Texts of about 600 bytes.
    Tiny,
    /// As `Tiny`, each an answer to the one before.
    OneThread,
    /// As `Tiny`, all of them the same mail but for a header that each export writes anew.
    Duplicates,
    /// As `Tiny`, without Message-ID.
    WithoutIds,
}

/// A generator of numbers (`SplitMix64`).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn word(&mut self) -> &'static str {
        let at = usize::try_from(self.below(WORDS.len() as u64)).unwrap_or_default();
        WORDS.get(at).copied().unwrap_or_default()
    }

    fn between(&mut self, start: u64, end: u64) -> u64 {
        start + self.below(end - start)
    }
}

/// Writes an mbox of so many messages, or of at least so many bytes, whichever comes first. Gives the number of messages.
pub(crate) fn mbox(path: &Path, kind: Kind, messages: u64, bytes: u64) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut written, mut mail) = (0_u64, Vec::new());
    for number in 0..messages {
        mail.clear();
        mail.extend_from_slice(b"From someone@shop.example Thu Jan  1 00:00:00 2015\n");
        self::mail(&mut mail, kind, number);
        mail.push(b'\n');
        out.write_all(&mail)?;
        written += mail.len() as u64;
        if written >= bytes {
            out.flush()?;
            return Ok(number + 1);
        }
    }
    out.flush()?;
    Ok(messages)
}

/// One mail with an attachment of so many bytes as it is written, in an mbox with a small one before and behind it.
pub(crate) fn attachment(path: &Path, bytes: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let separator = b"From someone@shop.example Thu Jan  1 00:00:00 2015\n";
    let mut small = |number| -> io::Result<()> {
        let mut mail = separator.to_vec();
        self::mail(&mut mail, Kind::Tiny, number);
        mail.push(b'\n');
        out.write_all(&mail)
    };
    small(1)?;
    small(2)?;
    out.write_all(separator)?;
    out.write_all(
        b"From: customer@shop.example\nTo: support@acme.example\nSubject: the film\nMessage-ID: <film@shop.example>\n\
          Date: Thu, 1 Jan 2015 12:00:00 +0000\nMIME-Version: 1.0\nContent-Type: application/octet-stream; name=\"film.bin\"\n\
          Content-Disposition: attachment; filename=\"film.bin\"\nContent-Transfer-Encoding: base64\n\n",
    )?;
    let line = [[b'A'; 76].as_slice(), b"\n"].concat();
    for _ in 0..bytes / line.len() as u64 {
        out.write_all(&line)?;
    }
    out.write_all(b"\n")?;
    out.flush()
}

/// A tree of so many mails, a file each, a thousand in a folder.
pub(crate) fn tree(path: &Path, kind: Kind, messages: u64) -> io::Result<u64> {
    let (mut bytes, mut mail) = (0, Vec::new());
    for number in 0..messages {
        let folder = path.join(format!("{:04}", number / 1_000));
        if number % 1_000 == 0 {
            fs::create_dir_all(&folder)?;
        }
        mail.clear();
        self::mail(&mut mail, kind, number);
        fs::write(folder.join(format!("{number}.eml")), &mail)?;
        bytes += mail.len() as u64;
    }
    Ok(bytes)
}

/// A table of chats: so many rows, five a chat.
pub(crate) fn table(path: &Path, rows: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(b"id,chat,time,who,role,text\n")?;
    let mut text = Vec::new();
    for row in 0..rows {
        let mut numbers = Numbers(row);
        let (chat, turn) = (row / 5, row % 5);
        let (who, role) =
            if turn % 2 == 0 { (format!("visitor{chat}@shop.example"), "visitor") } else { ("ada".into(), "agent") };
        text.clear();
        words(&mut text, &mut numbers, 120, usize::MAX);
        write!(out, "m{row},c{chat},{},{who},{role},\"", EPOCH + i64::try_from(row * 60).unwrap_or(0))?;
        out.write_all(&text)?;
        out.write_all(b"\"\n")?;
    }
    out.flush()
}

fn mail(out: &mut Vec<u8>, kind: Kind, number: u64) {
    let mut numbers = Numbers(if kind == Kind::Duplicates { 7 } else { number });
    let own = if kind == Kind::Duplicates { 0 } else { number };
    let is_outbound = numbers.below(3) == 0;
    let customer = format!("customer{}@shop.example", numbers.below(50_000));
    let (from, to) = if is_outbound {
        ("support@acme.example", customer.as_str())
    } else {
        (customer.as_str(), "support@acme.example")
    };
    line(out, &format!("From: {from}"));
    line(out, &format!("To: {to}"));
    line(out, &format!("Subject: Order {own} {}", numbers.word()));
    line(out, &format!("Date: {}", date(EPOCH + i64::try_from(own * 97).unwrap_or(0))));
    if kind != Kind::WithoutIds {
        line(out, &format!("Message-ID: <{own}.{:x}@shop.example>", Numbers(own).next()));
    }
    let parent = match kind {
        Kind::OneThread => number.checked_sub(1),
        Kind::Duplicates | Kind::WithoutIds => None,
        // Of ten mails four begin a conversation.
        _ if numbers.below(10) < 4 => None,
        _ => own.checked_sub(1 + numbers.below(200)),
    };
    if let Some(parent) = parent {
        line(out, &format!("In-Reply-To: <{parent}.{:x}@shop.example>", Numbers(parent).next()));
    }
    line(out, &format!("X-Export-Run: {number}"));
    line(out, "MIME-Version: 1.0");
    match kind {
        Kind::Mixed => mixed(out, &mut numbers),
        Kind::Small => plain(out, &mut numbers, 2_000, 6_000),
        _ => plain(out, &mut numbers, 500, 700),
    }
}

fn plain(out: &mut Vec<u8>, numbers: &mut Numbers, least: u64, most: u64) {
    line(out, "Content-Type: text/plain; charset=utf-8");
    line(out, "");
    let length = numbers.between(least, most);
    words(out, numbers, length, 70);
    line(out, "");
}

fn mixed(out: &mut Vec<u8>, numbers: &mut Numbers) {
    match numbers.below(100) {
        0..70 => plain(out, numbers, 2_000, 8_000),
        share => {
            let boundary = format!("=_{:016x}", numbers.next());
            line(out, &format!("Content-Type: multipart/mixed; boundary=\"{boundary}\""));
            line(out, "");
            let length = numbers.between(20_000, 80_000) / 2;
            for kind in ["plain", "html"] {
                line(out, &format!("--{boundary}"));
                line(out, &format!("Content-Type: text/{kind}; charset=utf-8"));
                line(out, "Content-Transfer-Encoding: quoted-printable");
                line(out, "");
                quoted(out, numbers, length, kind == "html");
                line(out, "");
            }
            if share >= 95 {
                line(out, &format!("--{boundary}"));
                line(out, "Content-Type: image/jpeg; name=\"photo.jpg\"");
                line(out, "Content-Disposition: attachment; filename=\"photo.jpg\"");
                line(out, "Content-Transfer-Encoding: base64");
                line(out, "");
                let length = numbers.between(200_000, 3_000_000);
                base64(out, numbers, length);
            }
            line(out, &format!("--{boundary}--"));
        }
    }
}

/// Words on lines of `width`.
fn words(out: &mut Vec<u8>, numbers: &mut Numbers, length: u64, width: usize) {
    let end = out.len() + usize::try_from(length).unwrap_or(0);
    let mut begin = out.len();
    while out.len() < end {
        if out.len() - begin > width {
            out.push(b'\n');
            begin = out.len();
        }
        out.extend_from_slice(numbers.word().as_bytes());
        out.push(b' ');
    }
}

fn quoted(out: &mut Vec<u8>, numbers: &mut Numbers, length: u64, is_html: bool) {
    let end = out.len() + usize::try_from(length).unwrap_or(0);
    while out.len() < end {
        out.extend_from_slice(if is_html { b"<p class=3D\"text\">" } else { b"" });
        words(out, numbers, 50, usize::MAX);
        out.extend_from_slice(b"gr=C3=BC=C3=9Fe=\n");
        out.extend_from_slice(if is_html { b"</p>\n" } else { b"\n" });
    }
}

fn base64(out: &mut Vec<u8>, numbers: &mut Numbers, length: u64) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for _ in 0..length / 76 {
        for _ in 0..7 {
            let mut bits = numbers.next();
            for _ in 0..10 {
                out.push(LETTERS[(bits & 63) as usize]);
                bits >>= 6;
            }
        }
        out.extend_from_slice(b"AAAAAA\n");
    }
}

fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|moment| moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
        .unwrap_or_default()
}

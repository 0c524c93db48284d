//! What reading an mbox costs at least: frame it, digest each mail, parse it, decode every body and file. Two threads,
//! nothing else. And framing alone, by others.

use mail_parser::{MessageParser, PartType};
use memchr::memmem;
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes read at once.
const BLOCK: usize = 1 << 20;

/// Mails of an mbox, one after the other, by `From ` at the beginning of a line.
struct Frames<R> {
    file: R,
    held: Vec<u8>,
    /// Where the next mail begins in what is held.
    start: usize,
    /// Up to where its end was looked for.
    looked: usize,
}

impl<R: Read> Frames<R> {
    fn new(file: R) -> Self {
        Self { file, held: Vec::new(), start: 0, looked: 0 }
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(at) = memmem::find(&self.held[self.looked..], b"\nFrom ") {
                let end = self.looked + at + 1;
                let mail = self.held[self.start..end].to_vec();
                (self.start, self.looked) = (end, end);
                return Ok(Some(mail));
            }
            self.held.drain(..self.start);
            self.start = 0;
            let before = self.held.len();
            self.looked = before.saturating_sub(5);
            self.held.resize(before + BLOCK, 0);
            let read = self.file.read(&mut self.held[before..])?;
            self.held.truncate(before + read);
            if read == 0 {
                self.looked = 0;
                return Ok(Some(std::mem::take(&mut self.held)).filter(|mail| !mail.is_empty()));
            }
        }
    }
}

/// Does all of it, and gives the number of mails.
pub(crate) fn run(path: &Path) -> io::Result<u64> {
    let frames = Mutex::new(Frames::new(File::open(path)?));
    let work = || -> io::Result<u64> {
        let mut mails = 0;
        loop {
            let next = frames.lock().unwrap_or_else(PoisonError::into_inner).next()?;
            let Some(mail) = next else { return Ok(mails) };
            mails += 1;
            black_box(blake3::hash(&mail));
            let headers = memchr::memchr(b'\n', &mail).map_or(0, |end| end + 1);
            let Some(message) = MessageParser::default().parse(&mail[headers..]) else { continue };
            for at in 0..message.text_body_count() {
                black_box(message.body_text(at));
            }
            for at in 0..message.html_body_count() {
                black_box(message.body_html(at));
            }
            for part in message.attachments() {
                if let PartType::Binary(bytes) | PartType::InlineBinary(bytes) = &part.body {
                    black_box(bytes.len());
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let own = work()?;
        let other = other.join().map_err(|_| io::Error::other("a thread panicked"))??;
        Ok(own + other)
    })
}

/// Framing by threadlift.
pub(crate) fn own_frames(path: &Path) -> Result<u64, Box<dyn Error>> {
    let text = format!(
        "version = 1\ntarget = {{ inbox = \"Support\" }}\nsource = [{{ name = \"bench\", format = \"mbox\", path = '{}' }}]\n",
        path.display()
    );
    let mapping = threadlift::mapping::parse(Path::new("bench.toml"), &text).map_err(|errors| errors.to_string())?;
    let sources = threadlift::source::open_all(&mapping)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let entries = sources.iter().flat_map(|source| source.scan());
    Ok(entries.filter(|entry| black_box(entry.is_ok())).count() as u64)
}

/// Framing by mail-parser's iterator.
pub(crate) fn mail_parser_frames(path: &Path) -> io::Result<u64> {
    let file = BufReader::with_capacity(BLOCK, File::open(path)?);
    let mut mails = 0;
    for mail in mail_parser::mailbox::mbox::MessageIterator::new(file) {
        black_box(mail.map_err(|error| io::Error::other(format!("{error:?}")))?.contents().len());
        mails += 1;
    }
    Ok(mails)
}

/// Framing by mbox-reader, which does not give the last mail.
pub(crate) fn mbox_reader_frames(path: &Path) -> io::Result<u64> {
    let file = mbox_reader::MboxFile::from_file(path)?;
    Ok(file.iter().filter(|entry| black_box(entry.offset()) > 0).count() as u64)
}

/// No framing at all: the bytes into one buffer, over and over. Nobody who does not map the file frames it faster.
pub(crate) fn bytes_alone(path: &Path) -> io::Result<u64> {
    let (mut file, mut buffer, mut bytes) = (File::open(path)?, vec![0; 256 << 10], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(bytes),
            read => bytes += black_box(read) as u64,
        }
    }
}

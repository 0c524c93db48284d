//! The same mails and chats as another export holds them: in other files, under other names, in another order, with other
//! volatile headers, encodings and line ends, or a batch later. The messages are the same, and so are their ids and refs.

mod chats;
mod mails;

use super::*;
use crate::source::open_all;
use std::fs;
use tempfile::TempDir;

const SOURCES: &str = r#"
version = 1
[target]
inbox = "Support"
[[source]]
name = "mail"
format = "mbox"
path = "**/*.mbox"
[[source]]
name = "chat"
format = "csv"
path = "**/*.csv"
date = "epoch-seconds"
recipient = "desk"
columns = { id = "id", conversation = "chat", time = "time", sender = "who", text = "text" }
"#;

/// A folder with the files of an export, and its mapping.
struct Export {
    dir: TempDir,
}

impl Export {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, text: &str, is_crlf: bool) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, if is_crlf { text.replace('\n', "\r\n") } else { text.to_owned() }).unwrap();
    }

    fn mapping(&self) -> Arc<Mapping> {
        mapping::parse(&self.dir.path().join("m.toml"), SOURCES).map(Arc::new).ok().unwrap()
    }

    fn sources(&self) -> Sources {
        // A source that holds nothing is a mistake in a mapping; what these hold is no message.
        self.write(
            "rest/rest.mbox",
            "From a@x.example Tue Jan  1 00:00:00 2019\nSubject: undated\n\nno sender\n",
            false,
        );
        self.write("rest/rest.csv", "id,chat,time,who,text\nr,rest,,rest,rest\n", false);
        Arc::new(open_all(&self.mapping()).unwrap())
    }
}

fn is_rest(entry: &Entry) -> bool {
    matches!(entry.verdict, Verdict::Rejected { .. } | Verdict::Unreadable { .. })
}

//! A Front of a few lines: one company, one inbox, no channels, and whatever a test says to an import.

use super::must;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// Serves until the test ends, and gives its base URL. `says` gets the body of each import, and answers with status line and
/// body.
pub(crate) fn serve(says: impl Fn(&str) -> (&'static str, &'static str) + Send + Sync + 'static) -> String {
    let listener = must(TcpListener::bind("127.0.0.1:0"), "port");
    let base_url = format!("http://{}", must(listener.local_addr(), "port"));
    let says = Arc::new(says);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let says = Arc::clone(&says);
            // A connection that breaks is of no interest: the program says what it saw.
            std::thread::spawn(move || answer(&stream, &*says));
        }
    });
    base_url
}

fn answer(mut stream: &TcpStream, says: &impl Fn(&str) -> (&'static str, &'static str)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    let (status, answer) = match request.split(' ').nth(1).unwrap_or_default() {
        "/me" => ("200 OK", r#"{"id": "cmp_1", "name": "Acme"}"#),
        "/channels" => ("200 OK", r#"{"_results": []}"#),
        "/inboxes" => ("200 OK", r#"{"_results": [{"id": "inb_1", "name": "Support"}]}"#),
        _ => says(&body),
    };
    // Without a generous limit the program would pace itself for minutes.
    let limits = "x-ratelimit-limit: 1000000\r\nx-ratelimit-remaining: 999999\r\nx-ratelimit-reset: 4102444800";
    let length = answer.len();
    write!(stream, "HTTP/1.1 {status}\r\n{limits}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}")
}

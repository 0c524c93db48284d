//! Connections that break, and answers that take their time.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use threadlift::rehearsal::Faults;

use super::support::*;

/// Reads to the end of the stream, or to the error it ends in.
fn rest(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let (mut text, mut block) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut block) {
            Ok(0) => return (String::from_utf8(text).unwrap(), None),
            Ok(length) => text.extend_from_slice(&block[..length]),
            Err(error) => return (String::from_utf8(text).unwrap(), Some(error.kind())),
        }
    }
}

/// Reads one answer whose body is JSON and ends with `}`.
fn one_answer(stream: &mut TcpStream) -> String {
    let (mut text, mut block) = (Vec::new(), [0; 4096]);
    while !text.ends_with(b"}") {
        let length = stream.read(&mut block).unwrap();
        assert!(length > 0, "the connection ended in the middle of an answer");
        text.extend_from_slice(&block[..length]);
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_before_storing_leaves_nothing_behind() {
    let front = Front::faulty(&["reset=1/2"]);
    front.import(&message("a")).await.uid();
    let mut stream = front.connect();
    stream.write_all(import_call(&front, &message("b")).as_bytes()).unwrap();
    assert_eq!(rest(&mut stream), (String::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!((front.state().messages, front.counted("reset")), (1, 1));
    front.import(&message("b")).await.uid();
    assert_eq!(front.state().repeats, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_hides_a_stored_message() {
    let front = Front::faulty(&["lose-answer=1/2"]);
    front.import(&message("a")).await.uid();
    let mut stream = front.connect();
    stream.write_all(import_call(&front, &message("b")).as_bytes()).unwrap();
    assert_eq!(rest(&mut stream), (String::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!((front.state().messages, front.counted("lose-answer")), (2, 1));
    front.import(&message("b")).await.uid();
    assert_eq!(front.state().repeats, 1);
}

#[tokio::test]
async fn a_refused_message_is_answered_even_where_answers_get_lost() {
    let front = Front::faulty(&["lose-answer=1"]);
    let wrong = with(message("a"), &serde_json::json!({ "colour": "red" }));
    front.import(&wrong).await.refuses(400, "Body did not satisfy");
    assert_eq!(front.counted("lose-answer"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_is_reset_as_the_next_call_arrives_and_the_call_is_not_looked_at() {
    let front = Front::faulty(&["close-idle=1/1"]);
    let mut stream = front.connect();
    stream.write_all(import_call(&front, &message("a")).as_bytes()).unwrap();
    let first = one_answer(&mut stream);
    assert!(first.starts_with("HTTP/1.1 202") && !first.to_lowercase().contains("connection: close"), "{first}");
    stream.write_all(import_call(&front, &message("b")).as_bytes()).unwrap();
    assert_eq!(rest(&mut stream), (String::new(), Some(ErrorKind::ConnectionReset)));
    let state = front.state();
    assert_eq!((state.messages, state.imports, front.counted("close-idle")), (1, 1, 1));
    front.import(&message("b")).await.uid();
}

#[tokio::test]
async fn a_slow_answer_comes_whole_and_late() {
    let front = Front::faulty(&["slow=1/2:150"]);
    front.import(&message("a")).await.uid();
    let began = Instant::now();
    front.import(&message("b")).await.uid();
    assert!(began.elapsed() >= Duration::from_millis(150));
    assert_eq!((front.state().messages, front.counted("slow")), (2, 1));
}

#[tokio::test]
async fn a_slow_answer_is_stored_before_it_is_given() {
    let front = Front::faulty(&["slow=1:60000"]);
    let sending = front.posting(INBOX, "application/json", message("a").to_string()).timeout(Duration::from_secs(1));
    assert!(sending.send().await.is_err_and(|error| error.is_timeout()));
    assert_eq!(front.state().messages, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dripping_answer_comes_bit_by_bit_and_whole() {
    let front = Front::faulty(&["drip=1:200"]);
    let mut stream = front.connect();
    stream.write_all(import_call(&front, &message("a")).as_bytes()).unwrap();
    let began = Instant::now();
    let (mut text, mut reads, mut block) = (Vec::new(), 0, [0; 4096]);
    while !text.ends_with(b"}") {
        let length = stream.read(&mut block).unwrap();
        assert!(length > 0, "it ended early");
        text.extend_from_slice(&block[..length]);
        reads += 1;
    }
    assert!(reads > 5, "it came in {reads} pieces");
    assert!(began.elapsed() >= Duration::from_millis(150));
    assert!(String::from_utf8(text).unwrap().contains("message_uid"));
    assert_eq!((front.state().messages, front.counted("drip")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_outage_every_connection_is_reset_old_or_new() {
    let outage = "2:60000".parse().unwrap();
    let front = Front::with(Faults { outages: vec![outage], ..Faults::default() });
    let mut kept = front.connect();
    kept.write_all(import_call(&front, &message("a")).as_bytes()).unwrap();
    one_answer(&mut kept);
    let mut other = front.connect();
    other.write_all(call(&front, "GET", "/me", "").as_bytes()).unwrap();
    one_answer(&mut other);
    kept.write_all(import_call(&front, &message("b")).as_bytes()).unwrap();
    assert_eq!(rest(&mut kept), (String::new(), Some(ErrorKind::ConnectionReset)));
    other.write_all(call(&front, "GET", "/me", "").as_bytes()).unwrap();
    assert_eq!(rest(&mut other), (String::new(), Some(ErrorKind::ConnectionReset)));
    assert!(front.client.get(front.url("/me")).bearer_auth(TOKEN).send().await.is_err());
    assert_eq!(front.state().messages, 1);
}

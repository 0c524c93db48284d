//! Who is let in, and what stays when the server has gone.

use threadlift::rehearsal::{Config, Faults};

use super::support::*;

#[tokio::test]
async fn a_revoked_token_is_refused_everywhere_from_then_on() {
    let front = Front::with(Faults { unauthorized_from: Some(2), ..Faults::default() });
    front.import(&message("a")).await.uid();
    assert_eq!(front.get("/me").await.status, 200);
    front.import(&message("b")).await.refuses(401, "Unauthenticated");
    assert_eq!(front.get("/me").await.status, 401);
    assert_eq!(front.state().messages, 1);
}

#[tokio::test]
async fn requests_that_name_another_host_are_not_answered() {
    let front = Front::plain();
    let port = front.server.base_url().rsplit(':').next().unwrap().to_owned();
    let get = |path: &str, host: &str| {
        status_line(
            &front,
            &format!("GET {path} HTTP/1.1\r\n{host}Authorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"),
        )
    };
    for own in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(get("/", &format!("Host: {own}:{port}\r\n")), "HTTP/1.1 200 OK", "{own}");
        assert_eq!(get("/me", &format!("Host: {own}:{port}\r\n")), "HTTP/1.1 200 OK", "{own}");
    }
    for path in ["/", "/me", "/web/style.css"] {
        for foreign in [
            format!("Host: evil.example:{port}\r\n"),
            "Host: localhost\r\n".to_owned(),
            "Host: localhost:1\r\n".to_owned(),
            format!("Host: localhost.evil.example:{port}\r\n"),
            format!("Host: localhost:{port}\r\nHost: evil.example\r\n"),
        ] {
            let status = get(path, &foreign);
            assert!(status.starts_with("HTTP/1.1 421") || status.starts_with("HTTP/1.1 400"), "{foreign}: {status}");
        }
    }
    let old = status_line(&front, "GET / HTTP/1.0\r\n\r\n");
    assert!(old.contains(" 421 "), "{old}");
}

#[tokio::test]
async fn a_stopped_server_is_gone_with_all_it_stored() {
    let parent = tempfile::tempdir().unwrap();
    let front = Front::new(Config { spill: Some(parent.path().to_owned()), ..config() });
    let mut parts = form_message("a");
    parts.push(file(0, "a.txt", "text/plain", b"first"));
    front.import_form(&parts).await.uid();
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    let url = front.url("/me");
    front.server.stop();
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    assert!(front.client.get(url).bearer_auth(TOKEN).send().await.is_err());
}

#[test]
fn a_server_that_could_not_be_told_apart_is_not_started() {
    let without_token = Config { token: String::new(), ..config() };
    assert!(threadlift::rehearsal::Server::start(without_token).is_err());
    let mut twice = config();
    twice.inboxes[1].id = Some(INBOX.to_owned());
    assert!(threadlift::rehearsal::Server::start(twice).is_err());
}

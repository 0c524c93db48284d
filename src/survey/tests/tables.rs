//! What is written of tables.

use super::*;
use std::fmt::Write as _;

/// A table with this header and these rows.
fn table(header: &str, rows: impl IntoIterator<Item = String>) -> Vec<u8> {
    let mut table = format!("{header}\n");
    for row in rows {
        let _ = writeln!(table, "{row}");
    }
    table.into_bytes()
}

/// A chat of two in `rows` rows, with more cells in each.
fn chat(header: &str, more: impl Fn(usize) -> String) -> Vec<u8> {
    let who = |n: usize| if n.is_multiple_of(2) { "visitor" } else { "agent" };
    let row = |n: usize| format!("c{},{},{},hello there you", n / 4, who(n), more(n));
    table(&format!("chat,role,{header},text"), (0..24).map(row))
}

#[test]
fn a_column_whose_values_come_again_after_thousands_of_others_is_no_id_of_messages() {
    let row = |n: usize| format!("c{},{},2019-04-03T10:00:00Z,a{}@x.example,hello there {n}", n / 4, n % 2_400, n % 9);
    let text = of(&[("c.csv", &table("chat,id,time,sender,text", (0..2_401).map(row)))]);
    assert!(text.contains("\nconversation = \"chat\"") && !text.contains("\nid "), "{text}");
    let text = of(&[("c.csv", &table("chat,id,time,sender,text", (0..2_400).map(row)))]);
    assert!(text.contains("\nid           = \"id\"   # no two rows have the same"), "{text}");
}

#[test]
fn only_a_column_that_is_called_so_is_the_clock() {
    let with =
        |name: &str| of(&[("c.csv", &chat(&format!("date,{name}"), |n| format!("2019-04-{:02},0:{n:02}", n + 1)))]);
    let known = with("Uhrzeit");
    assert!(known.contains("\nclock        = \"Uhrzeit\"") && known.contains("\"%Y-%m-%d %H:%M\""), "{known}");
    let duration = with("chat duration");
    assert!(
        !duration.contains("\nclock") && !duration.contains("# clock") && duration.contains("date     = \"%Y-%m-%d\""),
        "{duration}"
    );
    let open = with("moment");
    assert!(
        open.contains("\n# clock        = \"moment\"") && open.contains("# TODO: if these are the times of day"),
        "{open}"
    );
    assert!(open.contains("date     = \"%Y-%m-%d\""), "{open}");
}

#[test]
fn a_time_that_says_the_time_of_day_in_numbers_needs_no_clock() {
    let text = of(&[("c.csv", &chat("timestamp,time", |n| format!("15543047531{n:02},10:{n:02}")))]);
    assert!(text.contains("date     = \"epoch-milliseconds\"") && !text.contains("\nclock"), "{text}");
    assert!(text.contains("24 messages in 6 chats"), "{text}");
}

#[test]
fn numbers_that_could_be_moments_are_ids_where_they_are_called_so() {
    let row = |time: &str, n: usize| {
        let (chat, sender, id) = (1_500_000_000 + n / 4, 1_600_000_000 + n % 3, 1_554_304_753_123 + n);
        format!("{chat},{time},{sender},{id},hello there {n}")
    };
    let header = "conversation_id,sent,author_id,message_id,text";
    let text = of(&[("c.csv", &table(header, (0..24).map(|n| row("2019-04-03T10:00:00Z", n))))]);
    for line in ["id           = \"message_id\"", "conversation = \"conversation_id\"", "sender       = \"author_id\""]
    {
        assert!(text.contains(&format!("\n{line}")), "{line}\n{text}");
    }
    let folder = folder(&[("c.csv", &table(header, (0..24).map(|n| row("some day", n))))]);
    let error = looked_at(folder.path(), "c.csv").unwrap_err();
    assert!(error.message.contains("a table with no times"), "{error}");
}

#[test]
fn all_files_of_a_second_table_are_joined() {
    let sample = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/gorgias").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let (messages, tickets) = (sample("messages.csv"), sample("tickets.csv"));
    let (header, rows) = tickets.split_once('\n').unwrap();
    let (old, new) = rows.split_once('\n').unwrap();
    let folder = folder(&[
        ("messages-2019.csv", messages.as_bytes()),
        ("messages-2020.csv", messages.as_bytes()),
        ("tickets-2019.csv", format!("{header}\n{old}\n").as_bytes()),
        ("tickets-2020.csv", format!("{header}\n{new}\n").as_bytes()),
    ]);
    let survey = looked_at(folder.path(), "").unwrap();
    let text = written(&survey);
    assert!(text.contains("path   = [\"messages-2019.csv\", \"messages-2020.csv\"]"), "{text}");
    assert!(text.contains("path = [\"tickets-2019.csv\", \"tickets-2020.csv\"]"), "{text}");
    assert_eq!(text.matches("[[source]]").count(), 1, "{text}");
    assert!(survey.left().is_empty() && text.contains("6 messages in 2 chats"), "{text}");
}

#[test]
fn who_is_known_among_many_who_speak_is_named_however_seldom_they_do() {
    let row = |n: usize| {
        let agent = format!("P{n}");
        let who = if n < 3 { "Guest" } else { agent.as_str() };
        let chat = format!("(10:00:00) {who}: hello there\n(10:01:00) {agent}: hello you\n(10:02:00) {agent}: bye");
        format!("c{n},2019-04-01 10:00:00,v{n}@post.example,{}", cell(&chat))
    };
    let text = of(&[("c.csv", &table("chat_id,started,visitor_email,transcript", (0..60).map(row)))]);
    assert!(text.contains("[source.roles]\n\"Guest\" = \"inbound\"   # 3 rows"), "{text}");
}

#[test]
fn many_tables_become_a_pattern_only_if_it_fits_no_other_file() {
    let rows = chat("time,sender", |n| format!("2019-04-03T10:00:{n:02}Z,a@x.example"));
    let names: Vec<String> = (10..23).map(|n| format!("in/chats-{n}.csv")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), rows.as_slice())).collect();
    let alone = of(&files);
    assert!(alone.contains("path   = \"in/*.csv\"") && alone.contains("312 messages"), "{alone}");
    files.push(("in/more.tsv", &rows));
    let endings = of(&files);
    assert!(endings.contains("path   = [\"in/*.csv\", \"in/*.tsv\"]") && endings.contains("336 messages"), "{endings}");
    files.push(("in/users.csv", b"user,town\n1,Rome\n"));
    let listed = of(&files);
    assert!(listed.contains("    \"in/chats-10.csv\",\n") && listed.contains("    \"in/more.tsv\",\n]"), "{listed}");
    assert!(!listed.contains("*.") && listed.contains("336 messages"), "{listed}");
}

#[test]
fn who_says_whether_day_or_month_comes_first_is_asked_once_for_all_ways_of_writing() {
    let time = |n: usize| if n < 12 { format!("03/04/2019 10:{n:02}") } else { format!("03.04.2019 10:{n:02}") };
    let folder = folder(&[("c.csv", &chat("time,sender", |n| format!("{},a@x.example", time(n))))]);
    let mut survey = looked_at(folder.path(), "c.csv").unwrap();
    let text = written(&survey);
    for line in [
        "# date     = [\"%d.%m.%Y %H:%M\", \"%d/%m/%Y %H:%M\"]   # the day first",
        "# date     = [\"%m.%d.%Y %H:%M\", \"%m/%d/%Y %H:%M\"]   # the month first",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(survey.questions().contains(&Question::DayFirst(0)));
    survey.answer(&Question::DayFirst(0), "month").unwrap();
    let text = written(&survey);
    assert!(text.contains("\ndate     = [\"%m.%d.%Y %H:%M\", \"%m/%d/%Y %H:%M\"]"), "{text}");
}

#[test]
fn the_words_that_leave_mails_out_are_labels_like_any_other_in_chats() {
    let rows = chat("time,sender,tags", |n| format!("2019-04-03T10:00:{n:02}Z,a@x.example,Spam"));
    let folder_of_chats = folder(&[("c.csv", &rows)]);
    let survey = looked_at(folder_of_chats.path(), "").unwrap();
    assert_eq!((survey.own_labels(), survey.left_out()), (vec![("Spam".to_owned(), 24)], vec![]));
    // A line for it would be one for mails, too.
    let spam = mail("a@x.example", "b@y.example", "X-Gmail-Labels: Spam");
    let both = folder(&[("c.csv", &rows), ("a.mbox", &mbox(&[&spam]))]);
    let survey = looked_at(both.path(), "").unwrap();
    assert_eq!((survey.own_labels(), survey.left_out()), (vec![], vec![("Spam".to_owned(), 1)]));
}

#[test]
fn the_domain_that_writes_in_most_chats_is_asked_for() {
    let rows = (0..12).map(|n| {
        let who = if n % 2 == 0 { format!("a@x{n}.example") } else { "sam@acme.example".to_owned() };
        format!("{},2019-04-10T10:00:{n:02}Z,{who},I have a question", n / 2)
    });
    let folder = folder(&[("c.csv", &table("ticket,time,from,body", rows))]);
    let mut survey = looked_at(folder.path(), "").unwrap();
    let is_asked =
        |survey: &Survey| survey.mapping().todos.iter().any(|todo| todo.what.starts_with("is acme.example yours?"));
    assert!(written(&survey).contains("domains   = [\"acme.example\"]") && is_asked(&survey));
    survey.answer(&Question::Ours, "acme.example").unwrap();
    assert!(written(&survey).contains("domains   = [\"acme.example\"]") && !is_asked(&survey));
}

#[test]
fn texts_in_a_script_without_blanks_are_no_ids() {
    let say = |n: usize| format!("我的订单{n}还没有到请问什么时候可以发货谢谢");
    let row = |n: usize| format!("c{},2019-04-03T10:00:{n:02}Z,a{}@x.example,{}", n / 4, n % 3, say(n));
    for name in ["message", "内容"] {
        let text = of(&[("c.csv", &table(&format!("chat,time,sender,{name}"), (0..24).map(row)))]);
        assert!(text.contains(&format!("\ntext         = \"{name}\"")) && !text.contains("\nid "), "{text}");
    }
}

#[test]
fn what_is_tried_is_what_is_written() {
    let row =
        |n: usize| format!("'c{}','2019-04-03 10:00:{n:02}','a{}@x.example','hello there, caf\u{e9}'", n / 4, n % 3);
    let rows = table("'chat','time UTC','sender','text'", (0..24).map(row));
    let latin: Vec<u8> = String::from_utf8(rows).unwrap().chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    let folder = folder(&[("c.csv", &latin)]);
    let survey = looked_at(folder.path(), "c.csv").unwrap();
    let Reading::Guessed(guessed) = &survey.tables[0].reading else { panic!() };
    let lines = |text: &str| -> Vec<String> {
        let is_data = |line: &&str| !line.starts_with('#') && !line.is_empty() && !line.starts_with("name ");
        text.lines()
            .skip_while(|line| *line != "[[source]]")
            .take_while(|line| *line != "[defaults]")
            .filter(is_data)
            .map(|line| line.split("   #").next().unwrap_or_default().to_owned())
            .collect()
    };
    let tried = text::source_for_trial(guessed, &survey.tables[0].paths, &survey.tables[0].look);
    assert_eq!(lines(&tried), lines(&written(&survey)));
    assert!(written(&survey).contains("24 messages"), "{tried}");
}

#[test]
fn no_more_tables_than_a_few_hundred_are_looked_at_and_the_others_are_named() {
    let rows = chat("time,sender", |n| format!("2019-04-03T10:00:{n:02}Z,a@x.example"));
    let names: Vec<String> = (0..203).map(|n| format!("in/{n:03}.csv")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), rows.as_slice())).collect();
    let folder = folder(&files);
    let survey = looked_at(folder.path(), "in").unwrap();
    let left: Vec<(bool, u64)> =
        survey.left().iter().map(|left| (left.name.ends_with("200.csv"), left.files)).collect();
    assert_eq!(left, [(true, 3)]);
    let text = written(&survey);
    assert!(text.contains("    \"in/199.csv\",\n]") && !text.contains("\"in/200.csv\""), "{text}");
}

#[test]
fn values_of_roles_that_no_word_explains_are_asked_for_and_rejected_until_then() {
    let table = "chat,when,who,role,text\nc1,2019-04-03T10:00:00Z,a@x.example,visitor,hello there\nc1,2019-04-03T10:01:00Z,b@y.example,agent,hello you\nc1,2019-04-03T10:02:00Z,k@y.example,kiosk,hello all\n";
    let text = of(&[("c.csv", table.as_bytes())]);
    assert!(
        text.contains(
            "# \"kiosk\" = \"inbound\"   # TODO: 1 row: \"inbound\", \"outbound\" or \"skip\"; rejected until then"
        ),
        "{text}"
    );
    assert!(text.contains("not a message: 1 row, unknown role"), "{text}");
}

#[test]
fn a_chat_in_a_cell_is_taken_apart_or_left_to_whoever_knows_its_people() {
    let table = |visitor: &str| {
        let rows = (0..4).map(|n| {
            let chat = format!("(10:00:0{n}) {visitor}: hello there\n(10:01:00) Sam: hello you");
            format!("c{n},2019-04-1{n} 10:00:00,v{n}@post.example,{}\n", cell(&chat))
        });
        format!("chat_id,started,visitor_email,transcript\n{}", rows.collect::<String>())
    };
    let text = of(&[("c.csv", table("Visitor").as_bytes())]);
    assert!(text.contains("[source.transcript]") && text.contains("\"Visitor\" = \"inbound\"   # 4 rows"), "{text}");
    assert!(text.contains("# \"*\" = \"outbound\"   # TODO: if all others who speak are yours (\"Sam\" 4)"), "{text}");
    assert!(text.contains("4 messages in 4 chats, 4 in and 0 out"), "{text}");
    let folder = folder(&[("c.csv", table("Bob").as_bytes())]);
    let error = looked_at(folder.path(), "c.csv").unwrap_err();
    assert!(error.message.contains("\"Bob\", \"Sam\" and others speak; start from mappings/livechat.toml"), "{error}");
}

#[test]
fn where_no_column_says_who_wrote_the_domain_that_answers_is_ours() {
    let rows = (0..6).map(|n| {
        format!("{n},2019-04-1{n} 10:00:00,a@x{n}.example,I have a question\n{n},2019-04-1{n} 10:05:00,sam@acme.example,What is it then?\n")
    });
    let table = format!("ticket,time,from,body\n{}", rows.collect::<String>());
    let text = of(&[("c.csv", table.as_bytes())]);
    assert!(text.contains("domains   = [\"acme.example\"]") && text.contains("writes in 6 of 6 chats"), "{text}");
    assert!(text.contains("\"sam@acme.example\" = \"alt:email:sam@acme.example\""), "{text}");
    // One domain alone answers nobody.
    let alone = of(&[(
        "c.csv",
        table
            .replace("@acme", "@x")
            .replace("x0", "x")
            .replace("x1", "x")
            .replace("x2", "x")
            .replace("x3", "x")
            .replace("x4", "x")
            .replace("x5", "x")
            .as_bytes(),
    )]);
    assert!(alone.contains("TODO: your own domains"), "{alone}");
}

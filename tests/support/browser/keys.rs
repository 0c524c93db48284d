//! Keys as the browser wants them told.

use serde_json::{Value, json};

/// Going down and coming up again.
pub(super) fn strokes(key: &str) -> [Value; 2] {
    let (code, text) = match key {
        "Tab" => (9, ""),
        "Enter" => (13, "\r"),
        "Space" => (32, " "),
        "Escape" => (27, ""),
        other => panic!("no key is called {other}"),
    };
    let name = if key == "Space" { " " } else { key };
    let down = json!({ "type": "keyDown", "key": name, "code": key, "windowsVirtualKeyCode": code, "text": text });
    let up = json!({ "type": "keyUp", "key": name, "code": key, "windowsVirtualKeyCode": code });
    [down, up]
}

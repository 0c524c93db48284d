//! The sample company, imported into an embedded Front, and a browser before it.

use crate::support::browser::Browser;
use crate::support::front::{FULL_SPEED, Front};
use crate::support::{Workspace, must};
use std::fs;

/// A Front with mail in it, and a browser that has opened nothing yet.
pub(crate) struct Scene {
    pub(crate) browser: Browser,
    pub(crate) front: Front,
    _workspace: Workspace,
}

impl Scene {
    /// With the sample company's mail.
    pub(crate) fn demo() -> Self {
        let workspace = Workspace::with_samples();
        let demo = must(fs::read_to_string(workspace.path("mappings/demo.toml")), "demo.toml");
        workspace.write("mappings/demo.toml", demo + FULL_SPEED);
        Self::of(workspace, "mappings/demo.toml")
    }

    /// With what a mapping imports.
    pub(crate) fn of(workspace: Workspace, mapping: &str) -> Self {
        let front = Front::start(&workspace, mapping, "dump.jsonl", &[]);
        let output = must(front.importing(&workspace, mapping, &[]).output(), "process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { browser: Browser::start(), front, _workspace: workspace }
    }
}

//! Tags of the plan: which the company lacks, and where each of those is made.
//!
//! Imports name tags by name alone, wherever they stand. So a tag that is made has the whole name that the plan has for it, `A/B`, and
//! stands below `A` if that is a tag of the company, or becomes one: the name is what imports find it by, the place is for people.

use super::{ROUNDS, Shared};
use crate::front::{Outcome, Tag};
use crate::ledger::{Effect, EffectKind};
use crate::stage::Halt;
use crate::words::printable;
use std::collections::{BTreeMap, BTreeSet};

/// The tags of the plan, as Front has them.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    /// Those that need not be made: name → id.
    pub there: BTreeMap<String, String>,
    /// Those that are made, each behind the one that it stands below.
    pub missing: BTreeSet<String>,
    /// Names that stand elsewhere in Front, in sentences.
    pub elsewhere: Vec<String>,
    /// All tags of the company that something may be made below, by their names: those that one tag alone has.
    parents: BTreeMap<String, String>,
}

impl Tags {
    /// What of the `wanted` is there: `company` are the tags of the company, `visible` all that the token can see.
    #[must_use]
    pub fn of(wanted: &[String], company: &[Tag], visible: &[Tag]) -> Self {
        let mut tags = Self { parents: unique(company), ..Self::default() };
        let named = |tags: &[Tag], name: &str| tags.iter().find(|tag| tag.name == name).cloned();
        let paths: BTreeMap<String, &Tag> = company.iter().map(|tag| (path(tag, company), tag)).collect();
        for name in wanted {
            let shared = visible.iter().find(|tag| tag.name == *name && !tag.is_private);
            if let Some(tag) = named(company, name).as_ref().or(shared) {
                if named(company, name).is_none() {
                    tags.elsewhere.push(format!(
                        "`{}` is a tag of a workspace: no second one of that name is made, since imports name tags by name alone",
                        printable(name)
                    ));
                }
                tags.there.insert(name.clone(), tag.id.clone());
                continue;
            }
            if named(visible, name).is_some() {
                tags.elsewhere.push(format!(
                    "`{}` is one teammate's own tag, which nobody else sees: the company gets one of that name, too",
                    printable(name)
                ));
            } else if let Some(tag) = paths.get(name) {
                tags.elsewhere.push(format!(
                    "Front has `{}` below another tag, and imports name tags by name alone: `{}` is another one",
                    printable(&tag.name),
                    printable(name)
                ));
            }
            tags.missing.insert(name.clone());
        }
        tags
    }

    /// The tag that a missing one stands below: the nearest above it that is a tag of the company, or becomes one.
    #[must_use]
    pub fn above<'n>(&self, name: &'n str) -> Option<&'n str> {
        let mut name = name;
        while let Some((above, below)) = name.rsplit_once('/') {
            name = above.trim_end();
            if !below.trim().is_empty() && (self.parents.contains_key(name) || self.missing.contains(name)) {
                return Some(name);
            }
        }
        None
    }

    pub(super) async fn make(&self, shared: &Shared) -> Result<(), Halt> {
        for (name, id) in &self.there {
            if shared.found(&effect(name), id).await? {
                shared.run.count(|counts| counts.tags += 1);
            }
        }
        let mut known = self.parents.clone();
        // What is above has the shorter name, and comes before it in their order.
        for name in &self.missing {
            let above = self.above(name).and_then(|above| known.get(above).cloned());
            match make_one(shared, name, above).await {
                Ok(Some(id)) => {
                    shared.run.count(|counts| counts.tags += 1);
                    known.insert(name.clone(), id);
                }
                Ok(None) => {}
                Err(halt @ Halt::Later(_)) => {
                    shared.run.halt(halt);
                }
                Err(halt) => return Err(halt),
            }
        }
        Ok(())
    }
}

/// The id of the tag that was made; none if Front does not want it, or somebody has made it meanwhile.
async fn make_one(shared: &Shared, name: &str, mut above: Option<String>) -> Result<Option<String>, Halt> {
    let effect = effect(name);
    let mut is_ours = shared.was_begun(&effect);
    let mut last = String::new();
    shared.begin(&effect).await?;
    for _ in 0..ROUNDS {
        let called = shared.client.create_tag(name, above.as_deref(), &shared.run.cancellation).await;
        let outcome = shared.outcome_of(&effect, is_ours, called).await?;
        let why = outcome.to_string();
        match outcome {
            Outcome::Done(made) => {
                shared.made(&effect, made.id.clone()).await?;
                return Ok(Some(made.id));
            }
            Outcome::Lost { .. } => is_ours = true,
            _ => {}
        }
        let found = shared.client.company_tags().await?.into_iter().find(|tag| tag.name == name);
        match found {
            Some(tag) if is_ours => {
                shared.made(&effect, tag.id.clone()).await?;
                return Ok(Some(tag.id));
            }
            Some(tag) => {
                shared.there(&effect, tag.id).await?;
                return Ok(None);
            }
            // How deep tags may stand is not documented; at the top it serves as well.
            None if above.is_some() && !is_ours => above = None,
            None if !is_ours => {
                shared.leave(&effect, &why).await?;
                return Ok(None);
            }
            None => {}
        }
        last = why;
    }
    Err(Halt::Later(format!("the tag {name}: {last}")))
}

fn effect(name: &str) -> Effect {
    Effect::company(EffectKind::Tag, name)
}

/// Tags whose name no other has.
fn unique(tags: &[Tag]) -> BTreeMap<String, String> {
    let mut names: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for tag in tags {
        names.entry(&tag.name).and_modify(|id| *id = None).or_insert(Some(&tag.id));
    }
    names.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?.to_owned()))).collect()
}

/// Its name behind those of the tags above it.
fn path(tag: &Tag, all: &[Tag]) -> String {
    /// More cannot stand above each other but in a circle.
    const DEEPEST: usize = 32;
    let mut names = vec![tag.name.as_str()];
    let mut at = tag;
    while let Some(above) = at.parent_id.as_ref().and_then(|id| all.iter().find(|tag| tag.id == *id)) {
        names.push(&above.name);
        at = above;
        if names.len() > DEEPEST {
            break;
        }
    }
    names.reverse();
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(id: &str, name: &str, parent_id: Option<&str>) -> Tag {
        Tag { id: id.into(), name: name.into(), parent_id: parent_id.map(str::to_owned), is_private: false }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_tag_is_made_below_the_nearest_that_is_there_or_becomes_one() {
        let company = [tag("tag_1", "Old", None), tag("tag_2", "Twice", None), tag("tag_3", "Twice", Some("tag_1"))];
        let wanted = names(&[
            "Old/Mail",
            "Old/Mail/2019",
            "Old/No/2019",
            "Twice/Mail",
            "New/Mail",
            "A / B",
            "A",
            "Old/",
            "/Old",
        ]);
        let tags = Tags::of(&wanted, &company, &company);
        assert_eq!(tags.missing.len(), wanted.len());
        for (name, above) in [
            ("Old/Mail", Some("Old")),
            ("Old/Mail/2019", Some("Old/Mail")),
            ("Old/No/2019", Some("Old")),
            // Below which of the two?
            ("Twice/Mail", None),
            // Nobody asked for a tag `New`.
            ("New/Mail", None),
            ("A / B", Some("A")),
            ("Old/", None),
            ("/Old", None),
        ] {
            assert_eq!(tags.above(name), above, "{name}");
        }
        let order: Vec<&str> = tags.missing.iter().map(String::as_str).collect();
        let place = |name: &str| order.iter().position(|known| *known == name);
        assert!(place("Old/Mail") < place("Old/Mail/2019") && place("A") < place("A / B"), "{order:?}");
    }

    #[test]
    fn a_name_that_stands_elsewhere_is_said_and_made_only_where_nobody_else_can_see_it() {
        let company = [tag("tag_1", "Old", None), tag("tag_2", "Mail", Some("tag_1"))];
        let of_workspace = tag("tag_3", "Team", None);
        let private = Tag { is_private: true, ..tag("tag_4", "Mine", None) };
        let visible = [company.to_vec(), vec![of_workspace, private]].concat();
        let tags = Tags::of(&names(&["Old", "Mail", "Team", "Mine", "Old/Mail"]), &company, &visible);
        let there: Vec<&str> = tags.there.keys().map(String::as_str).collect();
        assert_eq!(there, ["Mail", "Old", "Team"]);
        assert_eq!(tags.missing, names(&["Mine", "Old/Mail"]).into_iter().collect());
        let [workspace, own, below] = tags.elsewhere.as_slice() else { panic!("{:?}", tags.elsewhere) };
        assert!(workspace.starts_with("`Team` is a tag of a workspace"), "{workspace}");
        assert!(own.starts_with("`Mine` is one teammate's own tag"), "{own}");
        assert!(below.contains("`Old/Mail` is another one"), "{below}");
    }
}

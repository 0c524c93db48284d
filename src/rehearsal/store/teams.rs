//! Who works in Front, and in which workspace: teams, teammates, and the inboxes they see.

use std::io;

use super::super::config::{Config, TeammateSpec};
use super::super::desk::TeamSpec;
use super::inbox::Inbox;
use super::{Store, invalid, render_id};

/// A workspace.
#[derive(Debug)]
pub(in super::super) struct Team {
    pub(in super::super) id: String,
    pub(in super::super) name: String,
    /// Numbers of its teammates.
    pub(in super::super) teammates: Vec<u32>,
}

/// Somebody who works in Front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Teammate {
    pub(in super::super) id: String,
    pub(in super::super) email: String,
    pub(in super::super) name: String,
    pub(in super::super) is_blocked: bool,
}

pub(super) fn teammates(config: &Config) -> Vec<Teammate> {
    let of = |spec: &TeammateSpec| Teammate {
        id: spec.id.clone(),
        email: spec.email.clone(),
        name: spec.name.clone(),
        is_blocked: config.blocked_teammates.contains(&spec.id),
    };
    config.teammates.iter().map(of).collect()
}

impl Store {
    /// Sets up workspaces and inboxes. Where no workspace is named there is one, in which everybody is.
    pub(super) fn open_teams(&mut self, config: &Config) -> io::Result<()> {
        let only = [TeamSpec { name: config.company.name.clone(), ..TeamSpec::default() }];
        let specs = if config.teams.is_empty() { &only[..] } else { &config.teams };
        for (number, spec) in (0..).zip(specs) {
            let mut members: Vec<u32> = (0..).zip(&self.teammates).map(|(number, _)| number).collect();
            if !spec.teammates.is_empty() {
                let found: Option<Vec<u32>> = spec.teammates.iter().map(|it| self.teammate_number(it)).collect();
                members =
                    found.ok_or_else(|| invalid(format!("the team {} has a teammate who is not there", spec.name)))?;
            }
            let id = spec.id.clone().unwrap_or_else(|| render_id("tim", number));
            self.teams.push(Team { id, name: spec.name.clone(), teammates: members });
        }
        for (number, spec) in (0..).zip(&config.inboxes) {
            let id = spec.id.clone().unwrap_or_else(|| render_id("inb", number));
            if self.inboxes.iter().any(|other| other.id == id) {
                return Err(invalid(format!("two inboxes have the id {id}")));
            }
            let has = |team: &TeamSpec| team.inboxes.iter().any(|named| *named == id || *named == spec.name);
            let team = (0..).zip(specs).find(|(_, team)| has(team)).map_or(0, |(number, _)| number);
            self.inboxes.push(Inbox::new(id, spec.name.clone(), team, true, Vec::new()));
        }
        Ok(())
    }

    pub(in super::super) fn teams(&self) -> &[Team] {
        &self.teams
    }

    pub(in super::super) fn team_number(&self, id: &str) -> Option<u32> {
        (0..).zip(&self.teams).find(|(_, team)| team.id == id).map(|(number, _)| number)
    }

    /// Makes an inbox. Front documents nothing against two of one name.
    pub(in super::super) fn make_inbox(&mut self, name: &str, team: u32, is_public: bool, teammates: Vec<u32>) -> u32 {
        let number = u32::try_from(self.inboxes.len()).unwrap_or(u32::MAX);
        let id = render_id("inb", number);
        self.inboxes.push(Inbox::new(id, name.to_owned(), team, is_public, teammates));
        number
    }

    /// Gives people access to an inbox, or takes it from them.
    pub(in super::super) fn set_access(&mut self, inbox: u32, teammates: &[u32], has_access: bool) {
        let Some(inbox) = self.inboxes.get_mut(inbox as usize) else { return };
        inbox.teammates.retain(|number| !teammates.contains(number));
        if has_access {
            inbox.teammates.extend(teammates);
            inbox.teammates.sort_unstable();
            inbox.teammates.dedup();
        }
    }

    /// Numbers of those who see an inbox.
    pub(in super::super) fn seeing(&self, inbox: &Inbox) -> Vec<u32> {
        let members = self.teams.get(inbox.team as usize).filter(|_| inbox.is_public);
        let mut seeing: Vec<u32> = members.map(|team| team.teammates.clone()).unwrap_or_default();
        seeing.extend(&inbox.teammates);
        seeing.sort_unstable();
        seeing.dedup();
        seeing
    }

    pub(in super::super) fn teammates(&self) -> &[Teammate] {
        &self.teammates
    }

    pub(in super::super) fn teammate(&self, number: Option<u32>) -> Option<&Teammate> {
        self.teammates.get(number? as usize)
    }

    /// A teammate by `tea_…` or `alt:email:…`.
    pub(in super::super) fn teammate_number(&self, reference: &str) -> Option<u32> {
        let is_named = |teammate: &Teammate| match reference.strip_prefix("alt:email:") {
            Some(email) => teammate.email.eq_ignore_ascii_case(email),
            None => teammate.id == reference,
        };
        (0..).zip(&self.teammates).find(|(_, teammate)| is_named(teammate)).map(|(number, _)| number)
    }

    /// A teammate who can be given something to do; in words why there is none. What Front does with blocked ones is not
    /// documented: the stricter reading.
    pub(in super::super) fn active_teammate(&self, reference: &str) -> Result<u32, &'static str> {
        let number = self.teammate_number(reference).ok_or("names no teammate")?;
        match self.teammate(Some(number)) {
            Some(teammate) if teammate.is_blocked => Err("names a teammate who is blocked"),
            _ => Ok(number),
        }
    }
}

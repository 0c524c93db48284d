//! Tags: of the company or of one team, one within the other.

use std::io;

use super::super::desk::TagSpec;
use super::{Conversation, Store, invalid};

#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Tag {
    pub(in super::super) name: String,
    pub(in super::super) description: Option<String>,
    pub(in super::super) highlight: Option<String>,
    pub(in super::super) is_visible: bool,
    pub(in super::super) parent: Option<u32>,
    /// Number of the team it belongs to; the company's where there is none.
    pub(in super::super) team: Option<u32>,
    pub(super) is_gone: bool,
}

impl Tag {
    pub(in super::super) fn new(name: &str, parent: Option<u32>, team: Option<u32>) -> Self {
        Self {
            name: name.to_owned(),
            description: None,
            highlight: None,
            // Front's default, which surprises: a tag made by the API is seen in no list of conversations.
            is_visible: false,
            parent,
            team,
            is_gone: false,
        }
    }
}

impl Store {
    pub(super) fn open_tags(&mut self, names: &[String], specs: &[TagSpec]) -> io::Result<()> {
        for name in names {
            self.tag(name);
        }
        for spec in specs {
            let parent = match &spec.parent {
                Some(parent) => Some(self.tag_numbers.get(parent).copied().ok_or_else(|| {
                    invalid(format!("the tag {} names the parent {parent}, which is not there before it", spec.name))
                })?),
                None => None,
            };
            self.make_tag(Tag { is_visible: true, ..Tag::new(&spec.name, parent, None) });
        }
        Ok(())
    }

    /// Makes a tag; `None` where there is one of that name in the same place. Front documents neither: a name names one tag
    /// among those that stand side by side.
    pub(in super::super) fn make_tag(&mut self, tag: Tag) -> Option<u32> {
        (!self.has_sibling(&tag, None)).then(|| self.push_tag(tag))
    }

    fn push_tag(&mut self, tag: Tag) -> u32 {
        let number = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        // By its name alone an import means the tag that had it first.
        self.tag_numbers.entry(tag.name.clone()).or_insert(number);
        self.tags.push(tag);
        number
    }

    /// Changes a tag; false where another has its place already.
    pub(in super::super) fn change_tag(&mut self, number: u32, tag: Tag) -> bool {
        if self.has_sibling(&tag, Some(number)) {
            return false;
        }
        if let Some(old) = self.tags.get_mut(number as usize) {
            let before = std::mem::replace(old, tag);
            self.rename(number, &before.name);
        }
        true
    }

    /// Deletes a tag with all below it, and takes it from every conversation.
    pub(in super::super) fn delete_tag(&mut self, number: u32) {
        let children: Vec<u32> = self.children(number).map(|(number, _)| number).collect();
        for child in children {
            self.delete_tag(child);
        }
        let Some(tag) = self.tags.get_mut(number as usize) else { return };
        tag.is_gone = true;
        let name = tag.name.clone();
        self.rename(number, &name);
        for it in &mut self.conversations {
            it.tags.retain(|tag| *tag != number);
        }
    }

    /// Finds out anew whom the name means that the tag had, and the one that it has.
    fn rename(&mut self, number: u32, before: &str) {
        if self.tag_numbers.get(before) == Some(&number) {
            self.tag_numbers.remove(before);
            let heir = self.standing_tags().find(|(_, tag)| tag.name == before).map(|(number, _)| number);
            self.tag_numbers.extend(heir.map(|number| (before.to_owned(), number)));
        }
        if let Some(name) = self.standing_tag(number).map(|tag| tag.name.clone()) {
            self.tag_numbers.entry(name).or_insert(number);
        }
    }

    fn has_sibling(&self, tag: &Tag, except: Option<u32>) -> bool {
        let place = |tag: &Tag| (tag.parent, tag.team);
        self.standing_tags()
            .any(|(number, other)| Some(number) != except && other.name == tag.name && place(other) == place(tag))
    }

    /// The tags that were not deleted.
    pub(in super::super) fn standing_tags(&self) -> impl DoubleEndedIterator<Item = (u32, &Tag)> {
        let count = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        (0..count).filter_map(|number| Some((number, self.standing_tag(number)?)))
    }

    /// How many there ever were.
    pub(in super::super) fn tag_count(&self) -> usize {
        self.tags.len()
    }

    pub(in super::super) fn standing_tag(&self, number: u32) -> Option<&Tag> {
        self.tags.get(number as usize).filter(|tag| !tag.is_gone)
    }

    pub(in super::super) fn children(&self, parent: u32) -> impl DoubleEndedIterator<Item = (u32, &Tag)> {
        self.standing_tags().filter(move |(_, tag)| tag.parent == Some(parent))
    }

    /// Whether a tag is another or stands somewhere below it.
    pub(in super::super) fn is_within(&self, tag: u32, above: u32) -> bool {
        let parent = |number: &u32| self.standing_tag(*number)?.parent;
        std::iter::successors(Some(tag), parent).any(|number| number == above)
    }

    /// The names from the uppermost tag to this one, with `/` between them.
    pub(in super::super) fn tag_path(&self, number: u32) -> String {
        let parent = |number: &u32| self.standing_tag(*number)?.parent;
        let mut names: Vec<&str> = std::iter::successors(Some(number), parent)
            .filter_map(|number| Some(self.standing_tag(number)?.name.as_str()))
            .collect();
        names.reverse();
        names.join("/")
    }

    /// A conversation's tags with their numbers.
    pub(in super::super) fn tags_of(&self, conversation: &Conversation) -> Vec<(u32, &Tag)> {
        conversation.tags.iter().filter_map(|number| Some((*number, self.standing_tag(*number)?))).collect()
    }

    /// The number of the tag that a name means, made if it is new.
    pub(super) fn tag(&mut self, name: &str) -> u32 {
        if let Some(number) = self.tag_numbers.get(name) {
            return *number;
        }
        // One that an import makes is seen, as those are that people make.
        self.push_tag(Tag { is_visible: true, ..Tag::new(name, None, None) })
    }
}

//! Links from conversations to what lies elsewhere: one for each address.

use super::Store;

#[derive(Debug)]
pub(in super::super) struct Link {
    pub(in super::super) name: Box<str>,
    /// As it was given: upper and lower case are not the same.
    pub(in super::super) url: Box<str>,
    /// Numbers of the conversations that have it.
    pub(in super::super) conversations: Vec<u32>,
}

impl Store {
    pub(in super::super) fn links(&self) -> &[Link] {
        &self.links
    }

    pub(in super::super) fn link(&self, number: u32) -> Option<&Link> {
        self.links.get(number as usize)
    }

    /// The link with this address, made if there is none. What Front answers to an address that is known is not
    /// documented but that there is one link for each: it is given back as it is, whatever name came with it.
    pub(in super::super) fn make_link(&mut self, url: &str, name: Option<&str>) -> u32 {
        if let Some(number) = self.link_numbers.get(url) {
            return *number;
        }
        let number = u32::try_from(self.links.len()).unwrap_or(u32::MAX);
        let name = name.filter(|name| !name.is_empty()).unwrap_or(url);
        self.links.push(Link { name: name.into(), url: url.into(), conversations: Vec::new() });
        self.link_numbers.insert(url.into(), number);
        number
    }

    pub(in super::super) fn rename_link(&mut self, number: u32, name: &str) {
        if let Some(link) = self.links.get_mut(number as usize) {
            link.name = name.into();
        }
    }
}

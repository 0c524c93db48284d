//! People outside: contacts, what they are reached by, and the lists they are on.

use std::io;

use serde_json::{Map, Value};

use super::super::body::SOURCES;
use super::super::desk::ContactSpec;
use super::{Store, invalid};

/// What a contact is reached by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Handle {
    /// One of [`SOURCES`].
    pub(in super::super) source: &'static str,
    pub(in super::super) handle: Box<str>,
}

impl Handle {
    /// `None` where there is no such source.
    pub(in super::super) fn new(source: &str, handle: &str) -> Option<Self> {
        let source = SOURCES.iter().find(|known| **known == source)?;
        Some(Self { source, handle: handle.into() })
    }

    /// What tells it from all others: upper and lower case are the same in addresses of mail.
    fn key(&self) -> String {
        let Self { source, handle } = self;
        if *source == "email" { format!("{source}:{}", handle.to_lowercase()) } else { format!("{source}:{handle}") }
    }
}

#[derive(Debug, Default)]
pub(in super::super) struct Contact {
    pub(in super::super) handles: Vec<Handle>,
    is_gone: bool,
    /// What those do not have that only an import made.
    known: Option<Box<Known>>,
}

/// What is known of somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Known {
    pub(in super::super) name: String,
    pub(in super::super) description: String,
    pub(in super::super) links: Vec<String>,
    /// Numbers of the lists.
    pub(in super::super) lists: Vec<u32>,
    pub(in super::super) custom_fields: Map<String, Value>,
}

impl Contact {
    pub(in super::super) fn known(&self) -> Known {
        self.known.as_deref().cloned().unwrap_or_default()
    }

    pub(in super::super) fn is_on(&self, list: u32) -> bool {
        self.known.as_ref().is_some_and(|known| known.lists.contains(&list))
    }
}

#[derive(Debug)]
pub(in super::super) struct ContactList {
    pub(in super::super) name: String,
    is_gone: bool,
}

impl Store {
    pub(super) fn open_contacts(&mut self, specs: &[ContactSpec]) -> io::Result<()> {
        for spec in specs {
            let known =
                Known { name: spec.name.clone(), custom_fields: spec.custom_fields.clone(), ..Known::default() };
            let handles: Option<Vec<Handle>> =
                spec.handles.iter().map(|(source, handle)| Handle::new(source, handle)).collect();
            let made = handles.and_then(|handles| self.make_contact(handles, known));
            made.ok_or_else(|| invalid(format!("the contact {} has a handle that is none or not its own", spec.name)))?;
        }
        Ok(())
    }

    /// Makes a contact; `None` where somebody has one of its handles.
    pub(in super::super) fn make_contact(&mut self, handles: Vec<Handle>, known: Known) -> Option<u32> {
        let keys: Vec<String> = handles.iter().map(Handle::key).collect();
        let is_twice = keys.iter().enumerate().any(|(n, key)| keys.iter().skip(n + 1).any(|other| other == key));
        if is_twice || keys.iter().any(|key| self.contact_numbers.contains_key(key.as_str())) {
            return None;
        }
        let number = u32::try_from(self.contacts.len()).ok()?;
        self.contact_numbers.extend(keys.into_iter().map(|key| (key.into_boxed_str(), number)));
        let known = (known != Known::default()).then(|| Box::new(known));
        self.contacts.push(Contact { handles, is_gone: false, known });
        Some(number)
    }

    /// Makes contacts of the handles of a message that nobody has, as Front probably does: without a name, since an import
    /// names only its sender.
    pub(super) fn meet(&mut self, source: &'static str, handles: &[&str]) {
        for handle in handles {
            let handle = Handle { source, handle: (*handle).into() };
            if !self.contact_numbers.contains_key(handle.key().as_str()) {
                self.make_contact(vec![handle], Known::default());
            }
        }
    }

    pub(in super::super) fn contact(&self, number: u32) -> Option<&Contact> {
        self.contacts.get(number as usize).filter(|contact| !contact.is_gone)
    }

    /// The contacts that are there.
    pub(in super::super) fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|contact| !contact.is_gone)
    }

    /// How many there ever were.
    pub(in super::super) fn contact_count(&self) -> usize {
        self.contacts.len()
    }

    /// The contact who has a handle.
    pub(in super::super) fn contact_of(&self, handle: &Handle) -> Option<u32> {
        self.contact_numbers.get(handle.key().as_str()).copied()
    }

    /// Changes what is known of a contact.
    pub(in super::super) fn change_contact(&mut self, number: u32, known: Known) {
        if let Some(contact) = self.contacts.get_mut(number as usize) {
            contact.known = (known != Known::default()).then(|| Box::new(known));
        }
    }

    /// Gives a contact one more handle; false where somebody has it, be it this one.
    pub(in super::super) fn add_handle(&mut self, number: u32, handle: Handle) -> bool {
        if self.contact_of(&handle).is_some() {
            return false;
        }
        let Some(contact) = self.contacts.get_mut(number as usize) else { return false };
        self.contact_numbers.insert(handle.key().into(), number);
        contact.handles.push(handle);
        true
    }

    pub(in super::super) fn remove_handle(&mut self, number: u32, handle: &Handle) {
        let key = handle.key();
        self.contact_numbers.remove(key.as_str());
        if let Some(contact) = self.contacts.get_mut(number as usize) {
            contact.handles.retain(|has| has.key() != key);
        }
    }

    pub(in super::super) fn delete_contact(&mut self, number: u32) {
        let Some(contact) = self.contacts.get_mut(number as usize) else { return };
        contact.is_gone = true;
        contact.known = None;
        for handle in std::mem::take(&mut contact.handles) {
            self.contact_numbers.remove(handle.key().as_str());
        }
    }

    /// The lists that are there.
    pub(in super::super) fn lists(&self) -> impl Iterator<Item = (u32, &ContactList)> {
        (0..).zip(&self.lists).filter(|(_, list)| !list.is_gone)
    }

    pub(in super::super) fn list(&self, number: u32) -> Option<&ContactList> {
        self.lists.get(number as usize).filter(|list| !list.is_gone)
    }

    /// Makes a list; `None` where there is one of that name, by which contacts are put on it.
    pub(in super::super) fn make_list(&mut self, name: &str) -> Option<u32> {
        let is_new = self.lists().all(|(_, list)| list.name != name);
        is_new.then(|| self.list_named(name))
    }

    /// The list of this name, made if it is new.
    pub(in super::super) fn list_named(&mut self, name: &str) -> u32 {
        if let Some((number, _)) = self.lists().find(|(_, list)| list.name == name) {
            return number;
        }
        let number = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        self.lists.push(ContactList { name: name.to_owned(), is_gone: false });
        number
    }

    pub(in super::super) fn delete_list(&mut self, number: u32) {
        if let Some(list) = self.lists.get_mut(number as usize) {
            list.is_gone = true;
        }
        for known in self.contacts.iter_mut().filter_map(|contact| contact.known.as_mut()) {
            known.lists.retain(|list| *list != number);
        }
    }

    /// Puts contacts on a list, or takes them off it.
    pub(in super::super) fn enlist(&mut self, list: u32, contacts: &[u32], is_on: bool) {
        for number in contacts {
            let Some(contact) = self.contacts.get_mut(*number as usize) else { continue };
            let lists = &mut contact.known.get_or_insert_default().lists;
            lists.retain(|has| *has != list);
            if is_on {
                lists.push(list);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_one_contact_whatever_the_case_of_its_address() {
        let key = |source, handle| Handle::new(source, handle).map(|handle| handle.key());
        assert_eq!(key("email", "Ana@Example.com"), key("email", "ana@example.COM"));
        assert_ne!(key("custom", "Ana"), key("custom", "ana"));
        assert_ne!(key("custom", "5"), key("phone", "5"));
        assert_eq!(key("fax", "5"), None);
    }
}

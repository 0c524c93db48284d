//! The fields of a request: what they are called, what they may hold, which are required.

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Text,
    /// Text of one to so many characters.
    Short(usize),
    /// Text, or null to take away what is there.
    TextOrNull,
    Choice(&'static [&'static str]),
    TextList,
    /// A list of at most so many.
    Few(usize),
    /// What a contact is reached by: objects of `handle` and `source`.
    Handles,
    Flag,
    Integer,
    Number,
    /// Values by names that the table does not know, such as custom fields.
    Object,
    /// A file can only travel as multipart/form-data.
    File,
    /// So can several.
    Files,
}

/// One leaf of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Field {
    /// The object that holds it; `None` for the request itself.
    pub(in super::super) group: Option<&'static str>,
    pub(in super::super) name: &'static str,
    pub(in super::super) kind: Kind,
    pub(in super::super) is_required: bool,
}

impl Field {
    pub(super) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { group: None, name, kind, is_required: false }
    }

    pub(super) const fn within(group: &'static str, name: &'static str, kind: Kind) -> Self {
        Self { group: Some(group), name, kind, is_required: false }
    }

    pub(super) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// `metadata.is_inbound`
    pub(in super::super) fn path(&self) -> String {
        match self.group {
            Some(group) => format!("{group}.{}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// All fields of a request.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Schema(pub(super) &'static [Field]);

impl Schema {
    pub(super) fn fields(self) -> impl Iterator<Item = &'static Field> {
        self.0.iter()
    }

    /// The field of that name in that object.
    pub(super) fn find(self, group: Option<&str>, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.group == group && field.name == name)
    }

    /// Whether the request has objects of this name.
    pub(super) fn has_group(self, name: &str) -> bool {
        self.fields().any(|field| field.group == Some(name))
    }
}

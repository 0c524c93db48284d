//! How the mapping names the exports: relative to its own folder where that reads well.

use super::SurveyError;
use super::exports::MOST_NAMED;
use std::path::{Component, Path, PathBuf};

/// How many folders up a relative path may begin with.
const MOST_UP: usize = 4;

/// Names of things on disk, as seen from the folder of the mapping.
#[derive(Debug)]
pub(super) struct Paths {
    base: PathBuf,
}

impl Paths {
    /// As seen from the folder `base`.
    ///
    /// # Errors
    /// If there is no such folder.
    pub(super) fn new(base: &Path) -> Result<Paths, SurveyError> {
        let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
        Ok(Paths { base: base.canonicalize().map_err(|error| SurveyError::unreadable(base, &error))? })
    }

    /// One file or folder, named plainly: a `path` that exists is never taken for a pattern.
    ///
    /// # Errors
    /// If its name is no UTF-8, which a mapping must be.
    pub(super) fn of(&self, path: &Path) -> Result<String, SurveyError> {
        let real = path.canonicalize().map_err(|error| SurveyError::unreadable(path, &error))?;
        let relative = self.relative(&real);
        relative.to_str().map(str::to_owned).ok_or_else(|| SurveyError::no_text(path))
    }

    /// Files below a folder: one by one if they are few, else by a pattern if one fits them.
    ///
    /// # Errors
    /// If a name is no UTF-8.
    pub(super) fn of_all(&self, root: &Path, files: &[PathBuf]) -> Result<Vec<String>, SurveyError> {
        match ending_of_all(files).filter(|_| files.len() > MOST_NAMED) {
            Some(ending) => Ok(vec![format!("{}/**/*.{}", escaped(&self.of(root)?), escaped(ending))]),
            None => files.iter().map(|file| self.of(file)).collect(),
        }
    }

    fn relative(&self, real: &Path) -> PathBuf {
        let (from, to): (Vec<_>, Vec<_>) = (self.base.components().collect(), real.components().collect());
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        let up = from.len() - shared;
        // Nothing shared but the root: such a path says less than the whole one.
        if up > MOST_UP || (up > 0 && shared <= 1) {
            return real.to_path_buf();
        }
        let steps = std::iter::repeat_n(Component::ParentDir, up).chain(to.into_iter().skip(shared));
        let path: PathBuf = steps.collect();
        if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
    }
}

/// The ending that all of these have.
fn ending_of_all(files: &[PathBuf]) -> Option<&str> {
    let ending = files.first()?.extension()?.to_str()?;
    files.iter().all(|file| file.extension().is_some_and(|other| other == ending)).then_some(ending)
}

/// A name as a pattern that fits nothing else.
pub(super) fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for letter in name.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_near_the_mapping_is_named_from_there() {
        let paths = Paths { base: PathBuf::from("/home/ida/move") };
        let relative = |path: &str| paths.relative(Path::new(path)).to_string_lossy().into_owned();
        assert_eq!(relative("/home/ida/move/Takeout"), "Takeout");
        assert_eq!(relative("/home/ida/exports/Takeout"), "../exports/Takeout");
        assert_eq!(relative("/home/ida/move"), ".");
        assert_eq!(relative("/srv/exports/Takeout"), "/srv/exports/Takeout");
    }

    #[test]
    fn a_name_with_signs_of_patterns_fits_itself_alone() {
        assert_eq!(escaped("[Gmail] *{a}?"), r"\[Gmail\] \*\{a\}\?");
    }
}

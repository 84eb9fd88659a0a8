//! Circles of imports between the top-level modules of a crate: two modules that import each other cannot be understood, or
//! moved, one at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use super::paths::{Import, imports};

/// The modules that each top-level module of a crate imports.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Adds to `faults` each circle in the sources of these folders.
pub(super) fn check(folders: &[String], faults: &mut Vec<String>) -> io::Result<()> {
    for folder in folders {
        let circles = circles(&arrows(Path::new(folder))?);
        faults.extend(circles.iter().map(|circle| {
            format!(
                "{folder}: these modules import each other: {}",
                circle.join(", ")
            )
        }));
    }
    Ok(())
}

/// Reads the imports of all files below `folder`.
fn arrows(folder: &Path) -> io::Result<Arrows> {
    let mut files = Vec::new();
    sources(folder, &mut Vec::new(), &mut files)?;
    let root = files.iter().find(|(module, _)| module.is_empty());
    let names = root.map_or_else(BTreeMap::new, |(_, text)| names_of_root(text));
    let modules: BTreeSet<String> = (files.iter())
        .filter_map(|(module, _)| module.first().cloned())
        .collect();
    let mut arrows = Arrows::new();
    for (module, text) in &files {
        let Some(from) = module.first() else { continue };
        for Import { path, .. } in imports(text, module) {
            let Some(first) = path.first() else { continue };
            let to = names.get(first).unwrap_or(first);
            if to != from && modules.contains(to) {
                arrows.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    Ok(arrows)
}

/// The names that a crate's root imports from its modules, with these modules: `crate::Name` means the module.
fn names_of_root(text: &str) -> BTreeMap<String, String> {
    let named = imports(text, &[]).into_iter();
    named
        .filter_map(|Import { path, name }| Some((name?, path.first()?.clone())))
        .collect()
}

/// Collects the files below `folder` with the paths of their modules; tests are left out.
fn sources(
    folder: &Path,
    module: &mut Vec<String>,
    files: &mut Vec<(Vec<String>, String)>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if stem == "tests" || stem == "main" {
            continue;
        }
        module.push(stem.clone().into_owned());
        if path.is_dir() {
            sources(&path, module, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let of_file = if module.as_slice() == ["lib"] {
                Vec::new()
            } else {
                module.clone()
            };
            files.push((of_file, fs::read_to_string(&path)?));
        }
        module.pop();
    }
    Ok(())
}

/// The groups of modules of which each reaches all others.
fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for module in arrows.keys() {
        if found.iter().any(|circle| circle.contains(module)) {
            continue;
        }
        let reached = reached_from(module, arrows);
        let circle: Vec<_> = (reached.into_iter())
            .filter(|other| reached_from(other, arrows).contains(module))
            .collect();
        if circle.len() > 1 {
            found.push(circle);
        }
    }
    found
}

fn reached_from(module: &str, arrows: &Arrows) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![module.to_owned()];
    while let Some(module) = next.pop() {
        for to in arrows.get(&module).into_iter().flatten() {
            if reached.insert(to.clone()) {
                next.push(to.clone());
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_that_reach_each_other_are_one_circle() {
        let arrow = |from: &str, to: &[&str]| {
            let to = to.iter().map(|to| (*to).to_owned());
            (from.to_owned(), to.collect())
        };
        let arrows = Arrows::from([
            arrow("a", &["b"]),
            arrow("b", &["c", "d"]),
            arrow("c", &["a"]),
            arrow("d", &["e"]),
        ]);
        assert_eq!(circles(&arrows), [["a", "b", "c"]]);
        assert!(circles(&Arrows::from([arrow("a", &["b"])])).is_empty());
    }
}

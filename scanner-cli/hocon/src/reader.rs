//! The state that a file shares with its included files: open files, diagnostics and limits.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use catalog_model::{
    Place,
    encoding::{self, NotText},
};

use super::{
    diagnostic::{Secrecy, SourceDiagnostic, not_quoted},
    limits::{
        Effort, ExhaustedError, MAX_DIAGNOSTICS, MAX_INCLUDED_BYTES, MAX_INCLUDES, MAX_TOKENS,
    },
    pending::{Id, Pending},
    source::Source,
    syntax_error::SyntaxError,
};

/// Maximum depth of includes, as in the Zeenea scanner's parser.
const MAX_INCLUDE_DEPTH: usize = 50;

/// A hint for too many or too large includes.
const INCLUDE_ONCE_HINT: &str = "include each file once";

/// Where the content of included files comes from.
pub trait Files {
    /// Reads the file at `path`. `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If the file exists but cannot be read.
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Checks whether the file at `path` may be included. Called before the file is read.
    ///
    /// # Errors
    /// If it may not be included; the error contains the reason.
    fn may_include(&self, path: &Path) -> Result<(), IncludeError> {
        let _ = path;
        Ok(())
    }

    /// Whether messages may quote the file at `path`. Messages about other files contain only the line number.
    fn may_quote(&self, path: &Path) -> bool {
        let _ = path;
        true
    }
}

/// Why a file may not be included, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncludeError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// No files: every include is missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn content(&self, _: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// Reads the tree of a source in its include context. `None` if it could not be read to its end.
type Parse = fn(&mut Reader<'_>, Source, &IncludeContext) -> Option<Rc<Pending>>;

/// The block into which a file is included.
#[derive(Default)]
pub(super) struct IncludeContext {
    /// The path of the block.
    pub(super) path: Vec<String>,
    /// Whether the block is an item of a list.
    pub(super) list: bool,
    /// Its nesting depth.
    pub(super) depth: usize,
}

/// The state of reading one file and everything that it includes.
pub(super) struct Reader<'a> {
    files: &'a dyn Files,
    /// Reads the tree of a source. The parser is passed in, because it calls the reader for each `include`.
    parse: Parse,
    pub(super) sources: Vec<Source>,
    pub(super) errors: Vec<SourceDiagnostic>,
    pub(super) warnings: Vec<SourceDiagnostic>,
    /// The files that are currently being read, the outermost first.
    open: Vec<PathBuf>,
    ids: usize,
    /// Number of includes that were followed, and their total size in bytes.
    includes: usize,
    included_bytes: usize,
    /// Remaining number of tokens.
    pub(super) tokens_left: usize,
    pub(super) effort: Effort,
}

/// An `include` statement.
pub(super) struct Include {
    pub(super) name: String,
    pub(super) span: Range<usize>,
    pub(super) target: Target,
    pub(super) required: bool,
}

/// Where an included file is searched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Beside the including file.
    Beside,
    /// In the working directory.
    WorkingDirectory,
    Url,
    ClassPath,
}

impl Include {
    /// Whether the name has the extension of a supported format.
    fn names_format(&self) -> bool {
        self.name.ends_with(".conf") || self.name.ends_with(".json")
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(files: &'a dyn Files, parse: Parse) -> Self {
        Self {
            files,
            parse,
            sources: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            open: Vec::new(),
            ids: 0,
            includes: 0,
            included_bytes: 0,
            tokens_left: MAX_TOKENS,
            effort: Effort::new(),
        }
    }

    pub(super) fn id(&mut self) -> Id {
        self.ids += 1;
        Id(self.ids)
    }

    /// Counts effort for the text at `span`.
    pub(super) fn spend(
        &mut self,
        amount: usize,
        span: Range<usize>,
    ) -> Result<(), Box<SyntaxError>> {
        self.effort.spend(amount).map_err(|ExhaustedError| {
            let error = SyntaxError::new(
                span,
                "the file takes too long to read; the rest of it is ignored",
            );
            error
                .hint("split it, shorten its keys, and use fewer levels of blocks")
                .into()
        })
    }

    /// Adds an error. Errors beyond the maximum number are not listed.
    pub(super) fn error(&mut self, error: impl FnOnce() -> SourceDiagnostic) {
        push_bounded(
            &mut self.errors,
            error,
            "more errors follow, which are not listed",
        );
    }

    /// Adds a warning. Warnings beyond the maximum number are not listed.
    pub(super) fn warning(&mut self, warning: impl FnOnce() -> SourceDiagnostic) {
        let more = "more warnings follow, which are not listed";
        push_bounded(&mut self.warnings, || warning().warning(), more);
    }

    /// Reads the tree of a file.
    pub(super) fn file(
        &mut self,
        path: &Path,
        content: &[u8],
        within: &IncludeContext,
    ) -> Option<Rc<Pending>> {
        let file: Arc<str> = path.display().to_string().into();
        if let Err(not_text) = encoding::check_nul(content) {
            self.error(|| not_text_error(file, content, not_text));
            return None;
        }
        match str::from_utf8(content) {
            Ok(text) => {
                self.open.push(path.to_owned());
                let mut source = Source::new(file, text);
                source.quotable = self.files.may_quote(path);
                let tree = (self.parse)(self, source, within);
                self.open.pop();
                tree
            }
            Err(error) => {
                let not_text = NotText::NotUtf8(error.valid_up_to());
                match self.files.may_quote(path) {
                    true => self.error(|| not_text_error(file, content, not_text)),
                    false => self.error(|| not_quoted(Place::new(file, 1, 1))),
                }
                None
            }
        }
    }

    /// Reads the files that `include` names. Later files override earlier ones.
    pub(super) fn include(
        &mut self,
        source: &Source,
        include: &Include,
        within: &IncludeContext,
    ) -> Result<Vec<Rc<Pending>>, Box<SyntaxError>> {
        let error = |message: String| SyntaxError::new(include.span.clone(), message);
        if include.target == Target::Url
            || (include.target == Target::Beside && is_url(&include.name))
        {
            return Err(error("a file cannot be included from a URL".to_owned())
                .hint("save it next to this file, and include it by its name")
                .into());
        }
        for path in self.candidates(include) {
            if let Err(IncludeError { message, hint }) = self.files.may_include(&path) {
                return Err(error(message).hint(hint).into());
            }
        }
        if let Some(path) = self.properties(include) {
            return Err(
                error(format!("`{}` is in an unsupported format", path.display()))
                    .hint("write its settings in a `.conf` file")
                    .into(),
            );
        }
        if self.includes >= MAX_INCLUDES {
            let message = format!("more than {MAX_INCLUDES} files are included");
            return Err(error(message).hint(INCLUDE_ONCE_HINT).into());
        }
        self.includes += 1;
        let mut trees = Vec::new();
        let mut missing = Vec::new();
        for path in self.candidates(include) {
            match self.files.content(&path) {
                Ok(None) => missing.push(format!("there is no file `{}`", path.display())),
                Err(error) => missing.push(format!("`{}` cannot be read: {error}", path.display())),
                Ok(Some(_)) if self.open.contains(&path) || self.open.len() > MAX_INCLUDE_DEPTH => {
                    return Err(error(format!(
                        "circular include: `{}` is already being read",
                        path.display()
                    ))
                    .into());
                }
                Ok(Some(content)) => {
                    self.count_included(include, content.len())?;
                    trees.push(self.file(&path, &content, within));
                }
            }
        }
        if trees.is_empty() {
            self.nothing_included(source, include, missing.pop())?;
        }
        Ok(trees.into_iter().flatten().collect())
    }

    /// Warns about an `include` without a file, or refuses it if the file is required.
    fn nothing_included(
        &mut self,
        source: &Source,
        include: &Include,
        missing: Option<String>,
    ) -> Result<(), Box<SyntaxError>> {
        let error = |message: String| SyntaxError::new(include.span.clone(), message);
        let reason = missing.unwrap_or_else(|| "class paths are not supported".to_owned());
        if include.required {
            return Err(error(reason).into());
        }
        let ignored = error(format!("{reason}, so this `include` is ignored"))
            .hint("the name of an included file ends in `.conf` or `.json`; if the file must exist, write `include required(…)`");
        self.warning(|| SourceDiagnostic::at(source, ignored, Secrecy::Open));
        Ok(())
    }

    /// Adds the size of an included file, and refuses the file if the total exceeds the limit.
    fn count_included(&mut self, include: &Include, bytes: usize) -> Result<(), Box<SyntaxError>> {
        self.included_bytes += bytes;
        if self.included_bytes <= MAX_INCLUDED_BYTES {
            return Ok(());
        }
        let megabytes = MAX_INCLUDED_BYTES / 1_000_000;
        let message = format!("the included files are larger than {megabytes} MB in total");
        let error = SyntaxError::new(include.span.clone(), message);
        Err(error.hint(INCLUDE_ONCE_HINT).into())
    }

    /// Lists the files that an include can mean; later ones override earlier ones. A name without an extension gets the
    /// extensions of both formats.
    fn candidates(&self, include: &Include) -> Vec<PathBuf> {
        let Some(folder) = self.folder(include.target) else {
            return Vec::new();
        };
        if include.names_format() {
            return vec![folder.join(&include.name)];
        }
        let with = |ending: &str| folder.join(format!("{}{ending}", include.name));
        vec![with(".json"), with(".conf")]
    }

    /// Returns the Java properties file that the Zeenea scanner's parser would read.
    fn properties(&self, include: &Include) -> Option<PathBuf> {
        if include.names_format() {
            return None;
        }
        let name = include.name.trim_end_matches(".properties");
        let path = self
            .folder(include.target)?
            .join(format!("{name}.properties"));
        matches!(self.files.content(&path), Ok(Some(_))).then_some(path)
    }

    fn folder(&self, target: Target) -> Option<&Path> {
        match target {
            Target::Beside => Some(self.open.last()?.parent().unwrap_or(Path::new(""))),
            Target::WorkingDirectory => Some(Path::new("")),
            Target::Url | Target::ClassPath => None,
        }
    }
}

fn push_bounded(
    diagnostics: &mut Vec<SourceDiagnostic>,
    next: impl FnOnce() -> SourceDiagnostic,
    more: &str,
) {
    match diagnostics.len() {
        0..MAX_DIAGNOSTICS => diagnostics.push(next()),
        MAX_DIAGNOSTICS => {
            let last = diagnostics.last().map(|last| last.place.clone());
            let mut last = last.map(|place| SourceDiagnostic::bare(place, more, None));
            let severity = diagnostics.first().map(|first| first.severity);
            if let (Some(last), Some(severity)) = (&mut last, severity) {
                last.severity = severity;
            }
            diagnostics.extend(last);
        }
        _ => {}
    }
}

fn is_url(name: &str) -> bool {
    ["http:", "https:", "file:", "ftp:", "jar:"]
        .iter()
        .any(|scheme| name.starts_with(scheme))
}

/// Creates the error for a file that is not text, at the first byte that is not valid.
fn not_text_error(file: Arc<str>, content: &[u8], not_text: NotText) -> SourceDiagnostic {
    let offset = match not_text {
        NotText::NotUtf8(offset) | NotText::Nul(offset) => offset,
        NotText::Utf16 | NotText::OnlyNul => 0,
    };
    let before = String::from_utf8_lossy(&content[..offset]);
    let place = Source::new(file, &before).place(before.len());
    let (message, hint) = match not_text {
        NotText::NotUtf8(offset) => {
            let message = format!(
                "the byte 0x{:02x} at offset {offset} is not UTF-8",
                content[offset]
            );
            (message, "save the file as UTF-8")
        }
        other => {
            let (what, hint) = other.explain();
            (format!("the file {what}"), hint)
        }
    };
    SourceDiagnostic::bare(place, message, Some(hint))
}

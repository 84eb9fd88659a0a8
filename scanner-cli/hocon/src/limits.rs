//! Limits for reading one file and everything that it includes. A file that exceeds a limit is refused, so that no text
//! can exhaust the memory, the stack or the processor time.

/// Maximum number of tokens in a file and everything that it includes. A token uses about 100 bytes while the file is
/// read.
pub(super) const MAX_TOKENS: usize = 1_000_000;

/// Maximum total size in bytes of all included files.
pub(super) const MAX_INCLUDED_BYTES: usize = 32_000_000;

/// Maximum number of `include` lines that are followed. Without it, reading a few files that include each other twice
/// would take hours.
pub(super) const MAX_INCLUDES: usize = 1_000;

/// Maximum size in bytes of one element of a key.
pub(super) const MAX_KEY_BYTES: usize = 10_000;

/// Maximum number of errors, and of warnings, that are listed for a file. Creating each of them scans the whole file.
pub(super) const MAX_DIAGNOSTICS: usize = 50;

/// Maximum size in bytes of a line that is shown with a message.
pub(super) const MAX_SHOWN_LINE: usize = 10_000;

/// Maximum size in bytes of a file whose lines are shown. To hide secrets, the whole file is scanned for each line.
pub(super) const MAX_SHOWN_FILE: usize = 1_000_000;

/// Effort of one step in resolving a substitution, in units of `MAX_EFFORT`.
pub(super) const STEP_EFFORT: usize = 16;

/// Effort of one element of a setting's path, in addition to its bytes.
pub(super) const ELEMENT_EFFORT: usize = 8;

/// Maximum size in bytes of a path in a message.
pub(super) const MAX_SHOWN_PATH: usize = 200;

/// Maximum depth of a resolved tree. Functions that walk the tree use stack space for each level.
pub(super) const MAX_TREE_DEPTH: usize = 1_000;

/// Maximum effort of reading a file: the number of copied bytes, and of values that are visited or created.
const MAX_EFFORT: usize = 32_000_000;

/// Maximum total number of elements in the paths of all settings. Lists of settings contain each path.
const MAX_PATH_ELEMENTS: usize = 4_000_000;

/// Maximum total size in bytes of the paths of all settings.
const MAX_PATH_BYTES: usize = 64_000_000;

/// The remaining effort for a file.
#[derive(Debug)]
pub(super) struct Effort {
    left: usize,
}

/// The effort is used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ExhaustedError;

impl Effort {
    /// Returns the full effort for one file and everything that it includes.
    pub(super) fn new() -> Self {
        Self { left: MAX_EFFORT }
    }

    /// Subtracts from the remaining effort.
    pub(super) fn spend(&mut self, amount: usize) -> Result<(), ExhaustedError> {
        self.left = self.left.checked_sub(amount).ok_or(ExhaustedError)?;
        Ok(())
    }
}

/// The total size of the paths of settings.
#[derive(Debug, Default)]
pub(super) struct Paths {
    elements: usize,
    bytes: usize,
}

impl Paths {
    /// Adds a setting whose path has `elements` elements and `bytes` bytes.
    pub(super) fn add(&mut self, elements: usize, bytes: usize) {
        self.elements = self.elements.saturating_add(elements);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.elements > MAX_PATH_ELEMENTS || self.bytes > MAX_PATH_BYTES
    }
}

//! What reading one file, with all that it includes, may cost. Beyond a limit the file is refused, so that no text,
//! however it is written, takes all memory, all stack, or a processor for ever.

/// Maximum number of words and signs in a file and all that it includes. One takes some 100 bytes while the file is
/// read.
pub(super) const MAX_TOKENS: usize = 1_000_000;

/// Maximum number of bytes of all included files together.
pub(super) const MAX_INCLUDED_BYTES: usize = 32_000_000;

/// Maximum number of `include` lines that are followed: a few files that include each other twice would go on for
/// hours.
pub(super) const MAX_INCLUDES: usize = 1_000;

/// Maximum number of bytes of one element of a key.
pub(super) const MAX_KEY_BYTES: usize = 10_000;

/// Maximum number of errors, and of warnings, that are listed for a file. Each takes a look at the whole file.
pub(super) const MAX_DIAGNOSTICS: usize = 50;

/// Maximum number of bytes of a line that is shown with a message.
pub(super) const MAX_SHOWN_LINE: usize = 10_000;

/// Maximum number of bytes of a file whose lines are shown: to hide secrets, the whole file is scanned each time.
pub(super) const MAX_SHOWN_FILE: usize = 1_000_000;

/// Effort of one step on the way to the value of a substitution.
pub(super) const STEP_EFFORT: usize = 16;

/// Effort of one element of a setting's path, besides its bytes.
pub(super) const ELEMENT_EFFORT: usize = 8;

/// Maximum number of bytes of a path in a message.
pub(super) const MAX_SHOWN_PATH: usize = 200;

/// Maximum depth of a resolved tree. Functions that walk the tree need stack for each level.
pub(super) const MAX_HEIGHT: usize = 1_000;

/// Maximum effort of reading a file: bytes that are copied, and values that are visited or made.
const MAX_EFFORT: usize = 32_000_000;

/// Maximum number of elements in the paths of all settings together. Lists of settings hold each path.
const MAX_PATH_ELEMENTS: usize = 4_000_000;

/// Maximum number of bytes in the paths of all settings together.
const MAX_PATH_BYTES: usize = 64_000_000;

/// The effort that may still be made for a file.
#[derive(Debug)]
pub(super) struct Effort {
    left: usize,
}

/// The effort is used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Effort {
    /// The effort for one file with all that it includes.
    pub(super) fn new() -> Self {
        Self { left: MAX_EFFORT }
    }

    /// Takes some of what is left.
    pub(super) fn spend(&mut self, amount: usize) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(amount).ok_or(Exhausted)?;
        Ok(())
    }
}

/// How much the paths of settings take together.
#[derive(Debug, Default)]
pub(super) struct Paths {
    elements: usize,
    bytes: usize,
}

impl Paths {
    /// Counts a setting whose path has `elements` elements and `bytes` bytes.
    pub(super) fn add(&mut self, elements: usize, bytes: usize) {
        self.elements = self.elements.saturating_add(elements);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.elements > MAX_PATH_ELEMENTS || self.bytes > MAX_PATH_BYTES
    }
}

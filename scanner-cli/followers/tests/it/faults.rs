//! How fake catalogs fail.

use std::collections::VecDeque;

use crate::fake_http::Reply;

/// How a request is answered instead of normally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// This status, and nothing is stored.
    Status(u16),
    /// A page with status 200, and nothing is stored.
    Page,
    /// It is stored, but the connection is closed before the answer.
    CutAfterStoring,
    /// It is stored, but the answer is cut off.
    CutAnswer,
    /// Only the first half of the entities is stored.
    Half,
    /// It is stored, and the answer has each entity twice.
    Duplicates,
    /// It is stored, and the answer is empty.
    SilentAnswer,
    /// It is stored, and the answer comes later.
    Slow,
    /// No answer comes.
    Hang,
}

impl Fault {
    /// The answer, if nothing is stored.
    pub(crate) fn before(self) -> Option<Reply> {
        match self {
            Self::Status(429) => Some(Reply::Empty(429, "retry-after", "0".to_owned())),
            Self::Status(status) => Some(Reply::Page(status, "<html>gateway</html>")),
            Self::Page => Some(Reply::Page(200, "<html>please log in</html>")),
            Self::Hang => Some(Reply::Hang),
            _ => None,
        }
    }

    /// The answer after something was stored.
    pub(crate) fn after(self, reply: Reply) -> Reply {
        match self {
            Self::CutAfterStoring => Reply::Cut,
            Self::CutAnswer => Reply::CutBody,
            Self::Slow => Reply::Slow(Box::new(reply)),
            _ => reply,
        }
    }
}

/// The fault of the next write: the first one of a list, or one of all writes after so many.
pub(crate) fn next(faults: &mut VecDeque<Fault>, later: &mut Option<(u64, Fault)>) -> Fault {
    if let Some(fault) = faults.pop_front() {
        return fault;
    }
    match later {
        Some((0, fault)) => *fault,
        Some((left, _)) => {
            *left -= 1;
            Fault::None
        }
        None => Fault::None,
    }
}

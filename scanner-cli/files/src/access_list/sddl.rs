//! Access lists as text, in the security descriptor definition language (SDDL):
//! <https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format>.

/// What a list belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// Its entries are passed on to what is in it.
    Folder,
}

/// What others may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// An entry: `(type;flags;rights;object;inherited object;account)`.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    /// `A` allows, `D` denies.
    effect: &'a str,
    flags: &'a str,
    rights: &'a str,
    account: &'a str,
}

/// SIDs of groups and their abbreviations: Everyone, Authenticated Users, Users, Guests, Interactive, Network, Anonymous, all
/// packaged apps, Pre-Windows 2000 Compatible Access.
const LARGE_GROUPS: [&str; 20] = [
    "S-1-1-0",
    "WD",
    "S-1-5-11",
    "AU",
    "S-1-5-32-545",
    "BU",
    "S-1-5-32-546",
    "BG",
    "S-1-5-4",
    "IU",
    "S-1-5-2",
    "NU",
    "S-1-5-7",
    "AN",
    "S-1-15-2-1",
    "AC",
    "S-1-15-2-2",
    "S-1-5-32-554",
    "RU",
    "LG",
];
/// Ends of the SIDs of large groups of a domain, and their abbreviations: users, guests, computers.
const DOMAIN_GROUPS: [(&str, &str); 3] = [("-513", "DU"), ("-514", "DG"), ("-515", "DC")];
/// SYSTEM and Administrators.
const ADMINISTRATORS: [&str; 4] = ["S-1-5-18", "SY", "S-1-5-32-544", "BA"];
/// Stand for the owner of a file: they become entries of the owner where they apply.
const OWNERS: [&str; 4] = ["S-1-3-0", "CO", "S-1-3-4", "OW"];

const READ_DATA: u32 = 0x1;
/// `FILE_WRITE_DATA`, `FILE_APPEND_DATA`, `FILE_DELETE_CHILD`.
const WRITE_DATA: u32 = 0x2 | 0x4 | 0x40;
/// `DELETE`, `WRITE_DAC`, `WRITE_OWNER`.
const TAKE_OVER: u32 = 0x1_0000 | 0x4_0000 | 0x8_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_READ: u32 = 0x8000_0000;

/// The private form of a list with its owner, or `None` if it is private already.
pub(super) fn private(list: &str, kind: Kind) -> Option<String> {
    if !is_open(list) {
        return None;
    }
    let owner = owner(list).into_iter();
    let flags = inheritance(kind);
    let mut text = String::from("D:P");
    for entry in entries(list).filter(|entry| entry.is_kept() && entry.effect == "D") {
        entry.push_to(&mut text);
    }
    for account in ["S-1-5-18", "S-1-5-32-544"].into_iter().chain(owner) {
        text += &format!("(A;{flags};FA;;;{account})");
    }
    for entry in entries(list).filter(|entry| entry.is_kept() && entry.effect == "A") {
        entry.push_to(&mut text);
    }
    Some(text)
}

/// The list with the right of this account to change everything, or `None` if it has it.
pub(super) fn with_account(list: &str, kind: Kind, account: &str) -> Option<String> {
    /// Everything except changing the owner and the list.
    const MODIFY: &str = "0x1301bf";
    let flags = inheritance(kind);
    let is_there = entries(list).any(|entry| {
        entry.account == account
            && entry.effect == "A"
            && entry.mask() & 0x1301bf == 0x1301bf
            && (kind == Kind::File || entry.flags.contains("OICI"))
    });
    if is_there {
        return None;
    }
    let protection = if is_protected(list) { "P" } else { "" };
    let mut text = format!("D:{protection}");
    for entry in entries(list).filter(|entry| entry.account != account && !entry.is_inherited()) {
        entry.push_to(&mut text);
    }
    text += &format!("(A;{flags};{MODIFY};;;{account})");
    Some(text)
}

/// The entries that were set for a file itself, or `None` if it has only those of its folder.
pub(super) fn own_entries(list: &str) -> Option<String> {
    let mut own = entries(list)
        .filter(|entry| !entry.is_inherited())
        .peekable();
    own.peek()?;
    let protection = if is_protected(list) { "P" } else { "" };
    let mut text = format!("D:{protection}");
    own.for_each(|entry| entry.push_to(&mut text));
    Some(text)
}

/// Whether a list takes no entries from its folder.
pub(super) fn is_protected(list: &str) -> bool {
    let flags = dacl(list).and_then(|list| list.split('(').next());
    flags.is_some_and(|flags| flags.contains('P') && !flags.contains("NO_ACCESS"))
}

/// The rights of groups that many people belong to.
pub(super) fn rights_of_others(list: &str) -> Rights {
    // Without a list, everyone may do everything.
    if dacl(list).is_some_and(|list| list.contains("NO_ACCESS_CONTROL")) {
        return Rights {
            read: true,
            write: true,
        };
    }
    let mut rights = Rights::default();
    let allowed = entries(list).filter(|entry| {
        entry.effect == "A" && !entry.has_flag("IO") && is_large_group(entry.account)
    });
    for mask in allowed.map(|entry| entry.mask()) {
        rights.read |= mask & (READ_DATA | GENERIC_READ | GENERIC_ALL) != 0;
        rights.write |= mask & (WRITE_DATA | TAKE_OVER | GENERIC_WRITE | GENERIC_ALL) != 0;
    }
    rights
}

/// Whether others may do anything with what the list belongs to, or with what is in it.
fn is_open(list: &str) -> bool {
    rights_of_others(list) != Rights::default()
        || entries(list).any(|entry| entry.effect == "A" && is_large_group(entry.account))
}

fn is_large_group(account: &str) -> bool {
    let in_domain = |(end, short): &(&str, &str)| {
        account == *short || (account.starts_with("S-1-5-21-") && account.ends_with(end))
    };
    LARGE_GROUPS.contains(&account) || DOMAIN_GROUPS.iter().any(in_domain)
}

fn inheritance(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "",
        Kind::Folder => "OICI",
    }
}

/// The account in `O:`.
fn owner(list: &str) -> Option<&str> {
    let rest = list.strip_prefix("O:")?;
    // The next part begins with `G:`, `D:` or `S:`, and a SID has no colon.
    let end = rest
        .find(':')
        .map_or(rest.len(), |colon| colon.saturating_sub(1));
    rest.get(..end).filter(|owner| !owner.is_empty())
}

/// The part after `D:`.
fn dacl(list: &str) -> Option<&str> {
    let start = if list.starts_with("D:") {
        Some(0)
    } else {
        list.find("D:")
    };
    list.get(start? + 2..)
}

fn entries(list: &str) -> impl Iterator<Item = Entry<'_>> {
    let entries = dacl(list).unwrap_or_default().split('(').skip(1);
    entries.filter_map(|entry| {
        let mut fields = entry.split(')').next()?.split(';');
        Some(Entry {
            effect: fields.next()?,
            flags: fields.next()?,
            rights: fields.next()?,
            account: fields.nth(2)?,
        })
    })
}

impl Entry<'_> {
    /// Whether a private list keeps this entry: that of an account of its own.
    fn is_kept(&self) -> bool {
        let is_replaced = ADMINISTRATORS.contains(&self.account) || OWNERS.contains(&self.account);
        match self.effect {
            "A" => !is_replaced && !is_large_group(self.account),
            _ => !is_large_group(self.account),
        }
    }

    fn is_inherited(&self) -> bool {
        self.has_flag("ID")
    }

    /// Flags are pairs of letters.
    fn has_flag(&self, flag: &str) -> bool {
        pairs(self.flags).any(|found| found == flag)
    }

    /// Writes the entry as one that was set for the file itself.
    fn push_to(&self, text: &mut String) {
        let flags: String = pairs(self.flags).filter(|flag| *flag != "ID").collect();
        let Self {
            effect,
            rights,
            account,
            ..
        } = self;
        text.push_str(&format!("({effect};{flags};{rights};;;{account})"));
    }

    /// The rights as a number.
    fn mask(&self) -> u32 {
        if let Some(digits) = self.rights.strip_prefix("0x") {
            return u32::from_str_radix(digits, 16).unwrap_or(u32::MAX);
        }
        pairs(self.rights)
            .map(right)
            .fold(0, |mask, right| mask | right)
    }
}

fn pairs(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len())
        .step_by(2)
        .filter_map(|start| text.get(start..start + 2))
}

/// The bits of a right with a short name. An unknown one counts as all rights.
fn right(short: &str) -> u32 {
    match short {
        "FA" => 0x1f_01ff,
        "FR" => 0x12_0089,
        "FW" => 0x12_0116,
        "FX" => 0x12_00a0,
        "GA" => GENERIC_ALL,
        "GR" => GENERIC_READ,
        "GW" => GENERIC_WRITE,
        "GX" => 0x2000_0000,
        "SD" => 0x1_0000,
        "RC" => 0x2_0000,
        "WD" => 0x4_0000,
        "WO" => 0x8_0000,
        "CC" => 0x1,
        "DC" => 0x2,
        "LC" => 0x4,
        "SW" => 0x8,
        "RP" => 0x10,
        "WP" => 0x20,
        "DT" => 0x40,
        "LO" => 0x80,
        "CR" => 0x100,
        _ => u32::MAX,
    }
}

#[cfg(test)]
mod tests;

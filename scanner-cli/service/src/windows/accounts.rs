//! Accounts of services.

use winsafe::{ConvertSidToStringSid, LookupAccountName};

use crate::{ServiceError, plan::Plan};

/// The account of SYSTEM, which may do everything on the machine.
const LOCAL_SYSTEM: &str = "LocalSystem";

/// The account as the service manager expects it. Without `--account`, the service gets a virtual account of its own
/// (`NT SERVICE\NAME`): it has no password, and no other rights than those that it is given.
pub(super) fn full_name(plan: &Plan) -> String {
    let Some(account) = plan.account.as_deref() else {
        return format!(r"NT SERVICE\{}", plan.name);
    };
    match account.to_ascii_lowercase().as_str() {
        "localsystem" | "system" | r"nt authority\system" => LOCAL_SYSTEM.to_owned(),
        "localservice" => r"NT AUTHORITY\LocalService".to_owned(),
        "networkservice" => r"NT AUTHORITY\NetworkService".to_owned(),
        _ if account.contains(['\\', '@']) => account.to_owned(),
        // An account of this machine.
        _ => format!(r".\{account}"),
    }
}

/// Whether the service manager needs the password of this account. It needs none for its own accounts, and for group managed
/// service accounts, whose names end in `$`.
#[must_use]
pub fn needs_password(plan: &Plan) -> bool {
    let account = full_name(plan).to_ascii_lowercase();
    let is_own = account == "localsystem"
        || account.starts_with(r"nt authority\")
        || account.starts_with(r"nt service\");
    !is_own && !account.ends_with('$')
}

/// The SID of an account as text. SYSTEM has access to everything already and returns `None`.
///
/// # Errors
/// If no account has the name.
pub(super) fn sid(account: &str) -> Result<Option<String>, ServiceError> {
    if account == LOCAL_SYSTEM {
        return Ok(None);
    }
    // `.\name` is understood by the service manager alone.
    let name = account.strip_prefix(r".\").unwrap_or(account);
    let found = LookupAccountName(None, name)
        .and_then(|(_, sid, _)| ConvertSidToStringSid(&sid))
        .map_err(|error| {
            ServiceError::of_system(format!("the account `{account}` is unknown"), error)
                .with_hint(r"write it as `DOMAIN\name`, or choose another with `--account`")
        })?;
    Ok(Some(found))
}

//! Names that Windows treats as devices and pipes in every folder.

/// Whether Windows opens a device or a named pipe under this path: `CON`, `conf\nul.pem`, `COM1`, `\\.\pipe\x`,
/// `\\server\pipe\x`.
pub(super) fn is_device(path: &str) -> bool {
    let path = path.replace('/', "\\");
    if path.starts_with(r"\\.\") || path.starts_with(r"\??\") {
        return true;
    }
    let mut parts = path.split('\\').filter(|part| !part.is_empty());
    if path.starts_with(r"\\") && !path.starts_with(r"\\?\") {
        let share = parts.nth(1).unwrap_or_default();
        return is_pipe(share) || parts.any(is_reserved);
    }
    // `\\?\UNC\server\pipe\x`, and `\\?\pipe\x`.
    let verbatim = path.starts_with(r"\\?\");
    parts.any(|part| is_reserved(part) || (verbatim && is_pipe(part)))
}

fn is_pipe(part: &str) -> bool {
    part.eq_ignore_ascii_case("pipe") || part.eq_ignore_ascii_case("mailslot")
}

/// Whether a part of a path is the name of a device. Its extension and space after its name are ignored.
pub fn is_reserved(part: &str) -> bool {
    let stem = part.split(['.', ':']).next().unwrap_or_default();
    let stem = stem.trim_end().to_lowercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device);
        number.is_some_and(|number| {
            let mut digits = number.chars();
            let digit = digits.next();
            let is_digit = |digit: char| matches!(digit, '0'..='9' | '¹' | '²' | '³');
            digit.is_some_and(is_digit) && digits.next().is_none()
        })
    };
    let devices = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    devices.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_pipes_are_recognized_by_their_names() {
        for device in [
            "CON",
            "nul",
            "conf/NUL.pem",
            r"C:\home\com1.conf",
            "aux .conf",
            "COM¹",
            "CONIN$",
            r"\\.\pipe\x",
            r"\\.\PhysicalDrive0",
            "//./pipe/x",
            r"\\server\pipe\x",
            r"\\?\UNC\server\PIPE\x",
            r"\??\pipe\x",
        ] {
            assert!(is_device(device), "{device}");
        }
        for file in [
            "conf/trust.pem",
            "console.conf",
            "com10",
            r"C:\pipe\x.conf",
            r"\\server\share\x.conf",
            r"\\?\C:\home\x.conf",
            "nullable",
            "",
        ] {
            assert!(!is_device(file), "{file}");
        }
    }
}

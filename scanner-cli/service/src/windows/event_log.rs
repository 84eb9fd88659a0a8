//! The event log of Windows: starts, ends and failures of the service, in the log *Application*.

use winsafe::{
    HEVENTLOG, HKEY, RegistryValue, SysResult,
    co::{self, EVENTLOG},
};

use crate::plan::ServiceName;

/// The sources of the log *Application*.
const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";
/// A program of Windows whose messages are the text of the event (eventcreate). So the scanner needs no library of messages.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";
/// Errors, warnings and information.
const TYPES: u32 = 7;
/// Maximum length of the text of an event, in characters. Windows allows 31,839.
const MAX_TEXT: usize = 10_000;

/// What is reported. The numbers are the ids of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Started = 1,
    Stopped = 2,
    Failed = 3,
}

/// Adds the service to the sources, so that the Event Viewer shows its texts.
pub(super) fn register(name: &ServiceName) -> SysResult<()> {
    let (key, _) = HKEY::LOCAL_MACHINE.RegCreateKeyEx(
        &format!(r"{SOURCES}\{name}"),
        None,
        co::REG_OPTION::NON_VOLATILE,
        co::KEY::WRITE,
        None,
    )?;
    key.RegSetValueEx(
        Some("EventMessageFile"),
        RegistryValue::ExpandSz(MESSAGES.to_owned()),
    )?;
    key.RegSetValueEx(Some("TypesSupported"), RegistryValue::Dword(TYPES))
}

/// Removes the service from the sources.
pub(super) fn unregister(name: &ServiceName) -> SysResult<()> {
    HKEY::LOCAL_MACHINE.RegDeleteKey(&format!(r"{SOURCES}\{name}"))
}

/// Writes an event. Errors are ignored: the log may be full or closed to the account.
pub(super) fn report(name: &ServiceName, event: Event, text: &str) {
    let kind = match event {
        Event::Started | Event::Stopped => EVENTLOG::INFORMATION_TYPE,
        Event::Failed => EVENTLOG::ERROR_TYPE,
    };
    let text: String = text.chars().take(MAX_TEXT).collect();
    if let Ok(source) = HEVENTLOG::RegisterEventSource(None, name.as_str()) {
        let _ = source.ReportEvent(kind, 0, event as u32, None, &[text], &[]);
    }
}

//! Tells systemd that the scanner is ready, or ends (`sd_notify`): a datagram to the socket that it names.

use std::collections::BTreeMap;

/// Says `state` to whoever started the scanner, if it wants to know. That it does not hear is no fault of ours.
#[cfg(unix)]
pub(super) fn notify(variables: &BTreeMap<String, String>, state: &str) {
    use std::os::unix::net::UnixDatagram;

    let (Some(name), Ok(socket)) = (variables.get("NOTIFY_SOCKET"), UnixDatagram::unbound()) else {
        return;
    };
    #[cfg(target_os = "linux")]
    if let Some(name) = name.strip_prefix('@') {
        use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
        if let Ok(address) = SocketAddr::from_abstract_name(name) {
            let _ = socket.send_to_addr(state.as_bytes(), &address);
        }
        return;
    }
    let _ = socket.send_to(state.as_bytes(), name);
}

/// There is no systemd here.
#[cfg(not(unix))]
pub(super) fn notify(_variables: &BTreeMap<String, String>, _state: &str) {}

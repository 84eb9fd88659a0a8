//! Notifies systemd that the service is ready or stopping (`sd_notify`): sends a datagram to the socket in
//! `NOTIFY_SOCKET`.

use std::collections::BTreeMap;

/// Sends `state` to systemd if `NOTIFY_SOCKET` is set. Errors are ignored: the service also works without systemd.
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

/// Does nothing: this system has no systemd.
#[cfg(not(unix))]
pub(super) fn notify(_variables: &BTreeMap<String, String>, _state: &str) {}

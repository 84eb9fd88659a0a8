//! A site that treats each connection as its script says, byte by byte, and records the requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use qrs_client::{Credentials, HeaderCredentials, QrsClient, QrsClientBuilder, SiteUrl};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub(crate) const HEADER: &str = "X-Scanner-User";
pub(crate) const VALUE: &str = "ACME\\the scanner";

/// What a site says of itself.
pub(crate) const ABOUT: &str = r#"{"buildVersion":"31.62.0.0"}"#;

/// What happens to a connection after its request was read. At the end it is closed in order.
pub(crate) type Script = Vec<Act>;

#[derive(Clone)]
pub(crate) enum Act {
    Send(Vec<u8>),
    Pause(Duration),
    Reset,
    /// Notes when the client hangs up.
    AwaitHangUp,
}

pub(crate) struct Site {
    pub(crate) url: String,
    notes: Arc<Mutex<Notes>>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct Notes {
    requests: Vec<String>,
    hang_ups: usize,
}

impl Site {
    /// The nth request gets the nth script, and the last one all further ones. Each has a connection of its own.
    pub(crate) async fn start(scripts: impl Into<Vec<Script>>) -> Self {
        Self::start_at("127.0.0.1:0", scripts).await
    }

    /// The same on this address.
    pub(crate) async fn start_at(address: &str, scripts: impl Into<Vec<Script>>) -> Self {
        let scripts = scripts.into();
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}/vp/", listener.local_addr().unwrap());
        let notes = Arc::<Mutex<Notes>>::default();
        let listening = tokio::spawn(listen(listener, scripts, notes.clone()));
        Self {
            url,
            notes,
            listening,
        }
    }

    pub(crate) fn builder(&self) -> QrsClientBuilder {
        let credentials = HeaderCredentials::new(HEADER, SecretString::from(VALUE)).unwrap();
        self.builder_with(credentials)
    }

    /// The same with other credentials.
    pub(crate) fn builder_with(&self, credentials: impl Into<Credentials>) -> QrsClientBuilder {
        let site = SiteUrl::parse(&self.url).unwrap();
        let no_time = Duration::from_millis(1);
        QrsClient::builder(site, credentials)
            .tries(3)
            .backoff(no_time, no_time)
    }

    pub(crate) fn client(&self) -> QrsClient {
        self.builder().build().unwrap()
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.notes.lock().unwrap().requests.clone()
    }

    pub(crate) fn hang_ups(&self) -> usize {
        self.notes.lock().unwrap().hang_ups
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, scripts: Vec<Script>, notes: Arc<Mutex<Notes>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(play(stream, scripts.clone(), notes.clone()));
    }
}

async fn play(mut stream: TcpStream, mut scripts: Vec<Script>, notes: Arc<Mutex<Notes>>) {
    let Some(request) = request(&mut stream).await else {
        return;
    };
    let number = {
        let requests = &mut notes.lock().unwrap().requests;
        requests.push(request);
        requests.len() - 1
    };
    let script = scripts.swap_remove(number.min(scripts.len() - 1));
    for act in script {
        match act {
            // The client may have gone already.
            Act::Send(bytes) => drop(stream.write_all(&bytes).await),
            Act::Pause(time) => sleep(time).await,
            Act::Reset => return stream.set_zero_linger().unwrap(),
            Act::AwaitHangUp => {
                while stream
                    .read(&mut [0; 64])
                    .await
                    .is_ok_and(|length| length > 0)
                {}
                notes.lock().unwrap().hang_ups += 1;
            }
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        // TLS handshakes are refused.
        if !head[0].is_ascii_uppercase() {
            return None;
        }
    }
    Some(String::from_utf8(head).unwrap())
}

/// An answer of this status, with these header lines.
pub(crate) fn answer(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Script {
    let body = body.as_ref();
    let length = format!("Content-Length: {}", body.len());
    let lines = [headers, &[length.as_str()]].concat();
    vec![Act::Send(head(status, &lines)), Act::Send(body.to_vec())]
}

pub(crate) fn json(body: impl AsRef<[u8]>) -> Script {
    answer(200, &["Content-Type: application/json"], body)
}

/// An answer without a length, as far as it is given; what comes then is up to the script.
pub(crate) fn begun(body: &str) -> Script {
    let head = head(200, &["Content-Type: application/json"]);
    vec![Act::Send(head), Act::Send(body.as_bytes().to_vec())]
}

pub(crate) fn then(mut script: Script, acts: impl IntoIterator<Item = Act>) -> Script {
    script.extend(acts);
    script
}

fn head(status: u16, headers: &[&str]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

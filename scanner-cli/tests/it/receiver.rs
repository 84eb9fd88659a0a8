//! A small HTTP server that receives events, for tests of deliveries.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
};

use serde_json::Value;

/// A request that was received.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The value of `webhook-id`.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "only tests with signals use it")
    )]
    pub(crate) id: String,
    pub(crate) body: String,
}

/// Answers a request with a status and a body.
type Answer = dyn Fn(&Request) -> (u16, String) + Send + Sync;

/// A server of events. It runs until the program ends.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    /// Requests that were answered with a status of success.
    accepted: Vec<Request>,
    is_held: bool,
}

impl Receiver {
    pub(crate) fn start(
        answer: impl Fn(&Request) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::default(),
        };
        let (answer, server) = (Arc::new(answer), receiver.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, server) = (Arc::clone(&answer), server.clone());
                thread::spawn(move || server.serve(stream, answer.as_ref()));
            }
        });
        receiver
    }

    /// From now on, requests are answered only after `hold(false)`.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "only tests with signals use it")
    )]
    pub(crate) fn hold(&self, is_held: bool) {
        self.state().is_held = is_held;
        self.state.1.notify_all();
    }

    /// All requests with the method POST.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "only tests with signals use it")
    )]
    pub(crate) fn posts(&self) -> Vec<Request> {
        let state = self.state();
        let posts = state.requests.iter().filter(|one| one.method == "POST");
        posts.cloned().collect()
    }

    /// The accepted events, in their order.
    pub(crate) fn events(&self) -> Vec<Value> {
        let state = self.state();
        let batches = state.accepted.iter();
        let batches = batches.map(|one| serde_json::from_str::<Vec<Value>>(&one.body).unwrap());
        batches.flatten().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap()
    }

    fn serve(&self, mut stream: TcpStream, answer: &Answer) {
        let Some(request) = read(&stream) else {
            return;
        };
        let mut state = self.state();
        state.requests.push(request.clone());
        state = (self.state.1)
            .wait_while(state, |state| state.is_held)
            .unwrap();
        let (status, body) = match request.method.as_str() {
            "POST" => answer(&request),
            _ => (204, String::new()),
        };
        if status < 300 && request.method == "POST" {
            state.accepted.push(request);
        }
        drop(state);
        // The client may have gone.
        let _ = write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        let values = lines.iter().filter_map(|line| line.split_once(": "));
        let mut values = values.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut first = lines.first()?.split(' ').map(str::to_owned);
    Some(Request {
        method: first.next()?,
        path: first.next()?,
        id: header("webhook-id").unwrap_or_default(),
        body: String::from_utf8(body).ok()?,
    })
}

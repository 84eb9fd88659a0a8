//! Serves a large site on loopback, as fast as the system sends a file, without checks.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use super::site::{self, Site};

pub(crate) struct Server {
    address: SocketAddr,
}

impl Server {
    /// Starts the server, which ends with the process.
    pub(crate) fn start(site: Site) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let site = Arc::new(site);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = Arc::clone(&site);
                // A client that disconnects ends only its own connection.
                thread::spawn(move || serve(stream, &site));
            }
        });
        Ok(Self { address })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/header", self.address)
    }
}

fn serve(stream: TcpStream, site: &Site) -> io::Result<()> {
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut answers = stream;
    loop {
        let mut first = String::new();
        if requests.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let (mut line, mut body) = (String::new(), 0);
        while requests.read_line(&mut line)? > 2 {
            let length = line.to_ascii_lowercase();
            let length = length.strip_prefix("content-length:");
            body = length.map_or(body, |length| length.trim().parse().unwrap_or(0));
            line.clear();
        }
        io::copy(&mut (&mut requests).take(body), &mut io::sink())?;
        let target = first.split_whitespace().nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        match path.trim_start_matches("/header/qrs/") {
            "about" => text(&mut answers, r#"{"buildVersion":"14.20.5.0"}"#)?,
            "app/count" => text(&mut answers, &count(site.size.apps))?,
            "app/object/count" => text(&mut answers, &count(site.size.sheets))?,
            "app/full" => text(&mut answers, &site.apps)?,
            "user/count" => text(&mut answers, &count(site.size.users))?,
            "user/full" => text(&mut answers, &site.users)?,
            "app/object/full" => {
                head(&mut answers, site.bytes)?;
                io::copy(&mut File::open(&site.list)?, &mut answers)?;
            }
            "app/object/table" => text(&mut answers, &page(site, target))?,
            _ => return Ok(()),
        }
    }
}

/// A page of the table of sheets.
fn page(site: &Site, target: &str) -> String {
    let rows = site.rows.get_or_init(|| site::rows(site.size));
    let number = |name: &str| {
        let mut parameters = target.split(['?', '&']);
        let value = parameters.find_map(|parameter| parameter.strip_prefix(name));
        value
            .and_then(|value| value.parse().ok())
            .unwrap_or(usize::MAX)
    };
    let (skip, take) = (number("skip="), number("take="));
    let from = skip.min(rows.len());
    let to = skip.saturating_add(take).min(rows.len());
    let rows = rows[from..to].join(",");
    format!(r#"{{"columnNames":["id","app.id","modifiedDate"],"rows":[{rows}]}}"#)
}

fn count(number: usize) -> String {
    format!(r#"{{"value":{number}}}"#)
}

fn text(answers: &mut TcpStream, text: &str) -> io::Result<()> {
    head(answers, text.len() as u64)?;
    answers.write_all(text.as_bytes())
}

fn head(answers: &mut TcpStream, length: u64) -> io::Result<()> {
    write!(
        answers,
        "HTTP/1.1 200 OK\r\nDate: Thu, 26 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

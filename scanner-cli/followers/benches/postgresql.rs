//! Delivers many items to an empty database, then compares them once more, then delivers a change of each. Prints a line for
//! each. `cargo xtask bench followers` starts it together with a server.

use std::{error::Error, io, path::Path, sync::Arc, time::Instant as Moment};

use async_trait::async_trait;
use catalog_model::{
    AccountStatus, ChangeKind, ConnectionCode, Contact, Contacts, Container, ContainerKind, Feed,
    Follower, Instant, ItemKey, ItemState, Place, Precedence, Properties, PropertyValue, Settings,
    Visualization,
    follower::{
        Acknowledgement, Batches, ChangeDetail, Entity, FeedChange, FeedConnection, FeedEntry,
        FeedError, Position, Start,
    },
    settings::{FileSource, Node, Value},
};

/// Number of items in a batch of the store.
const BATCH: u64 = 500;
const APP: ContainerKind = ContainerKind {
    id: "app",
    label: "App",
};

/// The items are made when they are read, so that they need no memory.
struct LargeFeed {
    code: ConnectionCode,
    connections: Vec<FeedConnection>,
    items: u64,
    start: Start,
    end: i64,
}

struct Numbers<T> {
    next: u64,
    end: u64,
    make: Box<dyn Fn(u64) -> T + Send>,
}

#[async_trait]
impl<T: Send> Batches<T> for Numbers<T> {
    async fn next(&mut self) -> Result<Option<Vec<T>>, FeedError> {
        let end = self.end.min(self.next + BATCH);
        let batch: Vec<_> = (self.next..end).map(&self.make).collect();
        self.next = end;
        Ok((!batch.is_empty()).then_some(batch))
    }
}

fn instant(millis: u64) -> Instant {
    let millis = 1_700_000_000_000 + millis as i64;
    Instant::from_unix_millis(millis).expect("a time within the calendar")
}

fn properties(number: u64, (app, sheet): (&str, &str), owner: &str) -> Properties {
    let text = |text: &str| PropertyValue::Text(text.to_owned());
    let mut properties = Properties::default();
    properties.put(
        "application_name",
        text(&format!("Application {}", number / 50)),
    );
    let url = format!("https://qlik.example.com/sense/app/{app}/sheet/{sheet}/state/analysis");
    properties.put(
        "sheet_url",
        PropertyValue::Url(url.parse().expect("a valid URL")),
    );
    for name in ["creation_date", "modification_date", "publish_date"] {
        properties.put(name, PropertyValue::Instant(instant(number * 1_000)));
    }
    properties.put("stream", text("Finance"));
    properties.put("owner", text(owner));
    properties.put("owner_status", text("active"));
    properties.put("sheet_status", text("base"));
    properties.put(
        "tags",
        PropertyValue::Tags(vec!["Finance".to_owned(), "Monthly".to_owned()]),
    );
    properties.put("application_id", text(app));
    properties.put(
        "application_description",
        text(&"How the business sells. ".repeat(8)),
    );
    properties.put(
        "application_tags",
        PropertyValue::Tags(vec!["Certified".to_owned()]),
    );
    properties.put(
        "application_reload_date",
        PropertyValue::Instant(instant(number)),
    );
    let custom = vec!["Department=Sales".to_owned(), "Class=Internal".to_owned()];
    properties.put("application_custom_properties", PropertyValue::Tags(custom));
    properties
}

/// An item of the size and shape of those of real sites.
fn item(code: &ConnectionCode, number: u64, name: &str) -> FeedEntry<Visualization> {
    let app = format!("00000000-0000-4000-8000-{:012}", number / 50);
    let sheet = format!("11111111-1111-4111-8111-{number:012}");
    let owner = format!("ACME\\user{}", number % 500);
    let properties = properties(number, (&app, &sheet), &owner);
    let contact = Contact {
        role: "owner".into(),
        email: Some(format!("user{}@acme.example", number % 500)),
        name: Some(format!("User {}", number % 500)),
        account: Some(owner),
        status: Some(AccountStatus::Active),
        email_since: 1,
    };
    let label = ["Finance", "Application", name].map(str::to_owned);
    let item = Visualization {
        key: ItemKey::new([code.as_str(), &app, &sheet]).expect("no part is empty"),
        container: Container::key_of(code, APP, &app).ok(),
        label: label.to_vec(),
        name: name.to_owned(),
        description: Some("What this sheet shows, in a sentence of common length.".to_owned()),
        contacts: Contacts::Known(vec![contact]),
        catalog: None,
        precedence: Precedence::default(),
        properties,
    };
    FeedEntry::new(item, ItemState::Present, instant(0))
}

#[async_trait]
impl Feed for LargeFeed {
    fn store_id(&self) -> &str {
        "bench"
    }

    fn now(&self) -> Instant {
        instant(0)
    }

    fn start(&self) -> Start {
        self.start
    }

    fn end(&self) -> Position {
        Position::new(self.end)
    }

    fn connections(&self) -> &[FeedConnection] {
        &self.connections
    }

    async fn containers(
        &self,
        _: &ConnectionCode,
        _: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Container>>>, FeedError> {
        let code = self.code.clone();
        Ok(Box::new(Numbers {
            next: 0,
            end: self.items.div_ceil(50),
            make: Box::new(move |number| {
                let id = format!("00000000-0000-4000-8000-{number:012}");
                let app = Container::new(&code, APP, &id, format!("Application {number}"));
                FeedEntry::new(
                    app.expect("the id is not empty"),
                    ItemState::Present,
                    instant(0),
                )
            }),
        }))
    }

    async fn items(
        &self,
        _: &ConnectionCode,
        _: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Visualization>>>, FeedError> {
        let code = self.code.clone();
        Ok(Box::new(Numbers {
            next: 0,
            end: self.items,
            make: Box::new(move |number| item(&code, number, "Regions of the world")),
        }))
    }

    async fn changes(&self, _: ChangeDetail) -> Result<Box<dyn Batches<FeedChange>>, FeedError> {
        let (code, start) = (self.code.clone(), self.start);
        Ok(Box::new(Numbers {
            next: 0,
            end: match start {
                Start::After(position) if position.get() < self.end => self.items,
                _ => 0,
            },
            make: Box::new(move |number| {
                let entry = item(&code, number, "Regions");
                let position = match start {
                    Start::After(position) => position.get(),
                    Start::Reset => 0,
                };
                let key = (code.clone(), entry.entity.key.clone());
                let position = Position::new(position + 1 + number as i64);
                FeedChange::new(position, key, ChangeKind::Changed, instant(0))
                    .with_fields(vec!["name".to_owned()])
                    .with_entry(entry.map(|item| Entity::Item(Box::new(item))))
            }),
        }))
    }

    async fn acknowledge(&self, _: Acknowledgement) -> Result<(), FeedError> {
        Ok(())
    }

    async fn notes(&self, keys: &[String]) -> Result<Vec<Option<String>>, FeedError> {
        Ok(vec![None; keys.len()])
    }
}

struct NoFiles;

impl FileSource for NoFiles {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn follower(url: &str, password: &str) -> Result<Box<dyn Follower>, Box<dyn Error>> {
    let settings = [("kind", "postgresql"), ("url", url), ("password", password)];
    let settings = settings.map(|(name, text)| {
        let value = Value::String(text.to_owned());
        (name.to_owned(), Node::new(value, Place::new("bench", 1, 1)))
    });
    let mut settings = Settings::new("bench", settings.into_iter().collect(), Arc::new(NoFiles));
    let opened = catalog_followers::registry(Path::new(".")).open(&mut settings);
    let opened = opened.map_err(|_invalid| format!("{:?}", settings.problems()))?;
    Ok(opened.ok_or("the follower is not enabled")?.follower)
}

/// Peak resident memory in MiB; 0 if the system does not report it.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [url, password, items] = &arguments[..] else {
        return Err("expected a URL, a password and a number of items".into());
    };
    let items = items.parse()?;
    let follower = follower(url, password)?;
    let code = ConnectionCode::new("bench")?;
    let connection = FeedConnection::new(code.clone(), "Bench", vec!["app".into(), "sheet".into()]);
    let mut feed = LargeFeed {
        connections: vec![connection.complete_from(Position::new(1))],
        code,
        items,
        start: Start::Reset,
        end: 1,
    };
    let before = peak();
    let last = 2 + items as i64;
    for (name, start, end) in [
        ("first delivery", Start::Reset, 1),
        ("comparison, nothing changed", Start::Reset, 2),
        (
            "a change of each item",
            Start::After(Position::new(2)),
            last,
        ),
        ("no change", Start::After(Position::new(last)), last),
    ] {
        (feed.start, feed.end) = (start, end);
        let begun = Moment::now();
        let delivery = follower.follow(&feed).await?;
        let (seconds, more) = (begun.elapsed().as_secs_f64(), peak() - before);
        if !delivery.refused.is_empty() {
            return Err(format!("{:?}", delivery.refused[0]).into());
        }
        let rate = items as f64 / seconds;
        println!("{name:<28} {seconds:>8.2} s {rate:>12.0} items/s {more:>8.1} MiB more");
    }
    Ok(())
}

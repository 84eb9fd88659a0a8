//! A feed whose items, containers and changes a test sets.

use std::sync::Mutex;

use async_trait::async_trait;
use catalog_model::{
    AccountStatus, ChangeKind, ConnectionCode, Contact, Contacts, Container, ContainerKind,
    CustomProperty, Feed, Instant, ItemKey, ItemState, Precedence, Properties, PropertyValue,
    Visualization,
    follower::{
        Acknowledgement, Batches, ChangeDetail, Entity, EntityKind, FeedChange, FeedConnection,
        FeedEntry, FeedError, Position, Start,
    },
};

pub(crate) const APP: ContainerKind = ContainerKind {
    id: "app",
    label: "App",
};
pub(crate) const STREAM: ContainerKind = ContainerKind {
    id: "stream",
    label: "Stream",
};

/// What one store has for a follower.
pub(crate) struct TestFeed {
    pub(crate) store: String,
    pub(crate) start: Start,
    pub(crate) is_full: bool,
    pub(crate) end: i64,
    pub(crate) connections: Vec<FeedConnection>,
    pub(crate) containers: Vec<FeedEntry<Container>>,
    pub(crate) items: Vec<FeedEntry<Visualization>>,
    pub(crate) changes: Vec<FeedChange>,
    pub(crate) acknowledged: Mutex<Option<Position>>,
}

impl TestFeed {
    /// The feed of a connection that was completely scanned.
    pub(crate) fn new(code: &str, items: Vec<Visualization>) -> Self {
        let parts = vec!["app".to_owned(), "sheet".to_owned()];
        let connection = FeedConnection::new(connection(code), format!("The {code}"), parts);
        let entries = items.into_iter();
        Self {
            store: "store-1".to_owned(),
            start: Start::Reset,
            is_full: false,
            end: 10,
            connections: vec![connection.complete_from(Position::new(5))],
            containers: Vec::new(),
            items: entries
                .map(|item| FeedEntry::new(item, ItemState::Present, instant(1)))
                .collect(),
            changes: Vec::new(),
            acknowledged: Mutex::default(),
        }
    }

    /// The feed after the position that was acknowledged, or that is not known to be: with a change for each of these
    /// items, which replace those with their keys.
    pub(crate) fn then(mut self, start: i64, changes: Vec<(ChangeKind, Visualization)>) -> Self {
        self.start = Start::After(Position::new(start));
        for (kind, item) in changes {
            self.end += 1;
            let state = match kind {
                ChangeKind::Removed => ItemState::Gone,
                ChangeKind::Excluded => ItemState::Excluded,
                _ => ItemState::Present,
            };
            let code = connection(&item.key.parts().next().unwrap());
            let gone = (state == ItemState::Gone).then(|| instant(self.end));
            let entry = FeedEntry::new(item, state, instant(1)).gone_since(gone);
            let change = FeedChange::new(
                Position::new(self.end),
                (code, entry.entity.key.clone()),
                kind,
                instant(self.end),
            );
            let change = change.with_fields(vec!["name".to_owned()]);
            self.changes.push(change);
            self.items
                .retain(|known| known.entity.key != entry.entity.key);
            self.items.push(entry);
        }
        self.items.sort_by(|a, b| a.entity.key.cmp(&b.entity.key));
        self
    }

    /// The feed of everything, to be compared with the tables.
    pub(crate) fn full(self) -> Self {
        Self {
            start: Start::Reset,
            is_full: true,
            ..self
        }
    }

    pub(crate) fn of_store(self, store: &str) -> Self {
        Self {
            store: store.to_owned(),
            ..self
        }
    }
}

pub(crate) fn connection(code: &str) -> ConnectionCode {
    ConnectionCode::new(code).unwrap()
}

/// Hours after the year 2024 began.
pub(crate) fn instant(hours: i64) -> Instant {
    Instant::from_unix_millis(1_704_067_200_000 + hours * 3_600_000).unwrap()
}

/// An item whose fields are all set.
pub(crate) fn item(code: &str, id: &str, name: &str) -> Visualization {
    let mut properties = Properties::default();
    let text = |text: &str| PropertyValue::Text(text.to_owned());
    let tags =
        |tags: &[&str]| PropertyValue::Tags(tags.iter().map(|tag| (*tag).to_owned()).collect());
    properties.put("application_name", text("Sales"));
    let url = format!("https://qlik.example/sheet/{}", id.len());
    properties.put("sheet_url", PropertyValue::Url(url.parse().unwrap()));
    properties.put("creation_date", PropertyValue::Instant(instant(2)));
    properties.put("tags", tags(&["a,\"b\"", "{c}", "NULL"]));
    properties.put("owner", text("ACME\\ann"));
    properties.put("application_custom_properties", tags(&["Department=Sales"]));
    Visualization {
        key: ItemKey::new([code, "a1", id]).unwrap(),
        container: Some(Container::key_of(&connection(code), APP, "a1").unwrap()),
        label: vec!["Finance".to_owned(), "Sales".to_owned(), name.to_owned()],
        name: name.to_owned(),
        description: Some("About\r\nit".to_owned()),
        contacts: Contacts::Known(vec![Contact {
            role: "owner".into(),
            email: Some("ann@example.com".to_owned()),
            name: Some("Ann".to_owned()),
            account: Some("ACME\\ann".to_owned()),
            status: Some(AccountStatus::Active),
            email_since: 1,
        }]),
        catalog: Some("Money".into()),
        precedence: Precedence::default(),
        properties,
    }
}

/// A stream and an app in it.
pub(crate) fn containers(code: &str) -> Vec<FeedEntry<Container>> {
    let code = connection(code);
    let stream = Container::new(&code, STREAM, "s1", "Finance").unwrap();
    let mut app = Container::new(&code, APP, "a1", "Sales").unwrap();
    app.parent = Some(stream.key.clone());
    app.description = Some("How the business sells".to_owned());
    app.link = Some("https://qlik.example/app/a1".parse().unwrap());
    app.refreshed = Some(instant(3));
    app.tags = vec!["Certified".to_owned()];
    app.contacts = Contacts::Known(Vec::new());
    app.custom_properties = vec![CustomProperty {
        name: "Department".to_owned(),
        value: "Sales".to_owned(),
    }];
    [stream, app]
        .map(|one| FeedEntry::new(one, ItemState::Present, instant(1)))
        .into()
}

struct Batch<T>(Vec<Vec<T>>);

#[async_trait]
impl<T: Send> Batches<T> for Batch<T> {
    async fn next(&mut self) -> Result<Option<Vec<T>>, FeedError> {
        Ok(self.0.pop())
    }
}

/// Batches of 500, as those of the store.
fn batches<T: Clone + Send + 'static>(all: Vec<T>) -> Box<dyn Batches<T>> {
    let mut batches: Vec<_> = all.chunks(500).map(<[T]>::to_vec).collect();
    batches.reverse();
    Box::new(Batch(batches))
}

#[async_trait]
impl Feed for TestFeed {
    fn store_id(&self) -> &str {
        &self.store
    }

    fn now(&self) -> Instant {
        instant(0)
    }

    fn start(&self) -> Start {
        self.start
    }

    fn is_full(&self) -> bool {
        self.is_full
    }

    fn end(&self) -> Position {
        Position::new(self.end)
    }

    fn connections(&self) -> &[FeedConnection] {
        &self.connections
    }

    async fn containers(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Container>>>, FeedError> {
        let mut found = self.containers.clone();
        found.retain(|one| one.entity.key.belongs_to(connection) && states.contains(&one.state));
        Ok(batches(found))
    }

    async fn items(
        &self,
        connection: &ConnectionCode,
        states: &[ItemState],
    ) -> Result<Box<dyn Batches<FeedEntry<Visualization>>>, FeedError> {
        let mut found = self.items.clone();
        found.retain(|one| one.entity.key.belongs_to(connection) && states.contains(&one.state));
        found.sort_by(|a, b| a.entity.key.cmp(&b.entity.key));
        Ok(batches(found))
    }

    async fn changes(
        &self,
        detail: ChangeDetail,
    ) -> Result<Box<dyn Batches<FeedChange>>, FeedError> {
        let Start::After(start) = self.start else {
            return Ok(batches(Vec::new()));
        };
        let new = self.changes.iter().filter(|change| change.position > start);
        let with_entry = new.map(|change| {
            let entry = self
                .items
                .iter()
                .find(|entry| entry.entity.key == change.key);
            let entry = entry.filter(|_| {
                detail == ChangeDetail::Entity && change.entity_kind == EntityKind::Item
            });
            let entry = entry
                .cloned()
                .map(|entry| entry.map(|item| Entity::Item(Box::new(item))));
            change.clone().with_entry(entry)
        });
        Ok(batches(with_entry.collect()))
    }

    async fn acknowledge(&self, acknowledgement: Acknowledgement) -> Result<(), FeedError> {
        *self.acknowledged.lock().unwrap() = acknowledgement.position;
        Ok(())
    }

    async fn notes(&self, keys: &[String]) -> Result<Vec<Option<String>>, FeedError> {
        Ok(vec![None; keys.len()])
    }
}

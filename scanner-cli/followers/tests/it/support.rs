//! What the tests of several kinds share.

use std::{io, path::Path, sync::Arc};

use catalog_model::{
    ConnectionCode, Contact, Contacts, Container, ContainerKind, CustomProperty, Follower, Instant,
    ItemKey, ItemState, Place, Precedence, Properties, PropertyValue, Settings, Visualization,
    follower::{FeedConnection, FeedEntry},
    settings::{self, FileSource, Node, Object},
};

/// No setting names a file.
pub(crate) struct NoFiles;

impl FileSource for NoFiles {
    fn read(&self, _path: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The settings of a follower: dotted names and texts; `[a, b]` is a list of texts.
pub(crate) fn settings(texts: &[(&str, &str)]) -> Settings {
    let place = Place::new("application.conf", 1, 1);
    let mut root = Object::default();
    for (key, text) in texts {
        let text_at = |text: &str| {
            let text = settings::Value::String(text.trim().to_owned());
            Node::new(text, place.clone())
        };
        let list = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let value = match list {
            Some(list) => {
                let texts = list.split(',').filter(|text| !text.is_empty());
                Node::new(
                    settings::Value::List(texts.map(text_at).collect()),
                    place.clone(),
                )
            }
            None => text_at(text),
        };
        match key.split_once('.') {
            None => root.add(key, &place, value),
            Some((block, name)) => {
                let mut inner = match root.setting(block).map(|node| node.value.clone()) {
                    Some(settings::Value::Object(inner)) => inner,
                    _ => Object::default(),
                };
                inner.add(name, &place, value);
                let inner = Node::new(settings::Value::Object(inner), place.clone());
                root.add(block, &place, inner);
            }
        }
    }
    Settings::new("application.conf", root, Arc::new(NoFiles))
}

/// Opens the follower with these settings in a home.
pub(crate) fn open(home: &Path, texts: &[(&str, &str)]) -> Box<dyn Follower> {
    let mut settings = settings(texts);
    let opened = catalog_followers::registry(home).open(&mut settings);
    let opened = opened.unwrap_or_else(|_| panic!("{:?}", settings.problems()));
    opened.unwrap().follower
}

/// The kinds of containers of the sample.
const APP: ContainerKind = ContainerKind {
    id: "app",
    label: "App",
};
const STREAM: ContainerKind = ContainerKind {
    id: "stream",
    label: "Stream",
};

/// A sheet in an app in a stream, each with everything that it may have.
pub(crate) struct Sample {
    pub(crate) connection: FeedConnection,
    pub(crate) stream: Container,
    pub(crate) app: Container,
    pub(crate) sheet: Visualization,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let app_id = "0fb8b3f9-d25a-c71b-0366-8982c1b1fba3";
        let sheet_id = "2ca64e0c-ac4e-4df5-a696-13634b5ae665";
        let code = ConnectionCode::new("qlik-prod").unwrap();
        let parts = ["app", "sheet"].map(str::to_owned).to_vec();
        let connection = FeedConnection::new(code.clone(), "Qlik", parts);
        let stream = Container::new(&code, STREAM, "Finance", "Finance").unwrap();
        let property = |name: &str, value: &str| CustomProperty {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let link = format!("https://qlik.corp.example/sense/app/{app_id}/overview");
        let app = Container {
            parent: Some(stream.key.clone()),
            description: Some("Travel costs".to_owned()),
            link: Some(link.parse().unwrap()),
            refreshed: Some(instant("2025-03-27T10:02:46.962Z")),
            tags: vec!["Certified".to_owned()],
            custom_properties: vec![
                property("Department", "Sales"),
                property("Class", "Internal"),
            ],
            ..Container::new(&code, APP, app_id, "Travel Expense Management").unwrap()
        };
        let sheet = sheet(&app, sheet_id);
        Self {
            connection,
            stream,
            app,
            sheet,
        }
    }

    /// Its containers as a feed delivers them.
    pub(crate) fn containers(&self) -> Vec<FeedEntry<Container>> {
        [&self.stream, &self.app]
            .map(|container| FeedEntry::new(container.clone(), ItemState::Present, now()))
            .to_vec()
    }
}

pub(crate) fn now() -> Instant {
    instant("2025-04-01T00:00:00.000Z")
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn sheet(app: &Container, id: &str) -> Visualization {
    let app_id = &app.id.0;
    let text = |text: &str| PropertyValue::Text(text.to_owned());
    let time = |text: &str| PropertyValue::Instant(instant(text));
    let tags = |tags: &[&str]| PropertyValue::Tags(tags.iter().map(ToString::to_string).collect());
    let link = format!("https://qlik.corp.example/sense/app/{app_id}/sheet/{id}/state/analysis");
    let mut properties = Properties::default();
    for (name, value) in [
        ("application_name", text(&app.name)),
        ("sheet_url", PropertyValue::Url(link.parse().unwrap())),
        ("creation_date", time("2016-07-01T08:00:00.000Z")),
        ("modification_date", time("2025-03-28T15:14:32.761Z")),
        ("publish_date", time("2016-07-24T10:00:00.500Z")),
        ("stream", text("Finance")),
        ("owner", text("CORP\\ann")),
        ("sheet_status", text("base")),
        ("tags", tags(&["Finance"])),
        ("application_id", text(app_id)),
        (
            "application_description",
            PropertyValue::LongText("Travel costs".to_owned()),
        ),
        ("application_tags", tags(&["Certified"])),
        ("application_reload_date", time("2025-03-27T10:02:46.962Z")),
        (
            "application_custom_properties",
            tags(&["Department=Sales", "Class=Internal"]),
        ),
    ] {
        properties.put(name, value);
    }
    Visualization {
        key: ItemKey::new(["qlik-prod", app_id, id]).unwrap(),
        container: Some(app.key.clone()),
        label: ["Finance", &app.name, "Airfare"]
            .map(str::to_owned)
            .to_vec(),
        name: "Airfare".to_owned(),
        description: Some("Spend by carrier".to_owned()),
        contacts: Contacts::Known(vec![Contact {
            role: "owner".into(),
            email: Some("ann@corp.example".to_owned()),
            name: Some("Ann Lee".to_owned()),
            account: Some("CORP\\ann".to_owned()),
            status: None,
            email_since: 1,
        }]),
        catalog: None,
        precedence: Precedence::default(),
        properties,
    }
}

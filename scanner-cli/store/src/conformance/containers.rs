//! Containers are stored like items, but do not count as items and are not among their changes.

use catalog_model::{
    Container, ContainerField, ContainerKind, CustomProperty, Inclusion, Instant, Origin,
    follower::EntityKind,
};

use super::*;

pub(crate) const FOLDER: ContainerKind = ContainerKind {
    id: "folder",
    label: "Folder",
};
pub(crate) const AREA: ContainerKind = ContainerKind {
    id: "area",
    label: "Area",
};

pub(crate) fn folder(id: &str, name: &str) -> Container {
    Container::new(&ConnectionCode::new("c").unwrap(), FOLDER, id, name).unwrap()
}

/// A folder with all fields that a container can have.
pub(crate) fn full(id: &str) -> Container {
    let area = Container::key_of(&ConnectionCode::new("c").unwrap(), AREA, "x").unwrap();
    let time = |millis| Instant::from_unix_millis(millis).ok();
    let custom = |value: &str| CustomProperty {
        name: "Department".to_owned(),
        value: value.to_owned(),
    };
    Container {
        parent: Some(area),
        contacts: contact("owner@example.com"),
        description: Some("What is in it".to_owned()),
        link: Some("https://site.example/folder/1".parse().unwrap()),
        created: time(1_000),
        modified: time(2_000),
        published: time(3_000),
        refreshed: time(4_000),
        tags: vec!["b".to_owned(), "a".to_owned()],
        custom_properties: vec![custom("Sales"), custom("Finance")],
        ..folder(id, "Full")
    }
}

impl Scratch {
    /// A complete scan that sees the item `a` and these containers.
    pub(crate) async fn scan_containers(&self, day: i64, containers: &[Container]) -> Closed {
        let mut scan = self.begin(day).await;
        see(&mut scan, "a", "A", Contacts::Unknown);
        for container in containers {
            scan.container(container).unwrap();
        }
        let closed = close_with(scan, day, Removals::Limited).await.unwrap();
        assert_eq!(closed.statement, Some(Completeness::Complete));
        closed
    }

    /// Returns changes such as `added folder:1`, in the order of the log.
    pub(crate) fn container_changes(&self) -> Vec<String> {
        let mut changes = Vec::new();
        let catalog = self.catalog();
        let read = catalog.each_delivery_with_containers(0, i64::MAX, |change| {
            if change.entity == EntityKind::Container {
                let key = change.key.trim_start_matches("c/");
                let fields = change.fields.join(" ");
                let change = format!("{} {key} {fields}", change.kind.word());
                changes.push(change.trim_end().to_owned());
            }
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        changes
    }

    pub(crate) fn container(&self, id: &str) -> Option<(ItemState, Container)> {
        let catalog = self.catalog();
        let found = catalog.container(&format!("c/folder:{id}")).unwrap();
        found.map(|found| (found.state, found.container))
    }

    pub(crate) fn container_state(&self, id: &str) -> Option<ItemState> {
        self.container(id).map(|(state, _)| state)
    }
}

pub async fn a_container_is_read_as_it_was_written() {
    let scratch = Scratch::new();
    scratch
        .scan_containers(0, &[full("1"), folder("2", "Empty")])
        .await;
    assert_eq!(
        scratch.container("1"),
        Some((ItemState::Present, full("1")))
    );
    let empty = folder("2", "Empty");
    assert_eq!(scratch.container("2"), Some((ItemState::Present, empty)));
    let kinds: Vec<_> = scratch.catalog().container_kinds().collect();
    assert_eq!(kinds, [FOLDER]);
}

pub async fn changes_of_containers_are_logged_and_not_counted_as_changes_of_items() {
    let scratch = Scratch::new();
    let renamed = folder("2", "Renamed");
    for (day, containers) in [
        (0, vec![folder("1", "One"), folder("2", "Two")]),
        (1, vec![folder("1", "One"), renamed.clone()]),
        (2, vec![folder("1", "One")]),
        (3, Vec::new()),
        (4, vec![folder("1", "One"), renamed]),
    ] {
        let counts = scratch.scan_containers(day, &containers).await.counts;
        assert_eq!(counts.seen, 1);
        let changes = [counts.changed, counts.removed, counts.returned];
        assert_eq!(changes, [0, 0, 0]);
    }
    assert_eq!(scratch.changes(), ["added a"]);
    assert_eq!(
        scratch.container_changes(),
        [
            "added folder:1",
            "added folder:2",
            "changed folder:2 name",
            "removed folder:2",
            "removed folder:1",
            "returned folder:1",
            "returned folder:2",
        ]
    );
}

pub async fn a_scan_that_is_not_complete_removes_no_container() {
    let scratch = Scratch::new();
    scratch.scan_containers(0, &[folder("1", "One")]).await;
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    let closing = Closing {
        statement: Ok(Completeness::Partial(vec!["a reason".to_owned()])),
        time: at(1),
        site_version: None,
        bytes: 0,
        removals: Removals::Accepted,
        advice: String::new(),
    };
    scan.close(closing).await.unwrap();
    drop(scratch.begin(2).await);
    assert_eq!(scratch.container_state("1"), Some(ItemState::Present));
}

pub async fn removed_containers_do_not_blow_the_fuse_and_a_blown_fuse_keeps_them() {
    let scratch = Scratch::new();
    let folders: Vec<_> = (0..50)
        .map(|number| folder(&number.to_string(), "F"))
        .collect();
    scratch.scan_containers(0, &folders).await;
    scratch.scan_containers(1, &folders[..1]).await;
    assert_eq!(scratch.container_state("1"), Some(ItemState::Gone));
    let scan = scratch.begin(2).await;
    let closed = close_with(scan, 2, Removals::Limited).await.unwrap();
    assert!(matches!(
        closed.statement,
        Some(Completeness::Partial(reasons)) if reasons[0].starts_with("1 of the 1 stored items")
    ));
    assert_eq!(scratch.container_state("0"), Some(ItemState::Present));
}

pub async fn hidden_containers_of_a_kind_are_not_gone() {
    let scratch = Scratch::new();
    let area = Container::new(&ConnectionCode::new("c").unwrap(), AREA, "x", "X").unwrap();
    scratch
        .scan_containers(0, &[folder("1", "One"), area])
        .await;
    let mut scan = scratch.begin(1).await;
    see(&mut scan, "a", "A", Contacts::Unknown);
    scan.hidden_containers(AREA);
    close(scan, 1).await.unwrap();
    assert_eq!(scratch.container_state("1"), Some(ItemState::Gone));
    let catalog = scratch.catalog();
    let area = catalog.container("c/area:x").unwrap().unwrap();
    assert_eq!(area.state, ItemState::Present);
}

pub async fn an_excluded_container_is_excluded_and_an_undecided_one_is_unchanged() {
    let scratch = Scratch::new();
    let with = |id: &str, inclusion| Container {
        inclusion,
        ..folder(id, "F")
    };
    let all = |inclusion| ["1", "2", "new"].map(|id| with(id, inclusion));
    scratch
        .scan_containers(0, &[folder("1", "F"), folder("2", "F")])
        .await;
    let some = [
        with("1", Inclusion::Excluded),
        folder("2", "F"),
        with("new", Inclusion::Excluded),
    ];
    scratch.scan_containers(1, &some).await;
    scratch.scan_containers(2, &all(Inclusion::Undecided)).await;
    let states = ["1", "2", "new"].map(|id| scratch.container_state(id));
    assert_eq!(
        states,
        [Some(ItemState::Excluded), Some(ItemState::Present), None]
    );
    scratch.scan_containers(3, &all(Inclusion::Included)).await;
    assert_eq!(
        scratch.container_changes()[2..],
        ["excluded folder:1", "returned folder:1", "added folder:new"]
    );
}

pub async fn unknown_fields_keep_their_values() {
    let scratch = Scratch::new();
    scratch.scan_containers(0, &[full("1")]).await;
    use ContainerField::{
        Created, CustomProperties, Description, Modified, Name, Parent, Published, Refreshed, Tags,
    };
    let unknown = Container {
        link: full("1").link,
        unknown: vec![
            Name,
            Parent,
            Description,
            Created,
            Modified,
            Published,
            Refreshed,
            Tags,
            CustomProperties,
        ],
        ..folder("1", "")
    };
    scratch.scan_containers(1, &[unknown]).await;
    assert_eq!(
        scratch.container("1"),
        Some((ItemState::Present, full("1")))
    );
    let without_tags = Container {
        tags: Vec::new(),
        ..full("1")
    };
    scratch.scan_containers(2, &[without_tags]).await;
    assert_eq!(
        scratch.container_changes(),
        ["added folder:1", "changed folder:1 tags"]
    );
}

pub async fn gone_containers_are_deleted_after_the_same_time_as_items() {
    let scratch = Scratch::with(StoreLimits {
        keep_gone: Some(SignedDuration::from_secs(10 * DAY)),
        ..SignedDuration::from_secs(3_000 * DAY).into()
    });
    scratch.scan_containers(0, &[folder("1", "One")]).await;
    scratch.scan_containers(1, &[]).await;
    scratch.scan_containers(10, &[]).await;
    assert_eq!(scratch.container_state("1"), Some(ItemState::Gone));
    scratch.scan_containers(12, &[]).await;
    assert_eq!(scratch.container_state("1"), None);
}

pub async fn an_item_gets_its_container_without_a_change_if_it_was_unknown() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A")]).await;
    let held = Visualization {
        container: Some(folder("1", "").key),
        ..item("a", "A", Contacts::Unknown)
    };
    let id = SourceId("id-a".to_owned());
    let mut scan = scratch.begin(1).await;
    scan.item(&held, &Origin::from(Some(id.clone()))).unwrap();
    close(scan, 1).await.unwrap();
    let catalog = scratch.catalog();
    let found = catalog.item("c/a").unwrap().unwrap();
    assert_eq!(found.item.container, held.container);
    assert_eq!(scratch.changes(), ["added a"]);
    let moved = Visualization {
        container: Some(folder("2", "").key),
        ..held
    };
    let mut scan = scratch.begin(2).await;
    scan.item(&moved, &Origin::from(Some(id.clone()))).unwrap();
    close(scan, 2).await.unwrap();
    assert_eq!(scratch.changes(), ["added a", "changed a container"]);
}

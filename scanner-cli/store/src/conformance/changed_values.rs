//! Old and new values of changes.

use catalog_model::Origin;
use catalog_model::PropertyValue;

use super::*;

/// The name of a field, its old and its new value.
pub(crate) type Values = (String, Option<String>, Option<String>);

impl Scratch {
    pub(crate) async fn scan_item(&self, day: i64, item: &Visualization) {
        let mut scan = self.begin(day).await;
        scan.item(item, &Origin::default()).unwrap();
        close(scan, day).await.unwrap();
    }

    /// Returns the values of the change with this index in the log.
    pub(crate) fn values(&self, index: usize) -> Vec<Values> {
        let (catalog, mut seqs) = (self.catalog(), Vec::new());
        let read = catalog.each_change(|change| {
            seqs.push(change.seq);
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        let values = catalog.changed_values(seqs[index]).unwrap().into_iter();
        values.map(|one| (one.field, one.old, one.new)).collect()
    }
}

pub(crate) fn with(name: &str, value: PropertyValue, contacts: Contacts) -> Visualization {
    let mut properties = Properties::default();
    properties.put("p", value);
    Visualization {
        properties,
        ..item("a", name, contacts)
    }
}

pub async fn a_change_keeps_the_old_and_new_values_of_its_fields() {
    let scratch = Scratch::new();
    let tags = PropertyValue::Tags(vec!["x".to_owned(), "y".to_owned()]);
    scratch
        .scan_item(0, &with("A", tags, contact("a@example.com")))
        .await;
    let text = PropertyValue::Text("new".to_owned());
    let mut changed = with("B", text, contact("b@example.com"));
    changed.description = Some("described".to_owned());
    scratch.scan_item(1, &changed).await;
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        scratch.values(1),
        [
            ("name".to_owned(), some("A"), some("B")),
            ("description".to_owned(), None, some("described")),
            ("p".to_owned(), some("x, y"), some("new")),
            (
                "contacts".to_owned(),
                some("owner: <a@example.com>"),
                some("owner: <b@example.com>")
            ),
        ]
    );
    assert_eq!(scratch.values(0), []);
}

pub async fn long_values_are_cut_and_their_sum_is_limited() {
    let scratch = Scratch::new();
    let long = |letter: &str| {
        let mut one = item("a", "A", Contacts::Unknown);
        for number in 0..20 {
            let text = PropertyValue::Text(letter.repeat(5_000));
            one.properties.put(format!("p{number}"), text);
        }
        one
    };
    scratch.scan_item(0, &long("ä")).await;
    scratch.scan_item(1, &long("ö")).await;
    let values = scratch.values(1);
    assert!((2..6).contains(&values.len()), "{}", values.len());
    let new = values[0].2.as_deref().unwrap();
    assert!(new.len() <= 1_003 && new.ends_with("ö…"), "{new}");
}

//! The contract suite finds each way to break the contract.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use catalog_model::{
    Completeness, Connection, ConnectionCode, Contacts, ExcludedItem, Filtering, ItemKey, Lookup,
    Observation, Origin, Place, Precedence, Properties, PropertyDefinition, PropertyKind,
    PropertyValue, ScanError, ScanRequest, ScanSink, Schema, Sessions, Stage, Verdict,
    Visualization, contract,
    filter::{FilterRule, RuleId},
};

/// A way to break the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Partial,
    OneItem,
    OtherCode,
    ShortKey,
    NoLabel,
    EmptyDescription,
    Undeclared,
    OtherKind,
    TwiceTheSame,
    ChangesEachTime,
    IgnoresRefusal,
    DoesNotWait,
    NoStage,
    FailedStage,
    ExcludedToo,
    ExcludedTwice,
    ExcludedOfAnother,
    ExcludedOtherwise,
}

struct Faulty {
    fault: Fault,
    scans: AtomicU32,
}

const NAME: PropertyDefinition = PropertyDefinition {
    name: "application_name",
    label: "Application Name",
    kind: PropertyKind::Text,
};

#[async_trait]
impl Connection for Faulty {
    fn schema(&self) -> Schema {
        Schema {
            properties: match self.fault {
                Fault::Undeclared => &[],
                _ => &[NAME],
            },
            key_parts: &["app", "sheet"],
            ..Schema::default()
        }
    }

    async fn check(&self) -> Vec<Stage> {
        let stage = Stage::ok("source", "there", std::time::Duration::ZERO);
        match self.fault {
            Fault::NoStage => Vec::new(),
            Fault::FailedStage => vec![stage.but(Verdict::Failed, None)],
            _ => vec![stage],
        }
    }

    fn check_offline(&self) -> Vec<Stage> {
        Vec::new()
    }

    fn lookup(&self) -> Option<Box<dyn Lookup + '_>> {
        None
    }

    fn filtering(&self) -> Option<Box<dyn Filtering + '_>> {
        None
    }

    fn sessions(&self) -> Option<Box<dyn Sessions + '_>> {
        None
    }

    async fn scan(
        &self,
        _: ScanRequest,
        sink: &mut dyn ScanSink,
    ) -> Result<Completeness, ScanError> {
        let scan = self.scans.fetch_add(1, Ordering::Relaxed);
        let items = if self.fault == Fault::OneItem { 1 } else { 3 };
        for number in 0..items {
            if self.fault != Fault::DoesNotWait {
                sink.ready().await?;
            }
            let seen = sink.observe(Observation::Item(
                self.item(number, scan),
                Origin::default(),
            ));
            if self.fault != Fault::IgnoresRefusal {
                seen?;
            }
        }
        for item in self.excluded(scan) {
            sink.ready().await?;
            sink.observe(Observation::Excluded(item))?;
        }
        let partial = self.fault == Fault::Partial;
        Ok(Completeness::from_reasons(
            partial.then(|| "a reason".to_owned()).into_iter().collect(),
        ))
    }
}

impl Faulty {
    fn excluded(&self, scan: u32) -> Vec<ExcludedItem> {
        let item = |code: &str, sheet: &str| ExcludedItem {
            key: ItemKey::new([code, "app", sheet]).unwrap(),
            label: Vec::new(),
            id: None,
            precedence: Precedence::default(),
            rule: Arc::new(FilterRule {
                id: RuleId(0),
                name: "filter".to_owned(),
                place: Place::new("connections/a.conf", 1, 1),
                text: "never".to_owned(),
            }),
        };
        match self.fault {
            Fault::ExcludedToo => vec![item("code", "1")],
            Fault::ExcludedTwice => vec![item("code", "left"), item("code", "left")],
            Fault::ExcludedOfAnother => vec![item("other", "left")],
            Fault::ExcludedOtherwise => vec![item("code", &format!("left {scan}"))],
            _ => vec![item("code", "left")],
        }
    }

    fn item(&self, number: u32, scan: u32) -> Visualization {
        let fault = self.fault;
        let code = if fault == Fault::OtherCode {
            "other"
        } else {
            "code"
        };
        let sheet = match fault {
            Fault::TwiceTheSame => "same".to_owned(),
            Fault::ChangesEachTime => format!("{number}-{scan}"),
            _ => number.to_string(),
        };
        let parts = [code, "app", sheet.as_str()];
        let parts = if fault == Fault::ShortKey {
            &parts[..2]
        } else {
            &parts
        };
        let mut properties = Properties::default();
        let value = match fault {
            Fault::OtherKind => PropertyValue::Number(1.0),
            _ => PropertyValue::Text("App".to_owned()),
        };
        properties.put(NAME.name, value);
        Visualization {
            key: ItemKey::new(parts.iter().copied()).unwrap(),
            container: None,
            label: if fault == Fault::NoLabel {
                Vec::new()
            } else {
                vec!["App".to_owned()]
            },
            name: "Sheet".to_owned(),
            description: (fault == Fault::EmptyDescription).then(String::new),
            contacts: Contacts::Unknown,
            catalog: None,
            precedence: Precedence::default(),
            properties,
        }
    }
}

async fn check(fault: Fault) -> Result<(), String> {
    let scans = AtomicU32::new(0);
    let code = ConnectionCode::new("code").unwrap();
    let kept = contract::check(&Faulty { fault, scans }, &code).await;
    kept.map_err(|violation| violation.to_string())
}

#[tokio::test]
async fn a_connection_that_keeps_the_contract_passes() {
    assert_eq!(check(Fault::None).await, Ok(()));
}

#[tokio::test]
async fn each_way_to_break_the_contract_is_reported() {
    for (fault, sentence) in [
        (Fault::Partial, "is scanned completely"),
        (Fault::OneItem, "at least two items"),
        (Fault::OtherCode, "begins with the connection's code"),
        (Fault::ShortKey, "has the parts code, app, sheet"),
        (Fault::NoLabel, "has a label"),
        (Fault::EmptyDescription, "has no empty description"),
        (Fault::Undeclared, "is declared with the kind of its value"),
        (Fault::OtherKind, "is declared with the kind of its value"),
        (Fault::TwiceTheSame, "no key comes twice"),
        (Fault::ChangesEachTime, "sees the same"),
        (Fault::IgnoresRefusal, "whose sink refuses"),
        (Fault::DoesNotWait, "waits until its sink has room"),
        (Fault::NoStage, "a check has stages"),
        (Fault::ExcludedToo, "is not an item, too"),
        (Fault::ExcludedTwice, "comes once"),
        (
            Fault::ExcludedOfAnother,
            "begins with the connection's code",
        ),
        (Fault::ExcludedOtherwise, "sees the same"),
        (Fault::FailedStage, "passes every stage of a check"),
    ] {
        let violation = check(fault).await.unwrap_err();
        assert!(violation.contains(sentence), "{fault:?}: {violation}");
    }
}

//! Random changes of a site, as its users and administrators make them.

use qrs_client::fake_site::{Account, Content, Entity, FakeSite};
use serde_json::{Value, json};

/// Pseudo-random numbers that are the same in every run (`SplitMix64`).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }

    fn one<'a>(&mut self, records: &'a [Value]) -> Option<&'a Value> {
        (!records.is_empty()).then(|| &records[self.below(records.len())])
    }

    fn id(&mut self, records: &[Value]) -> Option<String> {
        Some(self.one(records)?["id"].as_str()?.to_owned())
    }

    fn word(&mut self) -> String {
        const WORDS: [&str; 8] = [
            "Sales",
            "draft",
            "Costs",
            "Plan",
            "Draft 2",
            "Überblick",
            "Q3",
            "Stock",
        ];
        format!("{} {}", WORDS[self.below(WORDS.len())], self.below(1000))
    }
}

/// A site of some apps with several sheets each, of some users in some streams.
pub(crate) fn site_content(dice: &mut Dice) -> Content {
    let mut content = Content::empty();
    let users: Vec<_> = (0..6)
        .map(|number| content.add_user("ACME", &format!("user{number}"), &dice.word()))
        .collect();
    let streams: Vec<_> = (0..3).map(|_| content.add_stream(&dice.word())).collect();
    for _ in 0..10 {
        let app = content.add_app(&dice.word());
        if dice.below(3) > 0 {
            content.publish(&app, &streams[dice.below(3)]);
        }
        for _ in 0..dice.below(6) {
            let sheet = content.add_sheet(&app, &dice.word());
            let owner = content.get(&users[dice.below(6)]).unwrap().clone();
            content.set(&sheet, "owner", condensed_user(&owner));
        }
    }
    content
}

fn condensed_user(user: &Value) -> Value {
    json!({
        "id": user["id"], "userId": user["userId"], "userDirectory": user["userDirectory"],
        "name": user["name"], "privileges": null,
    })
}

/// The clock of the site: usually somewhat later than before, sometimes behind or ahead, or at the same moment.
pub(crate) struct SiteClock {
    /// Minutes since the beginning.
    now: i64,
}

impl SiteClock {
    pub(crate) fn new() -> Self {
        Self { now: 0 }
    }

    pub(crate) fn passes(&mut self, minutes: i64) {
        self.now += minutes;
    }

    fn date(&self, dice: &mut Dice) -> String {
        let off = match dice.below(6) {
            0 => -(dice.below(50) as i64),
            1 => dice.below(30) as i64,
            _ => 0,
        };
        let at = jiff::Timestamp::from_second(1_790_000_000 + (self.now + off) * 60).unwrap();
        format!("{at:.3}")
    }
}

/// Changes the site once. Returns what was done.
pub(crate) fn edit(site: &FakeSite, dice: &mut Dice, clock: &SiteClock) -> String {
    let kind = dice.below(24);
    if kind >= 22 {
        return rights(site, dice);
    }
    let done = site.edit(|content| match kind {
        0..12 => edit_sheet(content, dice, clock),
        12..18 => edit_app(content, dice, clock),
        18 => edit_stream(content, dice),
        _ => edit_user(content, dice),
    });
    done.unwrap_or_else(|| "nothing".to_owned())
}

/// Sheets are dated: that is how their changes are found.
fn edit_sheet(content: &mut Content, dice: &mut Dice, clock: &SiteClock) -> Option<String> {
    let date = json!(clock.date(dice));
    let kind = dice.below(12);
    if kind < 3 {
        let app = dice.id(&content.apps)?;
        let (name, owner) = (dice.word(), dice.one(&content.users)?.clone());
        let sheet = content.add_sheet(&app, &name);
        content.set(&sheet, "owner", condensed_user(&owner));
        content.set(&sheet, "modifiedDate", date);
        return Some(format!("add sheet {sheet} to {app}"));
    }
    let sheet = dice.id(&content.objects)?;
    let (key, value) = match kind {
        3 | 4 => {
            content.remove(&sheet);
            return Some(format!("remove sheet {sheet}"));
        }
        5 => {
            // A second record with the same key.
            let mut copy = content.get(&sheet)?.clone();
            copy["id"] = json!(uuid(dice));
            copy["name"] = json!(dice.word());
            copy["approved"] = json!(dice.below(2) == 0);
            copy["modifiedDate"] = date;
            content.objects.push(copy);
            return Some(format!("copy sheet {sheet}"));
        }
        6 => ("description", json!(dice.word())),
        7 => ("owner", condensed_user(dice.one(&content.users)?)),
        8 => ("tags", json!([{"id": uuid(dice), "name": dice.word()}])),
        9 => ("approved", json!(dice.below(2) == 0)),
        10 => {
            // Without it, the record is not readable as an item.
            let blank = content.get(&sheet)?["engineObjectId"] == "";
            let id = if blank { uuid(dice) } else { String::new() };
            ("engineObjectId", json!(id))
        }
        _ => ("name", json!(dice.word())),
    };
    content.set(&sheet, key, value);
    content.set(&sheet, "modifiedDate", date);
    Some(format!("set {key} of sheet {sheet}"))
}

/// Apps are sometimes dated, and their sheets never.
fn edit_app(content: &mut Content, dice: &mut Dice, clock: &SiteClock) -> Option<String> {
    let kind = dice.below(12);
    if kind == 0 {
        let app = content.add_app(&dice.word());
        for _ in 0..dice.below(4) {
            content.add_sheet(&app, &dice.word());
        }
        return Some(format!("add app {app}"));
    }
    let app = dice.id(&content.apps)?;
    match kind {
        1 => {
            content.remove(&app);
            return Some(format!("remove app {app}"));
        }
        2 => {
            let stream = dice.id(&content.streams)?;
            let stream = content.get(&stream)?.clone();
            let condensed = json!({"id": stream["id"], "name": stream["name"], "privileges": null});
            content.set(&app, "stream", condensed);
            content.set(&app, "published", json!(true));
        }
        3 => {
            content.set(&app, "stream", Value::Null);
            content.set(&app, "published", json!(false));
        }
        4 => {
            let owner = condensed_user(dice.one(&content.users)?);
            content.set(&app, "owner", owner);
        }
        5 => content.set(&app, "description", json!(dice.word())),
        6 => content.set(
            &app,
            "tags",
            json!([{"id": uuid(dice), "name": dice.word()}]),
        ),
        7 => {
            let definition = json!({"id": uuid(dice), "name": "Department"});
            let value = json!([{"id": uuid(dice), "value": dice.word(), "definition": definition}]);
            content.set(&app, "customProperties", value);
        }
        8 => content.set(&app, "lastReloadTime", json!(clock.date(dice))),
        // The record of the app is unreadable.
        9 => content.set(&app, "stream", json!(17)),
        _ => content.rename(&app, &dice.word()),
    }
    if dice.below(2) == 0 {
        content.set(&app, "modifiedDate", json!(clock.date(dice)));
    }
    Some(format!("edit {kind} of app {app}"))
}

fn edit_stream(content: &mut Content, dice: &mut Dice) -> Option<String> {
    if dice.below(4) == 0 {
        return Some(format!("add stream {}", content.add_stream(&dice.word())));
    }
    let stream = dice.id(&content.streams)?;
    content.rename(&stream, &dice.word());
    Some(format!("rename stream {stream}"))
}

/// Users are never dated.
fn edit_user(content: &mut Content, dice: &mut Dice) -> Option<String> {
    let user = dice.id(&content.users)?;
    match dice.below(7) {
        0 => {
            let user_id = dice.word();
            content.add_user("ACME", &user_id, &user_id);
        }
        1 if content.users.len() > 2 => {
            let user = content.users.remove(dice.below(content.users.len()));
            return Some(format!("remove user {}", user["id"]));
        }
        2 => content.set(&user, "inactive", json!(dice.below(2) == 0)),
        3 => content.rename(&user, &dice.word()),
        _ => {
            let address = format!("user{}@example.com", dice.below(100));
            let attributes = json!([{"attributeType": "email", "attributeValue": address}]);
            content.set(&user, "attributes", attributes);
        }
    }
    Some(format!("edit user {user}"))
}

/// Changes what the account may see.
fn rights(site: &FakeSite, dice: &mut Dice) -> String {
    let account = Account::new(&site.header_value());
    let digit = char::from_digit(dice.below(16) as u32, 16).unwrap();
    let hides = move |record: &Value| {
        let id = record["id"].as_str().unwrap_or_default();
        !id.starts_with(digit)
    };
    let (what, account) = match dice.below(8) {
        0 => ("some apps", account.sees(Entity::App, hides)),
        1 => ("some sheets", account.sees(Entity::Object, hides)),
        2 => ("some users", account.sees(Entity::User, hides)),
        3 => ("all users", account.forbidden(Entity::User)),
        _ => ("nothing", account),
    };
    site.set_account(account);
    format!("hide {what} {digit}")
}

fn uuid(dice: &mut Dice) -> String {
    let mut digits = |count: usize| -> String {
        let digit = |_| char::from_digit(dice.below(16) as u32, 16).unwrap();
        (0..count).map(digit).collect()
    };
    let (a, b, c, d) = (digits(8), digits(4), digits(3), digits(12));
    format!("{a}-{b}-4{c}-a{c}-{d}")
}

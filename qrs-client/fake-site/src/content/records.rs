//! Full records without edge cases, in the shape of a real site's.

use serde_json::{Value, json};

use crate::schema::Entity;

/// QRS's notation of "never".
pub(super) const NEVER: &str = "1753-01-01T00:00:00.000Z";

const NO_APP: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn stream(seed: u64, name: &str, owner: &Value) -> Value {
    json!({
        "id": guid(seed),
        "createdDate": date(2022, seed),
        "modifiedDate": date(2024, seed),
        "modifiedByUserName": r"INTERNAL\sa_repository",
        "customProperties": [],
        "owner": owner,
        "name": name,
        "tags": [],
        "privileges": null,
        "schemaPath": "Stream",
    })
}

pub(super) fn user(seed: u64, directory: &str, user_id: &str, name: &str) -> Value {
    json!({
        "id": guid(seed),
        "createdDate": date(2022, seed),
        "modifiedDate": date(2024, seed),
        "modifiedByUserName": r"INTERNAL\sa_repository",
        "customProperties": [],
        "userId": user_id,
        "userDirectory": directory,
        "userDirectoryConnectorName": directory,
        "name": name,
        "roles": [],
        "attributes": [],
        "inactive": false,
        "removedExternally": false,
        "blacklisted": false,
        "deleteProhibited": false,
        "tags": [],
        "privileges": null,
        "schemaPath": "User",
    })
}

/// An unpublished app.
pub(super) fn app(seed: u64, name: &str, owner: &Value) -> Value {
    json!({
        "id": guid(seed),
        "createdDate": date(2022, seed),
        "modifiedDate": date(2024, seed),
        "modifiedByUserName": who(owner),
        "customProperties": [],
        "owner": owner,
        "name": name,
        "appId": "",
        "sourceAppId": NO_APP,
        "targetAppId": NO_APP,
        "publishTime": NEVER,
        "published": false,
        "tags": [],
        "description": "",
        "stream": null,
        "fileSize": 100_000 + Digits(seed).below(50_000_000),
        "lastReloadTime": date(2025, seed),
        "thumbnail": "",
        "savedInProductVersion": "12.1657.0",
        "migrationHash": Digits(seed + (3 << 32)).text(b"0123456789abcdef", 40),
        "dynamicColor": "",
        "availabilityStatus": 0,
        "privileges": null,
        "schemaPath": "App",
    })
}

/// An object of `app`, owned by the app's owner. It is published if the app is.
pub(super) fn object(seed: u64, app: &Value, object_type: &str, name: &str) -> Value {
    json!({
        "id": guid(seed),
        "createdDate": date(2022, seed),
        "modifiedDate": date(2024, seed),
        "modifiedByUserName": who(&app["owner"]),
        "owner": app["owner"],
        "engineObjectType": "",
        "description": "",
        "attributes": attributes(seed),
        "objectType": object_type,
        "publishTime": app["publishTime"],
        "published": app["published"],
        "approved": app["published"],
        "tags": [],
        "sourceObject": "",
        "draftObject": "",
        "name": name,
        "app": Entity::App.condense(app),
        "appObjectBlobId": guid(seed + (1 << 32)),
        "engineObjectId": guid(seed + (2 << 32)),
        "contentHash": content_hash(seed),
        "size": 500 + Digits(seed).below(40_000),
        "privileges": null,
        "schemaPath": "App.Object",
    })
}

pub(super) fn unpublish(app: &mut Value) {
    app["stream"] = Value::Null;
    app["published"] = json!(false);
    app["publishTime"] = json!(NEVER);
}

/// `DIRECTORY\user`, as in `modifiedByUserName`.
pub(super) fn who(user: &Value) -> Value {
    let part = |key: &str| user[key].as_str().unwrap_or_default().to_owned();
    json!(format!(r"{}\{}", part("userDirectory"), part("userId")))
}

/// A GUID of version 4, the same for the same seed.
pub(super) fn guid(seed: u64) -> String {
    let hex = Digits(seed).text(b"0123456789abcdef", 30);
    let part = |from: usize, to: usize| &hex[from..to];
    format!(
        "{}-{}-4{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

/// A date in QRS's usual form.
///
/// Records are created in 2022, published in 2023, changed in 2024 and reloaded in 2025, so that they are plausible.
pub(super) fn date(year: u16, seed: u64) -> String {
    let (month, day) = (1 + seed % 12, 1 + seed % 28);
    let (hour, minute, second) = (seed * 5 % 24, seed * 7 % 60, seed * 11 % 60);
    let millisecond = seed * 37 % 1000;
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// The date of the site's `change`-th change: one second after the one before.
pub(super) fn date_of_change(change: u64) -> String {
    let (hours, minutes, seconds) = (change / 3600, change / 60 % 60, change % 60);
    let (day, hour) = (1 + hours / 24, hours % 24);
    format!("2026-01-{day:02}T{hour:02}:{minutes:02}:{seconds:02}.000Z")
}

/// 43 characters of printable ASCII from `!` to a backtick, including quotes and backslashes.
fn content_hash(seed: u64) -> String {
    let alphabet: Vec<u8> = (b'!'..=b'`').collect();
    Digits(seed).text(&alphabet, 43)
}

/// The engine's own properties in base64, which make a record as long as a real one.
fn attributes(seed: u64) -> String {
    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    format!("eyJ{}", Digits(seed).text(BASE64, 253))
}

/// Pseudo-random numbers that are the same in every run and with all versions of all crates (`SplitMix64`).
struct Digits(u64);

impl Digits {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn text(mut self, alphabet: &[u8], length: usize) -> String {
        let letter = |_| char::from(alphabet[self.below(alphabet.len() as u64) as usize]);
        (0..length).map(letter).collect()
    }
}

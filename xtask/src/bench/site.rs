//! A large site as files that contain the responses of a server.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Number of apps of a site, which share its sheets, unless a benchmark has another one.
pub(crate) const APPS: usize = 2_000;
/// Number of users who own the apps, unless a benchmark has another one.
const USERS: usize = 500;

/// The size of a site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) sheets: usize,
    pub(crate) apps: usize,
    /// The owners of the apps.
    pub(crate) users: usize,
}

impl Size {
    pub(crate) fn new(sheets: usize, apps: usize) -> Self {
        let users = USERS;
        Self {
            sheets,
            apps,
            users,
        }
    }
}

/// The responses of a large site.
pub(crate) struct Site {
    pub(crate) size: Size,
    /// The list of sheets, in a file because it is too large for memory.
    pub(crate) list: PathBuf,
    /// Its size.
    pub(crate) bytes: u64,
    pub(crate) apps: String,
    pub(crate) users: String,
    /// The rows of the table of sheets, made when they are requested for the first time.
    pub(crate) rows: OnceLock<Vec<String>>,
}

/// Writes the list of sheets into `folder`, with rows of the size and shape of real sites.
pub(crate) fn write(folder: &Path, size: Size) -> io::Result<Site> {
    let path = folder.join("sheets.json");
    let mut list = BufWriter::with_capacity(1 << 20, File::create(&path)?);
    list.write_all(b"[")?;
    for number in 0..size.sheets {
        if number > 0 {
            list.write_all(b",")?;
        }
        write_sheet(&mut list, number, size)?;
    }
    list.write_all(b"]")?;
    // Write it to disk before the measurement, so that the system does not write it during the measurement.
    list.into_inner()?.sync_all()?;
    Ok(Site {
        size,
        bytes: path.metadata()?.len(),
        list: path,
        apps: array(size.apps, |number| app(number, size.users)),
        users: array(size.users, user),
        rows: OnceLock::new(),
    })
}

/// The rows of a table with the columns `id`, `app.id` and `modifiedDate`, sorted by `id`.
pub(crate) fn rows(size: Size) -> Vec<String> {
    let row = |number| {
        let (id, app) = (guid(number, 1), guid(number % size.apps, 4));
        format!(r#"["{id}","{app}","{MODIFIED}"]"#)
    };
    let mut rows: Vec<_> = (0..size.sheets).map(row).collect();
    rows.sort_unstable();
    rows
}

/// When each sheet was modified.
const MODIFIED: &str = "2024-02-15T15:46:20.997Z";

fn write_sheet(list: &mut impl Write, number: usize, size: Size) -> io::Result<()> {
    let app = number % size.apps;
    let hash: String = (0..8)
        .map(|part| format!("{:016x}", mixed(number * 8 + part)))
        .collect();
    write!(
        list,
        concat!(
            r#"{{"id":"{id}","createdDate":"2019-01-29T13:14:26.066Z","modifiedDate":"{modified}","#,
            r#""modifiedByUserName":"ACME\\user{user}","owner":{owner},"engineObjectType":"sheet","#,
            r#""description":"What region {number} sold, by month and product group; ask the \"BI\" team before use.","#,
            r#""attributes":"{hash}{hash}{hash}","objectType":"sheet","publishTime":"2023-04-20T22:22:39.021Z","#,
            r#""published":true,"approved":true,"tags":[{{"id":"{tag}","name":"Monthly","privileges":null}}],"#,
            r#""sourceObject":"{source}","draftObject":"","name":"Region {number}: revenue & margin","#,
            r#""app":{{"id":"{app_id}","name":"Application {app}","appId":"","publishTime":"2018-04-20T22:22:39.021Z","#,
            r#""published":true,"stream":{{"id":"{stream}","name":"Stream {stream_number}","privileges":null}},"#,
            r#""savedInProductVersion":"12.421.3","migrationHash":"{hash}","availabilityStatus":0,"privileges":null}},"#,
            r#""appObjectBlobId":"{blob}","engineObjectId":"{engine}","contentHash":"{hash}{hash}","size":{number},"#,
            r#""privileges":null,"schemaPath":"App.Object"}}"#
        ),
        id = guid(number, 1),
        modified = MODIFIED,
        user = app % size.users,
        owner = owner(app % size.users),
        number = number,
        hash = hash,
        tag = guid(app, 2),
        source = guid(number, 3),
        app_id = guid(app, 4),
        app = app,
        stream = guid(app % 20, 5),
        stream_number = app % 20,
        blob = guid(number, 6),
        engine = guid(number, 7),
    )
}

fn app(number: usize, users: usize) -> String {
    format!(
        concat!(
            r#"{{"id":"{id}","name":"Application {number}","description":"What is sold where.","published":true,"#,
            r#""stream":{{"id":"{stream}","name":"Stream {stream_number}"}},"lastReloadTime":"2024-02-15T15:46:20.997Z","#,
            r#""owner":{owner},"tags":[],"customProperties":[]}}"#
        ),
        id = guid(number, 4),
        number = number,
        stream = guid(number % 20, 5),
        stream_number = number % 20,
        owner = owner(number % users),
    )
}

fn owner(number: usize) -> String {
    let id = guid(number, 8);
    format!(
        r#"{{"id":"{id}","userId":"user{number}","userDirectory":"ACME","name":"User {number}","privileges":null}}"#
    )
}

fn user(number: usize) -> String {
    let id = guid(number, 8);
    format!(
        r#"{{"id":"{id}","userId":"user{number}","attributes":[{{"attributeType":"email","attributeValue":"user{number}@example.com"}}]}}"#
    )
}

fn array(count: usize, element: impl Fn(usize) -> String) -> String {
    let elements: Vec<_> = (0..count).map(element).collect();
    format!("[{}]", elements.join(","))
}

fn guid(number: usize, kind: usize) -> String {
    let (high, low) = (mixed(number * 16 + kind), mixed(number * 16 + kind + 8));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Mixes a number into 64 bits (`SplitMix64`).
fn mixed(number: usize) -> u64 {
    let mut mixed = (number as u64)
        .wrapping_add(1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

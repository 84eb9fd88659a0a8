//! Values that many items share, and the sets of them.

use std::collections::{BTreeSet, HashMap};

use catalog_store::backend::{Document, FacetEntry, FacetKind, fingerprint};

use crate::{
    connecting::Database,
    error::Result,
    values::{key_print, storable},
};

/// The code of the kind of a facet, and its value.
type Identity = (i16, String);

/// Facets that were looked up or added.
pub(super) struct Facets(HashMap<Identity, i64>);

fn identity(kind: FacetKind, value: &str) -> Identity {
    (kind as i16, storable(value).into_owned())
}

impl Facets {
    /// Finds or adds the facets of documents. New ones are numbered in the order in which they occur.
    pub(super) async fn find(db: &Database, documents: &[Document]) -> Result<Self> {
        let mut places: HashMap<Identity, usize> = HashMap::new();
        let mut wanted: Vec<&FacetEntry> = Vec::new();
        for facet in documents.iter().flat_map(|document| &document.facets) {
            let place = *places
                .entry(identity(facet.kind, &facet.value))
                .or_insert(wanted.len());
            match wanted.get_mut(place) {
                // The last name counts.
                Some(known) => *known = facet,
                None => wanted.push(facet),
            }
        }
        let mut found = known(db, &wanted).await?;
        let is_other = |facet: &&&FacetEntry| {
            let known = found.get(&identity(facet.kind, &facet.value));
            known.is_none_or(|(_, label, extra)| {
                *label != *storable(&facet.label) || i64::from(*extra) != facet.extra
            })
        };
        let others: Vec<&FacetEntry> = wanted.iter().filter(is_other).copied().collect();
        if !others.is_empty() {
            add(db, &others).await?;
            found.extend(known(db, &others).await?);
        }
        let numbers = found.into_iter().map(|(facet, (id, ..))| (facet, id));
        Ok(Self(numbers.collect()))
    }

    /// The number of a facet.
    pub(super) fn number(&self, kind: FacetKind, value: &str) -> Option<i64> {
        self.0.get(&identity(kind, value)).copied()
    }

    /// Finds or adds the sets of the documents' facets, in their order.
    pub(super) async fn sets(&self, db: &Database, documents: &[Document]) -> Result<Vec<i64>> {
        let mut prints = Vec::with_capacity(documents.len());
        let mut sets: HashMap<[u8; 16], Vec<u8>> = HashMap::new();
        let mut order = Vec::new();
        for document in documents {
            let facets = document.facets.iter();
            let numbers = facets.filter_map(|facet| self.number(facet.kind, &facet.value));
            let numbers: BTreeSet<u32> = numbers.filter_map(|id| u32::try_from(id).ok()).collect();
            let text: Vec<_> = numbers.iter().map(u32::to_string).collect();
            let print = fingerprint(&[&text.join(",")]);
            prints.push(print);
            sets.entry(print).or_insert_with(|| {
                order.push(print);
                numbers.iter().flat_map(|id| id.to_le_bytes()).collect()
            });
        }
        let mut known = known_sets(db, &order).await?;
        order.retain(|print| !known.contains_key(print));
        if !order.is_empty() {
            let new: Vec<&[u8]> = order.iter().map(|print| &print[..]).collect();
            let bytes: Vec<&[u8]> = order.iter().map(|print| &sets[print][..]).collect();
            let sql = "INSERT INTO facet_set (print, facets) SELECT print, facets FROM unnest($1::bytea[], $2::bytea[]) \
                       WITH ORDINALITY AS new (print, facets, place) ORDER BY place";
            db.run(sql, &[&new, &bytes]).await?;
            known.extend(known_sets(db, &order).await?);
        }
        let numbers = prints.iter().map(|print| known.get(print).copied());
        Ok(numbers.map(Option::unwrap_or_default).collect())
    }
}

/// The facets that the index has, with number, name and the number of the kind of containers.
async fn known(
    db: &Database,
    facets: &[&FacetEntry],
) -> Result<HashMap<Identity, (i64, String, i32)>> {
    let prints: Vec<_> = facets.iter().map(|facet| print(facet)).collect();
    let prints: Vec<&[u8]> = prints.iter().map(|print| &print[..]).collect();
    let sql = "SELECT kind, value, id, label, extra FROM facet WHERE print = ANY($1)";
    let rows = db.rows(sql, &[&prints]).await?;
    let known = rows.iter().map(|row| {
        let facet = (row.get(0), row.get(1));
        (facet, (row.get(2), row.get(3), row.get(4)))
    });
    Ok(known.collect())
}

/// Adds facets, or changes their names.
async fn add(db: &Database, facets: &[&FacetEntry]) -> Result<()> {
    let kinds: Vec<i16> = facets.iter().map(|facet| facet.kind as i16).collect();
    let values: Vec<_> = facets.iter().map(|facet| storable(&facet.value)).collect();
    let prints: Vec<_> = facets.iter().map(|facet| print(facet)).collect();
    let prints: Vec<&[u8]> = prints.iter().map(|print| &print[..]).collect();
    let labels: Vec<_> = facets.iter().map(|facet| storable(&facet.label)).collect();
    let extra = facets.iter().map(|facet| i32::try_from(facet.extra));
    let extra: Vec<i32> = extra.map(|number| number.unwrap_or_default()).collect();
    let sql = "INSERT INTO facet (kind, value, print, label, extra) SELECT kind, value, print, label, extra \
               FROM unnest($1::smallint[], $2::text[], $3::bytea[], $4::text[], $5::integer[]) \
               WITH ORDINALITY AS new (kind, value, print, label, extra, place) ORDER BY place \
               ON CONFLICT (print, kind) DO UPDATE SET label = excluded.label, extra = excluded.extra";
    let (values, labels) = (texts(&values), texts(&labels));
    db.run(sql, &[&kinds, &values, &prints, &labels, &extra])
        .await
        .map(drop)
}

fn texts<'a>(texts: &'a [std::borrow::Cow<'_, str>]) -> Vec<&'a str> {
    texts.iter().map(|text| &**text).collect()
}

fn print(facet: &FacetEntry) -> [u8; 16] {
    key_print(&storable(&facet.value))
}

/// Changes the names of containers.
pub(super) async fn rename(db: &Database, containers: &[&Document]) -> Result<()> {
    for container in containers {
        let print = key_print(&storable(&container.key));
        let sql = "UPDATE facet SET label = $3 WHERE print = $1 AND kind = $2 AND label <> $3";
        let kind = FacetKind::Container as i16;
        db.run(sql, &[&&print[..], &kind, &storable(&container.name)])
            .await?;
    }
    Ok(())
}

async fn known_sets(db: &Database, prints: &[[u8; 16]]) -> Result<HashMap<[u8; 16], i64>> {
    let prints: Vec<&[u8]> = prints.iter().map(|print| &print[..]).collect();
    let sql = "SELECT print, id FROM facet_set WHERE print = ANY($1)";
    let rows = db.rows(sql, &[&prints]).await?;
    let known = rows.iter().filter_map(|row| {
        let print = crate::values::sixteen(row.get(0))?;
        Some((print, row.get(1)))
    });
    Ok(known.collect())
}

/// Deletes the facets and sets that no item has, such as the names of people of a connection that was forgotten.
pub(crate) async fn delete_unused(db: &Database) -> Result<()> {
    let sql = "DELETE FROM facet_set WHERE NOT EXISTS (SELECT 1 FROM doc WHERE doc.facets = facet_set.id)";
    db.run(sql, &[]).await?;
    let mut used: BTreeSet<i64> = BTreeSet::new();
    for row in db.rows("SELECT facets FROM facet_set", &[]).await? {
        let numbers = row.get::<_, &[u8]>(0).as_chunks::<4>().0.iter();
        used.extend(numbers.map(|number| i64::from(u32::from_le_bytes(*number))));
    }
    let used: Vec<i64> = used.into_iter().collect();
    for sql in [
        "DELETE FROM owner WHERE NOT EXISTS (SELECT 1 FROM unnest($1::bigint[]) AS used (id) WHERE used.id = owner.facet)",
        "DELETE FROM facet WHERE NOT EXISTS (SELECT 1 FROM unnest($1::bigint[]) AS used (id) WHERE used.id = facet.id)",
    ] {
        db.run(sql, &[&used]).await?;
    }
    Ok(())
}

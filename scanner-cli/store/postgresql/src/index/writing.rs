//! Writes documents to the tables of the index.

use std::borrow::Cow;

use catalog_model::Contact;
use catalog_store::backend::{COLUMNS, Document, FacetKind, Tokenizer};

use super::{facets::Facets, words::vector};
use crate::{connecting::Database, error::Result, values::storable};

/// Deletes what the index has of these numbers.
const DELETE: [&str; 4] = [
    "DELETE FROM doc WHERE id = ANY($1)",
    "DELETE FROM doc_words WHERE id = ANY($1)",
    "DELETE FROM doc_text WHERE id = ANY($1)",
    "DELETE FROM doc_date WHERE doc = ANY($1)",
];

/// Deletes items and containers from the index.
pub(crate) async fn delete(db: &Database, ids: &[i64]) -> Result<()> {
    for sql in DELETE {
        db.run(sql, &[&ids]).await?;
    }
    Ok(())
}

/// Replaces what the index has of these numbers by the documents.
pub(super) async fn write(
    db: &Database,
    tokenizer: &mut Tokenizer,
    (ids, documents): (&[i64], &[Document]),
) -> Result<()> {
    let facets = Facets::find(db, documents).await?;
    let sets = facets.sets(db, documents).await?;
    write_owners(db, &facets, documents).await?;
    delete(db, ids).await?;
    let ids: Vec<i64> = documents.iter().map(|document| document.id).collect();
    write_documents(db, (&ids, &sets), documents).await?;
    write_dates(db, documents).await?;
    write_texts(db, tokenizer, (&ids, documents)).await
}

async fn write_documents(
    db: &Database,
    (ids, sets): (&[i64], &[i64]),
    documents: &[Document],
) -> Result<()> {
    let numbers = |of: fn(&Document) -> i64| -> Vec<i64> { documents.iter().map(of).collect() };
    let kinds = documents
        .iter()
        .map(|document| i32::try_from(document.kind));
    let kinds: Vec<i32> = kinds.map(|kind| kind.unwrap_or_default()).collect();
    let flags: Vec<i16> = documents.iter().map(|one| i16::from(one.flags)).collect();
    let lengths = documents.iter().map(|one| i16::from(one.name_length));
    let lengths: Vec<i16> = lengths.collect();
    let names: Vec<Cow<'_, str>> = documents
        .iter()
        .map(|one| storable(&one.sort_name))
        .collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let sql = "INSERT INTO doc (id, connection, kind, flags, name_length, facets, sort_name, changed, first_seen, tail, source, \
               parent) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::smallint[], $5::smallint[], \
               $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])";
    db.run(
        sql,
        &[
            &ids,
            &numbers(|one| one.connection),
            &kinds,
            &flags,
            &lengths,
            &sets,
            &names,
            &numbers(|one| one.changed),
            &numbers(|one| one.first_seen),
            &numbers(|one| one.tail),
            &numbers(|one| one.source),
            &numbers(|one| one.parent),
        ],
    )
    .await
    .map(drop)
}

async fn write_dates(db: &Database, documents: &[Document]) -> Result<()> {
    let (mut ids, mut names, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for document in documents {
        for (name, time) in &document.dates {
            ids.push(document.id);
            names.push(*name);
            times.push(*time);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO doc_date SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])";
    db.run(sql, &[&ids, &names, &times]).await.map(drop)
}

async fn write_texts(
    db: &Database,
    tokenizer: &mut Tokenizer,
    (ids, documents): (&[i64], &[Document]),
) -> Result<()> {
    let all = documents.iter().flat_map(|document| &document.columns);
    let all: Vec<&str> = all.map(String::as_str).collect();
    let words = tokenizer.words(&all)?;
    let (mut of_name, mut of_all) = (Vec::new(), Vec::new());
    for columns in words.chunks(COLUMNS) {
        of_name.push(vector(columns.iter().take(1).map(Vec::as_slice)));
        of_all.push(vector(columns.iter().map(Vec::as_slice)));
    }
    let sql = "INSERT INTO doc_words SELECT id, of_name::tsvector, of_all::tsvector \
               FROM unnest($1::bigint[], $2::text[], $3::text[]) AS new (id, of_name, of_all)";
    db.run(sql, &[&ids, &of_name, &of_all]).await?;
    let column = |number: usize| -> Vec<&str> {
        documents
            .iter()
            .map(|one| one.columns[number].as_str())
            .collect()
    };
    let sql = "INSERT INTO doc_text SELECT id, ARRAY[a, b, c, d, e, f] FROM unnest($1::bigint[], $2::text[], $3::text[], \
               $4::text[], $5::text[], $6::text[], $7::text[]) AS new (id, a, b, c, d, e, f)";
    let texts = [
        column(0),
        column(1),
        column(2),
        column(3),
        column(4),
        column(5),
    ];
    let [a, b, c, d, e, f] = &texts;
    db.run(sql, &[&ids, a, b, c, d, e, f]).await.map(drop)
}

async fn write_owners(db: &Database, facets: &Facets, documents: &[Document]) -> Result<()> {
    let mut owners: std::collections::BTreeMap<i64, (i64, &Contact)> = Default::default();
    for document in documents {
        for (value, contact) in &document.owners {
            if let Some(facet) = facets.number(FacetKind::Owner, value) {
                owners.insert(facet, (document.connection, contact));
            }
        }
    }
    if owners.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = owners.keys().copied().collect();
    let connections: Vec<i64> = owners.values().map(|(connection, _)| *connection).collect();
    let text = |of: fn(&Contact) -> Option<&str>| -> Vec<Option<String>> {
        let texts = owners.values().map(|(_, contact)| of(contact));
        texts
            .map(|text| Some(storable(text?).into_owned()))
            .collect()
    };
    let accounts = text(|contact| contact.account.as_deref());
    let names = text(|contact| contact.name.as_deref());
    let addresses = text(|contact| contact.email.as_deref());
    let statuses = text(|contact| contact.status.map(|status| status.word()));
    let sort_names = owners.values().map(|(_, contact)| {
        let names = [&contact.name, &contact.account, &contact.email];
        let name = names.into_iter().flatten().next();
        storable(&name.map(|name| name.to_lowercase()).unwrap_or_default()).into_owned()
    });
    let sort_names: Vec<String> = sort_names.collect();
    let sql = "INSERT INTO owner (facet, connection, account, name, email, status, sort_name) SELECT * FROM \
               unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) \
               ON CONFLICT (facet) DO UPDATE SET connection = excluded.connection, account = excluded.account, \
               name = excluded.name, email = excluded.email, status = excluded.status, sort_name = excluded.sort_name";
    db.run(
        sql,
        &[
            &ids,
            &connections,
            &accounts,
            &names,
            &addresses,
            &statuses,
            &sort_names,
        ],
    )
    .await
    .map(drop)
}

//! A session for the requests of people.

use std::time::Instant;

use catalog_store::{
    StoreError, StoredScan,
    backend::{
        BrowseReader, COLUMNS, CatalogReader, EventQuery, Expression, FacetKind, FacetText,
        FollowerPosition, Found, IndexedEntity, IndexedOwner, LoggedChange, Matching, OrderValue,
    },
    browse::{IndexState, Sort},
};

use super::{lists, log};
use crate::{index::words, reader::Reader, values::storable};

/// A snapshot of store and index.
pub(super) struct PostgresqlBrowseReader {
    reader: Reader,
    generation: i64,
    state: IndexState,
}

type Result<T> = std::result::Result<T, StoreError>;

impl PostgresqlBrowseReader {
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            generation: 0,
            state: IndexState::default(),
        }
    }
}

impl BrowseReader for PostgresqlBrowseReader {
    fn begin(&mut self, end: Instant) -> Result<()> {
        self.reader.refresh(end)?;
        let state = self
            .reader
            .read(|db| async move { lists::state(&db).await });
        (self.generation, self.state) = state?;
        Ok(())
    }

    fn rest(&mut self) -> Result<()> {
        self.reader.rest()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send>> {
        None
    }

    fn catalog(&self) -> &dyn CatalogReader {
        &self.reader
    }

    fn index_state(&self) -> Result<IndexState> {
        Ok(self.state)
    }

    fn generation(&self) -> Result<i64> {
        Ok(self.generation)
    }

    fn last_entity(&self) -> Result<i64> {
        self.reader
            .read(|db| async move { lists::last_entity(&db).await })
    }

    fn each_entity(&self, each: &mut dyn FnMut(IndexedEntity)) -> Result<()> {
        let mut after = 0;
        loop {
            let found = self
                .reader
                .read(move |db| async move { lists::entities(&db, after).await })?;
            let Some(last) = found.last() else {
                return Ok(());
            };
            after = last.id;
            found.into_iter().for_each(&mut *each);
        }
    }

    fn each_facet_set(&self, each: &mut dyn FnMut(i64, &[u8])) -> Result<()> {
        let mut after = 0;
        loop {
            let found = self
                .reader
                .read(move |db| async move { lists::facet_sets(&db, after).await })?;
            let Some((last, _)) = found.last() else {
                return Ok(());
            };
            after = *last;
            found.iter().for_each(|(id, facets)| each(*id, facets));
        }
    }

    fn each_facet(&self, each: &mut dyn FnMut(i64, u8, u8)) -> Result<()> {
        let facets = self
            .reader
            .read(|db| async move { lists::facets(&db).await })?;
        for (id, kind, extra) in facets {
            each(id, kind, extra);
        }
        Ok(())
    }

    fn each_shared(&self, each: &mut dyn FnMut((i64, i64), i64)) -> Result<()> {
        let shared = self
            .reader
            .read(|db| async move { lists::shared(&db).await })?;
        for [connection, tail, parent] in shared {
            each((connection, tail), parent);
        }
        Ok(())
    }

    fn each_owner(&self, each: &mut dyn FnMut(IndexedOwner)) -> Result<()> {
        let owners = self
            .reader
            .read(|db| async move { lists::owners(&db).await })?;
        owners.into_iter().for_each(each);
        Ok(())
    }

    fn matching(&self, words: &Expression) -> Result<Matching> {
        let Some(query) = words::query(words)? else {
            return Ok(Matching::default());
        };
        self.reader
            .read(move |db| async move { lists::matching(&db, &query).await })
    }

    fn named(&self, name: &str) -> Result<Vec<i64>> {
        let name = storable(name).into_owned();
        self.reader
            .read(|db| async move { lists::named(&db, &name).await })
    }

    fn each_in_order(&self, sort: Sort, each: &mut dyn FnMut(i64)) -> Result<()> {
        let ids = self
            .reader
            .read(move |db| async move { lists::in_order(&db, sort).await })?;
        ids.into_iter().for_each(each);
        Ok(())
    }

    fn next_after(&self, sort: Sort, (value, id): (&OrderValue, i64)) -> Result<Option<i64>> {
        let value = value.clone();
        self.reader
            .read(move |db| async move { lists::next_after(&db, sort, (value, id)).await })
    }

    fn order_value(&self, sort: Sort, id: i64) -> Result<Option<OrderValue>> {
        self.reader
            .read(move |db| async move { lists::order_value(&db, sort, id).await })
    }

    fn facet(&self, kind: FacetKind, value: &str) -> Result<Option<(u32, u8)>> {
        let value = storable(value).into_owned();
        let found = self
            .reader
            .read(move |db| async move { lists::facets_with(&db, kind, &[value]).await })?;
        let mut found = found.into_iter();
        Ok(found.next().map(|(_, facet, extra)| (facet, extra)))
    }

    fn facet_values(&self, facets: &[u32]) -> Result<Vec<(u32, FacetText)>> {
        if facets.is_empty() {
            return Ok(Vec::new());
        }
        let facets: Vec<i64> = facets.iter().copied().map(i64::from).collect();
        self.reader
            .read(|db| async move { lists::facet_values(&db, &facets).await })
    }

    fn facets_of(&self, containers: &[String]) -> Result<Vec<(String, u32)>> {
        let keys = containers.to_vec();
        let found = self.reader.read(move |db| async move {
            lists::facets_with(&db, FacetKind::Container, &keys).await
        })?;
        let found = found.into_iter().map(|(key, facet, _)| (key, facet));
        Ok(found.collect())
    }

    fn dated_before(&self, property: &str, before: i64) -> Result<Vec<i64>> {
        let property = storable(property).into_owned();
        self.reader
            .read(move |db| async move { lists::dated_before(&db, &property, before).await })
    }

    fn texts(&self, ids: &[i64]) -> Result<Vec<(i64, [String; COLUMNS])>> {
        let ids = ids.to_vec();
        self.reader
            .read(|db| async move { lists::texts(&db, &ids).await })
    }

    fn events(&self, wanted: &EventQuery) -> Result<Vec<i64>> {
        let wanted = wanted.clone();
        self.reader
            .read(|db| async move { log::events(&db, &wanted).await })
    }

    fn hours(&self, since: i64) -> Result<Vec<[i64; 4]>> {
        self.reader
            .read(move |db| async move { log::hours(&db, since).await })
    }

    fn history(&self, key: &str, limit: usize) -> Result<Vec<i64>> {
        let key = storable(key).into_owned();
        self.reader
            .read(move |db| async move { log::history(&db, &key, limit).await })
    }

    fn logged(&self, seqs: &[i64]) -> Result<Vec<LoggedChange>> {
        let seqs = seqs.to_vec();
        self.reader
            .read(|db| async move { log::logged(&db, &seqs).await })
    }

    fn containers(&self, keys: &[String]) -> Result<Vec<Found<'_>>> {
        self.reader.containers(keys)
    }

    fn scans_before(
        &self,
        before: i64,
        [codes, outcomes]: [&[String]; 2],
        limit: usize,
    ) -> Result<Vec<StoredScan>> {
        let (codes, outcomes) = (storable_list(codes), storable_list(outcomes));
        self.reader.read(move |db| async move {
            log::scans_before(&db, before, (&codes, &outcomes), limit).await
        })
    }

    fn followers(&self) -> Result<Vec<FollowerPosition>> {
        self.reader
            .read(|db| async move { log::followers(&db).await })
    }

    fn refusals_of(&self, key: &str) -> Result<Vec<(String, String)>> {
        let key = storable(key).into_owned();
        self.reader
            .read(|db| async move { log::refusals_of(&db, &key).await })
    }
}

fn storable_list(texts: &[String]) -> Vec<String> {
    texts
        .iter()
        .map(|text| storable(text).into_owned())
        .collect()
}

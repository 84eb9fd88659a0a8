//! `catalog`: lists of what the store contains.

use std::{cell::Cell, io};

use catalog_model::printable;

mod forget;
mod rows;

pub(crate) use self::forget::run as forget;

use crate::{
    changes_since::{self, ChangesSince},
    delivery::is_failing,
    item_filter::{self, Conditions, ItemFilter},
    records::{
        ChangeRecord, ContainerRecord, FollowerRecord, ItemRecord, OwnerFilter, OwnerRecord,
        ScanRecord, StreamNames, owners,
    },
};

use super::selection::application;
use crate::{
    arguments::{Catalog as Command, CatalogFormat, Form, ItemOptions, OfConnection, WantedType},
    exit::Exit,
    listing::{self, Each, ListError, Listing, Row},
    operation_error::OperationError,
    problem::Problem,
    program::Program,
    store::{
        Catalog, CatalogItem, ChangeScope, ChangedItems, ChangesFrom, FeedFollower, ItemScope,
        ItemState, StoredConnection,
    },
    store_problem::StoreProblem,
    stored::stored_connection,
};

/// What all lists work with.
struct Lists<'a> {
    program: &'a mut Program,
    catalog: &'a Catalog,
    form: &'a Form,
}

pub(crate) fn run(program: &mut Program, command: Command) -> Exit {
    let form = command.form().clone();
    if let Some(message) = form.contradiction() {
        return program.report_usage(message);
    }
    let catalog = match open(program) {
        Ok(catalog) => catalog,
        Err(exit) => return exit,
    };
    let mut lists = Lists {
        program,
        catalog: &catalog,
        form: &form,
    };
    let done = match command {
        Command::List { options, .. } => lists.items(&options),
        Command::Show { key, .. } => lists.show(&key),
        Command::Changes {
            since, limit, of, ..
        } => lists.changes(since.as_ref(), &of, limit),
        Command::Scans { limit, of, .. } => lists.scans(&of, limit),
        Command::Owners {
            email, status, of, ..
        } => lists.owners(
            &OwnerFilter {
                address: email.map(Into::into),
                statuses: status.into_iter().map(Into::into).collect(),
            },
            &of,
        ),
        Command::Followers { .. } => lists.followers(),
    };
    // A command that failed has reported the error.
    done.unwrap_or_else(|exit| exit)
}

/// Opens the store. Reports the error and returns the exit code if there is none.
pub(crate) fn open(program: &mut Program) -> Result<Catalog, Exit> {
    let catalog = program.installation.catalog();
    catalog.map_err(|error| program.report_error(&error))
}

impl Lists<'_> {
    fn items(&mut self, options: &ItemOptions) -> Result<Exit, Exit> {
        let kind = options.wanted_type;
        if kind == WantedType::Stream && options.app.is_some() {
            let message = "`--app` selects sheets and apps; with `--type stream`, use `--stream`";
            return Err(self.program.report_usage(message));
        }
        let states: Vec<_> = options.state.iter().copied().map(ItemState::from).collect();
        let catalog = self.catalog;
        let scope = ItemScope {
            connection: self.connection(&options.of)?,
            states: &states,
        };
        let from = self.changes_from(options.since.as_ref())?;
        let changed = from.map(|from| catalog.changed_items(from)).transpose();
        let changed = changed.map_err(|error| self.report(error.into()))?;
        let conditions = options.conditions();
        let filter = ItemFilter::new(&conditions);
        let is_empty = Cell::new(true);
        let exit = match kind.container_kind() {
            None => self.write::<ItemRecord>(&|take| {
                listing::first(options.limit, take, |take| {
                    catalog.each_item(scope, |found: CatalogItem<'_>| {
                        let is_changed = |set: &ChangedItems<'_>| set.has(&found);
                        if filter.accepts(&found)
                            && changed.as_ref().map_or(Ok(true), is_changed)?
                        {
                            is_empty.set(false);
                            take(found.into())?;
                        }
                        Ok(())
                    })
                })
            }),
            Some(kind) => self.write::<ContainerRecord>(&|take| {
                let streams = StreamNames::read(catalog, scope.connection)?;
                listing::first(options.limit, take, |take| {
                    catalog.each_container_of(Some(kind), scope, |found| {
                        let container = &found.container;
                        let stream = streams.stream_of(container);
                        let is_changed = |set: &ChangedItems<'_>| set.has_container(&found);
                        if filter.accepts_container(container, stream)
                            && changed.as_ref().map_or(Ok(true), is_changed)?
                        {
                            is_empty.set(false);
                            take(ContainerRecord::new(found, stream))?;
                        }
                        Ok(())
                    })
                })
            }),
        };
        if is_empty.get() && exit == Exit::Complete {
            self.note_empty(&conditions, from)?;
        }
        Ok(exit)
    }

    /// Prints why a list of items is empty.
    fn note_empty(
        &mut self,
        conditions: &Conditions,
        from: Option<ChangesFrom>,
    ) -> Result<(), Exit> {
        let mut reason = self.future(from)?;
        if reason.is_none() {
            let unknown = item_filter::unknown_name(self.catalog, conditions);
            reason = unknown.map_err(|error| self.report(error.into()))?;
        }
        let reason = reason.as_deref().unwrap_or("no item matches");
        self.program.report_note(&format!("note: {reason}\n"));
        Ok(())
    }

    /// Why there are no changes from there on.
    fn future(&mut self, from: Option<ChangesFrom>) -> Result<Option<String>, Exit> {
        let Some(from) = from else { return Ok(None) };
        let now = (self.program.environment.clock)();
        let future = changes_since::future(self.catalog, from, now);
        future.map_err(|error| self.report(error.into()))
    }

    fn changes(
        &mut self,
        since: Option<&ChangesSince>,
        of: &OfConnection,
        limit: Option<u64>,
    ) -> Result<Exit, Exit> {
        let catalog = self.catalog;
        let connection = self.connection(of)?;
        let from = self.changes_from(since)?;
        let scope = ChangeScope {
            from,
            connection,
            last: limit,
        };
        let exit = self.write(&|take| {
            catalog.each_change_in(scope, |change| take(ChangeRecord::new(change, catalog)?))
        });
        if let Some(reason) = self.future(from)? {
            self.program.report_note(&format!("note: {reason}\n"));
        }
        Ok(exit)
    }

    fn scans(&mut self, of: &OfConnection, limit: Option<u64>) -> Result<Exit, Exit> {
        let catalog = self.catalog;
        let of = self.connection(of)?;
        Ok(self.write(&|take| {
            listing::last(limit, take, &|take| {
                catalog.each_scan(of, |scan| take(ScanRecord::new(scan, catalog)))
            })
        }))
    }

    fn owners(&mut self, filter: &OwnerFilter, of: &OfConnection) -> Result<Exit, Exit> {
        let scope = ItemScope {
            connection: self.connection(of)?,
            states: ItemState::EXISTING,
        };
        let owners = owners(self.catalog, scope).map_err(|error| self.report(error.into()))?;
        Ok(self.write::<OwnerRecord>(&|take| {
            let mut owners = owners.iter().filter(|owner| filter.accepts(owner));
            owners.try_for_each(|owner| take(owner.clone()))
        }))
    }

    fn followers(&mut self) -> Result<Exit, Exit> {
        let application = application(self.program)?;
        let followers = &application.followers;
        let disabled = &application.disabled_followers;
        let catalog = self.catalog;
        let is_running = self.program.installation.is_service_running();
        let exit = self.write(&|take| {
            let last = catalog.settled()?;
            for follower in followers {
                take(FollowerRecord::read(catalog, follower, last, is_running)?)?;
            }
            let mut disabled = disabled.iter().map(FollowerRecord::disabled);
            disabled.try_for_each(take)
        });
        if self.form.format == CatalogFormat::Text {
            for follower in followers {
                self.note_failure(&FeedFollower::new(follower))?;
            }
        }
        Ok(exit)
    }

    /// Reports the last error of a follower, or the items that its catalog refuses.
    fn note_failure(&mut self, follower: &FeedFollower) -> Result<(), Exit> {
        let cursor = self.catalog.cursor(follower);
        let cursor = cursor.map_err(|error| self.report(error.into()))?;
        if let Some(error) = cursor.error.as_ref().filter(|_| is_failing(&cursor)) {
            let note = format!("note: {} failed: {error}", follower.name);
            self.program.report_note(&format!("{}\n", printable(&note)));
        }
        let refusals = self.catalog.refusals(&follower.name);
        for refusal in refusals.map_err(|error| self.report(error.into()))? {
            let (name, key, message) = (&follower.name, &refusal.key, &refusal.message);
            let note = format!("note: {name} refuses `{key}`: {message}");
            self.program.report_note(&format!("{}\n", printable(&note)));
        }
        Ok(())
    }

    fn show(&mut self, key: &str) -> Result<Exit, Exit> {
        let catalog = self.catalog;
        let item = catalog.item(key);
        if let Some(found) = item.map_err(|error| self.report(error.into()))? {
            return self.show_row(&ItemRecord::from(found));
        }
        let container = catalog.container(key);
        let Some(found) = container.map_err(|error| self.report(error.into()))? else {
            let message = format!(
                "the store has no item, app or stream with the key `{key}`; `catalog list --search TEXT` and `explain` find keys"
            );
            return Err(self.program.report_usage(&message));
        };
        let streams = StreamNames::read(catalog, Some(found.connection));
        let streams = streams.map_err(|error| self.report(error.into()))?;
        let stream = streams.stream_of(&found.container).map(str::to_owned);
        self.show_row(&ContainerRecord::new(found, stream.as_deref()))
    }

    /// Shows one record; a table has a line for each field.
    fn show_row<R: Row + Clone>(&mut self, row: &R) -> Result<Exit, Exit> {
        if self.form.format == CatalogFormat::Json {
            // One object is a document, too.
            let form = Form {
                format: CatalogFormat::Ndjson,
                ..self.form.clone()
            };
            return Ok(self.with(&form).write(&|take| take(row.clone())));
        }
        if self.form.format != CatalogFormat::Text {
            return Ok(self.write(&|take| take(row.clone())));
        }
        let fields = rows::fields(row).and_then(|fields| match &self.form.columns {
            Some(names) => rows::chosen::<R>(fields, names, &self.properties::<R>()),
            None => Ok(fields),
        });
        let fields = fields.map_err(|error| self.report(error))?;
        let form = Form {
            columns: None,
            ..self.form.clone()
        };
        Ok(self
            .with(&form)
            .write(&|take| fields.iter().cloned().try_for_each(&mut *take)))
    }

    /// The same with another form.
    fn with<'b>(&'b mut self, form: &'b Form) -> Lists<'b> {
        Lists {
            program: self.program,
            catalog: self.catalog,
            form,
        }
    }
}

impl<'a> Lists<'a> {
    /// The scan or the time that `--since` names.
    fn changes_from(&mut self, since: Option<&ChangesSince>) -> Result<Option<ChangesFrom>, Exit> {
        let now = (self.program.environment.clock)();
        let store_id = self.catalog.store_id();
        let zone = &self.program.environment.zone;
        let from = since
            .map(|since| since.resolve(store_id, now, zone))
            .transpose();
        from.map_err(|error| self.program.report_error(&error))
    }

    /// The connection of the store that `--connection` names.
    fn connection(&mut self, of: &OfConnection) -> Result<Option<&'a StoredConnection>, Exit> {
        let code = of.connection.as_deref();
        let found = code.map(|code| stored_connection(self.catalog, code));
        let found = found.transpose();
        found.map_err(|error: OperationError| self.program.report_error(&error))
    }

    fn write<R: Row>(&mut self, each: Each<'_, R>) -> Exit {
        let listing = Listing {
            form: self.form,
            fields: self.properties::<R>(),
            screen: self.program.environment.screen,
            local: self.program.local_time(),
        };
        let mut output = io::BufWriter::new(&mut self.program.environment.output);
        match listing.write(&mut output, each) {
            Ok(left_out) => {
                drop(output);
                if !left_out.is_empty() {
                    let left_out = left_out.join(", ");
                    self.program.report_note(&format!(
                        "note: the terminal is too narrow for {left_out}; use `--columns` to select columns\n"
                    ));
                }
                Exit::Complete
            }
            Err(error) => {
                // Nothing can be done with the text that is still buffered.
                let (_, _) = output.into_parts();
                self.report(error)
            }
        }
    }

    /// The names of the properties that these records may have.
    fn properties<R: Row>(&self) -> Vec<String> {
        if !R::HAS_PROPERTIES {
            return Vec::new();
        }
        let connectors = &self.program.installation.connectors;
        let all = connectors.ids().filter_map(|id| connectors.get(id));
        let properties = all.flat_map(|connector| connector.properties());
        let names = properties.map(|property| property.name.to_owned());
        names.chain(["catalog".to_owned()]).collect()
    }

    /// Reports why a list was not written. A closed pipe, such as that of `head`, is not an error.
    fn report(&mut self, error: ListError) -> Exit {
        match error {
            ListError::Store(error) => {
                self.program.report_problem(&error.problem());
                Exit::from(error.operation_kind())
            }
            ListError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Complete,
            ListError::UnknownColumn(unknown) => self.program.report_usage(&unknown.to_string()),
            ListError::LimitReached => Exit::Complete,
            ListError::Write(error) => {
                let message = format!("the list cannot be written: {error}");
                self.program
                    .report_problem(&Problem::general(message, None));
                Exit::Failed
            }
        }
    }
}

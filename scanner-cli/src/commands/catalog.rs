//! `catalog`: what the store holds, as lists.

use std::io;

mod containers;
mod forget;
mod items;
mod owners;
mod rows;
mod wanted_texts;

pub(crate) use self::{forget::run as forget, items::ItemRow};

use self::{
    containers::{ContainerFilter, ContainerRow, Parents},
    items::ItemFilter,
    owners::{Owners, WantedOwners},
    rows::{ChangeRow, FollowerRow, ScanRow},
};
use super::selection::application;
use crate::{
    arguments::{Catalog as Command, CatalogFormat, Form, OfConnection, Since, Wanted, WantedType},
    exit::Exit,
    listing::{self, ListError, Listing, Row, Take},
    problem::Problem,
    program::Program,
    store::{
        Catalog, CatalogContainer, CatalogItem, Change, ChangesFrom, FeedFollower, ItemScope,
        ItemState, StoredConnection,
    },
    store_problem::StoreProblem,
    stored::stored_connection,
};

pub(crate) fn run(program: &mut Program, command: Command) -> Exit {
    let form = command.form();
    if let Some(message) = form.contradiction() {
        return program.report_usage(message);
    }
    let catalog = match open(program) {
        Ok(catalog) => catalog,
        Err(exit) => return exit,
    };
    let run = match command {
        Command::List {
            wanted_type,
            wanted,
            since,
            limit,
            form,
        } => {
            let wanted = (&wanted, since.as_ref(), limit);
            match wanted_type.container_kind() {
                None => list(program, &catalog, wanted, &form),
                Some(kind) => list_containers(program, &catalog, kind, wanted, &form),
            }
        }
        Command::Show { key, form } => show(program, &catalog, &key, &form),
        Command::Changes {
            since,
            limit,
            of,
            form,
        } => changes(program, &catalog, (since.as_ref(), &of, limit), &form),
        Command::Scans { limit, of, form } => scans(program, &catalog, (&of, limit), &form),
        Command::Owners {
            email,
            status,
            of,
            form,
        } => owners(
            program,
            &catalog,
            &WantedOwners { email, status },
            &of,
            &form,
        ),
        Command::Followers { form } => followers(program, &catalog, &form),
    };
    // A command that has nothing to list has told why.
    run.unwrap_or_else(|exit| exit)
}

fn list(
    program: &mut Program,
    catalog: &Catalog,
    (wanted, since, limit): (&Wanted, Option<&Since>, Option<u64>),
    form: &Form,
) -> Result<Exit, Exit> {
    let states: Vec<ItemState> = wanted.state.iter().copied().map(ItemState::from).collect();
    let scope = ItemScope {
        connection: connection(program, catalog, &wanted.of)?,
        states: &states,
    };
    let filter = ItemFilter::new(wanted);
    let from = changes_from(program, catalog, since)?;
    let changed = from.map(|from| catalog.changed_items(from)).transpose();
    let changed = changed.map_err(|error| tell(program, error.into()))?;
    let is_changed = |item: &CatalogItem<'_>| changed.as_ref().is_none_or(|set| set.has(item));
    Ok(write(program, form, &|take| {
        listing::first(limit, take, |take| {
            catalog.each_item(scope, |item| {
                if is_changed(&item) && filter.accepts(&item) {
                    take(ItemRow::of(item))?;
                }
                Ok(())
            })
        })
    }))
}

fn list_containers(
    program: &mut Program,
    catalog: &Catalog,
    kind: &'static str,
    (wanted, since, limit): (&Wanted, Option<&Since>, Option<u64>),
    form: &Form,
) -> Result<Exit, Exit> {
    if kind == WantedType::STREAM && wanted.app.is_some() {
        let message = "`--app` selects sheets and apps; with `--type stream`, use `--stream`";
        return Err(program.report_usage(message));
    }
    let states: Vec<ItemState> = wanted.state.iter().copied().map(ItemState::from).collect();
    let scope = ItemScope {
        connection: connection(program, catalog, &wanted.of)?,
        states: &states,
    };
    let filter = ContainerFilter::new(kind, wanted);
    let from = changes_from(program, catalog, since)?;
    let changed = from.map(|from| catalog.changed_items(from)).transpose();
    let changed = changed.map_err(|error| tell(program, error.into()))?;
    let which = (&filter, changed.as_ref(), limit);
    Ok(write(program, form, &|take| {
        containers::each(catalog, scope, which, take)
    }))
}

/// From where on changes are wanted.
///
/// # Errors
/// The exit of a command whose `--since` names a scan of another store; it was told.
fn changes_from(
    program: &mut Program,
    catalog: &Catalog,
    since: Option<&Since>,
) -> Result<Option<ChangesFrom>, Exit> {
    let Some(since) = since else {
        return Ok(None);
    };
    if let Since::ScanOf { store, scan } = since
        && store != catalog.store_id()
    {
        let message = format!(
            "the scan `{store}-{scan}` belongs to another store; the id of this store is `{}` (a backup was restored, or this is another home)",
            catalog.store_id()
        );
        return Err(program.report_usage(&message));
    }
    let now = (program.environment.clock)();
    Ok(match since {
        Since::Scan(scan) | Since::ScanOf { scan, .. } => Some(ChangesFrom::Scan(*scan)),
        time => time
            .time(now)
            .map(|time| ChangesFrom::Time(time.as_millisecond())),
    })
}

fn changes(
    program: &mut Program,
    catalog: &Catalog,
    (since, of, limit): (Option<&Since>, &OfConnection, Option<u64>),
    form: &Form,
) -> Result<Exit, Exit> {
    let of = connection(program, catalog, of)?;
    let from = changes_from(program, catalog, since)?;
    let wanted = |change: &Change| {
        let then = match from {
            None => true,
            Some(ChangesFrom::Scan(scan)) => change.scan >= scan,
            Some(ChangesFrom::Time(time)) => change.time >= time,
        };
        then && of.is_none_or(|of| of.code == change.connection)
    };
    let each = |take: Take<'_, Change>| {
        catalog.each_change(|change| match wanted(&change) {
            true => take(change),
            false => Ok(()),
        })
    };
    Ok(write(program, form, &|take| {
        let take = &mut |change| take(ChangeRow::new(change, catalog)?);
        listing::last(limit, take, &each)
    }))
}

fn scans(
    program: &mut Program,
    catalog: &Catalog,
    (of, limit): (&OfConnection, Option<u64>),
    form: &Form,
) -> Result<Exit, Exit> {
    let of = connection(program, catalog, of)?;
    Ok(write(program, form, &|take| {
        listing::last(limit, take, &|take| {
            catalog.each_scan(of, |scan| take(ScanRow::of(scan, catalog)))
        })
    }))
}

fn owners(
    program: &mut Program,
    catalog: &Catalog,
    wanted: &WantedOwners,
    of: &OfConnection,
    form: &Form,
) -> Result<Exit, Exit> {
    let scope = ItemScope {
        connection: connection(program, catalog, of)?,
        states: ItemState::EXISTING,
    };
    let mut owners = Owners::default();
    let counted = catalog.each_item(scope, |item| {
        owners::count(&mut owners, &item);
        Ok(())
    });
    if let Err(error) = counted {
        return Err(tell(program, error));
    }
    Ok(write(program, form, &|take| {
        let mut rows = owners.values().filter(|owner| wanted.accepts(owner));
        rows.try_for_each(|owner| take(owner.clone()))
    }))
}

/// The store, or the exit of a command that finds none; a person was told.
pub(crate) fn open(program: &mut Program) -> Result<Catalog, Exit> {
    let catalog = program.installation.catalog();
    catalog.map_err(|error| program.report_error(&error))
}

/// The connection of the store that `--connection` names.
pub(crate) fn connection<'a>(
    program: &mut Program,
    catalog: &'a Catalog,
    of: &OfConnection,
) -> Result<Option<&'a StoredConnection>, Exit> {
    let Some(code) = &of.connection else {
        return Ok(None);
    };
    let found = stored_connection(catalog, code);
    found
        .map(Some)
        .map_err(|error| program.report_error(&error))
}

fn write<R: Row>(
    program: &mut Program,
    form: &Form,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Exit {
    let listing = Listing {
        form,
        fields: properties(program),
        screen: program.environment.screen,
    };
    let mut output = io::BufWriter::new(&mut program.environment.output);
    match listing.write(&mut output, each) {
        Ok(left_out) => {
            drop(output);
            if !left_out.is_empty() {
                let left_out = left_out.join(", ");
                program.report_note(&format!(
                    "note: the terminal is too narrow for {left_out}; `--columns` chooses what is shown\n"
                ));
            }
            Exit::Complete
        }
        Err(error) => {
            // What is still buffered has nowhere to go.
            let (_, _) = output.into_parts();
            tell(program, error)
        }
    }
}

/// The names of the properties that items may have.
fn properties(program: &Program) -> Vec<String> {
    let connectors = program
        .installation
        .connectors
        .ids()
        .filter_map(|id| program.installation.connectors.get(id));
    let properties = connectors.flat_map(|connector| connector.properties());
    let names = properties.map(|property| property.name.to_owned());
    names.chain(["catalog".to_owned()]).collect()
}

/// A reader that has seen enough, such as `head`, is no fault.
fn tell(program: &mut Program, error: ListError) -> Exit {
    match error {
        ListError::Store(error) => {
            program.report_problem(&error.problem());
            Exit::from(error.operation_kind())
        }
        ListError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Complete,
        ListError::UnknownColumn(message) => program.report_usage(&message),
        ListError::Enough => Exit::Complete,
        ListError::Write(error) => {
            let message = format!("the list cannot be written: {error}");
            program.report_problem(&Problem::general(message, None));
            Exit::Failed
        }
    }
}

fn show(program: &mut Program, catalog: &Catalog, key: &str, form: &Form) -> Result<Exit, Exit> {
    let found = catalog.item(key);
    let found = found.map_err(|error| tell(program, error.into()))?;
    if let Some(found) = found {
        return show_row(program, &ItemRow::of(found), form);
    }
    let container = catalog.container(key);
    let container = container.map_err(|error| tell(program, error.into()))?;
    let Some(found) = container else {
        let message = format!(
            "the store has no item, app or stream with the key `{key}`; `catalog list --search TEXT` and `explain` find keys"
        );
        return Err(program.report_usage(&message));
    };
    let parents = Parents::read(catalog, Some(found.connection));
    let parents = parents.map_err(|error| tell(program, error))?;
    let parent = parents.of(&found.container).map(str::to_owned);
    show_row(program, &ContainerRow::of(found, parent.as_deref()), form)
}

/// Shows one row, in a table as a line for each field.
fn show_row<R: Row + Clone>(program: &mut Program, row: &R, form: &Form) -> Result<Exit, Exit> {
    if form.format != CatalogFormat::Table {
        return Ok(write(program, form, &|take| take(row.clone())));
    }
    let fields = rows::fields(row).and_then(|fields| match &form.columns {
        Some(names) => rows::chosen::<R>(fields, names, &properties(program)),
        None => Ok(fields),
    });
    let fields = fields.map_err(|error| tell(program, error))?;
    let form = Form {
        columns: None,
        ..*form
    };
    Ok(write(program, &form, &|take| {
        fields.iter().cloned().try_for_each(&mut *take)
    }))
}

fn followers(program: &mut Program, catalog: &Catalog, form: &Form) -> Result<Exit, Exit> {
    let application = application(program)?;
    let followers = application.followers.iter();
    let followers: Vec<_> = followers.map(|one| FeedFollower::new(one)).collect();
    Ok(write(program, form, &|take| {
        let last = catalog.settled()?;
        for follower in &followers {
            let cursor = catalog.cursor(follower)?;
            take(FollowerRow::of(&follower.name, cursor, last))?;
        }
        Ok(())
    }))
}

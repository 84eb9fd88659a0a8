//! `catalog`: what the store holds, as lists.

use std::{cell::RefCell, collections::BTreeMap, io};

mod items;
mod owners;
mod rows;

pub(crate) use items::ItemRow;

use self::{
    items::Filter,
    owners::OwnerRow,
    rows::{ChangeRow, FollowerRow, ScanRow},
};
use crate::{
    application_file::Application,
    arguments::{Catalog as Command, CatalogFormat, OfConnection, Since},
    exit::Exit,
    followers::THERE,
    home::shown,
    listing::{self, ListError, Row, Take},
    problem::Problem,
    run::Program,
    store::{Catalog, ItemScope, StoredConnection},
};

pub(crate) fn run(program: &mut Program, command: Command) -> Exit {
    let catalog = match open(program) {
        Ok(catalog) => catalog,
        Err(exit) => return exit,
    };
    match command {
        Command::List { wanted, form } => {
            let of = match connection(program, &catalog, &wanted.of) {
                Ok(of) => of,
                Err(exit) => return exit,
            };
            let filter = Filter::of(&wanted);
            let scope = ItemScope {
                connection: of,
                states: &wanted.state,
            };
            write(program, form.format, &|take| {
                catalog.each_item(scope, |item| {
                    if filter.accepts(&item) {
                        take(ItemRow::of(item))?;
                    }
                    Ok(())
                })
            })
        }
        Command::Show { key, form } => show(program, &catalog, &key, form.format),
        Command::Changes { since, of, form } => {
            let of = match connection(program, &catalog, &of) {
                Ok(of) => of.map(|of| of.code.clone()),
                Err(exit) => return exit,
            };
            write(program, form.format, &|take| {
                catalog.each_change(0, i64::MAX, |change| {
                    let wanted = match since {
                        None => true,
                        Some(Since::Scan(scan)) => change.scan >= scan,
                        Some(Since::Time(time)) => change.time >= time.as_millisecond(),
                    };
                    if wanted && of.as_ref().is_none_or(|of| *of == change.connection) {
                        take(ChangeRow::of(change))?;
                    }
                    Ok(())
                })
            })
        }
        Command::Scans { of, form } => {
            let of = match connection(program, &catalog, &of) {
                Ok(of) => of,
                Err(exit) => return exit,
            };
            write(program, form.format, &|take| {
                catalog.each_scan(of, |scan| take(ScanRow::of(scan)))
            })
        }
        Command::Owners { email, of, form } => {
            let of = match connection(program, &catalog, &of) {
                Ok(of) => of,
                Err(exit) => return exit,
            };
            let scope = ItemScope {
                connection: of,
                states: THERE,
            };
            let mut owners = BTreeMap::new();
            let read = catalog.each_item(scope, |item| {
                owners::count(&mut owners, &item);
                Ok(())
            });
            if let Err(error) = read {
                return tell(program, error);
            }
            // Given twice: once for the widths of a table.
            let owners = RefCell::new(owners);
            write(program, form.format, &|take: Take<'_, OwnerRow>| {
                for owner in owners
                    .borrow()
                    .values()
                    .filter(|owner| owner.is_wanted(email))
                {
                    take(owner.clone())?;
                }
                Ok(())
            })
        }
        Command::Followers { form } => followers(program, &catalog, form.format),
    }
}

/// The store, or the exit of a command that finds none; a person was told.
pub(crate) fn open(program: &mut Program) -> Result<Catalog, Exit> {
    let path = program.home.store();
    match Catalog::open(&path) {
        Ok(Some(catalog)) => Ok(catalog),
        Ok(None) => {
            program.tell_problem(&Problem::general(
                format!("there is no store `{}` yet", shown(&path)),
                "run `scan`, which makes it, or name another home with `--home` or `SCANNER_HOME`"
                    .to_owned(),
            ));
            Err(Exit::Configuration)
        }
        Err(error) => {
            program.tell_problem(&error.problem());
            Err(error.exit())
        }
    }
}

/// The connection of the store that `--connection` names.
fn connection<'a>(
    program: &mut Program,
    catalog: &'a Catalog,
    of: &OfConnection,
) -> Result<Option<&'a StoredConnection>, Exit> {
    let Some(code) = &of.connection else {
        return Ok(None);
    };
    let connections = catalog.connections();
    let found = connections.iter().find(|known| known.code == *code);
    if found.is_none() {
        let known: Vec<_> = connections
            .iter()
            .map(|known| known.code.as_str())
            .collect();
        let known = known.join(", ");
        let message = format!("the store has no connection `{code}`; it has: {known}");
        return Err(program.tell_usage(&message));
    }
    Ok(found)
}

fn write<R: Row>(
    program: &mut Program,
    format: CatalogFormat,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Exit {
    let mut output = io::BufWriter::new(&mut program.environment.output);
    match listing::write(format, &mut output, each) {
        Ok(()) => Exit::Complete,
        Err(error) => {
            // What is still buffered has nowhere to go.
            let (_, _) = output.into_parts();
            tell(program, error)
        }
    }
}

/// A reader that has seen enough, such as `head`, is no fault.
fn tell(program: &mut Program, error: ListError) -> Exit {
    match error {
        ListError::Store(error) => {
            program.tell_problem(&error.problem());
            error.exit()
        }
        ListError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Complete,
        ListError::Write(error) => {
            let message = format!("the list cannot be written: {error}");
            program.tell_problem(&Problem::general(message, None));
            Exit::Failed
        }
    }
}

fn show(program: &mut Program, catalog: &Catalog, key: &str, format: CatalogFormat) -> Exit {
    let found = match catalog.item(key) {
        Ok(found) => found.map(ItemRow::of),
        Err(error) => return tell(program, error.into()),
    };
    let Some(row) = found else {
        let message = format!(
            "the store has no item with the key `{key}`; `catalog list --search TEXT` and `explain` find keys"
        );
        return program.tell_usage(&message);
    };
    match format {
        CatalogFormat::Table => write(program, format, &|take| {
            rows::fields(&row)?.into_iter().try_for_each(&mut *take)
        }),
        _ => write(program, format, &|take| take(row.clone())),
    }
}

fn followers(program: &mut Program, catalog: &Catalog, format: CatalogFormat) -> Exit {
    let application = Application::read(&program.home, &program.environment.variables);
    let application = match application {
        Ok(application) => application,
        Err(problems) => {
            for problem in &problems {
                program.tell_problem(problem);
            }
            return Exit::Configuration;
        }
    };
    let names = application
        .followers
        .iter()
        .map(|follower| follower.name().to_owned());
    let names: Vec<_> = names.collect();
    write(program, format, &|take| {
        let last = catalog.settled()?;
        for name in &names {
            take(FollowerRow::of(name, catalog.cursor(name)?, last))?;
        }
        Ok(())
    })
}

//! `catalog`: what the store holds, as lists.

use std::io;

mod forget;
mod items;
mod owners;
mod rows;

pub(crate) use self::{forget::run as forget, items::ItemRow};

use self::{
    items::Filter,
    owners::{Owners, WantedOwners},
    rows::{ChangeRow, FollowerRow, ScanRow},
};
use super::selection::application;
use crate::{
    arguments::{Catalog as Command, CatalogFormat, Form, OfConnection, Since, Wanted},
    exit::Exit,
    followers::THERE,
    home::{Home, shown},
    listing::{self, ListError, Row, Take},
    near_code::did_you_mean,
    problem::Problem,
    run::Program,
    store::{Catalog, Change, ItemScope, StoredConnection},
};

pub(crate) fn run(program: &mut Program, command: Command) -> Exit {
    let form = command.form();
    if form.format != CatalogFormat::Csv && (form.csv_raw || form.bom) {
        return program.tell_usage("`--csv-raw` and `--bom` need `--format csv`");
    }
    let catalog = match open(program) {
        Ok(catalog) => catalog,
        Err(exit) => return exit,
    };
    let run = match command {
        Command::List { wanted, form } => list(program, &catalog, &wanted, &form),
        Command::Show { key, form } => show(program, &catalog, &key, &form),
        Command::Changes { since, of, form } => {
            changes(program, &catalog, since.as_ref(), &of, &form)
        }
        Command::Scans { of, form } => scans(program, &catalog, &of, &form),
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
    wanted: &Wanted,
    form: &Form,
) -> Result<Exit, Exit> {
    let scope = ItemScope {
        connection: connection(program, catalog, &wanted.of)?,
        states: &wanted.state,
    };
    let filter = Filter::of(wanted);
    Ok(write(program, form, &|take| {
        catalog.each_item(scope, |item| {
            if filter.accepts(&item) {
                take(ItemRow::of(item))?;
            }
            Ok(())
        })
    }))
}

fn changes(
    program: &mut Program,
    catalog: &Catalog,
    since: Option<&Since>,
    of: &OfConnection,
    form: &Form,
) -> Result<Exit, Exit> {
    let of = connection(program, catalog, of)?;
    if let Some(Since::ScanOf { store, scan }) = since
        && store != catalog.store_id()
    {
        let message = format!(
            "the scan `{store}-{scan}` is not one of this store, whose id is `{}`; a backup was restored since, or the \
             home is another one",
            catalog.store_id()
        );
        return Err(program.tell_usage(&message));
    }
    let wanted = |change: &Change| {
        let then = match since {
            None => true,
            Some(Since::Scan(scan) | Since::ScanOf { scan, .. }) => change.scan >= *scan,
            Some(Since::Time(time)) => change.time >= time.as_millisecond(),
        };
        then && of.is_none_or(|of| of.code == change.connection)
    };
    Ok(write(program, form, &|take| {
        catalog.each_change(|change| {
            if wanted(&change) {
                take(ChangeRow::of(change, catalog))?;
            }
            Ok(())
        })
    }))
}

fn scans(
    program: &mut Program,
    catalog: &Catalog,
    of: &OfConnection,
    form: &Form,
) -> Result<Exit, Exit> {
    let of = connection(program, catalog, of)?;
    Ok(write(program, form, &|take| {
        catalog.each_scan(of, |scan| take(ScanRow::of(scan, catalog)))
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
        states: THERE,
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

/// The codes of the connections of the store, for people.
fn known_codes(home: &Home) -> String {
    let catalog = Catalog::open(&home.store()).ok().flatten();
    let connections = catalog.as_ref().map(Catalog::connections);
    let codes: Vec<_> = connections
        .unwrap_or_default()
        .iter()
        .map(|known| known.code.as_str())
        .collect();
    if codes.is_empty() {
        return "no connection".to_owned();
    }
    codes.join(", ")
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
    let connections = catalog.connections();
    let found = connections.iter().find(|known| known.code == *code);
    if found.is_none() {
        let known: Vec<_> = connections
            .iter()
            .map(|known| known.code.as_str())
            .collect();
        let message = format!(
            "the store has no connection `{code}`; {}it has: {}",
            did_you_mean(code, &known),
            known.join(", ")
        );
        return Err(program.tell_usage(&message));
    }
    Ok(found)
}

fn write<R: Row>(
    program: &mut Program,
    form: &Form,
    each: &dyn Fn(Take<'_, R>) -> Result<(), ListError>,
) -> Exit {
    let mut output = io::BufWriter::new(&mut program.environment.output);
    match listing::write(form, &mut output, each) {
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

fn show(program: &mut Program, catalog: &Catalog, key: &str, form: &Form) -> Result<Exit, Exit> {
    let found = catalog.item(key);
    let found = found.map_err(|error| tell(program, error.into()))?;
    let Some(row) = found.map(ItemRow::of) else {
        let message = format!(
            "the store has no item with the key `{key}`; `catalog list --search TEXT` and `explain` find keys"
        );
        return Err(program.tell_usage(&message));
    };
    Ok(match form.format {
        CatalogFormat::Table => write(program, form, &|take| {
            rows::fields(&row)?.into_iter().try_for_each(&mut *take)
        }),
        _ => write(program, form, &|take| take(row.clone())),
    })
}

fn followers(program: &mut Program, catalog: &Catalog, form: &Form) -> Result<Exit, Exit> {
    let application = application(program)?;
    let names = application.followers.iter().map(|follower| follower.name());
    let names: Vec<_> = names.map(str::to_owned).collect();
    Ok(write(program, form, &|take| {
        let last = catalog.settled()?;
        for name in &names {
            take(FollowerRow::of(name, catalog.cursor(name)?, last))?;
        }
        Ok(())
    }))
}

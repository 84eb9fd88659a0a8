//! `catalog export --html`: the catalog as files that open in a browser without a server.

use catalog_model::with_causes;
use catalog_web::write_static_site;

use crate::{
    arguments::Export, catalog_pages::catalog_pages, exit::Exit, problem::Problem, program::Program,
};

mod folder;

use folder::{FolderError, NewFolder};

pub(crate) async fn run(program: &mut Program, arguments: &Export) -> Exit {
    let installation = &program.installation;
    // A home without a store may be the wrong folder.
    if let Err(error) = installation.catalog() {
        return program.report_error(&error);
    }
    let catalog = match catalog_pages(installation, None) {
        Ok(catalog) => catalog,
        Err(error) => return failed(program, with_causes(&error)),
    };
    let mut folder = match NewFolder::create(&arguments.html) {
        Ok(folder) => folder,
        Err(error @ FolderError::InUse { .. }) => {
            return program.report_usage(&with_causes(&error));
        }
        Err(error) => return failed(program, with_causes(&error)),
    };
    let site = match write_static_site(&catalog, &mut folder).await {
        Ok(site) => site,
        Err(error) => return failed(program, with_causes(&error)),
    };
    if let Err(error) = folder.complete() {
        return failed(program, with_causes(&error));
    }
    let shown = arguments.html.join("index.html");
    program.report_note(&format!(
        "wrote {} items in {} files; open {}\n",
        site.items,
        site.files,
        shown.display()
    ));
    Exit::Complete
}

fn failed(program: &mut Program, message: String) -> Exit {
    program.report_problem(&Problem::general(message, None));
    Exit::Failed
}

//! `serve`: shows the store in a browser, without scanning.

use std::{io::ErrorKind, sync::Arc};

use catalog_model::with_causes;
use catalog_web::{
    server::{Site, serve},
    without_service,
};
use tokio::{net::TcpListener, sync::watch};

use super::signals::Signals;
use crate::{
    application_file::{HttpSettings, ServeAt},
    arguments::Serve,
    catalog_pages::catalog_pages,
    exit::Exit,
    problem::Problem,
    program::Program,
    service::Request,
};

pub(crate) async fn run(program: &mut Program, arguments: &Serve) -> Exit {
    let mut signals = Signals::listen_to_all(program);
    let http = match settings(program, arguments) {
        Ok(http) => http,
        Err(exit) => return exit,
    };
    let catalog = match catalog_pages(&program.installation, None) {
        Ok(catalog) => catalog,
        Err(error) => return failed(program, with_causes(&error)),
    };
    catalog.browser.update_soon();
    let listener = match TcpListener::bind(http.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            let address = http.listen;
            let message = format!("cannot listen on the address `{address}`: {error}");
            let hint = (error.kind() == ErrorKind::AddrInUse).then(|| {
                "another program uses it, perhaps the service of this home, which shows the catalog with `http.catalog = true`; \
                 choose another address: `--listen 127.0.0.1:8080`"
                    .to_owned()
            });
            program.report_problem(&Problem::general(message, hint));
            return Exit::Failed;
        }
    };
    let scheme = if http.server.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = listener.local_addr().unwrap_or(http.listen);
    let base = &http.server.base_path;
    program.report_note(&format!("the catalog is at {scheme}://{address}{base}/\n"));
    let site = Site::new(http.server, without_service(), Some(catalog));
    // The site never changes.
    let (_sender, site) = watch::channel(Arc::new(site));
    serve(listener, site, async {
        while signals.next().await != Request::Stop {}
    })
    .await;
    Exit::Complete
}

/// The settings of the page. A home without a store is refused: it may be the wrong folder.
fn settings(program: &mut Program, arguments: &Serve) -> Result<HttpSettings, Exit> {
    let installation = &program.installation;
    let read = installation.catalog().map(drop);
    let read = read.and_then(|()| installation.serving(ServeAt(arguments.listen)));
    let application = read.map_err(|error| program.report_error(&error))?;
    program.report_problems(&application.warnings);
    application.http.ok_or(Exit::Configuration)
}

fn failed(program: &mut Program, message: String) -> Exit {
    program.report_problem(&Problem::general(message, None));
    Exit::Failed
}

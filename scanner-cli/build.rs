//! Adds a manifest to the program for Windows: it may use paths of more than 260 characters, reads all text as UTF-8, and sees the
//! real version of Windows.

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_CFG_WINDOWS").is_some() {
        let manifest = embed_manifest::new_manifest("Qlik.Sense.Scanner");
        embed_manifest::embed_manifest(manifest)?;
    }
    Ok(())
}

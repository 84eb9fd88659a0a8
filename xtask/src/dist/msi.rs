//! The `.msi` for Windows: the gathered files in `Program Files`, and the program in the path.
//!
//! `wixl` writes the time and a random identifier into the package. Tables and files are the same in each run.

use std::{
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;
use xshell::cmd;

use super::{
    Made, NAME, Packing, empty,
    release::{Package, Release},
};

/// The name in the list of installed programs, and of the folder in `Program Files`.
pub(super) const PRODUCT: &str = "Qlik Sense scanner";
/// The Windows service that `scanner-cli service install` registers.
const SERVICE: &str = "scanner-cli";
/// Identifies all versions of this product. It never changes.
const FAMILY: Uuid = Uuid::from_u128(0xeed6_0823_d3b3_472a_baf5_e870_8238_4077);

/// Changes that `wixl` has no elements for.
const CHANGES: [&str; 6] = [
    // The prefix `=-*` of a variable means: set it, remove it with the package, for all users. `[~]` is its former value.
    "CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, `Value` CHAR(255) \
     LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)",
    "INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) VALUES ('path', '=-*PATH', '[~];[INSTALLDIR]', \
     'program')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('RemoveEnvironmentStrings', 3300)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('WriteEnvironmentStrings', 5200)",
    // 3154: runs an installed program (18), and continues if it fails, because there is no service (64), with the rights of
    // the installer (1024 and 2048).
    "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('RemoveService', 3154, 'program', \
     'service uninstall')",
    // An upgrade keeps the service, and stops it before `InstallFiles`.
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RemoveService', \
     'REMOVE=\"ALL\" AND NOT UPGRADINGPRODUCTCODE', 1850)",
];

/// Packs the gathered files for Windows.
pub(super) fn pack(packing: &Packing<'_>) -> Made {
    let shell = packing.shell;
    let work = empty(packing.work.join("msi"))?;
    let source = work.join("scanner-cli.wxs");
    fs::write(&source, Document::text(packing.windows, packing.release)?)?;
    let package = packing.file(Package::Msi);
    // It finds files relative to the current folder only.
    let _folder = shell.push_dir(packing.windows);
    let wixl = cmd!(shell, "wixl --arch x64 --output {package} {source}");
    let output = wixl.quiet().ignore_status().output()?;
    // A warning names something that is not in the package.
    let warnings = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !warnings.trim().is_empty() {
        return Err(format!("wixl: {}: {warnings}", output.status).into());
    }
    for change in CHANGES {
        cmd!(shell, "msibuild {package} -q {change}")
            .quiet()
            .run()?;
    }
    Ok(package)
}

/// The source of the package, in the language of `WiX`.
struct Document {
    /// The folder with the files.
    root: PathBuf,
    /// Nested folders with their files.
    folders: String,
    /// References to all components.
    components: String,
    /// Number of folders.
    count: usize,
}

impl Document {
    /// The package of all files in a folder.
    fn text(root: &Path, release: &Release) -> Result<String, Box<dyn Error>> {
        let mut document = Self {
            root: root.to_owned(),
            folders: String::new(),
            components: String::new(),
            count: 0,
        };
        document.add(root)?;
        let Self {
            folders,
            components,
            ..
        } = document;
        let (product, version) = (product(release), release.numeric_version());
        Ok(format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="{product}" UpgradeCode="{FAMILY}" Name="{PRODUCT}" Language="1033" Version="{version}" Manufacturer="{NAME}">
<Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
<MajorUpgrade DowngradeErrorMessage="A newer version of {PRODUCT} is installed."/>
<Media Id="1" Cabinet="files.cab" EmbedCab="yes"/>
<Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFiles64Folder">
<Directory Id="INSTALLDIR" Name="{PRODUCT}">
{folders}</Directory>
</Directory></Directory>
<Feature Id="All" Level="1">
{components}</Feature>
</Product>
</Wix>
"#
        ))
    }

    /// Adds everything in a folder, sorted by name.
    fn add(&mut self, folder: &Path) -> Result<(), Box<dyn Error>> {
        let mut paths = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                self.count += 1;
                writeln!(
                    self.folders,
                    r#"<Directory Id="folder{}" Name="{name}">"#,
                    self.count
                )?;
                self.add(&path)?;
                writeln!(self.folders, "</Directory>")?;
            } else {
                self.add_file(&path)?;
            }
        }
        Ok(())
    }

    /// Adds a file as a component. Its identifier stays the same in all versions.
    fn add_file(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let name = path.strip_prefix(&self.root)?.to_string_lossy();
        let unique = identifier(&name);
        let (id, service) = match name.ends_with(".exe") {
            true => (
                "program".to_owned(),
                format!(
                    r#"<ServiceControl Id="service" Name="{SERVICE}" Stop="both" Wait="yes"/>"#
                ),
            ),
            false => (format!("file_{}", unique.simple()), String::new()),
        };
        writeln!(
            self.folders,
            r#"<Component Id="{id}" Guid="{unique}"><File Id="{id}" Source="{name}" KeyPath="yes"/>{service}</Component>"#
        )?;
        writeln!(self.components, r#"<ComponentRef Id="{id}"/>"#)?;
        Ok(())
    }
}

/// The identifier of a version of the product, as the registry has it.
pub(super) fn product(release: &Release) -> String {
    let product = identifier(&format!("product {}", release.version));
    product.braced().to_string().to_uppercase()
}

/// An identifier that depends only on the name.
fn identifier(name: &str) -> Uuid {
    Uuid::new_v5(&FAMILY, name.as_bytes())
}

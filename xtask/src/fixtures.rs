//! `cargo xtask fixtures`: recreates the certificates and trust stores for tests, with the programs that people use for
//! theirs. Needs `openssl` 3, a JDK and Debian's `libbcprov-java`. All keys are new each time, so all files change.

mod as_java;
mod odd_files;

use std::fs;

use xshell::{Shell, cmd};

use crate::Outcome;

const FOLDER: &str = "qrs-client/tests/fixtures";

/// A validity that the tests will not outlive.
const VALID: &str = "20200101000000Z 21191231000000Z";
const EXPIRED: &str = "20200101000000Z 20210101000000Z";
const NOT_YET_VALID: &str = "21000101000000Z 21191231000000Z";

const SITE_NAMES: &str = "subjectAltName=DNS:localhost,DNS:qlik.example,IP:127.0.0.1";
const NO_AUTHORITY: &str = "basicConstraints=critical,CA:FALSE";
const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE";

/// With characters in Latin-1, outside of it, and outside of the Basic Multilingual Plane.
const ODD_PASSWORD: &str = "pä$$ wörd \"’ ключ 🔑";

/// A certificate to create: its file, its subject, the file of its issuer, its extensions, its validity.
struct Wanted(
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
    &'static str,
);

const CERTIFICATES: [Wanted; 13] = [
    Wanted("root", "/O=Acme/CN=Acme Root CA", None, &[AUTHORITY], VALID),
    Wanted(
        "issuing",
        "/O=Acme/CN=Acme Issuing CA",
        Some("root"),
        &[AUTHORITY],
        VALID,
    ),
    Wanted(
        "other",
        "/O=Other/CN=Other Root CA",
        None,
        &[AUTHORITY],
        VALID,
    ),
    Wanted(
        "namesake",
        "/O=Acme/CN=Acme Root CA",
        None,
        &[AUTHORITY],
        VALID,
    ),
    Wanted(
        "site",
        "/CN=qlikserver1",
        Some("issuing"),
        &[NO_AUTHORITY, SITE_NAMES],
        VALID,
    ),
    Wanted(
        "expired",
        "/CN=qlikserver1",
        Some("issuing"),
        &[NO_AUTHORITY, SITE_NAMES],
        EXPIRED,
    ),
    Wanted(
        "early",
        "/CN=qlikserver1",
        Some("issuing"),
        &[NO_AUTHORITY, SITE_NAMES],
        NOT_YET_VALID,
    ),
    Wanted(
        "wrong-name",
        "/CN=localhost",
        Some("issuing"),
        &[NO_AUTHORITY, "subjectAltName=DNS:qlik.example,IP:10.0.0.7"],
        VALID,
    ),
    Wanted(
        "common-name",
        "/CN=localhost",
        Some("issuing"),
        &[NO_AUTHORITY],
        VALID,
    ),
    Wanted(
        "self-signed",
        "/CN=qlikserver1",
        None,
        &[NO_AUTHORITY, SITE_NAMES],
        VALID,
    ),
    Wanted(
        "self-signed-ca",
        "/CN=qlikserver1",
        None,
        &[AUTHORITY, SITE_NAMES],
        VALID,
    ),
    Wanted(
        "self-signed-expired",
        "/CN=qlikserver1",
        None,
        &[NO_AUTHORITY, SITE_NAMES],
        EXPIRED,
    ),
    Wanted(
        "constrained",
        "/O=Acme/CN=Acme Constrained CA",
        Some("root"),
        &[
            AUTHORITY,
            "nameConstraints=critical,permitted;DNS:acme.example",
        ],
        VALID,
    ),
];

/// Certificates with false claims.
const IMPOSTORS: [Wanted; 2] = [
    Wanted(
        "escaping",
        "/CN=localhost",
        Some("constrained"),
        &[NO_AUTHORITY],
        VALID,
    ),
    Wanted(
        "below-site",
        "/CN=impostor",
        Some("site"),
        &[NO_AUTHORITY, SITE_NAMES],
        VALID,
    ),
];

pub(crate) fn run() -> Outcome {
    let shell = Shell::new()?;
    fs::remove_dir_all(FOLDER)?;
    fs::create_dir(FOLDER)?;
    let _folder = shell.push_dir(FOLDER);
    for wanted in CERTIFICATES.iter().chain(&IMPOSTORS) {
        certificate(&shell, wanted)?;
    }
    pem_files(&shell)?;
    pkcs12_of_openssl(&shell)?;
    stores_of_keytool(&shell)?;
    odd_files::make(&shell)?;
    as_java::make(&shell)?;
    for authority in ["root", "issuing", "other", "namesake", "constrained"] {
        shell.remove_path(format!("{authority}.key"))?;
    }
    Ok(())
}

/// Creates a certificate and its key, and for a site the chain without the root.
fn certificate(shell: &Shell, wanted: &Wanted) -> Outcome {
    let Wanted(name, subject, issuer, extensions, validity) = wanted;
    let key = format!("{name}.key");
    let file = format!("{name}.pem");
    cmd!(
        shell,
        "openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {key}"
    )
    .run()?;
    let request = format!("{name}.csr");
    cmd!(
        shell,
        "openssl req -new -utf8 -key {key} -subj {subject} -out {request}"
    )
    .run()?;
    let signer = issuer.unwrap_or(name);
    sign(
        shell,
        &Signing {
            request: &request,
            file: &file,
            issuer: *issuer,
            extensions,
            validity,
            options: &["-md", "sha256"],
        },
    )?;
    let signer_file = format!("{signer}.pem");
    if matches!(issuer, Some("issuing" | "constrained" | "site")) {
        let chain = shell.read_file(&file)? + &shell.read_file(&signer_file)?;
        shell.write_file(format!("{name}-chain.pem"), chain)?;
    }
    Ok(())
}

/// How a certificate request is signed.
struct Signing<'a> {
    request: &'a str,
    file: &'a str,
    /// The file of the issuer; `None` if the certificate signs itself.
    issuer: Option<&'a str>,
    extensions: &'a [&'a str],
    validity: &'a str,
    options: &'a [&'a str],
}

fn sign(shell: &Shell, signing: &Signing<'_>) -> Outcome {
    let Signing {
        request,
        file,
        issuer,
        extensions,
        validity,
        options,
    } = *signing;
    let (from, to) = validity.split_once(' ').ok_or("a validity has two dates")?;
    shell.write_file("extensions", extensions.join("\n"))?;
    // In openssl 3.0, only `openssl ca` accepts both dates.
    shell.write_file("index", "")?;
    shell.write_file(
        "config",
        "[ca]\ndefault_ca=it\n[it]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\npolicy=any\nunique_subject=no\n\
         default_md=sha256\n[any]\ncommonName=supplied\norganizationName=optional\n",
    )?;
    let name = file.trim_end_matches(".pem");
    let signer = issuer.unwrap_or(name);
    let (signer_key, signer_file) = (format!("{signer}.key"), format!("{signer}.pem"));
    let signed_by = match issuer {
        Some(_) => vec!["-cert", &signer_file],
        None => vec!["-selfsign"],
    };
    cmd!(
        shell,
        "openssl ca -batch -notext -config config -extfile extensions -startdate {from} -enddate {to} {options...}
         -keyfile {signer_key} {signed_by...} -in {request} -out {file}"
    )
    .ignore_stderr()
    .run()?;
    for left in shell.read_dir(".")? {
        let name = left
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // `openssl ca` leaves a copy named after the serial number, and two copies of its database.
        let copy = name.len() > 30 && name.ends_with(".pem");
        if copy
            || name.starts_with("index")
            || ["config", "extensions", request].contains(&name.as_str())
        {
            shell.remove_path(left)?;
        }
    }
    Ok(())
}

fn pem_files(shell: &Shell) -> Outcome {
    let (root, issuing) = (
        shell.read_file("root.pem")?,
        shell.read_file("issuing.pem")?,
    );
    let bundle = format!(
        "# The company's root, née 2020\n{root}\nBag Attributes\n    friendlyName: ключ\n{issuing}"
    );
    shell.write_file("bundle.pem", bundle.replace('\n', "\r\n"))?;
    cmd!(
        shell,
        "openssl x509 -in root.pem -outform DER -out root.cer"
    )
    .run()?;
    cmd!(
        shell,
        "openssl crl2pkcs7 -nocrl -certfile root.pem -outform DER -out root.p7b"
    )
    .run()?;
    Ok(())
}

fn pkcs12_of_openssl(shell: &Shell) -> Outcome {
    let export = "openssl pkcs12 -export -nokeys -in bundle.pem";
    let export: Vec<_> = export.split(' ').collect();
    let (program, arguments) = export.split_first().ok_or("a command has a program")?;
    let odd = format!("pass:{}", ODD_PASSWORD.trim_end_matches('🔑'));
    let kinds: [(&str, &str, &[&str]); 7] = [
        ("openssl.p12", "pass:changeit", &[]),
        ("openssl-rc2.p12", "pass:changeit", &["-legacy"]),
        (
            "openssl-3des.p12",
            "pass:changeit",
            &["-legacy", "-certpbe", "PBE-SHA1-3DES"],
        ),
        ("openssl-no-mac.p12", "pass:changeit", &["-nomac"]),
        (
            "openssl-no-mac-encrypted.p12",
            "pass:changeit",
            &["-nomac", "-certpbe", "AES-256-CBC"],
        ),
        ("openssl-odd-password.p12", &odd, &[]),
        ("openssl-empty-password.p12", "pass:", &[]),
    ];
    for (file, password, options) in kinds {
        cmd!(
            shell,
            "{program} {arguments...} {options...} -passout {password} -out {file}"
        )
        .run()?;
    }
    cmd!(
        shell,
        "openssl pkcs12 -export -inkey site.key -in site-chain.pem -passout pass:changeit -out openssl-key.p12"
    )
    .run()?;
    cmd!(
        shell,
        "openssl pkcs12 -export -nocerts -inkey site.key -in site.pem -passout pass:changeit -out key-only.p12"
    )
    .run()?;
    Ok(())
}

fn stores_of_keytool(shell: &Shell) -> Outcome {
    // keytool reads names and passwords in the encoding of the terminal.
    let _locale = shell.push_env("LC_ALL", "C.UTF-8");
    let odd = ODD_PASSWORD;
    // For PKCS12, keytool accepts only ASCII passwords.
    let (today, legacy) = ("-J-Dkeystore.pkcs12.modern", "-J-Dkeystore.pkcs12.legacy");
    let stores = [
        (
            "authorities.jks",
            "JKS",
            "changeit",
            "schlüssel-ключ",
            today,
        ),
        ("odd-password.jks", "JKS", odd, "root", today),
        ("authorities.jceks", "JCEKS", "changeit", "root", today),
        ("keytool.p12", "PKCS12", "changeit", "schlüssel-ключ", today),
        ("keytool-legacy.p12", "PKCS12", "changeit", "root", legacy),
    ];
    for (file, kind, password, alias, option) in stores {
        for (alias, certificate) in [
            (alias, "root.pem"),
            ("issuing", "issuing.pem"),
            ("other", "other.pem"),
        ] {
            cmd!(
                shell,
                "keytool -J-Dfile.encoding=UTF-8 -J-Dsun.jnu.encoding=UTF-8 {option} -importcert -noprompt -keystore {file}
                 -storetype {kind} -storepass {password} -alias {alias} -file {certificate}"
            )
            .ignore_stderr()
            .run()?;
        }
    }
    cmd!(
        shell,
        "keytool -importkeystore -noprompt -srckeystore openssl-key.p12 -srcstorepass changeit -destkeystore key.jks
         -deststoretype JKS -deststorepass changeit"
    )
    .ignore_stderr()
    .run()?;
    stores_without_an_entry(shell)
}

fn stores_without_an_entry(shell: &Shell) -> Outcome {
    for (file, kind) in [("empty.jks", "JKS"), ("empty.p12", "PKCS12")] {
        let store = &[
            "-keystore",
            file,
            "-storepass",
            "changeit",
            "-alias",
            "root",
        ];
        cmd!(
            shell,
            "keytool -importcert -noprompt {store...} -storetype {kind} -file root.pem"
        )
        .ignore_stderr()
        .run()?;
        cmd!(shell, "keytool -delete {store...}")
            .ignore_stderr()
            .run()?;
    }
    Ok(())
}

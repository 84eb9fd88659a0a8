//! Client certificates and private keys in the formats that openssl and Windows write, made anew by openssl.

use std::path::Path;
use std::process::Command;

use outbound_http::{ClientIdentity, Error, PrivateKey, SecretString, SignatureAlgorithm};
use tempfile::TempDir;

/// A folder with `client.pem`, `key.pem` (RSA), `ec.pem` and its certificate.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    openssl(
        at,
        "req -x509 -newkey rsa:2048 -noenc -keyout key.pem -out client.pem -days 30 -subj /CN=QlikClient",
    );
    openssl(at, "ecparam -name prime256v1 -genkey -noout -out ec.pem");
    openssl(
        at,
        "req -x509 -key ec.pem -out ec-client.pem -days 30 -subj /CN=EcClient",
    );
    folder
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {errors}");
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

fn password(text: &str) -> Option<SecretString> {
    (!text.is_empty()).then(|| text.into())
}

/// Arguments of openssl, the file that it writes, and its password.
const KEYS: [(&str, &str, &str); 12] = [
    (
        "rsa -in key.pem -traditional -out pkcs1.pem",
        "pkcs1.pem",
        "",
    ),
    (
        "rsa -in key.pem -outform DER -out pkcs8.der",
        "pkcs8.der",
        "",
    ),
    (
        "pkcs8 -topk8 -in key.pem -out pbes2.pem -passout pass:geheim",
        "pbes2.pem",
        "geheim",
    ),
    (
        "pkcs8 -topk8 -in key.pem -out encrypted.der -outform DER -passout pass:geheim",
        "encrypted.der",
        "geheim",
    ),
    (
        "pkcs8 -topk8 -scrypt -in key.pem -out scrypt.pem -passout pass:geheim",
        "scrypt.pem",
        "geheim",
    ),
    (
        "pkcs8 -topk8 -v2 des3 -in key.pem -out des3.pem -passout pass:geheim",
        "des3.pem",
        "geheim",
    ),
    (
        "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in key.pem -out pbe.pem -passout pass:geheim",
        "pbe.pem",
        "geheim",
    ),
    (
        "pkcs8 -provider legacy -provider default -topk8 -v1 PBE-MD5-DES -in key.pem -out md5.pem -passout pass:geheim",
        "md5.pem",
        "geheim",
    ),
    (
        "pkcs8 -provider legacy -provider default -topk8 -v1 PBE-SHA1-RC2-128 -in key.pem -out rc2.pem -passout pass:geheim",
        "rc2.pem",
        "geheim",
    ),
    (
        "rsa -in key.pem -traditional -des3 -out old-des3.pem -passout pass:geheim",
        "old-des3.pem",
        "geheim",
    ),
    (
        "rsa -in key.pem -traditional -aes256 -out old-aes.pem -passout pass:geheim",
        "old-aes.pem",
        "geheim",
    ),
    (
        "rsa -provider legacy -provider default -in key.pem -traditional -des -out old-des.pem -passout pass:geheim",
        "old-des.pem",
        "geheim",
    ),
];

#[test]
fn keys_of_all_formats_are_read() {
    let folder = folder();
    let at = folder.path();
    for (arguments, name, secret) in KEYS {
        openssl(at, arguments);
        let (certificate, key) = (file(at, "client.pem"), file(at, name));
        let read =
            |secret: Option<&SecretString>| ClientIdentity::read(&certificate, Some(&key), secret);
        let given = password(secret);
        let identity = read(given.as_ref());
        let identity = identity.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(identity.certificate().subject(), "CN=QlikClient");
        if !secret.is_empty() {
            check(read(None), name, "no password is set");
            let wrong = password("hunter2 ");
            check(
                read(wrong.as_ref()),
                name,
                "wrong, or its file is damaged; note",
            );
        }
    }
}

#[track_caller]
fn check(read: Result<ClientIdentity, Error>, name: &str, expected: &str) {
    let error = read.unwrap_err();
    assert!(error.to_string().contains(expected), "{name}: {error}");
    assert!(
        !format!("{error:?}").contains("hunter2"),
        "{name}: {error:?}"
    );
}

#[test]
fn pkcs12_files_of_windows_and_openssl_are_read() {
    let folder = folder();
    let at = folder.path();
    let legacy = "-legacy -provider legacy -provider default";
    for (name, options, secret) in [
        ("new.pfx", "", "geheim"),
        ("empty.pfx", "", ""),
        (
            "windows.pfx",
            "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
            "geheim",
        ),
        ("old.pfx", legacy, "geheim"),
        ("plain.pfx", "-keypbe NONE -certpbe NONE -nomac", ""),
    ] {
        let options = format!(
            "pkcs12 -export -in client.pem -inkey key.pem -out {name} -passout pass:{secret} {options}"
        );
        openssl(at, options.trim());
        let store = file(at, name);
        let identity = ClientIdentity::read(&store, None, password(secret).as_ref());
        let identity = identity.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(identity.certificate().subject(), "CN=QlikClient", "{name}");
        check(
            ClientIdentity::read(&store, Some(&store), None),
            name,
            "contains its own key",
        );
        if !secret.is_empty() {
            check(
                ClientIdentity::read(&store, None, None),
                name,
                "needs a password",
            );
            let wrong = password("hunter2");
            check(
                ClientIdentity::read(&store, None, wrong.as_ref()),
                name,
                "password",
            );
        }
    }
    openssl(
        at,
        "pkcs12 -export -nokeys -in client.pem -out nokey.pfx -passout pass:geheim",
    );
    let read = ClientIdentity::read(&file(at, "nokey.pfx"), None, password("geheim").as_ref());
    check(read, "nokey.pfx", "no private key");
}

#[test]
fn elliptic_curves_and_files_with_both_are_read() {
    let folder = folder();
    let at = folder.path();
    let (certificate, key) = (file(at, "ec-client.pem"), file(at, "ec.pem"));
    ClientIdentity::read(&certificate, Some(&key), None).unwrap();
    let both = [key, file(at, "client.pem"), certificate].concat();
    let identity = ClientIdentity::read(&both, None, None).unwrap();
    assert_eq!(identity.certificate().subject(), "CN=EcClient");
    openssl(
        at,
        "ec -in ec.pem -aes128 -out ec-aes.pem -passout pass:geheim",
    );
    let key = file(at, "ec-aes.pem");
    let certificate = file(at, "ec-client.pem");
    ClientIdentity::read(&certificate, Some(&key), password("geheim").as_ref()).unwrap();
}

/// The file of the certificate, the file of the key, and the beginning of the message.
type Unusable<'a> = (&'a [u8], Option<&'a [u8]>, &'a str);

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = folder();
    let at = folder.path();
    let (certificate, key) = (file(at, "client.pem"), file(at, "key.pem"));
    openssl(
        at,
        "req -x509 -newkey rsa:1024 -noenc -keyout short.pem -out short-client.pem -subj /CN=Short",
    );
    let half = &key[..key.len() / 2];
    let cases: [Unusable<'_>; 8] = [
        (b"", Some(&key), "is empty"),
        (b"hello", Some(&key), "neither PEM nor PKCS12"),
        (
            &key,
            Some(&key),
            "contains no certificate, but `PRIVATE KEY`",
        ),
        (
            &certificate,
            None,
            "no private key for the client certificate",
        ),
        (
            &certificate,
            Some(&certificate),
            "contains no private key, but `CERTIFICATE`",
        ),
        (&certificate, Some(half), "private key is truncated"),
        (
            &certificate,
            Some(&file(at, "ec.pem")),
            "does not belong to the client certificate `CN=QlikClient`",
        ),
        (
            &file(at, "short-client.pem"),
            Some(&file(at, "short.pem")),
            "kind that is not supported",
        ),
    ];
    for (certificate, key, expected) in cases {
        check(
            ClientIdentity::read(certificate, key, None),
            expected,
            expected,
        );
    }
}

#[test]
fn openssl_verifies_signatures() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("message"), "hello").unwrap();
    openssl(at, "rsa -in key.pem -pubout -out public.pem");
    let key = PrivateKey::read(&file(at, "key.pem"), None).unwrap();
    for (algorithm, hash) in [
        (SignatureAlgorithm::RsaSha256, "sha256"),
        (SignatureAlgorithm::RsaSha384, "sha384"),
        (SignatureAlgorithm::RsaSha512, "sha512"),
    ] {
        let signature = key.sign(algorithm, b"hello").unwrap();
        std::fs::write(at.join("signature"), signature).unwrap();
        openssl(
            at,
            &format!("dgst -{hash} -verify public.pem -signature signature message"),
        );
    }
    let error = key
        .sign(SignatureAlgorithm::EcdsaP256Sha256, b"hello")
        .unwrap_err();
    assert!(
        error.to_string().contains("not one for ECDSA on P-256"),
        "{error}"
    );
    let key = PrivateKey::read(&file(at, "ec.pem"), None).unwrap();
    for number in 0..50_u8 {
        let signature = key.sign(SignatureAlgorithm::EcdsaP256Sha256, &[number]);
        assert_eq!(signature.unwrap().len(), 64);
    }
    assert_eq!(format!("{key:?}"), "PrivateKey");
}

use super::*;

#[test]
fn a_regular_file_is_read_whole_and_through_links() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.conf");
    fs::write(&file, "a = 1").unwrap();
    assert_eq!(read(&file, FileKind::Settings).unwrap(), b"a = 1");
    let error = read(folder.path(), FileKind::Settings).unwrap_err();
    assert_eq!(error.to_string(), "it is a folder, not a file");
    let error = read(&folder.path().join("b.conf"), FileKind::Settings).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    #[cfg(unix)]
    {
        // As Kubernetes mounts settings: a link to a file in a linked folder.
        use std::os::unix::fs::symlink;
        fs::create_dir(folder.path().join("..v1")).unwrap();
        fs::write(folder.path().join("..v1/c.conf"), "c = 1").unwrap();
        symlink("..v1", folder.path().join("..data")).unwrap();
        symlink("..data/c.conf", folder.path().join("c.conf")).unwrap();
        let linked = read(&folder.path().join("c.conf"), FileKind::Settings);
        assert_eq!(linked.unwrap(), b"c = 1");
        symlink("..data", folder.path().join("d.conf")).unwrap();
        let mut files = files_in(folder.path()).unwrap();
        files.sort();
        assert_eq!(
            files,
            ["a.conf", "c.conf"].map(|name| folder.path().join(name))
        );
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_even_if_its_size_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    // Windows reserves the whole length on the disk.
    let length = if cfg!(windows) { 2 * MEGABYTE } else { 1 << 40 };
    File::create(&file).unwrap().set_len(length).unwrap();
    let error = read(&file, FileKind::Small).unwrap_err();
    assert_eq!(error.to_string(), "it is larger than 1 MB");
    File::create(&file).unwrap().set_len(MEGABYTE).unwrap();
    assert_eq!(read(&file, FileKind::Small).unwrap().len() as u64, MEGABYTE);
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_sockets_are_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, expected) in [
        (pipe.as_path(), "it is a named pipe, not a file"),
        (&socket, "it is a socket, not a file"),
        (Path::new("/dev/zero"), "it is a device, not a file"),
    ] {
        let error = read(path, FileKind::Settings).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let mut options = File::options();
        let options = options.read(true).write(true).create(true);
        assert_eq!(open_own(path, options).unwrap_err().to_string(), expected);
    }
}

#[cfg(unix)]
#[test]
fn an_own_file_is_never_opened_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("a.lock"));
    fs::write(&target, "precious").unwrap();
    for target in [target.clone(), folder.path().join("missing")] {
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut options = File::options();
        let options = options.write(true).create(true);
        let error = open_own(&link, options).unwrap_err();
        assert_eq!(error.to_string(), "it is a link, not a file");
        fs::remove_file(&link).unwrap();
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    assert!(!folder.path().join("missing").exists());
}

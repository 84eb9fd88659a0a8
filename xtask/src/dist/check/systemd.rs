//! A small Debian system with systemd as its first process, in namespaces of this machine. It runs the service as a user installs
//! it, and starts it again after a reboot.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::{
    Outcome,
    demo::FakeSite,
    dist::{
        NAME, Packing,
        programs::{Printed, succeed},
        release::Package,
    },
    tools,
};

/// Makes the file systems that systemd expects, and starts it. The first argument is the folder of the system.
const BOOT: &str = r#"
set -e
group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/scanner-check-$$
mkdir "$group"
echo $$ > "$group/cgroup.procs"
echo "$group" > "$1/group"
exec unshare --pid --mount --uts --ipc --cgroup --fork --kill-child sh -e -c '
    mount --make-rprivate /
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 none sys/fs/cgroup
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    mount -t tmpfs tmpfs dev
    mount -o ro,bind proc/sys proc/sys
    for node in null:3 zero:5 full:7 random:8 urandom:9; do
        mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"
    done
    mknod -m 666 dev/tty c 5 0
    mkdir dev/pts dev/shm
    mount -t devpts devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    exec chroot . env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system
' sh "$1"
"#;
/// Removes the control group of a system that has ended, and those in it.
const REMOVE_GROUP: &str = r#"find "$(cat "$1/group")" -depth -type d -exec rmdir {} +"#;
/// Where the program looks for systemd.
const BOOTED: &str = "/run/systemd/private";
/// Maximum time until a system has booted, or the service has done its first scan.
const TIME_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const HOME: &str = "/var/lib/scanner";
/// Number of sheets of the fake site.
const SHEETS: usize = 53;

/// Installs a package and the service by the commands of docs/install.md. Returns the time until the service has scanned.
pub(super) fn check(
    packing: &Packing<'_>,
    package: Package,
    site: &FakeSite,
) -> Result<Duration, Box<dyn Error>> {
    let mut system = System::new(packing.shell)?;
    let started = Instant::now();
    let program = system.install(&packing.file(package), package)?;
    let init = [
        "init",
        "--yes",
        "--url",
        &site.url,
        "--header",
        &site.header,
    ];
    system.scanner(&program, &init, &site.value)?;
    match package {
        Package::Deb => system.enter(&["systemctl", "enable", "--now", NAME])?,
        _ => {
            system.enter(&[&program, "service", "install"])?;
            system.enter(&[&program, "service", "start"])?
        }
    };
    wait("the first scan", || {
        let list = ["catalog", "list", "--format", "ndjson"];
        let list = system.scanner(&program, &list, "");
        list.is_ok_and(|list| list.output.lines().count() == SHEETS)
    })?;
    let time = started.elapsed();

    system.reboot()?;
    wait("the service after a reboot", || {
        let status = system.enter(&[&program, "service", "status"]);
        status.is_ok_and(|status| status.output.contains("running"))
    })?;
    system.enter(&[&program, "service", "stop"])?;
    match package {
        Package::Deb => system.enter(&["dpkg", "--purge", NAME])?,
        _ => system.enter(&[&program, "service", "uninstall"])?,
    };
    match system.enter(&["systemctl", "cat", NAME]) {
        Ok(unit) => Err(format!("the unit is left: {}", unit.output).into()),
        Err(_) => Ok(time),
    }
}

/// A system that runs until this is dropped.
struct System<'a> {
    shell: &'a Shell,
    root: TempDir,
    booted: Booted,
}

/// The processes of a system.
struct Booted {
    outer: Child,
    /// The process id of systemd on this machine.
    first: u32,
}

impl<'a> System<'a> {
    fn new(shell: &'a Shell) -> Result<Self, Box<dyn Error>> {
        let root = tempfile::tempdir()?;
        let (archive, folder) = (
            tools::debian(shell, "bookworm", &["systemd", "systemd-sysv"])?,
            root.path(),
        );
        cmd!(shell, "tar --extract --file {archive} --directory {folder}")
            .quiet()
            .run()?;
        let booted = Booted::start(root.path())?;
        let system = Self {
            shell,
            root,
            booted,
        };
        system.wait_until_booted()?;
        Ok(system)
    }

    fn reboot(&mut self) -> Outcome {
        self.booted.end();
        remove_group(self.shell, self.root.path());
        self.booted = Booted::start(self.root.path())?;
        self.wait_until_booted()
    }

    fn wait_until_booted(&self) -> Outcome {
        wait("systemd", || {
            // Some units of a real machine fail here, so the state is `degraded`.
            self.enter(&["test", "-S", BOOTED]).is_ok()
                && self
                    .enter(&["systemctl", "is-active", "multi-user.target"])
                    .is_ok()
        })
    }

    /// Copies the package into the system and installs it. Returns the path of the program.
    fn install(&self, package: &Path, kind: Package) -> Result<String, Box<dyn Error>> {
        let copy = self.root.path().join("opt/package");
        fs::copy(package, &copy)?;
        if matches!(kind, Package::Deb) {
            self.enter(&["dpkg", "--install", "/opt/package"])?;
            return Ok(format!("/usr/bin/{NAME}"));
        }
        self.enter(&["mkdir", "/opt/scanner"])?;
        let unpack = "tar xf /opt/package --directory /opt/scanner --strip-components=1";
        self.enter(&unpack.split(' ').collect::<Vec<_>>())?;
        self.enter(&["useradd", "--system", "scanner"])?;
        let home = format!("install -d -o scanner -g scanner -m 0750 {HOME}");
        self.enter(&home.split(' ').collect::<Vec<_>>())?;
        Ok(format!("/opt/scanner/{NAME}"))
    }

    /// Runs a program as root.
    fn enter(&self, command: &[&str]) -> Result<Printed, Box<dyn Error>> {
        self.enter_with(command, "")
    }

    /// Runs the program as the user of the service, with a text on its standard input.
    fn scanner(
        &self,
        program: &str,
        arguments: &[&str],
        input: &str,
    ) -> Result<Printed, Box<dyn Error>> {
        let start = [
            "runuser", "--user", "scanner", "--", program, "--home", HOME,
        ];
        self.enter_with(&[&start, arguments].concat(), input)
    }

    fn enter_with(&self, command: &[&str], input: &str) -> Result<Printed, Box<dyn Error>> {
        let (shell, first) = (self.shell, self.booted.first.to_string());
        let command = cmd!(
            shell,
            "nsenter --target {first} --pid --mount --uts --ipc --cgroup --root --wd {command...}"
        )
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(input);
        succeed(command)
    }
}

impl Drop for System<'_> {
    fn drop(&mut self) {
        self.booted.end();
        remove_group(self.shell, self.root.path());
    }
}

impl Booted {
    fn start(root: &Path) -> Result<Self, Box<dyn Error>> {
        let outer = Command::new("sh")
            .args(["-c", BOOT, "sh"])
            .arg(root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut booted = Self { outer, first: 0 };
        // The first process in the namespace: the only child of `unshare`, once it has become systemd.
        wait("the first process", || {
            booted.first = child_of(booted.outer.id()).unwrap_or_default();
            let name = fs::read_to_string(format!("/proc/{}/comm", booted.first));
            name.is_ok_and(|name| name.trim_end() == "systemd")
        })?;
        Ok(booted)
    }

    /// Ends all processes of the system: `--kill-child` kills its first one, and the kernel the others.
    fn end(&mut self) {
        let _ = self.outer.kill();
        let _ = self.outer.wait();
        let first = PathBuf::from(format!("/proc/{}", self.first));
        let _ = wait("the end", || !first.exists());
    }
}

fn child_of(process: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

fn remove_group(shell: &Shell, root: &Path) {
    let _ = cmd!(shell, "sh -c {REMOVE_GROUP} sh {root}")
        .quiet()
        .ignore_stderr()
        .run();
}

/// Waits until something is so.
fn wait(what: &str, mut is_so: impl FnMut() -> bool) -> Outcome {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() > TIME_LIMIT {
            return Err(format!("timeout while waiting for {what}").into());
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

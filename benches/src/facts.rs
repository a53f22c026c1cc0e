//! Which machine and which code the figures are of.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// What a figure depends on besides the code under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The commit, with a plus when files differed from it.
    pub commit: String,
    /// Model of the processor.
    pub processor: String,
    /// Cores.
    pub cores: usize,
    /// Memory, in GiB.
    pub memory_gib: u64,
    /// Name and version of the kernel.
    pub kernel: String,
    /// Type of the file system that is measured.
    pub file_system: String,
    /// Programs that wanted a core in the minute before: above zero, the machine was not quiet.
    pub load_before: f64,
}

impl Facts {
    /// Of this machine and the repository this program was built in.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn gather(measured: &Path) -> anyhow::Result<Self> {
        let read = |path: &str| std::fs::read_to_string(path).with_context(|| path.to_owned());
        let processor = value_of(&read("/proc/cpuinfo")?, "model name").unwrap_or("unknown").to_owned();
        let memory = value_of(&read("/proc/meminfo")?, "MemTotal").and_then(kibibytes).unwrap_or(0);
        let load = read("/proc/loadavg")?.split(' ').next().and_then(|load| load.parse().ok());
        std::fs::create_dir_all(measured)?;
        let measured = measured.canonicalize()?;
        Ok(Self {
            commit: commit()?,
            processor,
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: (memory + (1 << 19)) >> 20,
            kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease")?.trim()),
            file_system: file_system(&read("/proc/self/mounts")?, &measured).unwrap_or("unknown").to_owned(),
            load_before: load.unwrap_or(f64::NAN),
        })
    }
}

/// `model name : Such a processor`
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

fn kibibytes(text: &str) -> Option<u64> {
    text.strip_suffix(" kB")?.parse().ok()
}

/// The type of the innermost mount that holds a path.
fn file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mount = |line: &'a str| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    };
    let holding = mounts.lines().filter_map(mount).filter(|(place, _)| path.starts_with(place));
    holding.max_by_key(|(place, _)| place.len()).map(|(_, kind)| kind)
}

fn commit() -> anyhow::Result<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).context("starting git")
    };
    let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
    // The report itself may be under way.
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", ":/", ":!/docs"])?;
    Ok(if changed.is_empty() { commit } else { format!("{commit}+") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_system_is_that_of_the_innermost_mount() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/b /run/deep xfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/house/x")), Some("ext4"));
        assert_eq!(file_system(mounts, Path::new("/run/deep/er")), Some("xfs"));
        assert_eq!(file_system(mounts, Path::new("/running")), Some("ext4"));
    }

    #[test]
    fn values_are_read_by_name() {
        let text = "processor\t: 0\nmodel name\t: A: B\nMemTotal:    1024 kB\n";
        assert_eq!(value_of(text, "model name"), Some("A: B"));
        assert_eq!(value_of(text, "MemTotal").and_then(kibibytes), Some(1_024));
        assert_eq!(value_of(text, "absent"), None);
    }
}

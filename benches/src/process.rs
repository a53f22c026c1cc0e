//! What programs use of the machine, as Linux tells in `/proc`.

use std::time::Duration;

use anyhow::Context as _;

/// `USER_HZ`: on Linux always 100, whatever the kernel's own clock.
const TICKS_PER_SECOND: u64 = 100;

/// What one program uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time so far, in the program and in the kernel for it; of children that ended, too.
    pub processor: Duration,
    /// Memory it holds now, in bytes.
    pub resident_bytes: u64,
}

impl Usage {
    /// Of a program.
    ///
    /// # Errors
    /// When it does not run.
    pub fn of(id: u32) -> anyhow::Result<Self> {
        Self::read(&id.to_string())
    }

    /// Of this one.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn of_this_program() -> anyhow::Result<Self> {
        Self::read("self")
    }

    /// Of a program and everything it started, together.
    ///
    /// # Errors
    /// When it does not run.
    pub fn of_family(id: u32) -> anyhow::Result<Self> {
        let mut sum = Self::of(id)?;
        for child in children(id)? {
            // It may have ended meanwhile; its time is its parent's then.
            if let Ok(usage) = Self::of_family(child) {
                sum.processor += usage.processor;
                sum.resident_bytes += usage.resident_bytes;
            }
        }
        Ok(sum)
    }

    fn read(id: &str) -> anyhow::Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        Self::parse(&stat, &status).context("cannot read what the system tells of a process")
    }

    fn parse(stat: &str, status: &str) -> Option<Self> {
        // The name may hold anything; after its last bracket come the state and then numbers, from the fourth field on.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = resident.trim().trim_end_matches(" kB").parse().ok()?;
        Some(Self {
            processor: Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND),
            resident_bytes: kib * 1_024,
        })
    }
}

fn children(id: u32) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{id}/task"))? {
        let list = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        found.extend(list.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_of_program_kernel_and_children_is_summed_whatever_the_name_holds() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 30 20 20 0 9 0 12345 1000 200 18446744073709551615";
        let status = "Name:\ta\nVmHWM:\t  900 kB\nVmRSS:\t    800 kB\n";
        let usage = Usage::parse(stat, status).unwrap();
        assert_eq!(usage.processor, Duration::from_millis(2_500));
        assert_eq!(usage.resident_bytes, 800 * 1_024);
    }

    #[test]
    fn what_a_program_started_belongs_to_its_family_until_it_ends() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let before = children(std::process::id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(before.contains(&child.id()));
        assert!(!children(std::process::id()).unwrap().contains(&child.id()));
        assert!(Usage::of_this_program().unwrap().resident_bytes > 0);
    }
}

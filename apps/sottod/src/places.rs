//! Where things are unless somebody says otherwise.

use std::{
    env,
    path::{Path, PathBuf},
};

use nix::unistd::Uid;

use crate::failure::Failure;

const SYSTEM_DATA: &str = "/var/lib/sottod";
const SYSTEM_CONFIG: &str = "/etc/sottod/sottod.toml";

/// Whether this is the machine's own sottod: started by systemd with a state directory, or root at its console.
fn is_system_service() -> bool {
    env::var_os("STATE_DIRECTORY").is_some()
        || (Uid::effective().is_root() && Path::new("/run/systemd/system").is_dir())
}

/// The settings file that is read when none is named.
pub(crate) fn default_config() -> Option<PathBuf> {
    let path = Path::new(SYSTEM_CONFIG);
    (is_system_service() && path.is_file()).then(|| path.to_owned())
}

/// The data directory that is used when none is named.
pub(crate) fn default_data() -> Result<PathBuf, Failure> {
    // systemd may name several, separated by colons; ours asks for one.
    let given = env::var_os("STATE_DIRECTORY");
    if let Some(first) = given.as_ref().and_then(|dirs| env::split_paths(dirs).next()) {
        return Ok(first);
    }
    if is_system_service() {
        return Ok(SYSTEM_DATA.into());
    }
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("sottod"))
        .ok_or_else(|| Failure::Usage("no place for the data: give --data DIR (HOME is not set)".to_owned()))
}

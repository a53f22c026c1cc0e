//! ejabberd as Debian packages it, with its archive in PostgreSQL.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::postgres::Postgres;
use super::program::{self, Program};
use super::row::Peer;
use crate::process::Usage;

/// Its tables.
pub const SCHEMA: &str = "/usr/share/ejabberd/sql/pg.sql";
const DATABASE: &str = "ejabberd";

/// A running ejabberd. It ends before its database does.
pub struct Ejabberd {
    program: Program,
    postgres: Postgres,
    address: SocketAddr,
    _folder: TempDir,
}

impl Ejabberd {
    /// Starts database and server.
    ///
    /// # Errors
    /// When one does not come up.
    pub fn start() -> anyhow::Result<Self> {
        let postgres = Postgres::start(DATABASE)?;
        postgres.run_file(DATABASE, Path::new(SCHEMA))?;
        let (folder, address) = (program::folder("ejabberd")?, program::free_address()?);
        let file = folder.path().join("ejabberd.yml");
        std::fs::write(&file, settings(address.port(), &postgres))?;
        let spool = folder.path().join("spool");
        std::fs::create_dir(&spool)?;
        // Without a node name no daemon of Erlang's is started that would stay behind.
        let mut command = Command::new("erl");
        command.args(["+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir"]);
        command.arg(format!("\"{}\"", spool.display())).args(["-s", "ejabberd"]);
        command.env("EJABBERD_CONFIG_PATH", file);
        command.env("EJABBERD_LOG_PATH", folder.path().join("own.log"));
        command.env("ERL_LIBS", erlang_libraries()).env("ERL_MAX_PORTS", "32000").env("HOME", folder.path());
        let mut program = Program::start("ejabberd", &mut command, folder.path(), Signal::SIGTERM)?;
        program.wait_until(|| program::listens(address))?;
        Ok(Self { program, postgres, address, _folder: folder })
    }
}

impl Peer for Ejabberd {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn server(&self) -> anyhow::Result<Usage> {
        self.program.usage()
    }

    fn database(&self) -> anyhow::Result<Usage> {
        self.postgres.usage()
    }
}

/// Where Debian puts them: the folder of the machine's architecture.
fn erlang_libraries() -> String {
    format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH)
}

fn settings(port: u16, postgres: &Postgres) -> String {
    let (sql_port, user) = (postgres.address().port(), postgres.user());
    format!(
        r#"hosts: ["localhost"]
loglevel: error
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    access: c2s
auth_method: sql
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: {sql_port}
sql_database: "{DATABASE}"
sql_username: "{user}"
sql_password: ""
sql_pool_size: 16
access_rules:
  c2s: {{allow: all}}
  register: {{allow: all}}
shaper_rules:
  max_user_sessions: 1000
registration_timeout: infinity
modules:
  mod_mam: {{db_type: sql, default: always, use_cache: true}}
  mod_register: {{access: register, ip_access: all}}
"#
    )
}

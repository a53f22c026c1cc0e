//! Which steps there are, in which order: cheap before dear, checks before tests.

use anyhow::Context as _;

use crate::counts;
use crate::floors::{self, Table};
use crate::shell;
use crate::steps::{Done, Step};
use crate::violation::refuse;
use crate::workspace::Workspace;
use crate::{browser, docs, inputs, manifests, purity, setup, sim, tree, web};

/// The checks that compile nothing.
pub(crate) fn tidy() -> Vec<Step> {
    vec![FORMAT, FLOORS, MANIFESTS, PURITY, SERVER_TREE, NOTHING_PLANTED, DOCS]
}

/// Every check.
pub(crate) fn checks() -> Vec<Step> {
    vec![
        SET_UP,
        FORMAT,
        CLIPPY,
        FLOORS,
        MANIFESTS,
        WASM,
        WEB_CLIPPY,
        PURITY,
        SERVER_TREE,
        NOTHING_PLANTED,
        DOCS,
        CODE_DOCS,
    ]
}

/// Every check and every test.
pub(crate) fn test() -> Vec<Step> {
    let mut steps = checks();
    // The server takes the web client in when it is built.
    steps.extend([WEB, INPUTS, BUILD, TESTS, DOC_TESTS, SIMULATOR, SHOWCASE, WEB_SCENARIOS, BROWSER]);
    steps
}

/// The web client: built, checked, run in Chromium, and judged by Lighthouse.
pub(crate) fn browser() -> Vec<Step> {
    vec![SET_UP, WEB_CLIPPY, WEB, SHOWCASE, WEB_SCENARIOS, BROWSER, LIGHTHOUSE]
}

const SET_UP: Step =
    Step { name: "set-up", run: |workspace| Ok(Done::Checked(setup::for_testing(workspace)?)) };

const FORMAT: Step = Step {
    name: "format",
    run: |workspace| {
        shell::run(shell::cargo().args(["fmt", "--all", "--check", "--", "-l"]), &workspace.root)?;
        checked("cargo fmt would change nothing")
    },
};

/// Also applies what purity forbids, from the `clippy.toml` of the pure crates.
const CLIPPY: Step = Step {
    name: "clippy",
    run: |workspace| {
        let flags = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
        shell::run(shell::cargo().args(flags), &workspace.root)?;
        checked("no warnings")
    },
};

const FLOORS: Step = Step {
    name: "who may use whom",
    run: |workspace| {
        let table = Table::parse(&workspace.read(floors::DOCUMENT)?)?;
        refuse(&floors::check(&table, &workspace.crates))?;
        checked(format!("{} crates keep to {}", workspace.crates.len(), floors::DOCUMENT))
    },
};

const MANIFESTS: Step = Step {
    name: "manifests",
    run: |workspace| {
        refuse(&manifests::check(workspace)?)?;
        checked("lints (unsafe in testing/disk alone), licence and versions are shared")
    },
};

const WASM: Step = Step {
    name: "core builds for wasm32",
    run: |workspace| {
        let core: Vec<&str> = workspace
            .crates
            .iter()
            .filter(|krate| krate.folder.starts_with("core/"))
            .map(|krate| &*krate.name)
            .collect();
        let packages = core.iter().flat_map(|name| ["--package", name]);
        let flags = ["check", "--locked", "--target", "wasm32-unknown-unknown"];
        shell::run(shell::cargo().args(flags).args(packages), &workspace.root)?;
        checked(core.join(", "))
    },
};

/// What the workspace's clippy does not see: code for the browser alone.
const WEB_CLIPPY: Step = Step {
    name: "clippy for the browser",
    run: |workspace| {
        let target = ["--target", "wasm32-unknown-unknown"];
        for (package, features) in [
            ("sotto-browser", "worker"),
            ("sotto-view-tests", ""),
            ("sotto-web", ""),
            ("sotto-web", "showcase"),
        ] {
            let mut cargo = shell::cargo();
            cargo.args(["clippy", "--locked", "--package", package, "--features", features]).args(target);
            shell::run(cargo.args(["--", "-D", "warnings"]), &workspace.root)?;
        }
        checked("no warnings")
    },
};

const WEB: Step = Step { name: "web client", run: |workspace| checked(web::build(workspace, web::FULL)?) };

/// Its screens are photographed and judged by the browser's tests.
const SHOWCASE: Step = Step { name: "showcase", run: |workspace| checked(web::build_showcase(workspace)?) };

/// Engine and view, and what is tested of them natively, for a worker.
const WEB_SCENARIOS: Step =
    Step { name: "scenarios for the browser", run: |workspace| checked(web::scenarios(workspace)?) };

const BROWSER: Step = Step { name: "browser", run: |workspace| Ok(Done::Tested(browser::test(workspace)?)) };

const LIGHTHOUSE: Step =
    Step { name: "lighthouse", run: |workspace| checked(browser::lighthouse(workspace)?) };

const PURITY: Step = Step {
    name: "core and service are pure",
    run: |workspace| {
        refuse(&purity::check(workspace)?)?;
        let pure = workspace.crates.iter().filter(|krate| purity::is_pure(krate)).count();
        checked(format!("{pure} crates take time and randomness as arguments"))
    },
};

const SERVER_TREE: Step = Step {
    name: "the server cannot decrypt",
    run: |workspace| {
        let (packages, violations) = tree::check(workspace)?;
        refuse(&violations)?;
        checked(format!("none of sottod's {packages} packages can"))
    },
};

const NOTHING_PLANTED: Step = Step {
    name: "nothing is planted",
    run: |workspace| {
        refuse(&tree::planted(workspace)?)?;
        checked("neither sotto nor sottod is built with a mistake of the simulator's")
    },
};

const DOCS: Step = Step {
    name: "documents",
    run: |workspace| {
        let (files, violations) = docs::check(workspace)?;
        refuse(&violations)?;
        checked(format!("{files} files: links resolve, no unwanted words"))
    },
};

const CODE_DOCS: Step = Step {
    name: "documents in the code",
    run: |workspace| {
        let flags = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked", "--quiet"];
        shell::run(shell::cargo().args(flags).env("RUSTDOCFLAGS", "-D warnings"), &workspace.root)?;
        checked("every link between items resolves")
    },
};

const INPUTS: Step =
    Step { name: "test inputs", run: |workspace| Ok(Done::Checked(inputs::prepare(workspace)?)) };

/// Everything at once, programs included, so that every test finds what it starts and nothing is built twice.
const BUILD: Step = Step {
    name: "build",
    run: |workspace| {
        shell::run(&mut shell::build_all(), &workspace.root)?;
        checked("programs and tests")
    },
};

const TESTS: Step = Step {
    name: "tests",
    run: |workspace| {
        let runner: &[&str] =
            if shell::on_path("cargo-nextest") { &["nextest", "run"] } else { &["test", "--all-targets"] };
        count(workspace, runner)
    },
};

const DOC_TESTS: Step = Step { name: "doc tests", run: |workspace| count(workspace, &["test", "--doc"]) };

/// Last, for it takes longest and says least about which line is wrong.
const SIMULATOR: Step = Step { name: "simulator", run: sim::step };

fn count(workspace: &Workspace, runner: &[&str]) -> anyhow::Result<Done> {
    let mut cargo = shell::cargo();
    cargo.args(runner).args(["--workspace", "--locked", "--no-fail-fast", "--color", shell::colour()]);
    cargo.env(inputs::FOLDER_VARIABLE, inputs::folder(workspace));
    let shown = shell::tee(&mut cargo, &workspace.root)?;
    let counts = counts::read(&shown.text).context("the runner closed on no test")?;
    if !shown.succeeded && counts.failed == 0 {
        anyhow::bail!("the runner failed, although it counted no failed test");
    }
    Ok(Done::Tested(counts))
}

fn checked(what: impl Into<String>) -> anyhow::Result<Done> {
    Ok(Done::Checked(what.into()))
}

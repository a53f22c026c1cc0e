//! What happens, moment by moment: two people meet, one of them away at first, and the server holds nothing readable.

use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::columns::{Moment, Shape, render};
use crate::held::{self, Held};
use crate::programs::Programs;

const ALICE: &str = "@alice";
const BOB: &str = "@bob";

/// What is said, in order. Several scripts, so that a reader sees the widths hold.
const LINES: [(&str, &str); 4] = [
    (ALICE, "Hello Bob, this is Alice. Can anyone else read this?"),
    (BOB, "No. Look at the middle column 🙂"),
    (ALICE, "Все люди рождаются свободными. すべての人間は自由である。"),
    (BOB, "Agreed 👩‍💻 see you at noon."),
];

/// Where it happens.
pub(crate) struct Stage<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) folder: &'a Path,
    pub(crate) url: String,
    pub(crate) shape: Shape,
}

impl Stage<'_> {
    fn profile(&self, handle: &str) -> PathBuf {
        self.folder.join(handle.trim_start_matches('@'))
    }

    /// Everything the server writes.
    fn server_folder(&self) -> PathBuf {
        self.folder.join("server")
    }

    async fn sotto(&self, handle: &str, arguments: &[&str]) -> anyhow::Result<String> {
        self.programs.sotto(&self.profile(handle), arguments).await
    }
}

/// Plays the conversation, shows each moment, and searches the server's files for what was said.
pub(crate) async fn play(stage: &Stage<'_>) -> anyhow::Result<()> {
    let mut scene = Scene { stage, held: Held::default() };
    scene.show("The server is fresh.", [None, None]).await?;
    for handle in [ALICE, BOB] {
        stage.sotto(handle, &["register", handle, "--server", &stage.url]).await?;
    }
    scene.show("Both have registered; neither knows the other.", [None, None]).await?;
    for (index, (writer, text)) in LINES.iter().enumerate() {
        scene.say(index, writer, text).await?;
    }
    conclude(stage, &scene.held)
}

/// What the viewer has seen of the server so far.
struct Scene<'a> {
    stage: &'a Stage<'a>,
    held: Held,
}

impl Scene<'_> {
    async fn say(&mut self, index: usize, writer: &str, text: &str) -> anyhow::Result<()> {
        let reader = if writer == ALICE { BOB } else { ALICE };
        self.stage.sotto(writer, &["send", reader, text]).await?;
        let views = if writer == ALICE { [Some(BOB), None] } else { [None, Some(ALICE)] };
        self.show(&format!("{writer} has written; {reader} is away."), views).await?;
        if index == 0 {
            self.stage.sotto(reader, &["sync"]).await?;
            self.stage.sotto(reader, &["accept", writer]).await?;
        }
        self.show(&format!("{reader} is back and reads."), [Some(BOB), Some(ALICE)]).await
    }

    /// Shows what each of the two sees of the other (`None`: is away) and what is new at the server.
    async fn show(&mut self, title: &str, views: [Option<&str>; 2]) -> anyhow::Result<()> {
        let [of_bob, of_alice] = views;
        let alice = self.seen_by(ALICE, of_bob).await?;
        let bob = self.seen_by(BOB, of_alice).await?;
        let held = Held::read(&self.stage.server_folder())?;
        let server = self.held.changes_to(&held);
        self.held = held;
        print!("{}", render(&Moment { title: title.to_owned(), alice, server, bob }, self.stage.shape));
        Ok(())
    }

    async fn seen_by(&self, handle: &str, other: Option<&str>) -> anyhow::Result<Vec<String>> {
        let Some(other) = other else { return Ok(Vec::new()) };
        let history = self.stage.sotto(handle, &["history", other]).await?;
        Ok(history.lines().map(str::to_owned).collect())
    }
}

/// The last word: what was said is in no byte that the server wrote.
fn conclude(stage: &Stage<'_>, held: &Held) -> anyhow::Result<()> {
    let mut bytes = 0;
    for (_, text) in LINES {
        let search = held::search(&stage.server_folder(), text)?;
        ensure!(search.found_in.is_empty(), "the server's files hold a message: {:?}", search.found_in);
        bytes = search.bytes;
    }
    println!("\nIn all the server holds these rows: {}.", held.totals().join(", "));
    println!("Searched {bytes} bytes of its files for the {} messages: none is there.", LINES.len());
    Ok(())
}

/// What a person can do while the server keeps serving.
pub(crate) fn print_what_to_try(stage: &Stage<'_>) {
    let program = stage.programs.sotto_path();
    println!("\nOpen {} in a browser. Serving until Ctrl-C; then everything is deleted.", stage.url);
    println!("In another terminal:");
    println!("  {} --profile /tmp/carol register @carol --server {}", program.display(), stage.url);
    println!("  {} --profile /tmp/carol send @alice \"Hello from Carol\"", program.display());
    println!(
        "  SOTTO_PASSPHRASE='{}' {} --profile {} history @bob",
        crate::programs::PASSPHRASE,
        program.display(),
        stage.profile(ALICE).display()
    );
}

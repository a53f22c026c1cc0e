//! The recovery words: shown once, and two of them asked back.

use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rand_core::{OsRng, RngCore};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::failure::{Code, Failure};
use crate::record::Outcome;
use crate::screen::Screen;

/// The words; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct RecoveryWords(Vec<String>);

/// How the words reach the person.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handover {
    /// On the screen, and asked back.
    Person,
    /// On standard output.
    Print,
    /// Into a file that is not there yet.
    File(PathBuf),
}

/// How often the two words may be wrong before the registration is given up.
const ROUNDS_MAX: usize = 3;

impl RecoveryWords {
    pub(super) fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Numbered, four a line.
    fn table(&self) -> String {
        let cell = |(at, word): (usize, &String)| format!("{:>4}. {word:<9}", at + 1);
        let cells: Vec<String> = self.0.iter().enumerate().map(cell).collect();
        cells.chunks(4).map(|row| row.concat().trim_end().to_owned() + "\n").collect()
    }

    /// Whether these are the words at these places, however they are capitalised and spaced.
    fn are(&self, places: [usize; 2], typed: &str) -> bool {
        let mut typed = typed.split_whitespace().map(str::to_lowercase);
        let right = places.iter().all(|place| typed.next().as_ref() == self.0.get(*place));
        right && typed.next().is_none()
    }

    /// Two different places, in order, chosen by chance.
    fn two_places(&self) -> [usize; 2] {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX).max(2);
        let first = OsRng.next_u32() % count;
        let second = (first + 1 + OsRng.next_u32() % (count - 1)) % count;
        [first.min(second), first.max(second)].map(|place| place as usize)
    }
}

impl Handover {
    pub(super) fn choose(words_to: Option<PathBuf>, yes: bool) -> Result<Self, Failure> {
        Ok(match words_to {
            Some(path) if path.exists() => {
                return Err(Failure::usage(
                    Code::WordsFile,
                    "The file for the recovery words is already there.",
                    "Name a new one with --words-to FILE. Nothing was registered.",
                ));
            }
            Some(path) => Self::File(path),
            None if yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() => Self::Print,
            None => Self::Person,
        })
    }

    /// Returns once the person has the words, as far as a program can tell.
    pub(super) fn hand_over(&self, words: &RecoveryWords, screen: Screen) -> Result<(), Failure> {
        match self {
            Self::Print => {
                let record = Outcome::RecoveryWords { words: &words.0 };
                screen.data(&record, || format!("recovery words: {}", words.0.join(" ")))
            }
            Self::File(path) => {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
                writeln!(file, "{}", words.0.join(" "))?;
                Ok(file.sync_all()?)
            }
            Self::Person => ask_back(words, &mut io::stdin().lock(), &mut io::stderr().lock()),
        }
    }
}

/// Shows the words, takes them off the screen again, and asks for two of them.
fn ask_back(
    words: &RecoveryWords,
    person: &mut impl BufRead,
    screen: &mut impl Write,
) -> Result<(), Failure> {
    for round in 0..ROUNDS_MAX {
        let table = words.table();
        let shown = format!(
            "{}Your recovery words. Write them down, on paper: they are shown only now, and they are the only way\n\
             to get your account back when all your devices are lost.\n\n{table}\n\
             Press Enter when they are written down. ",
            if round == 0 { "" } else { "That was not right. Here they are again.\n" },
        );
        write!(screen, "{shown}")?;
        screen.flush()?;
        line(person)?;
        // Up to where the text began, and everything below erased: whoever scrolls back does not find them.
        write!(screen, "\u{1b}[{}A\r\u{1b}[J", shown.matches('\n').count() + 1)?;
        let places = words.two_places();
        write!(screen, "Word {} and word {}, with a space between them: ", places[0] + 1, places[1] + 1)?;
        screen.flush()?;
        if words.are(places, &line(person)?) {
            return Ok(());
        }
    }
    Err(Failure::new(
        Code::WordsNotConfirmed,
        "Nothing was registered: the words typed back were not the recovery words.",
        "Run the command again; new words are made then.",
    ))
}

fn line(person: &mut impl BufRead) -> Result<String, Failure> {
    let mut typed = String::new();
    if person.read_line(&mut typed)? == 0 {
        return Err(Failure::new(
            Code::WordsNotConfirmed,
            "Nothing was registered: the recovery words were not confirmed.",
            "Run the command again; new words are made then.",
        ));
    }
    Ok(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> RecoveryWords {
        RecoveryWords::new((1..=12).map(|number| format!("word{number}")).collect())
    }

    /// Reads what is on the screen and answers like a person who does (or does not) have the words.
    struct Typist {
        knows: bool,
    }

    impl Typist {
        /// Runs the dialogue; the typist sees each question before answering it.
        fn answers(self) -> (Result<(), Failure>, String) {
            use std::cell::RefCell;
            let shown = RefCell::new(Vec::new());
            struct Eyes<'s>(&'s RefCell<Vec<u8>>);
            impl Write for Eyes<'_> {
                fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                    self.0.borrow_mut().write(bytes)
                }
                fn flush(&mut self) -> io::Result<()> {
                    Ok(())
                }
            }
            struct Hands<'s>(&'s RefCell<Vec<u8>>, bool, Vec<u8>);
            impl io::Read for Hands<'_> {
                fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                    Ok(0)
                }
            }
            impl BufRead for Hands<'_> {
                fn fill_buf(&mut self) -> io::Result<&[u8]> {
                    if self.2.is_empty() {
                        let screen = String::from_utf8(self.0.borrow().clone()).unwrap();
                        let question = screen.rsplit("Word ").next().unwrap();
                        let numbers: Vec<&str> =
                            question.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).collect();
                        self.2 = match (screen.ends_with("them: "), self.1) {
                            (true, true) => format!(" WORD{}  word{}\n", numbers[0], numbers[1]).into_bytes(),
                            (true, false) => b"word1 word1\n".to_vec(),
                            (false, _) => b"\n".to_vec(),
                        };
                    }
                    Ok(&self.2)
                }
                fn consume(&mut self, amount: usize) {
                    self.2.drain(..amount);
                }
            }
            let result = ask_back(&words(), &mut Hands(&shown, self.knows, Vec::new()), &mut Eyes(&shown));
            (result, String::from_utf8(shown.into_inner()).unwrap())
        }
    }

    #[test]
    fn whoever_has_the_words_gets_on() {
        let (result, shown) = Typist { knows: true }.answers();
        assert_eq!(result, Ok(()));
        assert!(shown.contains("   1. word1") && shown.contains("  12. word12"));
        assert!(shown.contains("\u{1b}[J"), "they are taken off the screen");
    }

    #[test]
    fn whoever_has_not_registers_nothing() {
        let (result, shown) = Typist { knows: false }.answers();
        assert_eq!(result.unwrap_err().code, Code::WordsNotConfirmed);
        assert_eq!(shown.matches("Here they are again").count(), ROUNDS_MAX - 1);
    }

    #[test]
    fn two_different_words_are_asked_for() {
        for _ in 0..1_000 {
            let [first, second] = words().two_places();
            assert!(first < second && second < 12);
        }
    }

    #[test]
    fn a_file_with_words_is_private_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words");
        let handover = Handover::choose(Some(path.clone()), false).unwrap();
        handover.hand_over(&words(), Screen::new(false)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap().split_whitespace().count(), 12);
        assert_eq!(Handover::choose(Some(path), false).unwrap_err().code, Code::WordsFile);
    }
}

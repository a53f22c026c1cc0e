//! Ahead of the core: it is a megabyte that has to be loaded, and a person need not wait for it. The page shows what it
//! expects the core to say first; what is decided there is held until the core has said it.

use leptos::prelude::*;
use sotto_view::Action;
use sotto_view::Update;
use sotto_view::action::ProfileAction;
use sotto_view::settings::LockedBy;
use sotto_view::start::{Lock, Stage, Unlock};

use crate::browser::{self, Opens};
use crate::screens::Screens;

/// Whether the core has spoken. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Ahead(StoredValue<Core>);

enum Core {
    /// A stage is shown that the core has not told yet; the last action about the profile is held.
    Silent {
        held: Option<Action>,
    },
    Spoke,
}

impl Ahead {
    pub(crate) fn new() -> Self {
        Self(StoredValue::new(Core::Spoke))
    }

    /// Shows what the core will probably say.
    #[cfg_attr(
        any(feature = "showcase", not(target_arch = "wasm32")),
        expect(dead_code, reason = "only a real core is waited for")
    )]
    pub(crate) fn guess(self, screens: Screens) {
        screens.stage.set(Some(expected(browser::opens())));
        self.0.set_value(Core::Silent { held: None });
    }

    /// Holds an action that depends on what was guessed; gives back any other.
    pub(crate) fn hold(self, screens: Screens, action: Action) -> Option<Action> {
        let is_silent = self.0.with_value(|core| matches!(core, Core::Silent { .. }));
        if !is_silent || !matches!(action, Action::Profile(_)) {
            return Some(action);
        }
        screens.stage.set(screens.stage.get_untracked().map(busy));
        self.0.set_value(Core::Silent { held: Some(action) });
        None
    }

    /// Takes note of what the core says; returns what was held until now, if it is meant for this stage.
    pub(crate) fn hear(self, updates: &mut Vec<Update>) -> Option<Action> {
        updates.iter().for_each(note);
        if self.0.with_value(|core| matches!(core, Core::Spoke)) {
            return None;
        }
        // The core is only beginning: what was guessed stays.
        updates.retain(|update| *update != Update::Stage(Stage::Opening));
        let stage = updates.iter_mut().find_map(|update| match update {
            Update::Stage(stage) => Some(stage),
            _ => None,
        })?;
        let Core::Silent { held: Some(action) } =
            self.0.try_update_value(|core| std::mem::replace(core, Core::Spoke))?
        else {
            return None;
        };
        is_for(&action, stage).then(|| {
            *stage = busy(stage.clone());
            action
        })
    }
}

fn expected(opens: Opens) -> Stage {
    match opens {
        Opens::Nothing => Stage::Lock(Lock { can_trust_device: true, busy: false, refusal: None }),
        Opens::WithPassphrase => Stage::Unlock(Unlock { busy: false, refusal: None }),
        Opens::ByItself => Stage::Ready,
    }
}

fn busy(stage: Stage) -> Stage {
    match stage {
        Stage::Lock(lock) => Stage::Lock(Lock { busy: true, refusal: None, ..lock }),
        Stage::Unlock(_) => Stage::Unlock(Unlock { busy: true, refusal: None }),
        other => other,
    }
}

fn is_for(action: &Action, stage: &Stage) -> bool {
    use ProfileAction::{LockWithPassphrase, TrustDevice, Unlock};
    match action {
        Action::Profile(LockWithPassphrase { .. } | TrustDevice) => matches!(stage, Stage::Lock(_)),
        Action::Profile(Unlock { .. }) => matches!(stage, Stage::Unlock(_)),
        _ => false,
    }
}

/// Keeps what the next guess is made from.
fn note(update: &Update) {
    let Update::Settings(settings) = update else { return };
    match settings.storage.lock {
        LockedBy::Passphrase => browser::store_opens(Opens::WithPassphrase),
        LockedBy::Device => browser::store_opens(Opens::ByItself),
        LockedBy::Unknown | LockedBy::KeyFile => {}
    }
}

#[cfg(test)]
mod tests {
    use leptos::prelude::Owner;
    use sotto_view::start::Broken;

    use super::*;

    fn silent(stage: Stage) -> (Ahead, Screens) {
        let (ahead, screens) = (Ahead::new(), Screens::new());
        screens.stage.set(Some(stage));
        ahead.0.set_value(Core::Silent { held: None });
        (ahead, screens)
    }

    fn unlock() -> Action {
        Action::Profile(ProfileAction::Unlock { passphrase: "four unrelated words".to_owned() })
    }

    fn locked() -> Update {
        Update::Stage(expected(Opens::WithPassphrase))
    }

    #[test]
    fn a_passphrase_typed_before_the_core_is_there_unlocks_once_it_is() {
        let _owner = Owner::new_root(None);
        let (ahead, screens) = silent(expected(Opens::WithPassphrase));
        assert!(ahead.hold(screens, unlock()).is_none());
        assert!(matches!(screens.stage.get_untracked(), Some(Stage::Unlock(Unlock { busy: true, .. }))));
        let mut told = vec![Update::Stage(Stage::Opening)];
        assert!(ahead.hear(&mut told).is_none());
        assert!(told.is_empty(), "what was guessed stays");
        let mut told = vec![locked()];
        assert!(matches!(ahead.hear(&mut told), Some(Action::Profile(ProfileAction::Unlock { .. }))));
        assert!(matches!(told[..], [Update::Stage(Stage::Unlock(Unlock { busy: true, .. }))]));
        assert!(ahead.hold(screens, unlock()).is_some(), "the core is there");
    }

    #[test]
    fn a_passphrase_for_a_profile_that_is_gone_is_thrown_away() {
        let _owner = Owner::new_root(None);
        let (ahead, screens) = silent(expected(Opens::WithPassphrase));
        assert!(ahead.hold(screens, unlock()).is_none());
        let mut told = vec![Update::Stage(Stage::Broken(Broken::Evicted))];
        assert!(ahead.hear(&mut told).is_none());
        assert!(ahead.hear(&mut vec![locked()]).is_none());
    }

    #[test]
    fn what_does_not_depend_on_the_guess_is_not_held() {
        let _owner = Owner::new_root(None);
        let (ahead, screens) = silent(Stage::Ready);
        assert!(matches!(ahead.hold(screens, Action::Refresh), Some(Action::Refresh)));
    }
}

//! Control actions: signed changes of a topic that are no entries, protocol §4.
//!
//! An action names the newest seq its signer knew. It takes effect once: the topic remembers the newest such seq and
//! the actions that took effect at it, refuses what was signed for an earlier one, and answers a repeat without
//! doing anything.

use sotto_wire::topic::ControlChange;

use super::{Topic, tomorrow};
use crate::limits::CONTROL_ACTIONS_PER_SEQ_MAX;
use crate::logs::{Asked, Control, ControlRefused, Rotation};

impl Topic {
    /// Applies a control action, or recognises a repeat.
    ///
    /// # Errors
    /// When it may not change the topic; then it did not.
    pub fn control(&mut self, op: &Control) -> Result<Asked, ControlRefused> {
        let after = op.action.after;
        if after == self.control.after && self.control.stamps.contains(&op.stamp) {
            return Ok(Asked::Again);
        }
        if self.closed.is_some() {
            return Err(ControlRefused::Closed);
        }
        if !self.control_keys.contains(&op.signed_by) || after > self.newest || after < self.control.after {
            return Err(ControlRefused::Control);
        }
        if after == self.control.after && self.control.stamps.len() >= CONTROL_ACTIONS_PER_SEQ_MAX {
            return Err(ControlRefused::TooMany);
        }
        self.change(op)?;
        if after > self.control.after {
            self.control.after = after;
            self.control.stamps.clear();
        }
        self.control.stamps.push(op.stamp);
        Ok(Asked::First)
    }

    fn change(&mut self, op: &Control) -> Result<(), ControlRefused> {
        match &op.action.change {
            ControlChange::Rotate { generation, capability, control_keys } => {
                let rotate = Rotation {
                    generation: *generation,
                    capability: *capability,
                    control_keys: control_keys.clone(),
                    signed_by: op.signed_by,
                };
                if !self.may_rotate(&rotate) {
                    return Err(ControlRefused::Control);
                }
                self.rotate(&rotate);
            }
            ControlChange::Keys(keys) => self.control_keys = keys.clone(),
            ControlChange::Ttl(ttl) => self.ttl = ttl.unwrap_or(op.ttl_default),
            ControlChange::Close => {
                self.closed = Some(op.today);
                self.due.get_or_insert(tomorrow(op.today));
            }
        }
        Ok(())
    }
}

## Notices at the edge of the screen.

notice-declined = Request of { $person } declined.
notice-blocked = { $person } is blocked.
notice-discarded = Message removed.
notice-draft-discarded = Draft removed.
notice-not-sent = Not sent, your text is back: { $reason }
notice-not-kept = This browser may remove what Sotto stored. Keep your recovery words at hand.
notice-nearly-full = Hardly any room is left on this device.
notice-failing = This device fails to store anything new. Restart the browser; what arrives stays with the server until then.
notice-name-saved = Others see your new name with your next message.

## Alarms: what happened, what it may mean, what Sotto did already.

alarms-title = Alarms
alarms-empty = No alarms.
alarms-lead = Things a dishonest server might have done, with the evidence.
alarm-heading = Alarm
alarm-with = In your conversation with { $person }
alarm-happened = What happened
alarm-means = What it may mean
alarm-done = What Sotto did
alarm-you-can = What you can do
alarm-compare-hint = Compare numbers with them in person or on a call.
alarm-export-hint = Keep the evidence: anybody can check it without trusting you or the server.
alarm-start-over-hint = Set the conversation up anew with fresh keys once you trust the server again.
alarm-seen = I have read this
alarm-details-kind = Kind
alarm-details-evidence = Evidence

alarm-log-fork-title = The server contradicts itself
alarm-log-fork-means = The server told two different stories about one conversation. It may show you and the other person different messages, or was set back to an older state.
alarm-log-fork-done = Sotto kept both stories as evidence and does not use this part of the conversation any more.

alarm-entry-withheld-title = The server left something out
alarm-entry-withheld-means = Something is missing in the middle of a conversation. The server may be holding a message back, or has lost it.
alarm-entry-withheld-done = Sotto kept what the server signed as evidence, and asks again.

alarm-trimmed-too-early-title = The server dropped messages too early
alarm-trimmed-too-early-means = Messages are gone that this device had not read, although the server had promised to keep them. It may have lost data, or did it on purpose.
alarm-trimmed-too-early-done = Sotto sets the conversation up with fresh keys. What was dropped stays missing.

alarm-server-signature-wrong-title = The server’s signature is wrong
alarm-server-signature-wrong-means = Something that the server should have signed is not, or not by it. Somebody may be standing between you and the server.
alarm-server-signature-wrong-done = Sotto did not use what was sent.

alarm-server-key-changed-title = This is not the server you know
alarm-server-key-changed-means = The server signs with another key than before. It may have been set up anew, or it is another server under the same address.
alarm-server-key-changed-done = Sotto is not connected any more and sends nothing. Ask whoever runs the server.

alarm-contact-key-refused-title = Their keys did not verify
alarm-contact-key-refused-means = The server gave keys for this person that are not signed as they should be. It may be trying to read along.
alarm-contact-key-refused-done = Sotto did not use the keys and sent nothing with them.

alarm-contact-list-conflict-title = Two different lists of their devices
alarm-contact-list-conflict-means = The server shows this person’s devices differently than before, in a way that cannot both be true. Somebody may be adding a device that is not theirs.
alarm-contact-list-conflict-done = Sotto keeps to the list it knew and sent nothing to the other.

alarm-inbox-item-refused-title = Something that arrived does not add up
alarm-inbox-item-refused-means = An invitation could not be opened, or contradicts what is known. It may be damaged, or made to mislead.
alarm-inbox-item-refused-done = Sotto put it aside.

alarm-clone-suspected-title = Somebody else may be using this device’s keys
alarm-clone-suspected-means = Something was done with the keys of this device that this device did not do. A copy of your profile may be in use, or an old copy was put back.
alarm-clone-suspected-done = Sotto kept the evidence. If you did not copy or restore this profile yourself, make a new account and tell the people you write to.

alarm-junk-handshake-title = Something that nobody here could have sent
alarm-junk-handshake-means = The server holds bytes in this conversation that no member made. They do no harm.
alarm-junk-handshake-done = Sotto skipped and recorded them.

alarm-foreign-entry-title = A message that no member wrote
alarm-foreign-entry-means = The server delivered something in this conversation that no member made. It may be damaged, or was put there.
alarm-foreign-entry-done = Sotto did not show it.

alarm-stale-append-title = The server took a message out of turn
alarm-stale-append-means = The server accepted something it should have sent back to be made again. It may be faulty, or is testing what it can get away with.
alarm-stale-append-done = Sotto kept the evidence.

alarm-welcome-refused-title = The server did not pass an invitation on
alarm-welcome-refused-means = The server had agreed to pass an invitation on and then refused. The other person may not learn that you wrote.
alarm-welcome-refused-done = Sotto tries again by itself with a fresh invitation.

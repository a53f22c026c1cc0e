## Lines of a conversation, their states, and what stands between them.

timeline-label = Messages with { $person }
timeline-new = New messages
timeline-new-below =
    { $count ->
        [one] { $count } new ↓
       *[other] { $count } new ↓
    }
timeline-older-loading = Older messages are on their way
timeline-to-newest = To the newest message
timeline-empty = Nothing written yet.

system-beginning = You are talking to { $person }. Compare numbers to be certain.

message-by = { $person } wrote
message-by-you = You wrote
message-copy = Copy text

state-queued = Waiting to be sent
state-waiting-for-key = Waiting until one of their devices can take it
state-sent = Sent
state-delivered = Delivered
state-read = Read
state-failed = Not sent

failure-handle-unknown = Nobody has this handle.
failure-key-refused = Their keys did not verify, so nothing was sent. See the alarm.
failure-log-fork = The server contradicts itself here, so nothing was sent. See the alarm.
failure-given-up = It was still waiting when this person was blocked.
failure-other = It could not be sent.

unreadable-undecryptable = This message cannot be read. Sotto is setting up fresh keys; what comes next will be readable.
unreadable-expired = This message was gone from the server before this device came to read it.
unreadable-newer = A newer Sotto wrote this. Update to read it.
unreadable-log-fork = This message is not shown: the server contradicts itself here. See the alarm.
unreadable-key-refused = This message is not shown: their keys did not verify. See the alarm.
unreadable-short = Message that cannot be read

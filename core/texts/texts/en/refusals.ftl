## Why something was not done, and what to do next.

refusal-handle-length = A handle has 3 to 32 characters.
refusal-handle-character = A handle has only small letters a to z, digits, “_” and “.”.
refusal-handle-dots = A handle does not begin or end with a dot, nor has two in a row.
refusal-handle-taken = Somebody has this handle. Try another.
refusal-handle-unknown = Nobody has this handle. Check the spelling.
refusal-myself = That is you.
refusal-server-address = This is not a server’s address. It looks like chat.example.org.
refusal-registration-closed = This server takes no new accounts.
refusal-invite-invalid = The server wants a valid invitation code. Ask whoever invited you.
refusal-words-differ = These are not the words that were shown. Check your paper.
refusal-passphrase-short = A longer passphrase protects better: use at least { $count } characters.
refusal-passphrase-wrong = This passphrase does not open it. Try again.
refusal-later =
    { $seconds ->
        [one] The server asks to wait { $seconds } second. Then try again.
       *[other] The server asks to wait { $seconds } seconds. Then try again.
    }
refusal-server-too-new = The server needs a newer Sotto. Update to go on.
refusal-server-too-old = The server is too old for this Sotto. Ask whoever runs it to update.
refusal-server-changed = This is not the server you know. See the alarm.
refusal-clock-off = This device’s clock and the server’s differ by more than a day. Set the clock, then try again.
refusal-text-empty = There is nothing to send.
refusal-text-too-long = The text is too long for one message. Send it in parts.
refusal-name-too-long = The name is too long.
refusal-name-unfit = The name has characters that cannot be shown.
refusal-conversation-unknown = This conversation is not here any more.
refusal-blocked = This person is blocked. Unblock them first.
refusal-no-request = The request is not there any more.
refusal-no-account = Make an account first.
refusal-account-exists = There is an account on this device already.
refusal-given-up = It was given up: the person was blocked, or their keys did not verify.
refusal-server = The server refused ({ $code }). Try again later.
refusal-storage-full = This device has no room left. Make some, then try again.
refusal-storage-failed = This device could not store it. Try again.

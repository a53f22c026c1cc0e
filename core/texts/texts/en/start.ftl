## Before the conversations: lock, unlock, sign up, what is wrong with a profile.

start-opening = Opening Sotto
start-tagline = Messages only you and the people you write to can read.

lock-title = How shall this device lock Sotto?
lock-lead = What you write is kept on this device, encrypted.
lock-passphrase-label = Passphrase
lock-passphrase-hint = You type it each time Sotto starts. A few unrelated words work well.
lock-passphrase-again = The same passphrase again
lock-passphrase-differs = The two are not the same.
lock-with-passphrase = Lock with a passphrase
lock-trust-device = Trust this device
lock-trust-device-hint = This device keeps the key. Whoever can use it unlocked can read Sotto.
lock-trust-device-missing = This browser cannot keep a key safely. Use a passphrase.

unlock-title = Unlock Sotto
unlock-label = Passphrase
unlock-action = Unlock
unlock-busy = Unlocking

signup-title = Make an account
signup-server-label = Server
signup-server-hint = Whoever runs it passes your messages on and cannot read them.
signup-handle-label = Handle
signup-handle-hint = How people find you: 3 to 32 letters a to z, digits, “_” and “.”.
signup-invite-label = Invitation code
signup-invite-hint = This server asks for one. Whoever invited you has it.
signup-invite-optional = Invitation code, if you have one
signup-action = Continue
signup-busy = Making your keys

words-title = Your recovery words
words-lead = Write these { $count } words down, in order, on paper.
words-why = They bring your account back when this device is lost. They are shown once and kept nowhere else.
words-nobody = Nobody who works for the server will ever ask for them.
words-position = Word { $number }
words-written = I wrote them down

confirm-title = Check what you wrote
confirm-lead = Type these words from your paper.
confirm-word-label = Word { $number }
confirm-action = Make the account
confirm-back = Show the words again

registering-title = Making { $handle }
registering-waiting = The server is out of reach. Sotto goes on as soon as it answers.

restoring-title = Bringing your conversations back
restoring-done = { $percent } % done

broken-title = Sotto cannot open your profile
broken-nothing-lost = Nothing was deleted.
broken-no-storage = This browser offers no storage that Sotto can use. A private window may be the reason: open Sotto in a normal one.
broken-newer = A newer Sotto wrote this profile. Reload to update.
broken-damaged = What is stored here is damaged, so Sotto leaves it alone. Bringing an account back with recovery words is not part of this Sotto yet: keep the words.
broken-evicted = The browser removed what Sotto had stored on this device. Your account stays with the server; bringing it back with your recovery words is not part of this Sotto yet: keep them.
broken-full = This device has no room left. Make some, then try again.
broken-storage-failed = This browser could not read or write what Sotto stored. Close other tabs of Sotto or restart the browser, then try again.
broken-start-anew = Start anew
broken-start-anew-ask = Everything that is stored here is removed, and no way brings it back. Then you can make a new account.
broken-in-use = Another program uses this profile. Close it, or restart the browser, then try again.
broken-no-websocket = This browser cannot keep a connection open. Another browser, or fewer extensions, will help.
broken-core-missing = Sotto did not load completely. Check your connection, then try again.

## One's own account, this device, where it keeps things.

settings-title = Settings
settings-account = Your account
settings-handle = Handle
settings-name-label = Name others see
settings-name-hint = Shown beside your handle. Leave it empty to show the handle alone.
settings-server = Server
settings-account-id = Account number
settings-device = This device
settings-device-id = Device number
settings-witnessed = Independent witnesses check this server’s directory.
settings-not-witnessed = Nobody independent checks this server’s directory yet.

settings-storage = On this device
settings-kept = What you wrote stays here until you remove it.
settings-best-effort = This browser may remove what Sotto stored when room gets scarce. Keep your recovery words at hand.
settings-ask-to-keep = Ask the browser to keep it
settings-nearly-full = Hardly any room is left on this device.
settings-full = No room is left on this device: nothing new can be stored.
settings-failing = The last try to store something here failed. Restart the browser, and look for a full or failing disk.
settings-used = { $used } of { $quota } in use
settings-used-alone = { $used } in use
settings-lock-passphrase = Locked with your passphrase.
settings-lock-device = Locked with a key that this device keeps.
settings-lock-key-file = The key lies in a file beside the data.
settings-erase = Remove Sotto from this device
settings-erase-ask = Everything stored on this device is removed. Your account stays with the server; bringing it back with your recovery words is not part of this Sotto yet: keep them.
settings-erase-confirm = Remove everything here

settings-what-server-knows = What the server knows about you
server-knows-handle = Your handle, and when your account was made, to the day.
server-knows-devices = Your devices and their public keys.
server-knows-online = When a device of yours is connected, while it is.
server-knows-not = It stores nothing that links you to your conversations: not who you write to, nor when, nor what.

settings-appearance = Appearance
settings-theme-system = As the system
settings-theme-light = Light
settings-theme-dark = Dark

keys-title = Keys
keys-jump = Jump to anything
keys-next = Next conversation
keys-previous = Previous conversation
keys-close = Close one layer
keys-help = Show all keys

size-bytes = { $number } bytes
size-kilobytes = { $number } kB
size-megabytes = { $number } MB
size-gigabytes = { $number } GB

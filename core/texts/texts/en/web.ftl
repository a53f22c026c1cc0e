## What only the web client says.

web-step = Step { $number } of { $count }
web-or = or
web-words-copy = Copy
web-words-save = Save as a file
web-words-print = Print
web-words-file = sotto-recovery-words.txt
web-words-file-head = Recovery words for Sotto. Whoever has them can take over the account.
web-jump-label = Jump to a conversation or a page
web-jump-key = Ctrl K
web-jump-write = Write to { $handle }
web-key-up = Alt ↑
web-key-down = Alt ↓
web-key-escape = Esc
web-key-help = ?
web-key-enter = Enter
web-key-shift-enter = Shift Enter
web-keys-send = Send
web-keys-new-line = New line
web-arrived = { $person }: { $text }
web-thread-none-lead = Press { $key } to jump to one.
web-list-resize = Width of the list
web-state-in-list = { $state }:
web-month-short =
    { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
       *[12] Dec
    }
web-day-short = { $day } { $name }
web-day-far = { $day } { $name } { $year }
web-passphrase-show = Show the passphrase
web-passphrase-hide = Hide the passphrase
web-details-close = Close the page about { $person }
web-server-here = Your messages pass through { $server }, which cannot read them.
web-not-now = Not possible right now. Nothing was changed.
web-not-stored = This browser could not store it. Nothing was changed.
web-stale = Sotto was updated. Reload the page to go on.
web-interrupted = Another tab was closed while doing this. Check whether it was done.

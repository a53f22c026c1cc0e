## The page about a person.

contact-title = About { $person }
contact-handle = Handle
contact-name = Name they chose
contact-account = Account
contact-account-pending = Not looked up yet
contact-first = You are talking to { $handle }. Compare numbers to be certain.
contact-numbers = Numbers
contact-numbers-lead = Read them to each other in person or on a call. The same numbers: nobody is in between.
contact-numbers-later = Comparing numbers is not part of this Sotto yet.
contact-numbers-compared = You compared numbers.
contact-standing-open = You write to each other.
contact-standing-request = They asked to write to you.
contact-standing-declined = You declined their request.
contact-standing-blocked = You blocked them. Nothing of theirs is taken.
contact-block-hint = Nothing more is taken from them. They are not told.
contact-unblock-hint = What they sent meanwhile is not shown.
contact-start-over-hint = Fresh keys for this conversation. What you wrote stays.
contact-alarms =
    { $count ->
        [one] { $count } alarm about this person
       *[other] { $count } alarms about this person
    }

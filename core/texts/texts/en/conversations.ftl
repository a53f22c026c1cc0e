## The rail, the conversation list and the requests.

app-name = Sotto
app-title-unread = ({ $count }) Sotto

nav-label = Main
nav-chats = Chats
nav-requests = Requests
nav-calls = Calls
nav-settings = Settings
nav-alarms = Alarms
nav-requests-waiting =
    { $count ->
        [one] { $count } request is waiting
       *[other] { $count } requests are waiting
    }

list-label = Conversations
list-empty-title = No conversations yet
list-empty-lead = Write to somebody by handle.
list-new = New conversation
list-search = Find a conversation
list-search-none = Nothing found.
list-draft = Draft: { $text }
list-you = You: { $text }
list-failed = Not sent
list-alarm = Alarm
list-nothing-yet = Nothing written yet
list-unread =
    { $count ->
        [one] { $count } unread message
       *[other] { $count } unread messages
    }

new-title = New conversation
new-handle-label = Handle
new-handle-hint = For example @bob
new-action = Write

person-unknown = Somebody new
person-verified = Numbers compared
person-name-and-handle = { $name } { $handle }

requests-title = Requests
requests-empty = No requests.
requests-lead = People who are not in your conversations yet. They learn nothing until you accept.
request-line = { $person } wants to write to you.
request-accept-hint = After that, what you write reaches them.
request-decline-hint = They are not told.
request-messages =
    { $count ->
        [one] { $count } message
       *[other] { $count } messages
    }

thread-none-title = Pick a conversation
thread-none-lead = Or press Ctrl K to jump to one.
thread-details = About { $person }
thread-alarm = There is an alarm about this conversation.
thread-back = Back to the list

## Writing a message.

composer-label = Message to { $person }
composer-placeholder = Message
composer-left =
    { $count ->
        [one] { $count } byte left
       *[other] { $count } bytes left
    }
composer-over =
    { $count ->
        [one] { $count } byte too long. Send it in parts.
       *[other] { $count } bytes too long. Send it in parts.
    }
composer-request = Accept to answer. Writing accepts too.
composer-declined = You declined this request. Writing opens the conversation again.
composer-blocked = You blocked { $person }.
composer-offline = It is sent as soon as there is a connection.

## Whether the server can be reached.

connection-off = Not connected. Messages wait here until you connect.
connection-connecting = Connecting
connection-online = Connected
connection-offline = Out of reach since { $time }. Messages wait here and are sent by themselves.
connection-offline-retry =
    { $seconds ->
        [one] Trying again in { $seconds } second
       *[other] Trying again in { $seconds } seconds
    }
connection-clock-off = This device’s clock and the server’s differ by more than a day. Set the clock; until then some things wait.
connection-server-too-new = The server needs a newer Sotto. Update to go on.
connection-server-too-old = The server is too old for this Sotto. Ask whoever runs it to update.
connection-server-changed = This is not the server you know. Nothing is sent. See the alarm.
connection-refused = The server does not let Sotto in. Ask whoever runs it.

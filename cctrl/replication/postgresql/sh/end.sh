# Ends the server as a crash would: nothing more is written.
end_server immediate 0 25

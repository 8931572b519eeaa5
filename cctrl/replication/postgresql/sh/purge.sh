# Ends the client sessions. Arguments: the SQL.
n=$(sql -c "$1") || exit 1
echo "@sessions $n"

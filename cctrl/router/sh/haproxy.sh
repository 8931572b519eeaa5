# $1: HAProxy's admin socket; $2: what is typed into it. Nothing is installed for this: whatever speaks to a unix socket.
if [ ! -S "$1" ]; then echo "no socket at $1: HAProxy does not run, or its 'stats socket' is another one" >&2; exit 66; fi
has() { command -v "$1" >/dev/null 2>&1; }
if has perl && perl -MIO::Socket::UNIX -e 1 2>/dev/null; then
  exec perl -MIO::Socket::UNIX -e '
    my $s = IO::Socket::UNIX->new($ARGV[0]) or die "$ARGV[0]: $!\n";
    print $s "$ARGV[1]\n"; $s->flush; print while <$s>;' "$1" "$2"
elif has socat; then
  printf '%s\n' "$2" | socat -t 5 - "UNIX-CONNECT:$1"
elif has python3; then
  exec python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {error.strerror}")
s.sendall(sys.argv[2].encode() + b"\n")
while more := s.recv(65536):
    sys.stdout.buffer.write(more)' "$1" "$2"
elif has nc; then
  printf '%s\n' "$2" | nc -U "$1"
else
  echo "nothing here speaks to a unix socket: neither perl, socat, python3 nor nc" >&2
  exit 69
fi

# Builds GlobalSign's EST programs, which nobody of this project wrote. Sourced. Sets PEER to the folder of estserver and estclient; leaves
# with status 77 and one line that says why when the peer cannot be had.
peer_absent() { echo "GlobalSign's EST programs are not here, nothing was run: $*"; exit 77; }

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PEER=${ESTSPEC_PEERS:-$TOP/build/peers}/globalsign
command -v go >/dev/null || peer_absent "no go on this machine (Debian: golang-go)"
mkdir -p "$PEER"
if [ ! -x "$PEER/estserver" ] || [ ! -x "$PEER/estclient" ] || [ ! -x "$PEER/basicserver" ]; then
  (cd "$TOP/ci/interop/globalsign-peer" &&
    go build -buildvcs=false -o "$PEER/" github.com/globalsign/est/cmd/estserver github.com/globalsign/est/cmd/estclient ./basicserver) >"$PEER/build.log" 2>&1 ||
    peer_absent "go build failed: $(tail -n 1 "$PEER/build.log")"
fi

certify() { # certify NAME SUBJECT EXTENSIONS: NAME.key, NAME.pem under the root
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
  openssl x509 -req -in "$1.csr" -CA root.pem -CAkey root.key -days 365 -out "$1.pem" -extfile <(
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n%s\n' "$3"
  )
}

# make_identities: in the current folder, a root, a certificate for the server and one for a client.
make_identities() {
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 3650 -subj '/CN=interop root' \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    certify server /CN=est.interop.example $'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth'
    certify client /CN=device-0 $'subjectAltName=DNS:device-0.example\nextendedKeyUsage=clientAuth'
  } 2>openssl.log || { cat openssl.log >&2; exit 1; }
}

# start_estserver: with the identities in the current folder. Sets SERVER and URL.
start_estserver() {
  local port
  # It cannot be told to take a free port, so one that is free now is tried; whoever came first makes it try another.
  for _ in 1 2 3 4 5; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >estserver.json <<JSON
{"mock_ca": {"certificates": "root.pem", "private_key": "root.key"},
 "tls": {"listen_address": "127.0.0.1:$port", "certificates": "server.pem", "private_key": "server.key", "client_cas": ["root.pem"]},
 "allowed_hosts": ["localhost", "127.0.0.1"], "rate_limit": 100000, "timeout": 30, "log_file": "estserver.log"}
JSON
    "$PEER/estserver" -config estserver.json >estserver.out 2>&1 &
    SERVER=$!
    URL=https://127.0.0.1:$port
    for _ in $(seq 50); do
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
      kill -0 "$SERVER" 2>/dev/null || break
      sleep 0.1
    done
  done
  echo "estserver did not start: $(tail -n 1 estserver.out)" >&2
  exit 1
}

# start_basicserver USER PASSWORD-FILE: the same for the server that asks for a password.
start_basicserver() {
  "$PEER/basicserver" "$@" >basicserver.url 2>basicserver.log &
  SERVER=$!
  for _ in $(seq 100); do
    URL=$(head -n 1 basicserver.url)
    [ -z "$URL" ] || return 0
    sleep 0.1
  done
  echo "basicserver did not start: $(tail -n 1 basicserver.log)" >&2
  exit 1
}

stop_server() {
  [ -z "${SERVER:-}" ] || { kill "$SERVER" 2>/dev/null && wait "$SERVER" 2>/dev/null; } || true
  SERVER=
}

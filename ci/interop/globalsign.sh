# Builds GlobalSign's EST programs, which nobody of this project wrote. Sourced. Sets PEER to the folder of estserver and estclient; leaves
# with status 77 and one line that says why when the peer cannot be had.
peer_absent() { echo "GlobalSign's EST programs are not here, nothing was run: $*"; exit 77; }

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PEER=${ESTSPEC_PEERS:-$TOP/build/peers}/globalsign
command -v go >/dev/null || peer_absent "no go on this machine (Debian: golang-go)"
mkdir -p "$PEER"
if [ ! -x "$PEER/estserver" ] || [ ! -x "$PEER/estclient" ]; then
  (cd "$TOP/ci/interop/globalsign-peer" && go build -buildvcs=false -o "$PEER/" github.com/globalsign/est/cmd/estserver github.com/globalsign/est/cmd/estclient) >"$PEER/build.log" 2>&1 ||
    peer_absent "go build failed: $(tail -n 1 "$PEER/build.log")"
fi

# Starts est-server in a scratch folder for an interop recipe. Sourced with BIN set to the folder of the programs.
# EXTRA_CONFIG: lines added to est-server.yaml. Sets WORK, CA (folder made by `est-server init`), URL, USERPASS (user:password); stops the server on exit.
set -euo pipefail
: "${BIN:?set BIN to the folder that holds est-server, e.g. build/bin}"

WORK=$(mktemp -d)
CA=$WORK/ca
SERVER=
stop() {
  [ -n "$SERVER" ] && kill "$SERVER" 2>/dev/null && wait "$SERVER" 2>/dev/null
  rm -rf "$WORK"
}
trap stop EXIT

"$BIN/est-server" init --dir "$CA" >"$WORK/init.log"
[ -z "${EXTRA_CONFIG:-}" ] || printf '%s\n' "$EXTRA_CONFIG" >>"$CA/est-server.yaml"
"$BIN/est-server" run --config "$CA/est-server.yaml" --listen 127.0.0.1:0 --ready-file "$WORK/ready" 2>"$WORK/server.log" &
SERVER=$!
for _ in $(seq 100); do
  [ -s "$WORK/ready" ] && break
  sleep 0.1
done
URL=$(head -n 1 "$WORK/ready")
USERPASS=estuser:$(cat "$CA/estuser.password")

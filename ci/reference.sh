# The reference server as target. Sourced with BIN set to the folder of the programs and WORK to a scratch folder.
REFERENCE_PROFILE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/reference-profile.yaml.in

# start_reference [EDIT]: initialises, edits est-server.yaml by the sed command EDIT and adds the lines in EXTRA_CONFIG, starts, and writes $WORK/profile.yaml with everything filled in.
# Sets SERVER (process id; the caller stops it), URL and CA. Logs in $WORK. Fails with a line on standard error.
start_reference() {
  CA=$WORK/ca
  rm -rf "$CA" "$WORK/ready"
  "$BIN/est-server" init --dir "$CA" >"$WORK/init.log" || return 1
  [ -z "${1:-}" ] || sed -i "$1" "$CA/est-server.yaml"
  [ -z "${EXTRA_CONFIG:-}" ] || printf '%s\n' "$EXTRA_CONFIG" >>"$CA/est-server.yaml"
  "$BIN/est-server" run --config "$CA/est-server.yaml" --listen 127.0.0.1:0 --listen-late 127.0.0.1:0 --ready-file "$WORK/ready" 2>"$WORK/server.log" &
  SERVER=$!
  for _ in $(seq 100); do
    [ -s "$WORK/ready" ] && break
    kill -0 "$SERVER" 2>/dev/null || { echo "the reference server stopped: $(tail -n 1 "$WORK/server.log")" >&2; return 1; }
    sleep 0.1
  done
  [ -s "$WORK/ready" ] || { echo "the reference server was not ready within 10 s (log: $WORK/server.log)" >&2; return 1; }
  URL=$(head -n 1 "$WORK/ready")
  sed -e "s|@URL@|$URL|g" -e "s|@LATE@|$(sed -n 2p "$WORK/ready")|g" -e "s|@DIR@|$CA|g" -e "s|@BIN@|$BIN|g" -e "s|@READY@|$WORK/ready|g" \
    "$REFERENCE_PROFILE" >"$WORK/profile.yaml"
}

stop_reference() {
  [ -z "${SERVER:-}" ] || { kill "$SERVER" 2>/dev/null && wait "$SERVER" 2>/dev/null; } || true
}

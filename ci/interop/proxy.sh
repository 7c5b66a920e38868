# Starts est-proxy for an interop recipe. Sourced with BIN, WORK (the current folder) and CA (a folder made by `est-server init`) set.
PROXIES=()

# start_proxy NAME LABELS UPSTREAM [MORE]: LABELS and UPSTREAM are YAML mappings, without braces; MORE are further lines. Sets FRONT (URL) and PROXY
# (process id; stop_proxies stops all).
start_proxy() {
  cat >"$1.yaml" <<EOF
listen: [127.0.0.1:0]
server-certificate: $CA/server.pem
server-key: $CA/server.key
labels: {$2}
upstream: {$3}
${4:-}
EOF
  "$BIN/est-proxy" run --config "$1.yaml" --ready-file "$1.ready" 2>"$1.log" &
  PROXY=$!
  PROXIES+=("$PROXY")
  for _ in $(seq 400); do
    [ -s "$1.ready" ] && break
    kill -0 "$PROXY" 2>/dev/null || break
    sleep 0.05
  done
  [ -s "$1.ready" ] || { echo "est-proxy ($1) did not start: $(tail -n 1 "$1.log")" >&2; return 1; }
  FRONT=$(head -n 1 "$1.ready")
}

stop_proxies() {
  for each in "${PROXIES[@]}"; do
    kill "$each" 2>/dev/null && wait "$each" 2>/dev/null || true
  done
}

# Runs the suite against a client by NAME-client.yaml, NAME being what follows suite- in the script's name. Sourced with BIN, DRIVER (the command
# of that profile) and here (this folder) set.
WORK=${WORK:-$(mktemp -d)}
trap 'rm -rf "$WORK"' EXIT
RESULTS=${RESULTS:-$WORK/results}
name=${0##*/suite-}
status=0
"$BIN/estspec" client --profile "$here/$name-client.yaml" --out "$RESULTS" >"$WORK/summary" 2>"$WORK/progress" || status=$?
grep -E '^[A-Z]+ EST-CL-' "$WORK/summary" || true
tail -n 5 "$WORK/summary"
[ "$status" -ne 4 ] || cat "$WORK/progress" >&2
[ "$status" -ne 0 ] || "$BIN/estspec" verify "$RESULTS"
exit "$status"

# Starts est-server in a scratch folder for an interop recipe. Sourced with BIN set to the folder of the programs.
# EXTRA_CONFIG: lines added to est-server.yaml. Sets WORK, CA (folder made by `est-server init`), URL, USERPASS (user:password); stops the server on exit.
set -euo pipefail
: "${BIN:?set BIN to the folder that holds est-server, e.g. build/bin}"

WORK=$(mktemp -d)
source "$(dirname "${BASH_SOURCE[0]}")/../reference.sh"
trap 'stop_reference; rm -rf "$WORK"' EXIT
start_reference
USERPASS=estuser:$(cat "$CA/estuser.password")

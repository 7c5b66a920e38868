#!/bin/sh
# check_schemas.sh junit|results [FILE]: validates a report against its published schema, with tools that are not ours.
# Exit codes: 0 valid, 1 not valid, 77 the validator is not installed.
set -eu
here=$(dirname "$0")
case "$1" in
junit)
  file=${2:-$here/testdata/junit.xml}
  command -v xmllint >/dev/null || { echo "xmllint is missing (package libxml2-utils)"; exit 77; }
  xmllint --noout --schema "$here/junit.xsd" "$file" || exit 1
  ;;
results)
  file=${2:-$here/testdata/results.json}
  python3 -c 'import jsonschema' 2>/dev/null || { echo "the module jsonschema is missing (package python3-jsonschema)"; exit 77; }
  python3 - "$here/results.schema.json" "$file" <<'PYTHON' || exit 1
import json, sys
import jsonschema

schema, document = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
problems = list(jsonschema.Draft202012Validator(schema).iter_errors(document))
for problem in problems:
    print("/".join(map(str, problem.absolute_path)) + ": " + problem.message)
sys.exit(1 if problems else 0)
PYTHON
  ;;
*)
  echo "usage: check_schemas.sh junit|results [FILE]" >&2
  exit 1
  ;;
esac

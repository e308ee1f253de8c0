#!/bin/sh
# Measures, prints the report, and keeps it where the page /manage/memory looks for it.
# Usage: tools/report.sh PYTHON [ARGUMENT…]   (arguments of `memory_report measure`)
set -eu

python=$1
shift
folder=$("$python" -c '
from dashboard.memory_reports import find_folder
from dashboard.settings import load_settings
print(find_folder(load_settings()) or "")')

# The database of a server has no folder: MEMORY_REPORT_PATH may give one.
[ -n "$folder" ] || exec "$python" -m memory_report measure "$@"

# As private as the database beside it.
umask 077
mkdir -p "$folder"
"$python" -m memory_report measure --json "$folder/memory-samples.json" "$@"
"$python" -m memory_report show "$folder/memory-samples.json" --format json \
    >"$folder/.memory-report.part"
mv "$folder/.memory-report.part" "$folder/memory-report.json"

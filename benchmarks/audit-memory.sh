#!/usr/bin/env bash
# The most memory that each report takes on: ./benchmarks/audit-memory.sh [INVOICES]; 25,400 invoices are 200,406 records.
# Reads the kernel's own high-water mark, so it needs Linux.
set -euo pipefail

run=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)/run.sh
folder=$(mktemp -d)
export BUBBLESYNC_HOME=$folder/home BUBBLESYNC_Bubble__ApiToken=simulator-token BUBBLESYNC_Bubble__RequestsPerMinute=1000000
"$run" --version >/dev/null
"$run" simulate --invoices "${1:-25400}" --output json >"$folder/simulator.json" 2>/dev/null &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || true; rm -rf "$folder"' EXIT
until grep -q baseUrl "$folder/simulator.json"; do
  kill -0 "$simulator"
  sleep 0.2
done
BUBBLESYNC_Bubble__BaseUrl=$(sed -E 's/.*"baseUrl":"([^"]+)".*/\1/' "$folder/simulator.json")
export BUBBLESYNC_Bubble__BaseUrl

peak() {
  "$run" "$@" --quiet >"$folder/output" &
  local process=$! most=0 seen
  while seen=$(sed -nE 's/^VmHWM:\s+([0-9]+) kB/\1/p' "/proc/$process/status" 2>/dev/null) && [ -n "$seen" ]; do
    most=$seen
    sleep 0.05
  done
  wait "$process" || [ $? -eq 1 ]
  printf '%4d MB  %s\n' $((most / 1024)) "${*//$folder\//}"
}

"$run" schema apply --quiet >/dev/null
peak resync
peak audit fields
peak audit values --csv "$folder/values.csv.gz"
peak audit links --csv "$folder/links.csv"
peak audit schema
peak verify

#!/usr/bin/env bash
# The native program beside the portable one, by turns: ./benchmarks/native-program.sh [INVOICES [ROUNDS]]; 20,000 invoices are 157,800 records.
# Seconds, processor seconds and the most memory of a start, of a first load, and of a load with nothing changed; of the process alone, without PostgreSQL.
# Reads the kernel's own figures, so it needs Linux.
set -euo pipefail

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
native=$("$root/run.sh" native)
"$root/run.sh" --version >/dev/null
read -r _ app <"$root/.bubblesync/app/current"
portable=$root/.bubblesync/app/$app/bubblesync.dll

folder=$(mktemp -d)
export BUBBLESYNC_Bubble__ApiToken=simulator-token BUBBLESYNC_Bubble__RequestsPerMinute=1000000
dotnet "$portable" simulate --invoices "${1:-20000}" --output json >"$folder/simulator.json" 2>/dev/null &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || true; rm -rf "$folder"' EXIT
until grep -q baseUrl "$folder/simulator.json"; do
  kill -0 "$simulator"
  sleep 0.2
done
BUBBLESYNC_Bubble__BaseUrl=$(sed -E 's/.*"baseUrl":"([^"]+)".*/\1/' "$folder/simulator.json")
export BUBBLESYNC_Bubble__BaseUrl

# measure WAY SITUATION PROGRAM...: what the kernel says of the process until shortly before its end.
measure() {
  local way=$1 situation=$2 stat=() seen=() cpu=0 peak=0 begin=$EPOCHREALTIME name value _
  shift 2
  "$@" >"$folder/output" 2>&1 &
  while read -ra seen <"/proc/$!/stat" && [ "${seen[2]}" != Z ]; do
    stat=("${seen[@]}")
    while read -r name value _; do [ "$name" != VmHWM: ] || peak=$value; done <"/proc/$!/status"
    sleep 0.02
  done 2>/dev/null
  wait $! || { cat "$folder/output" >&2; exit 1; }
  cpu=$((stat[13] + stat[14]))
  awk -v way="$way" -v situation="$situation" -v s="$begin" -v e="$EPOCHREALTIME" -v cpu="$cpu" -v ticks="$(getconf CLK_TCK)" -v peak="$peak" \
    'BEGIN { printf "%-10s %-10s %6.2f s %6.2f CPU s %4d MB\n", situation, way, e - s, cpu / ticks, peak / 1024 }'
}

for round in $(seq "${2:-3}"); do
  for way in portable native; do
    program=("$native")
    [ "$way" = native ] || program=(dotnet "$portable")
    export BUBBLESYNC_HOME=$folder/$way-$round
    dotnet "$portable" schema apply --quiet >/dev/null
    measure "$way" start "${program[@]}" --version
    measure "$way" first "${program[@]}" resync --quiet
    measure "$way" unchanged "${program[@]}" resync --quiet
  done
done

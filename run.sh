#!/bin/sh
# Builds what has changed, then runs it, from any folder:
#   ./run.sh demo            the whole job on a private PostgreSQL and a simulated Bubble app
#   ./run.sh test [args]     tests, without those that only CI runs; CI=true runs all; args go to 'dotnet test'
#   ./run.sh bench [filter]  benchmarks whose name holds the filter
#   ./run.sh bench e2e [options]  the program itself, end to end, beside its rivals
#   ./run.sh bench rivals [options]  the program's staging and merge beside other ways to load the same rows
#   ./run.sh bench charts   draws the charts of benchmarks/results from its tables
#   ./run.sh serve [options]  the server with API and schedules; --demo serves a simulated app
#   ./run.sh native         makes a native program that needs no .NET to run; prints where it lies
#   ./run.sh WORDS...        anything else is for bubblesync, with its exit code
# run.ps1 is the same for PowerShell; a test compares the two.
set -eu

# A stream that the caller closed: what is opened next would take its number, and be written to.
(: 3<&0) 2>/dev/null || exec </dev/null
(: 3>&1) 2>/dev/null || exec >/dev/null
(: 3>&2) || exec 2>/dev/null

self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
case $self in
  */*) root=$(CDPATH='' cd -- "${self%/*}" && pwd -P) ;;
  *) root=$(pwd -P) ;;
esac
state=$root/.bubblesync
apps=$state/app
project=src/BubbleSync.Cli
name_of_program=bubblesync
native=$state/native

# Exit code 3 is bubblesync's own for "stopped, nothing done".
stop() {
  echo "run.sh: $1" >&2
  exit 3
}

sources() {
  find "$root/src" "$root/config" "$root"/Directory.* "$root/global.json" "$root/BannedSymbols.txt" \
    \( -name bin -o -name obj -o -name .bubblesync \) -prune -o -type f ! -name '*.md' "$@"
}

# Names, sizes and times of all sources, as finely as the system has them. GNU's and BusyBox's stat is asked in one way, that of BSD and macOS in another.
fingerprint() {
  if stat -c %n . >/dev/null 2>&1; then
    sources -exec env TZ=UTC0 stat -c '%n %s %y' {} +
  else
    sources -exec stat -f '%N %z %Fm' {} +
  fi | LC_ALL=C sort | cksum | tr ' ' '-'
}

is_current() {
  [ -f "$apps/current" ] || return 1
  read -r sum app <"$apps/current"
  [ -f "$apps/$app/$name_of_program.dll" ] && [ "$(fingerprint)" = "$sum" ]
}

# One build at a time. The lock is not handed to the build, whose helpers may outlive it.
alone() {
  if command -v flock >/dev/null 2>&1; then
    ( flock -w 900 8 || stop "another build holds $state/build.lock for 15 minutes; end it and start again"
      "$@" 8>&- ) 8>"$state/build.lock"
    return
  fi

  lock=$state/build.lock.d
  waited=0
  until mkdir "$lock" 2>/dev/null; do
    holder=$(cat "$lock/holder" 2>/dev/null || echo "$$")
    kill -0 "$holder" 2>/dev/null || rm -rf "$lock"
    [ $waited -lt 900 ] || stop "another build holds $lock for 15 minutes; end it, delete that folder and start again"
    sleep 1
    waited=$((waited + 1))
  done
  echo "$$" >"$lock/holder"
  trap 'rm -rf "$lock"' EXIT
  ( "$@" )
  rm -rf "$lock"
  trap - EXIT
}

# The analyzers judge the sources for those who change them, where the tests are built; here they would take more than half of the time.
publish() {
  cd "$root"
  dotnet publish "$project" -c Release --use-current-runtime --self-contained false \
    --artifacts-path "$state/build" -o "$1" -p:NuGetInteractive=false -p:RunAnalyzers=false "-p:PublishReadyToRun=$2" >"$state/build.log" 2>&1
}

# A fresh folder for each build: a running program keeps the one it was started from.
build() {
  ! is_current || return 0
  echo "run.sh: building, once for each change..." >&2

  name=$(date +%Y%m%d%H%M%S)-$$
  mkdir -p "$apps"
  rm -f "$apps"/*.text
  # What changes while it is built is built the next time.
  sum=$(fingerprint)
  if ! publish "$apps/$name" true; then
    # Compiling ahead of time needs one more package; where it cannot be had, the program only starts slower.
    if ! grep -qi crossgen "$state/build.log" || ! publish "$apps/$name" false; then
      cat "$state/build.log" >&2
      rm -rf "${apps:?}/$name"
      stop "the build failed"
    fi
  fi

  echo "$sum $name" >"$apps/$name.text"
  mv -f "$apps/$name.text" "$apps/current"

  # Programs may still run from one of the last three. Names relative to the folder, whose own name may hold blanks.
  ( cd "$apps" && ls -1d -- */ | sort -r | tail -n +4 | while IFS= read -r old; do rm -rf "./$old"; done )
}

# One file of machine code, beside it the folder "config". It does not replace what the other words run.
build_native() {
  command -v clang >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ||
    stop "the native build needs a linker, but neither clang nor gcc is installed; install one, with apt-get install clang zlib1g-dev or xcode-select --install"
  sum=$(fingerprint)
  ! { [ -x "$native/bubblesync" ] && [ "$(cat "$native.sum" 2>/dev/null)" = "$sum" ]; } || return 0
  echo "run.sh: building the native program, which takes some minutes..." >&2

  rm -rf "$native.new"
  cd "$root"
  if ! dotnet publish src/BubbleSync.Cli -c Release --use-current-runtime --artifacts-path "$state/build-native" -o "$native.new" \
    -p:NuGetInteractive=false -p:PublishAot=true -p:DebugType=none -p:CopyOutputSymbolsToPublishDirectory=false >"$state/native.log" 2>&1; then
    cat "$state/native.log" >&2
    rm -rf "$native.new"
    stop "the native build failed; $state/native.log says why"
  fi

  # A program that runs meanwhile keeps its file, and reads patches from the new folder.
  rm -rf "$native"
  mv "$native.new" "$native"
  echo "$sum" >"$native.sum"
}

find_program() {
  is_current || alone build
  read -r sum app <"$apps/current"
  program=$apps/$app/$name_of_program.dll
}

command -v dotnet >/dev/null 2>&1 || stop "the .NET 10 SDK is missing; get it from https://dotnet.microsoft.com/download/dotnet/10.0"
{ mkdir -p "$state" && [ -w "$state" ]; } 2>/dev/null || stop "$state cannot be written; use a clone that belongs to you"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# Build helpers that stay in memory would outlive the command and hold its output open.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
if [ ! -w "${HOME:-/nowhere}" ]; then
  mkdir -p "$state/home"
  export HOME="$state/home" DOTNET_CLI_HOME="$state/home"
fi

# What the program keeps (the embedded server, the demo's report) lies beside it, not wherever the caller stands.
export BUBBLESYNC_HOME="${BUBBLESYNC_HOME:-$state}"

# Without git the version cannot be computed; the build takes its default instead of failing.
command -v git >/dev/null 2>&1 || export MinVerSkip=true

case ${1:-} in
  test)
    shift
    cd "$root"
    # Words choose the tests themselves.
    if [ $# -eq 0 ] && [ -z "${CI:-}" ]; then
      echo "run.sh: left out are the tests that only CI runs (trait Run=Ci): they cost much or change rarely. CI=true ./run.sh test runs all tests" >&2
      set -- --filter 'Run!=Ci'
    fi
    # The tests start it (TestedProgram.cs). Built while they are compiled, it takes none of their time; where that fails, they build it themselves.
    [ -z "${CI:-}" ] || (find_program) >/dev/null 2>&1 &
    code=0
    dotnet test BubbleSync.Etl.sln -c Release -p:NuGetInteractive=false "$@" || code=$?
    wait
    exit "$code"
    ;;
  bench)
    shift
    echo "run.sh: building what has changed of the benchmarks..." >&2
    if [ "${1:-}" = e2e ]; then
      find_program
      shift
      cd "$root"
      exec dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- e2e --program "$program" "$@"
    fi
    filter=*
    case ${1:--} in
      -*) ;;
      rivals | charts)
        cd "$root"
        exec dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- "$@"
        ;;
      *)
        filter=*$1*
        shift
        ;;
    esac
    cd "$root"
    exec dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- --filter "$filter" --artifacts "$state/benchmarks" "$@"
    ;;
  serve)
    shift
    apps=$state/server
    project=src/BubbleSync.Server
    name_of_program=bubblesync-server
    find_program
    exec dotnet "$program" "$@"
    ;;
  native)
    [ $# -eq 1 ] || stop "native takes no further words: it builds the native program and prints where it is"
    alone build_native
    echo "$native/bubblesync"
    ;;
  *)
    find_program
    exec dotnet "$program" "$@"
    ;;
esac

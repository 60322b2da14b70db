# Builds what has changed, then runs it, from any folder:
#   ./run.ps1 demo            the whole job on a private PostgreSQL and a simulated Bubble app
#   ./run.ps1 test [args]     all tests; args go to 'dotnet test'
#   ./run.ps1 bench [filter]  benchmarks whose name holds the filter
#   ./run.ps1 bench e2e [options]  the program itself, end to end, beside its rivals
#   ./run.ps1 WORDS...        anything else is for bubblesync, with its exit code
# run.sh is the same for a Unix shell; a test compares the two.
$ErrorActionPreference = 'Stop'

$root = $PSScriptRoot
$state = Join-Path $root '.bubblesync'
$apps = Join-Path $state 'app'
$stamp = Join-Path $apps 'current.ps1.txt'

# Exit code 3 is bubblesync's own for "stopped, nothing done".
function Stop-Run([string] $why) {
  [Console]::Error.WriteLine("run.ps1: $why")
  exit 3
}

# Names, sizes and times of all sources: one text that changes when they do.
function Get-Fingerprint {
  $paths = 'src', 'config', 'Directory.*', 'global.json', 'BannedSymbols.txt' | ForEach-Object { Join-Path $root $_ }
  $files = Get-ChildItem -Path $paths -Recurse -File |
    Where-Object { $_.FullName -notmatch '[\\/](bin|obj)[\\/]' -and $_.Extension -ne '.md' } |
    Sort-Object FullName
  ($files | ForEach-Object { "$($_.FullName) $($_.Length) $($_.LastWriteTimeUtc.Ticks)" }) -join "`n"
}

# The program that fits the sources, or nothing.
function Get-App([string] $fingerprint) {
  if (-not (Test-Path $stamp)) { return }
  $name, $rest = (Get-Content -Raw $stamp) -split "`n", 2
  $app = Join-Path (Join-Path $apps $name) 'bubblesync.dll'
  if ((Test-Path $app) -and $rest -eq $fingerprint) { $app }
}

function Publish-App([string] $folder, [string] $readyToRun) {
  # Windows PowerShell takes a line on stderr for an exception.
  $ErrorActionPreference = 'Continue'
  Push-Location $root
  try {
    dotnet publish src/BubbleSync.Cli -c Release --use-current-runtime --self-contained false `
      --artifacts-path "$state/build" -o $folder -p:NuGetInteractive=false "-p:PublishReadyToRun=$readyToRun" *> "$state/build.log"
    $LASTEXITCODE -eq 0
  }
  finally { Pop-Location }
}

# One build at a time.
function Enter-Build {
  for ($waited = 0; $waited -lt 900; $waited++) {
    try { return [IO.File]::Open((Join-Path $state 'build.lock'), 'OpenOrCreate', 'ReadWrite', 'None') }
    catch [IO.IOException] { Start-Sleep -Seconds 1 }
  }
  Stop-Run "another build holds $state/build.lock for 15 minutes; end it and start again"
}

# A fresh folder for each build: a running program keeps the one it was started from.
function Build-App {
  $lock = Enter-Build
  try {
    $fingerprint = Get-Fingerprint
    $app = Get-App $fingerprint
    if ($app) { return $app }

    [Console]::Error.WriteLine('run.ps1: building, once for each change...')
    $name = "$(Get-Date -Format yyyyMMddHHmmss)-$PID"
    New-Item -ItemType Directory -Force $apps | Out-Null
    if (-not (Publish-App "$apps/$name" 'true')) {
      # Compiling ahead of time needs one more package; where it cannot be had, the program only starts slower.
      $log = Get-Content -Raw "$state/build.log"
      if ($log -notmatch 'crossgen' -or -not (Publish-App "$apps/$name" 'false')) {
        [Console]::Error.WriteLine((Get-Content -Raw "$state/build.log"))
        Stop-Run 'the build failed'
      }
    }

    Set-Content -NoNewline -Path $stamp -Value "$name`n$fingerprint"
    # Whoever still runs on one of the last three is left in peace.
    Get-ChildItem -Directory $apps | Sort-Object Name -Descending | Select-Object -Skip 3 | Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
    "$apps/$name/bubblesync.dll"
  }
  finally { $lock.Dispose() }
}

function Find-Program {
  $app = Get-App (Get-Fingerprint)
  if ($app) { $app } else { Build-App }
}

if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) {
  Stop-Run 'the .NET 10 SDK is missing; get it from https://dotnet.microsoft.com/download/dotnet/10.0'
}
New-Item -ItemType Directory -Force $state | Out-Null
$env:DOTNET_NOLOGO = $env:DOTNET_CLI_TELEMETRY_OPTOUT = $env:DOTNET_SKIP_FIRST_TIME_EXPERIENCE = '1'
$env:DOTNET_GENERATE_ASPNET_CERTIFICATE = 'false'
# Build helpers that stay in memory would outlive the command and hold its output open.
$env:MSBUILDDISABLENODEREUSE = '1'
$env:DOTNET_CLI_USE_MSBUILD_SERVER = '0'
$env:UseSharedCompilation = 'false'
if (-not $HOME -or -not (Test-Path $HOME)) { $env:DOTNET_CLI_HOME = Join-Path $state 'home' }

$rest = @($args | Select-Object -Skip 1)
switch -CaseSensitive ($args[0]) {
  'test' {
    Push-Location $root
    try { dotnet test BubbleSync.Etl.sln -c Release -p:NuGetInteractive=false @rest } finally { Pop-Location }
  }
  'bench' {
    [Console]::Error.WriteLine('run.ps1: building what has changed of the benchmarks...')
    if ($rest.Count -gt 0 -and $rest[0] -ceq 'e2e') {
      $program = Find-Program
      Push-Location $root
      $rest = @($rest | Select-Object -Skip 1)
      try { dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- e2e --program $program @rest } finally { Pop-Location }
      break
    }
    $filter = ''
    if ($rest.Count -gt 0 -and -not $rest[0].StartsWith('-')) {
      $filter = $rest[0]
      $rest = @($rest | Select-Object -Skip 1)
    }
    Push-Location $root
    try { dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- --filter "*$filter*" --artifacts "$state/benchmarks" @rest } finally { Pop-Location }
  }
  default {
    $program = Find-Program
    dotnet $program @args
  }
}
exit $LASTEXITCODE

# Builds what has changed, then runs it, from any folder:
#   ./run.ps1 demo            the whole job on a private PostgreSQL and a simulated Bubble app
#   ./run.ps1 test [args]     tests, without those that only CI runs; CI=true runs all; args go to 'dotnet test'
#   ./run.ps1 bench [filter]  benchmarks whose name holds the filter
#   ./run.ps1 bench e2e [options]  the program itself, end to end, beside its rivals
#   ./run.ps1 bench rivals [options]  the program's staging and merge beside other ways to load the same rows
#   ./run.ps1 bench charts   draws the charts of benchmarks/results from its tables
#   ./run.ps1 serve [options]  the server with API and schedules; --demo serves a simulated app
#   ./run.ps1 native         makes a native program that needs no .NET to run; prints where it lies
#   ./run.ps1 WORDS...        anything else is for bubblesync, with its exit code
# run.sh is the same for a Unix shell; a test compares the two.
$ErrorActionPreference = 'Stop'
# The exit code of a program is for the caller, not an error of this script.
$PSNativeCommandUseErrorActionPreference = $false

$root = $PSScriptRoot
$state = Join-Path $root '.bubblesync'
$apps = Join-Path $state 'app'
$project = 'src/BubbleSync.Cli'
$nameOfProgram = 'bubblesync'
$native = Join-Path $state 'native'

# Exit code 3 is bubblesync's own for "stopped, nothing done".
function Stop-Run([string] $why) {
  [Console]::Error.WriteLine("run.ps1: $why")
  exit 3
}

# Runs a program. Where stderr is redirected, Windows PowerShell makes an error of each of its lines, and with 'Stop' the first one would end the script.
function Invoke-Native([scriptblock] $command) {
  $ErrorActionPreference = 'Continue'
  & $command
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
  $stamp = Join-Path $apps 'current.ps1.txt'
  if (-not (Test-Path $stamp)) { return }
  $name, $rest = (Get-Content -Raw $stamp) -split "`n", 2
  $app = Join-Path (Join-Path $apps $name) "$nameOfProgram.dll"
  if ((Test-Path $app) -and $rest -eq $fingerprint) { $app }
}

function Publish-App([string] $folder, [string] $readyToRun) {
  Push-Location $root
  try {
    Invoke-Native { dotnet publish "$project" -c Release --use-current-runtime --self-contained false `
      --artifacts-path "$state/build" -o $folder -p:NuGetInteractive=false -p:RunAnalyzers=false "-p:PublishReadyToRun=$readyToRun" *> "$state/build.log" }
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

    Set-Content -NoNewline -Path (Join-Path $apps 'current.ps1.txt') -Value "$name`n$fingerprint"
    # Programs may still run from one of the last three.
    Get-ChildItem -Directory $apps | Sort-Object Name -Descending | Select-Object -Skip 3 | Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
    "$apps/$name/$nameOfProgram.dll"
  }
  finally { $lock.Dispose() }
}

# One file of machine code, beside it the folder "config". It does not replace what the other words run.
function Build-Native([string] $program) {
  $hasLinker = $IsWindows -or $null -eq $IsWindows -or (Get-Command clang, gcc -ErrorAction SilentlyContinue)
  if (-not $hasLinker) {
    Stop-Run ('the native build needs a linker, but neither clang nor gcc is installed; install one, ' +
      'with apt-get install clang zlib1g-dev or xcode-select --install')
  }
  $lock = Enter-Build
  try {
    $fingerprint = Get-Fingerprint
    if ((Test-Path $program) -and (Test-Path "$native.ps1.txt") -and (Get-Content -Raw "$native.ps1.txt") -eq $fingerprint) { return }

    [Console]::Error.WriteLine('run.ps1: building the native program, which takes some minutes...')
    Remove-Item -Recurse -Force "$native.new" -ErrorAction SilentlyContinue
    Push-Location $root
    try {
      Invoke-Native { dotnet publish src/BubbleSync.Cli -c Release --use-current-runtime --artifacts-path "$state/build-native" -o "$native.new" `
        -p:NuGetInteractive=false -p:PublishAot=true -p:DebugType=none -p:CopyOutputSymbolsToPublishDirectory=false *> "$state/native.log" }
    }
    finally { Pop-Location }
    if ($LASTEXITCODE -ne 0) {
      [Console]::Error.WriteLine((Get-Content -Raw "$state/native.log"))
      # The SDK's own line names the linker that Windows lacks.
      Stop-Run "the native build failed; $state/native.log says why"
    }

    if (Test-Path $native) { Remove-Item -Recurse -Force $native }
    Move-Item "$native.new" $native
    Set-Content -NoNewline -Path "$native.ps1.txt" -Value $fingerprint
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

# What run.sh exports. The variables belong to the whole PowerShell session, so they are set back at the end.
$variables = @{
  DOTNET_NOLOGO = '1'
  DOTNET_CLI_TELEMETRY_OPTOUT = '1'
  DOTNET_SKIP_FIRST_TIME_EXPERIENCE = '1'
  DOTNET_GENERATE_ASPNET_CERTIFICATE = 'false'
  # Build helpers that stay in memory would outlive the command and hold its output open.
  MSBUILDDISABLENODEREUSE = '1'
  DOTNET_CLI_USE_MSBUILD_SERVER = '0'
  UseSharedCompilation = 'false'
  # What the program keeps (the embedded server, the demo's report) lies beside it, not wherever the caller stands.
  BUBBLESYNC_HOME = if ($env:BUBBLESYNC_HOME) { $env:BUBBLESYNC_HOME } else { $state }
}
if (-not $HOME -or -not (Test-Path $HOME)) { $variables.DOTNET_CLI_HOME = Join-Path $state 'home' }
# Without git the version cannot be computed; the build takes its default instead of failing.
if (-not (Get-Command git -ErrorAction SilentlyContinue)) { $variables.MinVerSkip = 'true' }

$words = $args
$rest = @($args | Select-Object -Skip 1)
$before = @{}
try {
  foreach ($name in $variables.Keys) {
    $before[$name] = [Environment]::GetEnvironmentVariable($name)
    Set-Item -Path "env:$name" -Value $variables[$name]
  }

  switch -CaseSensitive ($words[0]) {
    'test' {
      # Words choose the tests themselves.
      if ($rest.Count -eq 0 -and -not $env:CI) {
        [Console]::Error.WriteLine('run.ps1: left out are the tests that only CI runs (trait Run=Ci): they cost much or change rarely. ' +
          '$env:CI = ''true''; ./run.ps1 test runs all tests')
        $rest = @('--filter', 'Run!=Ci')
      }
      Push-Location $root
      try { Invoke-Native { dotnet test BubbleSync.Etl.sln -c Release -p:NuGetInteractive=false @rest } } finally { Pop-Location }
    }
    'bench' {
      [Console]::Error.WriteLine('run.ps1: building what has changed of the benchmarks...')
      if ($rest.Count -gt 0 -and $rest[0] -ceq 'e2e') {
        $program = Find-Program
        Push-Location $root
        $rest = @($rest | Select-Object -Skip 1)
        try { Invoke-Native { dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- e2e --program $program @rest } } finally { Pop-Location }
        break
      }
      if ($rest.Count -gt 0 -and $rest[0] -cin 'rivals', 'charts') {
        Push-Location $root
        try { Invoke-Native { dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- @rest } } finally { Pop-Location }
        break
      }
      $filter = ''
      if ($rest.Count -gt 0 -and -not $rest[0].StartsWith('-')) {
        $filter = $rest[0]
        $rest = @($rest | Select-Object -Skip 1)
      }
      Push-Location $root
      try {
        Invoke-Native {
          dotnet run -c Release --project benchmarks/BubbleSync.Benchmarks -- --filter "*$filter*" --artifacts "$state/benchmarks" @rest
        }
      }
      finally { Pop-Location }
    }
    'serve' {
      $apps = Join-Path $state 'server'
      $project = 'src/BubbleSync.Server'
      $nameOfProgram = 'bubblesync-server'
      $program = Find-Program
      Invoke-Native { dotnet $program @rest }
    }
    'native' {
      if ($rest.Count -gt 0) { Stop-Run 'native takes no further words: it builds the native program and prints where it is' }
      $program = Join-Path $native $(if ($IsWindows -or $null -eq $IsWindows) { 'bubblesync.exe' } else { 'bubblesync' })
      Build-Native $program
      $program
    }
    default {
      $program = Find-Program
      Invoke-Native { dotnet $program @words }
    }
  }
}
finally {
  foreach ($name in $before.Keys) { Set-Item -Path "env:$name" -Value $before[$name] }
}
exit $LASTEXITCODE

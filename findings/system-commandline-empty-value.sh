#!/bin/sh
# System.CommandLine 3.0.0: an option that is written with '=' and nothing behind it takes the next word as its value.
# A good guess is that "--schema=" is the empty text, as for getopt_long, argparse and a shell variable that is empty: --schema="$SCHEMA".
# So "tool --schema=$SCHEMA orders" with an empty variable reads "orders" as the schema, and no error says so.
# Seen:
#   --schema= orders  ->  schema=[orders] names=[] errors=0
#   --schema=x orders ->  schema=[x] names=[orders] errors=0
# bubblesync refuses such a word (src/BubbleSync.Cli/Usage.cs).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >"$folder/probe.csproj" <<'END'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="System.CommandLine" Version="[3.0.0]" />
  </ItemGroup>
</Project>
END
cat >"$folder/Program.cs" <<'END'
using System.CommandLine;

var schema = new Option<string>("--schema");
var names = new Argument<string[]>("names") { Arity = ArgumentArity.ZeroOrMore };
var root = new RootCommand { schema, names };
var parsed = root.Parse(args);
Console.WriteLine($"schema=[{parsed.GetValue(schema)}] names=[{string.Join(',', parsed.GetValue(names)!)}] errors={parsed.Errors.Count}");
END

dotnet build "$folder/probe.csproj" -c Release -o "$folder/out" -v q -nologo >"$folder/build.log" 2>&1 || { cat "$folder/build.log"; exit 1; }
probe() { dotnet "$folder/out/probe.dll" "$@"; }

empty=$(probe --schema= orders)
given=$(probe --schema=x orders)
echo "System.CommandLine 3.0.0"
echo "--schema= orders  -> $empty"
echo "--schema=x orders -> $given"
[ "$empty" = "schema=[orders] names=[] errors=0" ] && [ "$given" = "schema=[x] names=[orders] errors=0" ]

using System.IO.Compression;
using System.Xml.Linq;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Packages;

/// <summary>The packages, used as others do: installed or referred to from their files, far from this repository.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PackageTests(PackedFolder packed, PostgresFixture postgres) : IClassFixture<PackedFolder>, IClassFixture<PostgresFixture>
{
    private const string Tables = "agent, customer, invoice, invoice_item, payment, seda_registration, submitted_payment, user";

    private static readonly string[] Packages = ["Cli", "Etl", "Server"];

    private static readonly string Config = Path.Combine(Repository.Root, "config");

    [Fact]
    public async Task The_tool_runs_in_any_folder_with_the_configuration_that_comes_with_it()
    {
        var database = ("BUBBLESYNC_Postgres__ConnectionString", (string?)await postgres.CreateDatabaseAsync());
        var installed = await packed.RunAsync(
            "elsewhere",
            "dotnet", ["tool", "install", "BubbleSync.Cli", "--version", PackedFolder.Version, "--tool-path", "tools", "--add-source", Path.Combine(
                packed.Place, "packages")]);
        Assert.True(installed.Code == 0, installed.All);
        var tool = Path.Combine(packed.Place, "elsewhere", "tools", "bubblesync");

        var help = await packed.RunAsync("elsewhere", tool, ["--help"]);
        var made = await packed.RunAsync("elsewhere", tool, ["schema", "apply"], database);
        var patched = await packed.RunAsync("elsewhere", tool, ["patch"], database);
        var examined = await packed.RunAsync("elsewhere", tool, ["doctor"], database);

        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.Contains("  bubblesync <command> [options]", help.Output, StringComparison.Ordinal);
        Assert.Equal((0, $"Created: {Tables}"), (made.Code, made.Output.Split('\n')[0]));
        Assert.Equal(0, patched.Code);
        Assert.All(Directory.GetFiles(Path.Combine(Config, "patches")), p =>
            Assert.Contains($"  {Path.GetFileNameWithoutExtension(p)} ", patched.Output, StringComparison.Ordinal));
        Assert.Contains("well    unique key agent.bubble_id: there", examined.Output, StringComparison.Ordinal);
        Assert.Equal(Files(Config), Files(
            Assert.Single(Directory.GetDirectories(Path.Combine(packed.Place, "elsewhere", "tools", ".store"), "config", SearchOption.AllDirectories))));
    }

    [Fact]
    public async Task The_example_of_the_library_runs_as_printed_in_an_empty_console_project()
    {
        packed.Write("consumer/consumer.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestorePackagesPath>packages</RestorePackagesPath>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="BubbleSync.Etl" Version="{PackedFolder.Version}" /></ItemGroup>
            </Project>
            """);
        packed.Write("consumer/Program.cs", ReadmeText.Blocks(ReadmeText.All["docs/library.md"], "csharp")[0]);
        await using var bubble = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = 30 }, CancellationToken.None);

        var run = await packed.RunAsync(
            "consumer", "dotnet", ["run"],
            ("BUBBLESYNC_Bubble__BaseUrl", $"{bubble.BaseUrl}"),
            ("BUBBLESYNC_Bubble__ApiToken", new SimulatorOptions().Token),
            ("BUBBLESYNC_Postgres__ConnectionString", await postgres.CreateDatabaseAsync()));

        Assert.True(run.Code == 0, run.All);
        Assert.Equal($"created: {Tables}\nSucceeded: 30 new invoices\n0 of them changed since yesterday", run.Output.Trim());
        var output = Path.Combine(packed.Place, "consumer", "bin", "Debug", "net10.0", "config");
        Assert.Equal(Files(Config).Where(f => !f.StartsWith("examples", StringComparison.Ordinal)), Files(output));
    }

    [Theory]
    [InlineData("BubbleSync.Etl")]
    [InlineData("BubbleSync.Cli")]
    [InlineData("BubbleSync.Server")]
    public async Task A_package_says_what_it_is(string name)
    {
        await using var package = await ZipFile.OpenReadAsync(Path.Combine(packed.Place, "packages", $"{name}.{PackedFolder.Version}.nupkg"));
        await using var description = await package.GetEntry($"{name}.nuspec")!.OpenAsync();
        var metadata = XDocument.Load(description).Root!.Elements().Single().Elements().ToDictionary(e => e.Name.LocalName);

        Assert.Equal(("README.md", "git", null),
            (metadata["readme"].Value, metadata["repository"].Attribute("type")?.Value, metadata["repository"].Attribute("url")?.Value));
        Assert.StartsWith("Mirrors a Bubble.io app into PostgreSQL", metadata["description"].Value, StringComparison.Ordinal);
        Assert.Equal(("MIT", "expression"), (metadata["license"].Value, metadata["license"].Attribute("type")?.Value));
        Assert.Contains("bubble.io postgresql", metadata["tags"].Value, StringComparison.Ordinal);
        Assert.All(["authors", "copyright", "releaseNotes"], name => Assert.NotEqual("", metadata[name].Value));
        Assert.DoesNotContain(metadata.Keys, name => name is "projectUrl" or "iconUrl");
        Assert.NotNull(package.GetEntry("README.md"));
    }

    [Fact]
    public void Nothing_else_is_packed() =>
        Assert.Equal(
            Packages.Select(name => $"BubbleSync.{name}.{PackedFolder.Version}.nupkg"),
            Directory.GetFiles(Path.Combine(packed.Place, "packages")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Files(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f)).Order(StringComparer.Ordinal);
}

using Xunit;
using YamlDotNet.RepresentationModel;

namespace BubbleSync.Tests.Packages;

/// <summary>The Dockerfile and the compose file, without Docker: what they name is there, and the steps run in a folder.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ContainerTests : IDisposable
{
    private const string Build = "RUN dotnet publish";

    private readonly string _folder = Directory.CreateTempSubdirectory("bubblesync-container-").FullName;

    [Fact]
    public void The_image_is_built_from_what_is_there_and_runs_without_rights()
    {
        var file = Dockerfile.Read();

        var restored = file.CopiedBefore("RUN dotnet restore").Select(c => c.From).ToList();
        var copied = file.CopiedBefore(Build).ToList();
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(Repository.Root, p).Replace('\\', '/'));

        // The server is a program of its own.
        Assert.Empty(projects.Where(p => !p.StartsWith("src/BubbleSync.Server/", StringComparison.Ordinal)).Except(restored));
        Assert.All(copied, c => Assert.True(Path.Exists(Path.Combine(Repository.Root, c.From)), c.From));
        var kept = File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..]).ToList();
        Assert.All(copied, c => Assert.Contains(kept, k => k.Split('/')[0] == c.From.Split('/')[0]));
        // Beside the settings there may be a token or an embedded database.
        Assert.DoesNotContain("config", kept);
        // Whatever runs in the container runs as this user.
        var end = file.Instructions.SkipWhile(i => i.Word != "USER").ToList();
        Assert.Equal(["USER $APP_UID", "ENTRYPOINT [\"/app/bubblesync\"]", "CMD [\"--help\"]"], end.Select(i => $"{i.Word} {i.Words}"));
    }

    [Fact]
    public void The_compose_file_sets_what_the_program_knows_and_has_no_secret()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "compose.yaml"));
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        var services = yaml.Documents[0].RootNode["services"];

        var set = ((YamlMappingNode)services["bubblesync"]["environment"]).Children.ToDictionary(e => $"{e.Key}", e => $"{e.Value}");

        Assert.Empty(set.Keys.Where(k => k != "PGPASSWORD").Select(k => k["BUBBLESYNC_".Length..].Replace("__", ":", StringComparison.Ordinal))
            .Except(SettingNames.Defaults().Select(s => s.Name)));
        Assert.All(
            new[] { set["BUBBLESYNC_Bubble__ApiToken"], set["PGPASSWORD"], $"{services["postgres"]["environment"]["POSTGRES_PASSWORD"]}" },
            secret => Assert.Matches(@"^\$\{[A-Z_]+:\?set it in \.env\}$", secret));
        Assert.Equal("service_healthy", $"{services["bubblesync"]["depends_on"]["postgres"]["condition"]}");
        Assert.StartsWith("127.0.0.1:", $"{services["postgres"]["ports"][0]}", StringComparison.Ordinal);
    }

    [ContainerFact]
    public async Task The_steps_make_a_program_that_starts()
    {
        var file = Dockerfile.Read();
        foreach (var (from, to) in file.CopiedBefore(Build))
            Copy(Path.Combine(Repository.Root, from), Path.Combine(_folder, "source", to, to == from ? "" : Path.GetFileName(from)));

        foreach (var step in file.Instructions.Where(i => i is { Word: "RUN" } && i.Words.StartsWith("dotnet", StringComparison.Ordinal)))
        {
            var line = step.Words.Replace("/app", Path.Combine(_folder, "app"), StringComparison.Ordinal);
            var done = await ChildProcess.RunAsync(TimeSpan.FromMinutes(15), Path.Combine(_folder, "source"), "sh", ["-c", line], ("VERSION", "1.2.3"));
            Assert.True(done.Code == 0, done.All);
        }

        var program = Path.Combine(_folder, "app", "bubblesync");
        var version = await ChildProcess.RunAsync(_folder, program, ["--version"], ("DOTNET_ROOT", ChildProcess.DotnetFolder));
        var exported = await ChildProcess.RunAsync(_folder, program, ["export", "dbt", "--output", "json"], ("DOTNET_ROOT", ChildProcess.DotnetFolder));

        Assert.StartsWith("1.2.3", version.Output, StringComparison.Ordinal);
        Assert.Equal(8, exported.Json.GetProperty("tables").GetInt32());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // As the builder does it: without what .dockerignore leaves out.
    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
            return;
        }

        foreach (var entry in Directory.EnumerateFileSystemEntries(from).Where(e => Path.GetFileName(e) is not ("bin" or "obj" or ".env")))
        {
            var target = Path.Combine(to, Path.GetFileName(entry));
            if (!File.Exists(target))
                Copy(entry, target);
        }
    }
}

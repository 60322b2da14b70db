using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using BubbleSync.Cli;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests;

/// <summary>The shape of <c>src</c>: who may know whom, as the table of its README says, and what no file may have.</summary>
public sealed partial class ArchitectureTests
{
    private const string Engine = "BubbleSync.Etl";
    private const int MostLines = 250;
    private const int MostLinesOfTests = 260;
    private const int LongestLine = 160;
    private static readonly string[] CodeFiles = ["*.cs", "*.sql", "*.sh", "*.ps1", "*.csproj", "*.props", "*.targets", "*.razor", "*.css", "*.js"];

    private static readonly Assembly[] Ours =
        [typeof(SyncEngine).Assembly, typeof(CommandLine).Assembly, typeof(SimulatorServer).Assembly, typeof(EmbeddedPostgresServer).Assembly];

    public static TheoryData<string> Rooms => [.. RoomTable.Read().Rooms.Keys];

    public static TheoryData<string> Projects => [.. RoomTable.Read().Projects.Keys];

    public static TheoryData<string, string> Secluded => new()
    {
        { "System.Threading.Tasks.Dataflow", "Pipeline" },
        { "System.Net.Http", "Bubble" },
        { "CsvHelper", "Reports" },
        { "SpreadCheetah", "Reports" },
    };

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_whom_the_table_lets_it_know(string room)
    {
        var table = RoomTable.Read().Rooms;

        var strangers = SourceFile.All.Where(f => f.Project == Engine && f.Room == room)
            .SelectMany(file => table.Keys.Except(table[room]).Where(other => other != room && Knows(file, other)).Select(other => $"{file} knows {other}"));

        Assert.Empty(strangers);
    }

    [Fact]
    public void The_table_has_a_row_for_every_room() =>
        Assert.Equal(
            SourceFile.All.Where(f => f.Project == Engine && f.Room.Length > 0).Select(f => f.Room).Distinct().Order(StringComparer.Ordinal),
            RoomTable.Read().Rooms.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_to_those_the_table_names_and_to_no_other_of_ours(string project)
    {
        var allowed = RoomTable.Read().Projects[project];

        var file = XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj"));
        var referred = file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        var used = SourceFile.All.Where(f => f.Project == project)
            .SelectMany(f => Own().Matches(f.Code)).Select(m => m.Value).Distinct().Where(name => name != project);

        Assert.Equal(allowed.Order(StringComparer.Ordinal), referred.Order(StringComparer.Ordinal));
        Assert.Empty(used.Except(allowed));
    }

    [Fact]
    public void The_table_has_a_row_for_every_project() =>
        Assert.Equal(SourceFile.All.Select(f => f.Project).Distinct(), RoomTable.Read().Projects.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Npgsql_is_named_only_where_the_database_is_spoken_to() =>
        Assert.Empty(SourceFile.All.Where(
            f => f.Project == Engine && f.Room is not ("Postgres" or "Staging" or "Journal" or "Merge" or "Schema" or "Preflight" or "Runs" or "Compare")
                && Npgsql().IsMatch(f.Code))
            .Select(f => f.Place));

    [Theory]
    [MemberData(nameof(Secluded))]
    public void A_library_stays_in_its_room(string library, string room)
    {
        var types = library == "System.Net.Http" ? @"|\bHttp(Client|Content|Request|Response|Method|StatusCode)" : "";

        var users = SourceFile.All.Where(f => f.Project == Engine && Regex.IsMatch(f.Code, $@"\b{Regex.Escape(library)}\b{types}")).ToList();

        Assert.NotEmpty(users);
        Assert.All(users, file => Assert.Equal(room, file.Room));
    }

    [Fact]
    public void A_namespace_of_the_engine_is_the_folder_it_lies_in() =>
        Assert.All(
            SourceFile.All.Where(f => f.Project == Engine),
            f => Assert.Contains(
                $"\nnamespace {Path.GetDirectoryName(f.Place)!.Replace(Path.DirectorySeparatorChar, '.')};\n", "\n" + f.Text, StringComparison.Ordinal));

    [Fact]
    public void No_namespace_of_ours_is_used_globally()
    {
        var projects = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "Directory.Build.props"));

        Assert.DoesNotContain(SourceFile.All, f => GlobalUsing().IsMatch(f.Code));
        Assert.All(projects, p => Assert.DoesNotContain("<Using ", File.ReadAllText(p), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(@"\basync void\b")]
    [InlineData(@"\.GetAwaiter\(\)\.GetResult\(\)")]
    [InlineData(@"\.Result\b")]
    [InlineData(@"\.Wait(All|Any)?\(")]
    public void Nothing_blocks_a_thread_on_a_task_or_lets_one_go_unseen(string pattern) =>
        Assert.DoesNotContain(SourceFile.All, file => Regex.IsMatch(file.Code, pattern));

    [Fact]
    public void No_folder_is_a_place_for_everything() =>
        Assert.DoesNotContain(
            SourceFile.All, f => f.Place.Split('/').SkipLast(1)
                .SelectMany(folder => folder.Split('.')).Any(name => name is "Common" or "Core" or "Shared" or "Utils" or "Abstractions" or "Helpers"));

    [Fact]
    public void A_folder_opens_with_its_second_file() =>
        Assert.All(SourceFile.All.Where(f => f.Room.Length > 0)
            .GroupBy(f => Path.GetDirectoryName(f.Place)!), folder => Assert.True(FilesIn(folder.Key) > 1, $"{folder.Key} has one file."));

    [Fact]
    public void The_front_door_stands_alone_at_the_root() =>
        Assert.InRange(Directory.GetFiles(Path.Combine(Repository.Root, "src", "BubbleSync.Etl"), "*.cs").Length, 1, 8);

    [Fact]
    public void A_folder_of_more_than_fifteen_files_has_its_reason_in_the_map()
    {
        var map = File.ReadAllText(Path.Combine(Repository.Root, "src", "README.md"));
        var reasons = Regex.Match(map, @"\*\*Some folders have more than fifteen files\.\*\*.+?^- ", RegexOptions.Singleline | RegexOptions.Multiline);

        Assert.All(
            SourceFile.All.GroupBy(f => Path.GetDirectoryName(f.Place)!).Where(folder => FilesIn(folder.Key) > 15),
            folder => Assert.Contains($"`{Path.GetFileName(folder.Key)}`", reasons.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_fits_a_sitting() =>
        Assert.Empty(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.razor", SearchOption.AllDirectories)
                .Select(path => (Place: path, Text: File.ReadAllText(path))).Concat(SourceFile.All.Select(f => (f.Place, f.Text)))
                .Where(f => f.Text.Count(letter => letter == '\n') > MostLines).Select(f => f.Place));

    [Fact]
    public void No_line_of_code_is_longer_than_a_screen() =>
        Assert.Empty(
            from pattern in CodeFiles
            from path in Directory.GetFiles(Repository.Root, pattern, SearchOption.AllDirectories)
            where !Regex.IsMatch(path, @"[\\/](bin|obj|\.bubblesync|\.git|BenchmarkDotNet\.Artifacts)[\\/]")
            from line in File.ReadLines(path)
            where line.Length > LongestLine
            select $"{Path.GetRelativePath(Repository.Root, path)}: {line.Trim()}");

    [Fact]
    public void A_test_file_fits_a_sitting() =>
        Assert.DoesNotContain(SourceFile.Tests, f => f.Text.Count(letter => letter == '\n') > MostLinesOfTests);

    [Fact]
    public void Tests_of_the_simulator_of_scripts_and_of_packages_run_in_CI_only()
    {
        var classes = typeof(ArchitectureTests).Assembly.GetTypes()
            .Where(t => t.GetMethods().Any(m => m.IsDefined(typeof(FactAttribute), inherit: true))).ToList();

        var rare = classes.Where(t => t.Namespace is "BubbleSync.Tests.Simulator" or "BubbleSync.Tests.Scripts" or "BubbleSync.Tests.Packages").ToList();

        Assert.NotEmpty(rare);
        Assert.All(rare, t => Assert.True(IsCiOnly(t), t.FullName));
        Assert.Contains(classes, t => !IsCiOnly(t));
    }

    [Fact]
    public void A_type_is_named_for_what_it_is() =>
        Assert.DoesNotContain(Types(), t => VagueName().IsMatch(t.Name));

    [Fact]
    public void A_class_is_sealed_or_cannot_be_made() =>
        Assert.DoesNotContain(Types(), t => t.IsClass && !t.IsSealed && !t.IsAbstract);

    [Fact]
    public void What_has_an_enum_is_not_compared_with_text() =>
        Assert.Empty(SourceFile.All.SelectMany(file => TextForEnum().Matches(file.Code).Select(match => $"{file}: {match.Value.Trim()}")));

    // Which commands there are, and with which options, is a matter of the command line.
    [Fact]
    public void The_library_writes_no_command() =>
        Assert.Empty(SourceFile.All.Where(f => f.Project == Engine)
            .SelectMany(file => PrintedCommand().Matches(SessionName().Replace(file.Code, "")).Select(match => $"{file}: {match.Value}")));

    // The SDK's own generator makes Program public where ASP.NET is at hand.
    [Fact]
    public void The_command_line_promises_no_type() => Assert.Equal(["Program"], typeof(CommandLine).Assembly.GetExportedTypes().Select(t => t.FullName));

    // A component of the page is a file of code too.
    private static int FilesIn(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", folder)).Count(file => Path.GetExtension(file) is ".cs" or ".razor");

    private static bool IsCiOnly(Type type) => type.GetCustomAttributesData()
        .Any(a => a.AttributeType == typeof(TraitAttribute) && a.ConstructorArguments is [{ Value: CiOnly.Trait }, { Value: CiOnly.Value }]);

    // By a using, in full, or by the namespaces' common part: Identifier inside BubbleSync.Etl.Load needs no using.
    private static bool Knows(SourceFile file, string room)
    {
        var types = typeof(SyncEngine).Assembly.GetTypes().Where(t => t.Namespace == $"{Engine}.{room}").Select(t => t.Name.Split('`')[0]);
        return Regex.IsMatch(file.Code, $@"\bEtl\.{room}\b|(?<![\w.]){room}\.({string.Join('|', types.Where(n => !n.StartsWith('<')))})\b");
    }

    private static IEnumerable<Type> Types() =>
        Ours.SelectMany(a => a.GetTypes())
            .Where(t => !t.IsDefined(typeof(CompilerGeneratedAttribute)) && t.Namespace?.StartsWith("BubbleSync.", StringComparison.Ordinal) == true);

    [GeneratedRegex(@"\bBubbleSync\.(Etl|Cli|Server|Simulator|EmbeddedPostgres)\b")]
    private static partial Regex Own();

    [GeneratedRegex(@"\bNpgsql(Types)?\b")]
    private static partial Regex Npgsql();

    [GeneratedRegex(@"^\s*global using\b.*\bBubbleSync\b", RegexOptions.Multiline)]
    private static partial Regex GlobalUsing();

    // report.Status == "failed", Code: not "rejected", error.Code is "a" or "b", and the word in front.
    [GeneratedRegex("""
        \b(Status|Kind|Code|Stage|Verdict|Severity|Finding|Action|Outcome)(\s*[!=]=|\s+is|\s+is\s+not|:|:\s*not)\s*\(?\s*"[a-z]
        |"[a-z -]+"\s*[!=]=\s*\w+\.(Status|Kind|Code|Stage|Verdict|Severity|Finding|Action|Outcome)\b
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex TextForEnum();

    [GeneratedRegex(
        @"\bbubblesync (audit|completion|database|demo|doctor|export|patch|plan|preview|report|resync|runs"
        + @"|scaffold|schema|simulate|status|sync|verify|watch)\b.*")]
    private static partial Regex PrintedCommand();

    // What the sessions of a command are called in PostgreSQL.
    [GeneratedRegex(@"\bOpen(ForReading)?Async\((settings(\.Postgres)?, )?""bubblesync [a-z ]+""")]
    private static partial Regex SessionName();

    [GeneratedRegex("(Helper|Helpers|Manager|Util|Utils)$")]
    private static partial Regex VagueName();
}

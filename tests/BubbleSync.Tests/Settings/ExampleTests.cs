using System.Text.RegularExpressions;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Scripts;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>Each folder of <c>config/examples</c>: a table as another tool makes it, which the program loads with the map beside it.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed partial class ExampleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";

    private static readonly string Examples = Path.Combine(Repository.Root, "config", "examples");

    public static TheoryData<string> Folders =>
        [.. Directory.GetDirectories(Examples).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task A_table_of_another_tool_is_loaded_with_a_map_alone_and_stays_equal(string folder)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        await fixture.ExecuteAsync(await File.ReadAllTextAsync(Path.Combine(Examples, folder, "migration.sql"), fixture.Limit));
        // As the tool's own sessions do not set it.
        await fixture.ExecuteAsync("do $$ begin execute format('alter database %I set timezone = ''America/New_York''', current_database()); end $$");
        Put(fixture, 1, $$"""
            "Number": "A-1", "Status": "paid", "Total": 1234567.89, "Rating": 4.5, "Quantity": 3, "Paid": true, "Due": "2026-03-01T00:00:00.000Z",
            "Placed At": "2026-02-28T23:59:59.999Z", "Tags": ["new", "gift, wrapped"], "Place": { "lat": 3.1390, "address": "KL" }, "External Id": "{{Uuid}}"
            """);
        Put(fixture, 2, "\"Paid\": \"no\", \"Rating\": -0.25, \"Tags\": []");
        Put(fixture, 3, "");
        Put(fixture, 4, "\"Rating\": 0.1234567890123456789");
        Put(fixture, 5, "\"Status\": \"unknown\", \"Total\": \"x\"");

        var doctor = await RunAsync(fixture, folder, "doctor");
        var first = await RunAsync(fixture, folder, "resync");
        var second = await RunAsync(fixture, folder, "resync");
        fixture.Bubble.Records.Delete("order", SyncFixture.Id(4));
        fixture.Bubble.Records.Delete("order", SyncFixture.Id(5));
        var verified = await RunAsync(fixture, folder, "verify", "--strict");

        Assert.DoesNotContain(doctor.Json.GetProperty("checks").EnumerateArray(), c => c.GetProperty("status").GetString() == "failed");
        Assert.Equal((1, 3, 2), (first.Code, Count(first, "inserted"), Count(first, "rejected")));
        Assert.Equal((0, 0, 3), (Count(second, "inserted"), Count(second, "updated"), Count(second, "unchanged")));
        Assert.True(verified.Code == 0, verified.All);
    }

    // The npm packages of PostgreSQL have none.
    private static bool HasPsql => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => File.Exists(Path.Combine(d, "psql")));

    [UnixTheory]
    [MemberData(nameof(Folders))]
    public async Task The_commands_of_the_README_work_as_printed(string folder)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        Put(fixture, 1, "\"Number\": \"A-1\", \"Paid\": true");
        var readme = await File.ReadAllTextAsync(Path.Combine(Examples, "README.md"), fixture.Limit);
        var blocks = Block().Matches(readme).Select(m => m.Groups["lines"].Value).ToList();
        var address = new NpgsqlConnectionStringBuilder(fixture.Connection);
        (string, string?)[] exported =
        [
            ("BUBBLESYNC_Bubble__BaseUrl", fixture.Bubble.BaseUrl.ToString()), ("BUBBLESYNC_Bubble__ApiToken", new SimulatorOptions().Token),
            ("BUBBLESYNC_Postgres__ConnectionString", FormattableString.Invariant(
                $"postgresql://{address.Username}:{Uri.EscapeDataString(address.Password!)}@{address.Host}:{address.Port}/{address.Database}")),
        ];

        var program = $"bubblesync() {{ dotnet '{TestedProgram.Path}' \"$@\"; }}";
        var commands = blocks[1].Replace("prisma", folder, StringComparison.Ordinal);
        if (!HasPsql)
        {
            await fixture.ExecuteAsync(await File.ReadAllTextAsync(Path.Combine(Examples, folder, "migration.sql"), fixture.Limit));
            commands = string.Join('\n', commands.Split('\n').Where(line => !line.StartsWith("psql ", StringComparison.Ordinal)));
        }

        var script = $"{program}\n{commands}";
        var outcome = await ChildProcess.RunAsync(Repository.Root, "/bin/sh", ["-e", "-c", script], exported);

        Assert.Equal(exported.Select(e => $"export {e.Item1}"), blocks[0].Split('\n').Select(line => line.Split('=')[0]));
        Assert.True(outcome.Code == 0, outcome.All);
        Assert.Single(await fixture.RowsAsync("select run_id from bubblesync.run where kind = 'resync' and status = 'succeeded'"));
    }

    /// <summary>The folder has what its README and the page above it say.</summary>
    [Theory]
    [MemberData(nameof(Folders))]
    public void An_example_is_described_and_listed(string folder)
    {
        var files = Directory.GetFiles(Path.Combine(Examples, folder), "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Path.Combine(Examples, folder), f));

        Assert.Equal(
            ["README.md", "bubblesync.json", Path.Combine("entities", "order.json"), "migration.sql", Path.Combine("patches", "README.md")], files.Order(
                StringComparer.Ordinal));
        Assert.Contains($"({folder}/README.md)", File.ReadAllText(Path.Combine(Examples, "README.md")), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^```\n(?<lines>.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();

    private static void Put(SyncFixture fixture, int number, string fields) => fixture.Put("order", SyncFixture.Record(number, SyncFixture.Late, fields));

    private static Task<Outcome> RunAsync(SyncFixture fixture, string folder, params string[] words) =>
        Bubblesync.RunAsync(fixture, [("CONFIG", Path.Combine(Examples, folder, "bubblesync.json"))], [.. words, "--output", "json"]);

    private static int Count(Outcome outcome, string name) => outcome.Json.GetProperty("entities")[0].GetProperty(name).GetInt32();
}

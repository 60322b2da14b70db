using System.Text.RegularExpressions;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Patch;

/// <summary>Every patch that is shipped, on data that gives it something to do.</summary>
public sealed partial class ShippedPatchTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string Folder = Path.Combine(Repository.Root, "config", "patches");

    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Folder).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_second_run_writes_no_row(string name)
    {
        await using var fixture = await PatchFixture.OpenUnpatchedAsync(postgres);
        var first = await fixture.PatchAsync(name);
        var before = await fixture.SnapshotAsync();

        var second = await fixture.PatchAsync(name);

        Assert.Equal((PatchStatus.Succeeded, true), (first.Status, first.Rows > 0));
        Assert.Equal((PatchStatus.Succeeded, 0L), (second.Status, second.Rows));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_rows_it_reports_are_those_it_wrote_and_no_clock_moves(string name)
    {
        await using var fixture = await PatchFixture.OpenUnpatchedAsync(postgres);
        var (clocks, rows) = (await ClocksAsync(fixture), await fixture.SnapshotAsync());

        var report = await fixture.PatchAsync(name);

        Assert.Equal(clocks, await ClocksAsync(fixture));
        Assert.Equal(report.Rows, (await fixture.SnapshotAsync()).Except(rows).Count());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_skipped_where_one_of_its_tables_is_missing(string name)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var tables = Tables(name);

        Assert.NotEmpty(tables);
        foreach (var table in tables)
        {
            await fixture.ExecuteAsync($"alter table \"{table}\" rename to away");
            var report = await fixture.PatchAsync(name);
            await fixture.ExecuteAsync($"alter table away rename to \"{table}\"");

            Assert.Equal((PatchStatus.Skipped, 0L, $"there is no table '{table}' in schema 'public'"), (report.Status, report.Rows, report.Error));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_head_has_the_reason_and_the_tables_that_it_uses(string name)
    {
        var text = Read(name);
        var made = MadeTable().Matches(text).Select(m => m.Groups[1].Value);

        var used = UsedTable().Matches(text).Select(m => m.Groups[1].Value).Distinct().Except(made).Order(StringComparer.Ordinal);

        Assert.Contains("\n-- Why: ", text, StringComparison.Ordinal);
        Assert.Equal(used, Tables(name));
    }

    [Fact]
    public void Numbers_are_given_once() =>
        Assert.Equal(Directory.GetFiles(Folder).Length, Directory.EnumerateFiles(Folder)
            .Select(file => PatchName().Match(Path.GetFileName(file)).Groups[1].Value).Distinct().Count(number => number.Length == 3));

    private static async Task<List<string>> ClocksAsync(SyncFixture fixture)
    {
        var rows = new List<string>();
        foreach (var map in Maps.All)
            rows.AddRange((await fixture.RowsAsync($"select \"{map.Key}\", created_at, modified_date, updated_at, last_synced_at from "
                + $"\"{map.Table}\" order by 1")).Select(row => $"{map.Table}: {row}"));
        return rows;
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(Folder, name + ".sql"));

    private static string[] Tables(string name) => TablesLine().Match(Read(name)).Groups[1].Value.Split(", ");

    [GeneratedRegex(@"^(\d{3})-[a-z-]+\.sql$")]
    private static partial Regex PatchName();

    [GeneratedRegex("^-- tables: (.+)$", RegexOptions.Multiline)]
    private static partial Regex TablesLine();

    [GeneratedRegex("""(?:from|join|update) "(\w+)\b""")]
    private static partial Regex UsedTable();

    [GeneratedRegex("""(?:^with|,) "(\w+)" as (?:not materialized )?\(""", RegexOptions.Multiline)]
    private static partial Regex MadeTable();
}

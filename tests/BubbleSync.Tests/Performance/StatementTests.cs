using System.Text.RegularExpressions;
using BubbleSync.Simulator;
using BubbleSync.Tests.Diagnostics;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Performance;

/// <summary>How many statements a resync sends: as many for four times the records, but for the COPYs that carry them.</summary>
[Collection(nameof(Alone))]
public sealed partial class StatementTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // Enough that each entity has a link to warn of.
    private const int Few = 200;
    private const int Many = 800;
    private const int GatheredBytes = 512 * 1024;
    private const int MostAnEntity = 36;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_records_take_no_more_statements(bool isUnchanged)
    {
        var few = await StatementsAsync(Few, isUnchanged);
        var many = await StatementsAsync(Many, isUnchanged);

        Assert.NotEmpty(few);
        Assert.Equal(few, many);
        Assert.InRange(many.Count, 1, MostAnEntity * Maps.All.Count);
        // What is done for records that a table refuses, and for triggers, costs nothing where there are none.
        Assert.DoesNotContain(many, t => t.StartsWith("savepoint", StringComparison.Ordinal) || t.Contains("own_write", StringComparison.Ordinal));
        Assert.Equal(isUnchanged ? 0 : Maps.All.Count, many.Count(t => t.StartsWith("merge ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_window_takes_one_statement_beside_its_rows()
    {
        static int Windows(IEnumerable<string> statements) =>
            statements.Count(t => t.StartsWith("insert into bubblesync.\"window\"", StringComparison.Ordinal));

        var whole = await StatementsAsync(Few, isUnchanged: false);
        var cut = await StatementsAsync(Few, isUnchanged: false, windowSize: 100);

        Assert.InRange(Windows(cut) - Windows(whole), 5, int.MaxValue);
        Assert.Equal(Windows(cut) - Windows(whole), cut.Count - whole.Count);
    }

    [Fact]
    public async Task Pages_gather_before_they_are_copied()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = Many });
        using var heard = new Listener();

        await fixture.ResyncAsync();

        var copies = heard.Spans.Where(s => s.OperationName == "copy").Select(s => (long)(int)s.GetTagItem("bubblesync.bytes")!).ToList();
        var windows = heard.Spans.Count(s => s.OperationName == "window");
        Assert.InRange(copies.Count, 1, windows + (copies.Sum() / GatheredBytes));
    }

    private async Task<IReadOnlyList<string>> StatementsAsync(int invoices, bool isUnchanged, int windowSize = 5000)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = invoices })).With(windowSize);
        if (isUnchanged)
            await fixture.ResyncAsync();

        using var heard = new StatementListener();
        await fixture.ResyncAsync();

        // A table is counted anew where a thousand rows were written, once.
        Assert.Distinct(heard.Texts.Where(IsCount));
        // Staging tables carry the run in their names. A transaction begins with its settings, and what a run needs is tried out beforehand.
        string[] others = ["copy ", "savepoint merged", "select not w.is_shared", "savepoint trial", "rollback to savepoint trial"];
        return
        [
            .. heard.Texts.Where(t => !IsCount(t) && !Array.Exists(others, o => t.StartsWith(o, StringComparison.Ordinal)))
                .Select(t => RunInName().Replace(t, "")).Order(StringComparer.Ordinal),
        ];
    }

    private static bool IsCount(string sql) => sql.Contains("; analyze \"public\"", StringComparison.Ordinal);

    [GeneratedRegex("(?<=_)[0-9a-f]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex RunInName();
}

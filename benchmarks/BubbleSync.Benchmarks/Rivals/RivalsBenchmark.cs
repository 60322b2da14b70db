using BubbleSync.Benchmarks.Charts;
using BubbleSync.Benchmarks.EndToEnd;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using Npgsql;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary><c>bench rivals</c>: the product's staging and merge beside what others offer for the same job, in one table and one chart.</summary>
internal static class RivalsBenchmark
{
    private const int WarmUpRows = 2000;

    /// <summary>Measures, checks, writes table and chart; 0 where every way left the expected rows.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> words)
    {
        try
        {
            var options = RivalsOptions.Parse(words);
            var report = await MeasureAsync(options);
            var folder = Directory.CreateDirectory(Path.Combine(State, "benchmarks")).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "rivals.md"), report.ToMarkdown());
            await ResultCharts.DrawAsync(folder);
            Console.WriteLine(report.ToMarkdown());
            return 0;
        }
        catch (ArgumentException wrong)
        {
            await Console.Error.WriteLineAsync(wrong.Message);
            return 2;
        }
        catch (Exception failure) when (failure is InvalidOperationException or NpgsqlException or SyncException or IOException or EmbeddedPostgresException)
        {
            await Console.Error.WriteLineAsync($"rivals: {failure.Message}");
            return 1;
        }
    }

    private static string State => Path.GetFullPath(Environment.GetEnvironmentVariable("BUBBLESYNC_HOME") is { Length: > 0 } home ? home : ".bubblesync");

    private static async Task<RivalsReport> MeasureAsync(RivalsOptions options)
    {
        await using var databases = await Databases.StartAsync(
            Path.Combine(State, $"postgres-{Environment.ProcessId}"),
            connection => new SyncEngine(BubblesyncLoader.Settings(connection)).ApplySchemaAsync(CancellationToken.None));
        var figures = new RivalFigures();

        // Code that runs for the first time is slower; the figures of this round are thrown away.
        var few = Math.Min(WarmUpRows, options.Rows);
        await Console.Error.WriteLineAsync($"{few:N0} rows, to warm up");
        await (await RivalsRound.PrepareAsync(databases, few, new RivalFigures())).RunAsync(0);

        var round = await RivalsRound.PrepareAsync(databases, options.Rows, figures);
        for (var number = 1; number <= options.Rounds; number++)
        {
            await Console.Error.WriteLineAsync($"{options.Rows:N0} rows, round {number} of {options.Rounds}");
            await round.RunAsync(number);
        }

        return new RivalsReport(options, databases.Version, TimeProvider.System.GetUtcNow(), figures);
    }
}

using BubbleSync.Benchmarks.Charts;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl.Mapping;
using Npgsql;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>
/// <c>bench e2e</c>: the real program, as a process, against the simulator, as a process, and PostgreSQL; beside it those it is compared with.
/// </summary>
internal static class EndToEndBenchmark
{
    /// <summary>Measures and prints; 0 where everything was as it should be.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> words)
    {
        if (words.Contains("--help"))
        {
            Console.WriteLine($"Usage: {EndToEndOptions.Usage}");
            return 0;
        }

        using var ending = MeasuredProcess.LetNoneOutlive();
        try
        {
            var options = EndToEndOptions.Parse(words);
            var report = await MeasureAsync(options);
            await report.SaveAsync(Path.Combine(State, "benchmarks"));
            await ResultCharts.DrawAsync(Path.Combine(State, "benchmarks"));
            Console.WriteLine(options.IsJson ? report.ToJson() : report.ToMarkdown());
            return 0;
        }
        catch (ArgumentException wrong)
        {
            await Console.Error.WriteLineAsync(wrong.Message);
            return 2;
        }
        catch (Exception failure)
            when (failure is InvalidOperationException or NpgsqlException or HttpRequestException or IOException or EmbeddedPostgresException)
        {
            await Console.Error.WriteLineAsync($"e2e: {failure.Message}");
            return 1;
        }
    }

    private static string State => Path.GetFullPath(Environment.GetEnvironmentVariable("BUBBLESYNC_HOME") is { Length: > 0 } home ? home : ".bubblesync");

    private static async Task<EndToEndReport> MeasureAsync(EndToEndOptions options)
    {
        var program = new BubblesyncProgram(options.Program);
        var maps = EntityMapReader.Read(Path.Combine(AppContext.BaseDirectory, "config", "entities")).OrderBy(m => m.Level).ToList();
        var skeleton = await SkeletonProgram.BuildAsync(State);
        await using var databases = await Databases.StartAsync(Path.Combine(State, $"postgres-{Environment.ProcessId}"), program.ApplySchemaAsync);
        var setup = new BenchmarkSetup(options, State, databases, new TargetTables(databases, maps), program, skeleton);

        var sizes = new List<Figures>();
        foreach (var size in options.Sizes)
            sizes.Add(await MeasureAsync(setup, size));
        return new EndToEndReport(options, databases.Version, sizes);
    }

    private static async Task<Figures> MeasureAsync(BenchmarkSetup setup, int size)
    {
        var figures = new Figures();
        for (var number = 1; number <= setup.Options.Rounds; number++)
        {
            await Console.Error.WriteLineAsync($"{size:N0} records, round {number} of {setup.Options.Rounds}");
            await using var app = await SimulatedApp.StartAsync(setup.Program.Path, size);
            await new Round(setup, app, number, figures).RunAsync();
            if (number == setup.Options.Rounds)
                await AsideAsync(setup, size, new Aside(setup, app, figures));
        }

        return figures;
    }

    // Both load empty tables.
    private static async Task AsideAsync(BenchmarkSetup setup, int size, Aside aside)
    {
        if (!setup.Options.Only.Contains(Situation.First))
            return;

        if (setup.Options.Runs(Way.Rows) && size == setup.Options.Sizes.Min())
            await aside.RowsAsync();
        if (setup.Options.Runs(Way.Throttled) && size == setup.Options.ThrottledSize)
            await aside.ThrottledAsync();
    }
}

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>One round at one size: a fresh simulator, fresh databases, every situation, in each of them one rival after another.</summary>
internal sealed class Round(BenchmarkSetup setup, SimulatedApp app, int number, Figures figures)
{
    private const int OneInTen = 10;
    private const string Unpatched = "unpatched";

    // A run takes what changed within the last seconds for changes made while it reads, and asks for it again.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(7);

    private readonly Gauge _gauge = new(setup.Databases, setup.Tables, app);
    private long _changed;

    public async Task RunAsync()
    {
        // The simulator is slower at first, as every program is; nobody shall pay for that.
        await setup.Databases.RenewAsync(Unpatched);
        await ResyncUnpatchedAsync();

        foreach (var way in new[] { Way.Program, Way.Skeleton, Way.Floor }.Where(w => w == Way.Program || setup.Options.Runs(w)))
            await setup.Databases.RenewAsync(way);
        if (setup.Options.Runs(Way.Drain))
            figures.Add(Situation.First, Way.Drain, await _gauge.MeasureAsync(Unpatched, () => setup.Skeleton.DrainAsync(app)));

        foreach (var situation in Enum.GetValues<Situation>().Where(s => s == Situation.First || setup.Options.Only.Contains(s)))
        {
            if (situation == Situation.Changed)
                await ChangeAsync();
            await CompareAsync(situation);
        }
    }

    private async Task CompareAsync(Situation situation)
    {
        // Whoever is second finds warmer caches: so they take turns.
        if (number % 2 == 0)
            await SkeletonAsync(situation);
        await ProgramAsync(situation);
        if (number % 2 == 1)
            await SkeletonAsync(situation);
        await FloorAsync(situation);
        if (number == 1)
            await CheckAsync(situation);
    }

    private async Task ProgramAsync(Situation situation)
    {
        ResyncCounts? counts = null;
        var measured = await _gauge.MeasureAsync(Way.Program, async () =>
        {
            (var run, counts) = await setup.Program.ResyncAsync(setup.Databases.ConnectionString(Way.Program), app);
            return run;
        });
        if (situation == Situation.First)
            figures.Records ??= counts!.Extracted;
        if (counts != ResyncCounts.Expected(situation, figures.Records ?? 0, _changed))
            throw new InvalidOperationException(
                $"{situation}: expected {ResyncCounts.Expected(situation, figures.Records ?? 0, _changed)}, but the program says {counts}.");
        if (situation == Situation.Unchanged && measured.RowsWritten > 0)
            throw new InvalidOperationException($"Nothing had changed, and the program wrote {measured.RowsWritten} rows.");
        figures.Add(situation, Way.Program, measured with { Tail = await setup.Tables.TailAsync(Way.Program) });
    }

    private async Task SkeletonAsync(Situation situation)
    {
        if (setup.Options.Runs(Way.Skeleton))
            figures.Add(situation, Way.Skeleton, await _gauge.MeasureAsync(
                Way.Skeleton, () => setup.Skeleton.LoadAsync(setup.Databases.ConnectionString(Way.Skeleton), app)));
    }

    private async Task FloorAsync(Situation situation)
    {
        if (!setup.Options.Runs(Way.Floor))
            return;

        if (situation != Situation.Unchanged)
            await setup.Floor.PrepareAsync(Way.Program);
        figures.Add(situation, Way.Floor, await _gauge.MeasureAsync(Way.Floor, () => setup.Floor.LoadAsync(Way.Floor)));
    }

    private async Task ChangeAsync()
    {
        foreach (var map in setup.Tables.Maps)
        {
            var ids = await setup.Tables.IdsAsync(Way.Program, map, OneInTen);
            var field = map.Fields.First(f => f is { Type: "text", Relation.Count: 0, Path.Count: 0 } && f.Column != map.Key);
            await app.ChangeAsync(map.BubbleType, field.From[0], ids);
            _changed += ids.Count;
        }

        await Task.Delay(Calm);
    }

    // The skeleton has no patches, and is compared with the program without them.
    private async Task CheckAsync(Situation situation)
    {
        if (situation == Situation.Changed)
            await ResyncUnpatchedAsync();
        if (setup.Options.Runs(Way.Skeleton))
            await CheckAsync(situation, Unpatched, Way.Skeleton);
        if (setup.Options.Runs(Way.Floor))
            await CheckAsync(situation, Way.Program, Way.Floor);
    }

    private async Task CheckAsync(Situation situation, string expected, string way)
    {
        var different = (await setup.Tables.ContentsAsync(expected)).Except(await setup.Tables.ContentsAsync(way)).Select(d => d.Table).ToList();
        if (different.Count > 0)
            throw new InvalidOperationException(
                $"{situation}: other rows or values in {string.Join(", ", different)}. {await setup.Tables.DifferenceAsync(different[0], expected, way)}.");
    }

    private async Task ResyncUnpatchedAsync()
    {
        await setup.Program.ResyncAsync(setup.Databases.ConnectionString(Unpatched), app, patches: setup.NoPatches);
        await setup.Databases.TidyAsync(Unpatched);
    }
}

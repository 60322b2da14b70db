using System.Diagnostics;
using BubbleSync.Benchmarks.EndToEnd;
using BubbleSync.Etl.Mapping;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>Loads the same items by every way, in every situation, and compares what each left with what is expected.</summary>
internal sealed class RivalsRound
{
    private readonly Databases _databases;
    private readonly TargetTables _tables;
    private readonly ExpectedItems _expected;
    private readonly RivalFigures _figures;
    private readonly Items _items;
    private readonly Items _changed;

    private RivalsRound(Databases databases, EntityMap map, Items items, RivalFigures figures)
    {
        (_databases, _items, _changed, _figures) = (databases, items, items.Changed(), figures);
        _tables = new TargetTables(databases, [map]);
        _expected = new ExpectedItems(databases, _tables);
    }

    /// <summary>Makes the items and works out what every way must leave.</summary>
    public static async Task<RivalsRound> PrepareAsync(Databases databases, int rows, RivalFigures figures)
    {
        var map = EntityMapReader.Read(Path.Combine(AppContext.BaseDirectory, "config", "entities")).Single(m => m.Name == Items.Entity);
        var round = new RivalsRound(databases, map, await Items.MakeAsync(rows), figures);
        await round._expected.FillAsync(ExpectedItems.Original, round._items.Records);
        await round._expected.FillAsync(ExpectedItems.Changed, round._changed.Records);
        return round;
    }

    /// <summary>Runs all once.</summary>
    /// <param name="number">The round's number. The first way of a situation is another one in each round, for later ones find warmer caches.</param>
    public async Task RunAsync(int number)
    {
        foreach (var rival in Rival.All)
            await _databases.RenewAsync(rival.Name);

        foreach (var situation in Enum.GetValues<Situation>())
        {
            for (var place = 0; place < Rival.All.Count; place++)
                await RunAsync(situation, Rival.All[(place + number) % Rival.All.Count]);
        }
    }

    private async Task RunAsync(Situation situation, Rival rival)
    {
        var isChanged = situation == Situation.Changed;
        _figures.Add(situation, rival.Name, await MeasureAsync(rival, isChanged ? _changed : _items));
        await _expected.RequireAsync(isChanged ? ExpectedItems.Changed : ExpectedItems.Original, rival.Name, situation);
        await _databases.TidyAsync(rival.Name);
    }

    private async Task<RivalMeasurement> MeasureAsync(Rival rival, Items items)
    {
        var written = await _tables.WrittenAsync(rival.Name);
        await _databases.LeftAsync(rival.Name);
        long log;
        double seconds, cpu, allocated;
        double? postgres;
        await using (var loader = await rival.OpenAsync(_databases.ConnectionString(rival.Name)))
        {
            await _databases.PrepareAsync();
            // Nobody shall collect what another left.
            GC.Collect();
            log = await _databases.LogAsync();
            var (cpuBefore, postgresBefore, allocatedBefore) = (Environment.CpuUsage.TotalTime, _databases.Cpu, GC.GetTotalAllocatedBytes(precise: true));
            var watch = Stopwatch.StartNew();

            await loader.LoadAsync(items);

            seconds = watch.Elapsed.TotalSeconds;
            (cpu, postgres) = ((Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds, _databases.Cpu - postgresBefore);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
        }

        await _databases.LeftAsync(rival.Name);
        return new(seconds, cpu, postgres, allocated, await _databases.LogAsync() - log, await _tables.WrittenAsync(rival.Name) - written);
    }
}

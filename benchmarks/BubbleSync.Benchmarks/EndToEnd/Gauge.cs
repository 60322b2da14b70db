namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>Runs a rival on a database and adds what it cost simulator and PostgreSQL.</summary>
internal sealed class Gauge(Databases databases, TargetTables tables, SimulatedApp app)
{
    public async Task<Measurement> MeasureAsync(string database, Func<Task<Measurement>> run)
    {
        await databases.PrepareAsync();
        var (written, log) = (await tables.WrittenAsync(database), await databases.LogAsync());
        await databases.LeftAsync(database);
        var (postgres, simulator) = (databases.Cpu, app.Cpu);

        var measured = await run();

        await databases.LeftAsync(database);
        measured = measured with
        {
            PostgresCpu = databases.Cpu - postgres,
            SimulatorCpu = app.Cpu - simulator,
            LogBytes = await databases.LogAsync() - log,
            RowsWritten = await tables.WrittenAsync(database) - written,
        };
        await databases.TidyAsync(database);
        return measured;
    }
}

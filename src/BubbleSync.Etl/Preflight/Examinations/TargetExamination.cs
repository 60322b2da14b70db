using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Preflight.Examinations;

/// <summary>Checks the database for <c>doctor</c>.</summary>
internal sealed class TargetExamination(TargetDatabase database, DoctorChecks checks)
{
    /// <summary>Checks the database itself, tables, keys and rights.</summary>
    public async Task RunAsync(IReadOnlyList<EntityMap>? maps, CancellationToken cancellationToken)
    {
        var plan = maps is null ? null : PlanCompiler.Compile(maps, await database.ReadCatalogueAsync(cancellationToken), []);
        if (plan is null)
            checks.Skip("tables", "the entity maps cannot be read");
        else
            AddTables(maps!, plan);

        var lacksTables = plan?.Gaps.Any(g => g.Kind == SchemaFindingKind.TableMissing) ?? false;
        var use = new TargetUse(IsWritten: true);
        var findings = await database.RunAsync(
            c => new TargetPreflight(c, database.Schema, use).RunAsync(plan?.Sound ?? [], lacksTables, cancellationToken), cancellationToken);
        foreach (var finding in findings)
            checks.Add(finding);
    }

    private void AddTables(IReadOnlyList<EntityMap> maps, SyncPlan plan)
    {
        var missing = plan.Faults.Where(f => f.Code == ErrorCode.TableMissing).ToList();
        // Many missing tables are one check.
        var joined = plan.Reported.FirstOrDefault(f => f.Code == ErrorCode.TableMissing && !missing.Contains(f));
        if (joined is not null)
            checks.Add("tables", false, joined.Message, joined.Next);
        foreach (var map in maps.Where(m => joined is null || missing.TrueForAll(f => f.Entity != m.Name)))
        {
            var faults = plan.Faults.Where(f => f.Entity == map.Name).ToList();
            var narrow = plan.Gaps.Where(g => g.Entity == map.Name && faults.TrueForAll(f => f.Field != g.Column))
                .Select(g => g.Ddl is null ? g.What : $"{g.What} Change it: {g.Ddl}");
            List<string> wrong = [.. faults.Select(f => f.Message), .. narrow];
            var warnings = plan.Warnings.Where(
                w => w.StartsWith($"{map.Name}: ", StringComparison.Ordinal) || w.StartsWith($"{map.File}: ", StringComparison.Ordinal));
            var ok = string.Join(' ', warnings.Prepend("every mapped column is there and fits."));
            var next = faults.Select(f => f.Next).OfType<NextAction>().FirstOrDefault();
            checks.Add($"table {map.Table}", wrong.Count == 0, wrong.Count > 0 ? string.Join(' ', wrong) : ok, next);
        }
    }

    /// <summary>Checks whether the disk has room for what a resync writes.</summary>
    /// <param name="bytes">How much JSON Bubble would send.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task ExamineDiskAsync(long bytes, CancellationToken cancellationToken)
    {
        // Only a superuser, or a member of pg_read_all_settings, can read where the server keeps its data.
        const string Folder = "select setting from pg_settings where name = 'data_directory' "
            + "and (inet_server_addr() is null or host(inet_server_addr()) in ('127.0.0.1', '::1'))";
        var folder = await database.RunAsync(c => c.ScalarAsync<string>(Folder, cancellationToken), cancellationToken);
        if (folder is null || !Directory.Exists(folder))
        {
            checks.Skip("disk", $"the free disk space of the server cannot be read; a resync of everything needs about {Megabytes(Needed(bytes))}");
            return;
        }

        var free = new DriveInfo(folder).AvailableFreeSpace;
        var advice = free > Needed(bytes) ? "" : $". Free some space at {folder}, or resync entity by entity";
        checks.Add("disk", free > Needed(bytes), $"{Megabytes(free)} free, and a resync of everything needs about {Megabytes(Needed(bytes))}{advice}");
    }

    // Staged, stored and logged: each about as large as the JSON without its names.
    private static long Needed(long bytes) => bytes * 3;

    private static string Megabytes(long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(bytes + 1_048_575) / 1_048_576:N0} MB");
}

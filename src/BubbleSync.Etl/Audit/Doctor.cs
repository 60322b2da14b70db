using System.Globalization;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Config;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Audit;

/// <summary>Looks at everything that a run needs, changes nothing, and says how to mend what is wrong.</summary>
internal sealed class Doctor(SyncSettings settings, TimeProvider clock)
{
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(1);

    private readonly List<DoctorCheck> _checks = [];

    /// <summary>Gives the report.</summary>
    public async Task<DoctorReport> ExamineAsync(CancellationToken cancellationToken)
    {
        var maps = await CheckAsync("entity maps", () => Task.FromResult(EntityMapReader.Read(settings.Run.Entities)), m => $"{m.Count} read from {settings.Run.Entities}");
        await CheckAsync("patches", () => Task.FromResult(Patch.PatchFile.ReadAll(settings.Run.Patches, [])), p => $"{p.Count} read from {settings.Run.Patches}");
        if (await CheckAsync("database", () => TargetDatabase.OpenAsync(settings.Postgres, "bubblesync doctor", cancellationToken), d => $"{d.Host}, PostgreSQL {d.Version}") is { } database)
        {
            await using (database)
                await ExamineAsync(database, maps, cancellationToken);
        }

        await ExamineSourceAsync(maps, cancellationToken);
        return new DoctorReport(_checks.TrueForAll(c => c.Status == "well"), _checks);
    }

    private async Task ExamineAsync(TargetDatabase database, IReadOnlyList<EntityMap>? maps, CancellationToken cancellationToken)
    {
        if (maps is null)
        {
            Skip("tables", "the entity maps cannot be read");
            return;
        }

        var plan = PlanCompiler.Compile(maps, await database.ReadCatalogueAsync(cancellationToken), []);
        foreach (var map in maps)
        {
            var faults = plan.Faults.Where(f => f.Entity == map.Name).ToList();
            Add($"table {map.Table}", faults.Count == 0, faults.Count == 0 ? "every mapped column is there and fits" : string.Join(" ", faults.Select(f => f.Message)));
        }

        foreach (var entity in plan.Sound)
            Add($"unique key {entity.Target.Name}.{entity.KeyName}", entity.HasUniqueKey, entity.HasUniqueKey ? "there" : "missing; the next run makes it, or names the duplicates that forbid it");
        await ExamineRightsAsync(database, plan.Sound, cancellationToken);
    }

    private async Task ExamineRightsAsync(TargetDatabase database, IReadOnlyList<EntityPlan> plans, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        foreach (var plan in plans)
        {
            var lacking = await connection.RowsAsync(
                "select r from unnest(array['select', 'insert', 'update']) r where not has_table_privilege(@table, r)", r => r.GetString(0), cancellationToken, ("table", plan.Table));
            Add($"rights on {plan.Target.Name}", lacking.Count == 0, lacking.Count == 0 ? "read, insert, update" : $"lacks {string.Join(", ", lacking)}. Grant them: grant select, insert, update on {plan.Table} to {Identifier.Quote(await UserAsync())};");
        }

        var canCreate = await connection.ScalarAsync<bool>("select to_regnamespace('bubblesync') is not null and to_regnamespace('bubblesync_staging') is not null and has_schema_privilege('bubblesync_staging', 'create') or has_database_privilege(current_database(), 'create')", cancellationToken);
        Add("control tables", canCreate, canCreate ? "there, or can be made" : $"the user may make neither schema bubblesync nor tables in bubblesync_staging. Grant it: grant create on database … to {Identifier.Quote(await UserAsync())};");

        async Task<string> UserAsync() => (await connection.ScalarAsync<string>("select current_user::text", cancellationToken))!;
    }

    private async Task ExamineSourceAsync(IReadOnlyList<EntityMap>? maps, CancellationToken cancellationToken)
    {
        if (settings.Bubble.BaseUrl is null)
        {
            Add("Bubble", false, "Bubble:BaseUrl is not set. Set BUBBLESYNC_Bubble__BaseUrl to the app's address up to and including /api/1.1.");
            return;
        }

        Add("token", settings.Bubble.ApiToken is not null, settings.Bubble.ApiToken is not null ? "set" : "Bubble:ApiToken is not set; without an admin token Bubble hides records and ignores constraints. Set BUBBLESYNC_Bubble__ApiToken (Settings > API in the Bubble editor).");
        using var client = new BubbleClient(settings.Bubble with { MaxAttempts = Math.Min(settings.Bubble.MaxAttempts, 2) }, new Throttle(settings.Bubble.MaxConcurrency, settings.Bubble.RequestsPerMinute, clock), new ApiMeter(), clock);
        DateTimeOffset? server = null;
        foreach (var map in maps ?? [])
        {
            var probe = await CheckAsync(
                $"type {map.BubbleType}", () => new EntitySource(client, map.Name, map.BubbleType, map.Level).ProbeAsync(null, 0, cancellationToken),
                p => $"{p.Total?.ToString(CultureInfo.InvariantCulture) ?? "an unknown number of"} records");
            server = probe?.ServerTime ?? server;
        }

        if (server is { } time)
        {
            var skew = (clock.GetUtcNow() - time).Duration();
            Add("clocks", skew <= MostSkew, skew <= MostSkew ? "Bubble's and this machine's agree" : $"Bubble's and this machine's differ by {skew:g}. Set this machine's clock: runs take the earlier of the two.");
        }
    }

    private async Task<T?> CheckAsync<T>(string name, Func<Task<T>> look, Func<T, string> well)
        where T : class
    {
        try
        {
            var found = await look();
            Add(name, true, well(found));
            return found;
        }
        catch (SyncException failure)
        {
            Add(name, false, failure.Message);
            return null;
        }
    }

    private void Add(string name, bool isWell, string message) => _checks.Add(new DoctorCheck(name, isWell ? "well" : "failed", message));

    private void Skip(string name, string why) => _checks.Add(new DoctorCheck(name, "skipped", why));
}

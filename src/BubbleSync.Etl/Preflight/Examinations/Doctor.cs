using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using Microsoft.Extensions.Logging;

namespace BubbleSync.Etl.Preflight.Examinations;

/// <summary>Checks everything that a run needs, changes nothing, and says how to fix what is wrong.</summary>
internal sealed class Doctor(SyncSettings settings, TimeProvider clock, ILogger logger, HttpMessageHandler? handler)
{
    private const string MayReadAppSql =
        """
        select coalesce((
          select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bubblesync' and c.relname = 'source'
        ), true)
        """;

    private readonly DoctorChecks _checks = new();

    /// <summary>Returns a report.</summary>
    public async Task<DoctorReport> ExamineAsync(CancellationToken cancellationToken)
    {
        // A command stops for these; here they are findings, and the rest is checked too.
        var faults = SettingsCheck.Faults(settings).ToLookup(f => f.Setting.Split(':')[0]);
        Report("settings", [.. faults["Run"], .. faults["Prices"]]);
        Report("database", [.. faults["Postgres"]]);
        var maps = await _checks.LookAsync(
            "entity maps", () => Task.FromResult(EntityMapReader.Read(settings.Run.Entities)), m => $"{m.Count} read from {settings.Run.Entities}");
        await _checks.LookAsync(
            "patches", () => Task.FromResult(PatchFile.ReadSound(settings.Run.Patches)), p => $"{p.Count} read from {settings.Run.Patches}");
        await using var database = faults["Postgres"].Any()
            ? null
            : await _checks.LookAsync(
                "database", () => TargetDatabase.OpenAsync(settings.Postgres, "bubblesync doctor", cancellationToken),
                d => string.Join(' ', d.Notes.Prepend($"{d.Host}, PostgreSQL {d.Version}{(d.Notes.Count > 0 ? "." : "")}")));
        if (database is not null)
            await _checks.GuardAsync("sessions", async () => _checks.Add((await new SessionChecks(database).RunAsync(cancellationToken)).Finding));
        var target = database is null ? null : new TargetExamination(database, _checks);
        if (target is not null)
            await _checks.GuardAsync("tables", () => target.RunAsync(maps, cancellationToken));
        if (database is not null && settings.Bubble.BaseUrl is { } address && !faults["Bubble"].Any())
            await _checks.GuardAsync("app", () => ExamineAppAsync(database, MirroredSource.AddressOf(address), cancellationToken));

        Report("Bubble", [.. faults["Bubble"]]);
        if (settings.Bubble.BaseUrl is null)
            _checks.Add("Bubble", false, "Bubble:BaseUrl is not set. Set BUBBLESYNC_Bubble__BaseUrl to the app's address up to and including /api/1.1.");
        else if (!faults["Bubble"].Any())
            await ExamineSourceAsync(target, maps, cancellationToken);
        return _checks.Report with { Target = database?.Place };
    }

    private void Report(string check, IReadOnlyCollection<SettingFault> faults)
    {
        if (faults.Count > 0)
            _checks.Add(check, false, string.Join(' ', faults));
    }

    private async Task ExamineAppAsync(TargetDatabase database, string address, CancellationToken cancellationToken)
    {
        // The check of the control tables names the missing grants.
        if (!await database.RunAsync(c => c.ScalarAsync<bool>(MayReadAppSql, cancellationToken), cancellationToken))
        {
            _checks.Skip("app", "which app the tables mirror cannot be read without the grants named for the control tables");
            return;
        }

        await database.RunAsync(c => new MirroredSource(database.Schema, address).RequireAsync(c, cancellationToken), cancellationToken);
        _checks.Add("app", true, $"{address} is the app that schema {database.Schema} mirrors, or none is recorded yet");
    }

    private async Task ExamineSourceAsync(TargetExamination? target, IReadOnlyList<EntityMap>? maps, CancellationToken cancellationToken)
    {
        using var source = new SourceExamination(settings.Bubble, _checks, clock, logger, handler);
        await _checks.GuardAsync("Bubble", () => source.RunAsync(maps, cancellationToken));
        if (target is not null && source.Bytes > 0)
            await _checks.GuardAsync("disk", () => target.ExamineDiskAsync(source.Bytes, cancellationToken));
    }
}

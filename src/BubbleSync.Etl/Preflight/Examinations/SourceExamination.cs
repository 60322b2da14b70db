using System.Text.Json;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using Microsoft.Extensions.Logging;
using static System.FormattableString;

namespace BubbleSync.Etl.Preflight.Examinations;

/// <summary>Checks Bubble for <c>doctor</c>: the Data API, each type, the names in its records, the token's rights, the clock.</summary>
internal sealed class SourceExamination(
    BubbleSettings settings, DoctorChecks checks, TimeProvider clock, ILogger logger, HttpMessageHandler? handler) : IDisposable
{
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(1);

    private readonly ApiMeter _meter = new();
    private readonly List<string> _strange = [];
    private readonly List<string> _matched = [];
    private readonly List<string> _unconstrained = [];
    private BubbleClient? _client;
    private DateTimeOffset? _server;
    private bool _hasRecords;

    /// <summary>How much JSON the records are, in bytes, as far as it is known.</summary>
    public long Bytes { get; private set; }

    /// <summary>Runs the checks.</summary>
    public async Task RunAsync(IReadOnlyList<EntityMap>? maps, CancellationToken cancellationToken)
    {
        var lacking = BubbleSettingsCheck.Missing(settings).FirstOrDefault()?.ToString();
        var hasToken = (settings.ApiToken ?? settings.ApiTokenFile) is not null;
        var found = hasToken ? "set" : "none: Bubble:Anonymous is true, so only what the app shows to everyone is read";
        checks.Add("token", lacking is null, lacking ?? found);
        var patient = settings with { MaxAttempts = Math.Min(settings.MaxAttempts, 2), PatienceSeconds = 0 };
        var throttle = new Throttle(settings.MaxConcurrency, settings.RequestsPerMinute, clock);
        _client = new BubbleClient(patient, throttle, _meter, clock, logger, handler);
        if (await ExamineApiAsync(_client, cancellationToken) is not { } app)
            return;

        var names = NameResolution.Of(maps ?? [], app.FieldsOf);
        _matched.AddRange(names.Warnings(names.Maps.Select(m => m.Name)));
        foreach (var map in names.Maps)
            await ExamineTypeAsync(_client, map, cancellationToken);
        if (_hasRecords)
            ExamineFindings();
        if (_server is { } time)
            ExamineClock(time);
    }

    /// <inheritdoc/>
    public void Dispose() => _client?.Dispose();

    private async Task<AppDescription?> ExamineApiAsync(BubbleClient client, CancellationToken cancellationToken)
    {
        try
        {
            var app = await new AppDescriptionReader(client).ReadAsync(cancellationToken);
            if (app.Types.Count > 0)
                checks.Add("Data API", true, string.Join(". ", new[] { $"serves {app.Types.Count} types", app.NamesWarning }.OfType<string>()));
            else if (app.NamesWarning is { } warning)
                checks.Skip("Data API", warning);
            else
                checks.Skip(
                    "Data API", "the app does not say which types it serves (/meta); if the types below are missing too, switch the Data API on: "
                        + "Settings > API in the Bubble editor, then deploy");
            return app;
        }
        catch (SyncException failure)
        {
            checks.Add("Data API", false, failure.Message);
            return null;
        }
    }

    private Task<string?> ExamineTypeAsync(BubbleClient client, EntityMap map, CancellationToken cancellationToken) => checks.LookAsync(
        $"type {map.BubbleType}",
        async () =>
        {
            var source = new EntitySource(client, map.Name, map.BubbleType, map.Level);
            var before = _meter.Counts.Bytes;
            long? records;
            bool hasRecords;
            using (var page = await source.PageAsync(null, 0, settings.PageSize, cancellationToken))
            {
                records = page.Count + page.Remaining;
                hasRecords = page.Count > 0;
                _server = page.ServerTime ?? _server;
                if (hasRecords)
                {
                    Bytes += (_meter.Counts.Bytes - before) / page.Count * (records ?? page.Count);
                    ExamineNames(map, page);
                }
            }

            _hasRecords |= hasRecords;
            if (hasRecords)
                await ExamineConstraintsAsync(source, map, cancellationToken);
            return records is { } number ? Invariant($"{number} record{(number == 1 ? "" : "s")}") : "an unknown number of records";
        },
        records => records);

    private void ExamineNames(EntityMap map, RawPage page)
    {
        var index = new NameIndex(map.Fields.Select(SourceField.Of));
        var names = page.Records.EnumerateArray()
            .Where(r => r.ValueKind == JsonValueKind.Object).SelectMany(r => r.EnumerateObject().Select(p => p.Name))
            .Except([.. BubbleField.All, .. map.Ignored]).ToList();
        if (!map.KeepsOnlyUnmapped && names.Count > 0 && names.TrueForAll(n => index.Find(n).Length == 0))
            _strange.Add($"{map.Name} ('{names[0]}')");
    }

    // No record has a date ten years from now: an app that sends some has ignored the constraint.
    private async Task ExamineConstraintsAsync(EntitySource source, EntityMap map, CancellationToken cancellationToken)
    {
        var future = clock.GetUtcNow().AddYears(10);
        var probe = await source.ProbeAsync(new Window(WindowKind.Created, future, null), 0, cancellationToken);
        if (probe.HasRow)
            _unconstrained.Add(map.Name);
    }

    private void ExamineFindings()
    {
        var isNamed = _strange.Count == 0;
        checks.Add("field names", isNamed, isNamed
            ? string.Join(' ', _matched.Prepend("the records have field names of the maps"))
            : $"no map has any of the field names in the records of {string.Join(", ", _strange)}. If these are database ids, switch on "
                + "'Display fields instead of id for key names' (Settings > API in the Bubble editor). "
                + "Otherwise an audit of the schema lists the lines that the maps lack.",
            isNamed ? null : new NextAction(NextActionKind.AuditSchema));
        checks.Add("constraints", _unconstrained.Count == 0, _unconstrained.Count == 0
            ? "applied, as for an admin token"
            : $"Bubble ignores them for {string.Join(", ", _unconstrained)}, because the token is not an admin token. "
                + "Windows cannot be read then, and records may be missing. Make an admin token: Settings > API in the Bubble editor.");
    }

    private void ExamineClock(DateTimeOffset server)
    {
        var skew = (clock.GetUtcNow() - server).Duration();
        checks.Add("clocks", skew <= MostSkew, skew <= MostSkew
            ? "Bubble's and this machine's agree"
            : Invariant($"Bubble's and this machine's differ by {skew:g}. Set this machine's clock: runs take the earlier of the two."));
    }
}

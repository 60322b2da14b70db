using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings.Reading;

namespace BubbleSync.Etl;

/// <content>What is configured; the checks of the source: its settings, and the app that the tables mirror.</content>
public sealed partial class SyncEngine
{
    /// <summary>Gives the names of all entities that are mapped.</summary>
    /// <exception cref="SyncException">The settings or a map are at fault.</exception>
    public IReadOnlyList<string> ListEntities() => [.. EntityMapReader.Read(Checked().Run.Entities).Select(m => m.Name)];

    /// <summary>Describes all entities that are mapped.</summary>
    /// <exception cref="SyncException">The settings or a map are at fault.</exception>
    public IReadOnlyList<MappedEntity> DescribeEntities() =>
        [.. EntityMapReader.Read(Checked().Run.Entities).Select(m => new MappedEntity(m.Name, m.BubbleType, m.Table, m.Level))];

    /// <summary>Gives the names of all patches, in the order in which they run.</summary>
    /// <exception cref="SyncException">The settings are at fault, or a patch cannot be read.</exception>
    public IReadOnlyList<string> ListPatches() => [.. PatchFile.ReadAll(Checked().Run.Patches, []).Select(p => p.Name)];

    private async Task AcceptSourceAsync(SyncTarget target, BubbleClient client, Guid runId, bool isDryRun, CancellationToken cancellationToken)
    {
        await CheckSourceAsync(target, client, cancellationToken);
        if (!isDryRun)
            await target.AcceptSourceAsync(runId, cancellationToken);
    }

    // Earlier versions recorded no app: where they filled the tables, a sample of what they stored must be found before the app is recorded.
    private async Task ConfirmSourceAsync(SyncTarget target, BubbleClient client, CancellationToken cancellationToken)
    {
        if (await target.LacksSourceAsync(cancellationToken))
            await CheckSourceAsync(target, client, cancellationToken);
    }

    // All entities count, not only those that are synced: the app belongs to the whole schema.
    private Task CheckSourceAsync(SyncTarget target, BubbleClient client, CancellationToken cancellationToken) =>
        new SourceAcceptance(client, target.Database).CheckAsync(target.Plan([]).Sound, MirroredSource.AddressOf(settings.Bubble.BaseUrl!), cancellationToken);

    // Each command that reads Bubble calls this before it reads: the tables must mirror the app in the settings, or none yet.
    private async Task<SyncTarget> OpenForReadingAsync(string applicationName, CancellationToken cancellationToken)
    {
        RequireSource();
        var target = await OpenAsync(applicationName, cancellationToken);
        try
        {
            await target.RequireSourceAsync(cancellationToken);
            return target;
        }
        catch
        {
            await target.DisposeAsync();
            throw;
        }
    }

    // Everything wrong with settings and options comes at once.
    private void RequireSource(IEnumerable<SyncError>? optionFaults = null)
    {
        var settingFaults = SettingsCheck.Faults(settings).Concat(BubbleSettingsCheck.Missing(settings.Bubble)).Select(f => f.ToError());
        SettingsCheck.ThrowIfAny(settingFaults.Concat(optionFaults ?? []));
    }
}

using System.Collections.Frozen;
using BubbleSync.Server.Api;
using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Changes;

/// <summary>Takes changes as Bubble's database triggers report them, and syncs those of two seconds together.</summary>
internal sealed class ChangeService : BackgroundService
{
    private const int LongestId = 60;

    private readonly Dictionary<string, ChangeCollector> _collectors;
    private readonly Dictionary<string, FrozenDictionary<string, string>> _types = [];
    private readonly Lock _lock = new();

    /// <summary>Makes it.</summary>
    public ChangeService(RunRegistry registry, TimeProvider clock) =>
        _collectors = registry.Workers.ToDictionary(worker => worker.App.Name, worker => new ChangeCollector(worker, clock));

    /// <summary>Takes a change.</summary>
    public ChangeResult Add(AppWorker worker, Change change)
    {
        if (TypesOf(worker).GetValueOrDefault(Normal(change.Type)) is not { } entity)
            return ChangeResult.TypeUnknown;

        if (!IsId(change.Id))
            return ChangeResult.IdMalformed;

        return _collectors[worker.App.Name].Add(entity, change.Id) ? ChangeResult.Accepted : ChangeResult.Full;
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_collectors.Values.Select(collector => collector.WorkAsync(stoppingToken)));

    // Read once: maps of a running server stay as they are.
    private FrozenDictionary<string, string> TypesOf(AppWorker worker)
    {
        lock (_lock)
        {
            if (_types.TryGetValue(worker.App.Name, out var known))
                return known;

            var entities = worker.Engine.DescribeEntities();
            var names = entities.Select(e => (Type: Normal(e.BubbleType), e.Name)).Concat(entities.Select(e => (Type: Normal(e.Name), e.Name)));
            return _types[worker.App.Name] = names.DistinctBy(n => n.Type).ToFrozenDictionary(n => n.Type, n => n.Name);
        }
    }

    // "Invoice Item", "invoice_item" and "custom.invoice_item" are one type.
    private static string Normal(string type)
    {
        var name = type.StartsWith("custom.", StringComparison.OrdinalIgnoreCase) ? type["custom.".Length..] : type;
        return string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
    }

    private static bool IsId(string id) => id.Length <= LongestId && id.Split('x') is [var time, var rest] && IsNumber(time) && IsNumber(rest);

    private static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);
}

/// <summary>What became of a change.</summary>
internal enum ChangeResult
{
    /// <summary>It will be synced.</summary>
    Accepted,

    /// <summary>No map names the type.</summary>
    TypeUnknown,

    /// <summary>The id is no Bubble id.</summary>
    IdMalformed,

    /// <summary>Too many changes wait.</summary>
    Full,
}

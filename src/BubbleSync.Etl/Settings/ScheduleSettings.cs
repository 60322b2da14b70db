using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Settings;

/// <summary>A run that the server starts at certain times.</summary>
public sealed record ScheduleSettings
{
    /// <summary>What is run.</summary>
    public required ScheduledKind Kind { get; init; }

    /// <summary>When: a cron expression of five fields, or of six that begins with seconds.</summary>
    public required string Cron { get; init; }

    /// <summary>The time zone of the expression, such as <c>Asia/Kuala_Lumpur</c>. Default <c>UTC</c>.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>The entities; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>What happens to rows that Bubble no longer has. Default: they are reported.</summary>
    public PruneMode Prune { get; init; } = PruneMode.Report;
}

/// <summary>What a schedule runs.</summary>
[JsonConverter(typeof(WordConverter<ScheduledKind>))]
public enum ScheduledKind
{
    /// <summary>A sync of what was modified.</summary>
    Incremental,

    /// <summary>A resync (full refresh).</summary>
    Resync,

    /// <summary>A comparison.</summary>
    Verify,
}

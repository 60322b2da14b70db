using System.Text.Json.Serialization;
using BubbleSync.Etl;
using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Webhooks;

/// <summary>What the webhook receives: names and numbers, never a field's value or a secret.</summary>
/// <param name="Event">What happened.</param>
/// <param name="App">The app.</param>
/// <param name="At">When.</param>
/// <param name="Text">The same in words, which chats show.</param>
internal sealed record WebhookNotice(WebhookEvent Event, string App, DateTimeOffset At, string Text)
{
    /// <summary>The run; null where it is not about one.</summary>
    public Guid? RunId { get; init; }

    /// <summary>What the run did.</summary>
    public SyncKind? Kind { get; init; }

    /// <summary>Why: at most three errors that are not about single records.</summary>
    public IReadOnlyList<SyncError> Errors { get; init; } = [];

    /// <summary>The entities whose watermark is old.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];
}

/// <summary>What happened.</summary>
[JsonConverter(typeof(BubbleSync.Etl.Words.WordConverter<WebhookEvent>))]
internal enum WebhookEvent
{
    /// <summary>A run failed.</summary>
    Failed,

    /// <summary>A run is done, but something needs a hand.</summary>
    Partial,

    /// <summary>A watermark is older than it may be.</summary>
    Stale,

    /// <summary>All watermarks are young enough again.</summary>
    Fresh,
}

namespace BubbleSync.Etl.Settings;

/// <summary>The server: who may use it, and who is notified.</summary>
public sealed record ServerSettings
{
    /// <summary>
    /// The key that the API asks for; a secret of at least 16 characters. Without it, the server starts only on a loopback address. No default.
    /// </summary>
    public string? AccessKey { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value.Trim(); }

    /// <summary>Webhook that receives one POST of JSON for each run that failed or is partial, and for old watermarks; a secret. No default.</summary>
    public string? Webhook { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value.Trim(); }

    /// <summary>The key by which each POST to the webhook is signed (HMAC with SHA-256); a secret. No default: nothing is signed.</summary>
    public string? WebhookKey { get; init => field = string.IsNullOrWhiteSpace(value) ? null : value.Trim(); }

    /// <summary>The age from which a watermark is reported as old, in minutes; 0 reports none. Default 0.</summary>
    public int FreshnessMinutes { get; init; }

    /// <summary>Keeps the secrets out of every text made of these settings.</summary>
    public override string ToString() => $"access key {(AccessKey is null ? "not set" : "set")}, webhook {(Webhook is null ? "not set" : "set")}";
}

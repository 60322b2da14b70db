using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>A setting with a value that cannot be used. The text never quotes a value that may be a secret.</summary>
/// <param name="Setting">The setting's name, such as <c>Bubble:PageSize</c>.</param>
/// <param name="Expected">What is wrong, and what is expected.</param>
internal sealed record SettingFault(string Setting, string Expected)
{
    /// <summary>Returns the fault as an error.</summary>
    /// <param name="origin">The file, variable or option that has the value; null where it was set in code.</param>
    public SyncError ToError(string? origin = null) =>
        new(SyncStage.Settings, null, null, Setting, ErrorCode.Settings, origin is null ? ToString() : $"{Setting} (from {origin}): {Expected}");

    /// <summary>Returns the fault as messages show it.</summary>
    public override string ToString() => $"{Setting}: {Expected}";
}

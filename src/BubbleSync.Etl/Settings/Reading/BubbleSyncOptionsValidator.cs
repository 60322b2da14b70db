using Microsoft.Extensions.Options;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Checks the settings of a host program when it starts. A host syncs, so the source and the target must be set as well.</summary>
internal sealed class BubbleSyncOptionsValidator : IValidateOptions<BubbleSyncOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, BubbleSyncOptions options)
    {
        try
        {
            var faults = SettingsCheck.Faults(options.Settings).Concat(SettingsCheck.Missing(options.Settings)).Select(f => f.ToString()).ToList();
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
        catch (SyncException unreadable)
        {
            return ValidateOptionsResult.Fail(unreadable.Errors.Select(e => e.Message));
        }
    }
}

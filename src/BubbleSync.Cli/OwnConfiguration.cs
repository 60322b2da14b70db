using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli;

/// <summary>Prevents writes to the maps in the program's own folder, where the next build or update would delete them.</summary>
internal static class OwnConfiguration
{
    /// <summary>Stops a command that would write there.</summary>
    /// <exception cref="SyncException">The maps or the table scripts are those that come with the program.</exception>
    public static void Require(RunSettings folders)
    {
        var shipped = Path.Combine(AppContext.BaseDirectory, "config");
        if (new[] { folders.Entities, folders.Schema }.Any(f => IsWithin(f, shipped)))
            throw new SyncException(new SyncError(SyncStage.Settings, null, null, "--config", ErrorCode.Settings, "The maps in use are those that come with "
                + $"the program, in '{shipped}', where the next update would throw away what is written. Make a configuration of your own: copy that folder, "
                + "then name its settings file with --config FILE."));
    }

    private static bool IsWithin(string folder, string parent) =>
        !Path.GetRelativePath(parent, folder).StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(Path.GetRelativePath(parent, folder));
}
